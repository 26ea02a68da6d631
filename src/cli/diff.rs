//! `envparity diff`

use std::path::Path;

use anyhow::{Context, anyhow};

use super::args::DiffArguments;
use super::exit::Exit;
use super::files::OutputFiles;
use super::inputs::Inputs;
use super::past::{self, HistoryPlace, Past};
use super::{CommandError, args, audit, output, problems};
use crate::collect::config::COLLECTORS;
use crate::collect::recorded::MAX_FILE;
use crate::history::Found;
use crate::model::Evidence;
use crate::pipeline;
use crate::wire::{self, file};

pub(super) fn run(
    arguments: &DiffArguments,
    verbose: u8,
    files: &OutputFiles,
) -> Result<Exit, CommandError> {
    let choices = output::choices(&arguments.output)?;
    let folder = arguments.profiles.as_deref().unwrap_or(Path::new(args::PROFILES));
    let mut inputs = Inputs::of_folder(folder);
    for reference in [&arguments.baseline, &arguments.current] {
        inputs.add(Path::new(reference), "compared by this command");
    }
    let profiles = problems::load_if_any(arguments.profiles.as_deref())?;
    if let Some(HistoryPlace::File(history)) =
        HistoryPlace::of(&arguments.history, profiles.as_ref())?
    {
        inputs.add_history(&history);
    }
    output::refuse_to_overwrite_inputs(&choices, &inputs)?;
    let mut past = Past::new(&arguments.history, profiles.as_ref(), None)?;
    let mut both = Vec::new();
    for text in [&arguments.baseline, &arguments.current] {
        match side(text, &mut past) {
            Ok(evidence) => both.push(evidence),
            Err(error) => return past::absent_or(error),
        }
    }
    // Without profiles nothing that a repository holds counts.
    let mut facts = audit::facts(folder);
    facts.commit = facts.commit.filter(|_| folder.join("audit.yaml").is_file());
    let catalogue = profiles.and_then(|profiles| profiles.catalogue);
    let [baseline, current] =
        <[Evidence; 2]>::try_from(both).map_err(|_| anyhow!("a diff has two sides"))?;
    let report = pipeline::diff(catalogue.as_ref(), baseline, current, facts);
    Ok(output::write_report(&report, &arguments.output, &choices, verbose, files, false))
}

/// Evidence of a file, or of the history.
fn side(text: &str, past: &mut Past) -> anyhow::Result<Evidence> {
    match past.find(text)? {
        Found::File(path) => read(&path),
        Found::Evidence { run, environment } => {
            let all = past.evidence(&run)?;
            let found = all.into_iter().find(|evidence| evidence.environment == environment);
            found.ok_or_else(|| anyhow!("run {} has no evidence of {environment}", run.id))
        }
        Found::Run(run) if run.environments.is_empty() => {
            Err(anyhow!("{text} is a run of the kind {:?} and has no evidence", run.kind))
        }
        Found::Run(run) => Err(anyhow!(
            "{text} has evidence of {}: say which, as in {text}/{}",
            run.environments.join(", "),
            run.environments.first().map_or("", String::as_str)
        )),
    }
}

fn read(path: &Path) -> anyhow::Result<Evidence> {
    let shown = path.display();
    let bytes = file::read(path, MAX_FILE).with_context(|| format!("failed to read {shown}"))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| anyhow!("{shown}: not an evidence file: not UTF-8 text"))?;
    wire::evidence::read(&text, &shown.to_string(), COLLECTORS).map_err(|e| {
        anyhow!(
            "{shown}:{}:{}: not an evidence file: {e}\nadvice: {}",
            e.line,
            e.column,
            wire::evidence::advice(&e)
        )
    })
}
