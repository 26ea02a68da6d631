//! `envparity collect`

use std::path::Path;

use anyhow::{anyhow, bail};

use super::args::CollectArguments;
use super::exit::Exit;
use super::files::OutputFiles;
use super::inputs::Inputs;
use super::progress::RunProgress;
use super::{CommandError, clock, output, problems};
use crate::model::{failures_of, meant_and_known};
use crate::pipeline;
use crate::report::escape::terminal;
use crate::wire::{self, file};

/// Writes what was read; what was not is in it too, and is told on stderr.
pub(super) async fn run(
    arguments: CollectArguments,
    files: OutputFiles,
) -> Result<Exit, CommandError> {
    let profiles = problems::load(&arguments.profiles.profiles)?;
    let environment = profiles
        .environments
        .iter()
        .find(|e| e.name.as_str() == arguments.environment)
        .ok_or_else(|| {
            let known: Vec<&str> = profiles.environments.iter().map(|e| e.name.as_str()).collect();
            let name = arguments.environment.as_str();
            anyhow!("unknown environment {name:?}; {}", meant_and_known(name, &known))
        })?;
    if arguments.to != Path::new("-") {
        refuse_other_files(&arguments.to, &arguments.environment)?;
        Inputs::of_profiles(&profiles, [environment]).spare(&arguments.to)?;
    }
    let evidence = {
        let bar = RunProgress::new();
        let deadline = arguments.deadline.map(|text| text.0);
        let (wanted, folder) = ([(environment, true)], &profiles.folder);
        pipeline::collect(&wanted, None, folder, deadline, clock(), &bar).await
    };
    for target in evidence.iter().flat_map(|evidence| &evidence.targets) {
        for (part, failure) in failures_of(&target.parts) {
            let part = part.map(|part| format!(" {part}")).unwrap_or_default();
            output::print_error_line(&format!(
                "not read: {}{part}: {failure}\n  help: {}",
                target.id, failure.advice
            ));
        }
    }
    let evidence = evidence.first().ok_or_else(|| anyhow!("nothing was collected"))?;
    let text = wire::evidence::write_evidence(evidence)
        .map_err(|e| anyhow!("failed to write the evidence as YAML: {e}"))?;
    if arguments.to == Path::new("-") {
        output::print(&text)?
    } else {
        files.write(&arguments.to, &text)?
    }
    Ok(Exit::Done)
}

/// A file that exists and is not evidence of this environment was meant for something else.
fn refuse_other_files(path: &Path, environment: &str) -> anyhow::Result<()> {
    const ENOUGH: u64 = 4096;
    let is_file = std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() > 0);
    if !is_file {
        return Ok(());
    }
    let shown = terminal(&path.display().to_string());
    let beginning = file::read_beginning(path, ENOUGH)?;
    let beginning = String::from_utf8_lossy(&beginning);
    if !beginning.lines().any(|line| line == "kind: Evidence") {
        bail!(
            "{shown} exists and is not an evidence file: it was not overwritten; name another \
             file with --to"
        );
    }
    let other = beginning.lines().find_map(|line| line.strip_prefix("environment: "));
    let other = other.map(|name| name.trim_matches(['"', '\'']));
    if let Some(other) = other.filter(|other| *other != environment) {
        bail!(
            "{shown} is evidence of {}: it is not overwritten; name another file with --to",
            terminal(other)
        );
    }
    Ok(())
}
