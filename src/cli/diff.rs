//! `envparity diff`

use std::path::Path;

use anyhow::{Context, anyhow};

use super::args::DiffArguments;
use super::exit::Exit;
use super::files::Files;
use super::inputs::Inputs;
use super::{Failed, args, audit, output, problems};
use crate::collect::config::COLLECTORS;
use crate::collect::recorded::MAX_FILE;
use crate::model::Evidence;
use crate::pipeline;
use crate::wire::{self, file};

pub(super) fn run(arguments: &DiffArguments, verbose: u8, files: &Files) -> Result<Exit, Failed> {
    let choices = output::choices(&arguments.output)?;
    let folder = arguments.profiles.as_deref().unwrap_or(Path::new(args::PROFILES));
    let mut inputs = Inputs::of_folder(folder);
    for path in [&arguments.baseline, &arguments.current] {
        inputs.add(path, "compared by this command");
    }
    output::spare_inputs(&choices, &inputs)?;
    let (baseline, current) = (read(&arguments.baseline)?, read(&arguments.current)?);
    // Without profiles nothing that a repository holds counts.
    let mut facts = audit::facts(folder);
    facts.commit = facts.commit.filter(|_| folder.join("audit.yaml").is_file());
    let catalogue = problems::catalogue(arguments.profiles.as_deref())?;
    let report = pipeline::diff(catalogue.as_ref(), baseline, current, facts);
    Ok(output::write_report(&report, &arguments.output, &choices, verbose, files))
}

fn read(path: &Path) -> anyhow::Result<Evidence> {
    let shown = path.display();
    let bytes = file::read(path, MAX_FILE).with_context(|| format!("failed to read {shown}"))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| anyhow!("{shown}: this is no evidence: it is no UTF-8 text"))?;
    wire::evidence::read(&text, &shown.to_string(), COLLECTORS).map_err(|e| {
        anyhow!(
            "{shown}:{}:{}: this is no evidence: {e}\nadvice: {}",
            e.line,
            e.column,
            wire::evidence::advice(&e)
        )
    })
}
