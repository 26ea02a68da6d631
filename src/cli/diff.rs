//! `envparity diff`

use std::path::Path;

use anyhow::anyhow;

use super::args::DiffArguments;
use super::exit::Exit;
use super::files::OutputFiles;
use super::inputs::Inputs;
use super::past::{self, HistoryPlace, Past};
use super::{CommandError, args, audit, evidence, output, problems};
use crate::model::Evidence;
use crate::pipeline;

pub(super) fn run(
    arguments: &DiffArguments,
    verbose: u8,
    files: &OutputFiles,
) -> Result<Exit, CommandError> {
    let choices = output::choices(&arguments.output)?;
    let folder = arguments.profiles.as_deref().unwrap_or(Path::new(args::PROFILES));
    let mut inputs = Inputs::of_folder(folder);
    for reference in [&arguments.baseline, &arguments.current] {
        inputs.add(Path::new(reference), "an input of this command");
    }
    let profiles = problems::load_if_any(arguments.profiles.as_deref())?;
    if let Some(place) = HistoryPlace::of(&arguments.history, profiles.as_ref())? {
        place.protect(&mut inputs);
    }
    output::refuse_to_overwrite_inputs(&choices, &inputs)?;
    let mut past = Past::new(&arguments.history, profiles.as_ref(), None)?;
    let mut both = Vec::new();
    for text in [&arguments.baseline, &arguments.current] {
        match evidence::of_reference(text, &mut past) {
            Ok((evidence, _)) => both.push(evidence),
            Err(error) => return past::absent_or(error),
        }
    }
    // Without profiles nothing that a repository holds counts.
    let mut facts = audit::facts(folder);
    facts.commit = facts.commit.filter(|_| folder.join("audit.yaml").is_file());
    let catalogue = profiles.and_then(|profiles| profiles.catalogue);
    let [baseline, current] =
        <[Evidence; 2]>::try_from(both).map_err(|_| anyhow!("a diff has two sides"))?;
    let mut report = pipeline::diff(catalogue.as_ref(), baseline, current, facts);
    // Ages of findings between two environments are those that audits have seen.
    if let Some((at, standing)) = past.standing()? {
        report.run.at = report.run.at.max(at);
        report.standing = Some(standing);
    }
    Ok(output::write_report(&report, &arguments.output, &choices, verbose, files, false))
}
