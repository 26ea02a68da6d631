//! `envparity collect`

use std::path::Path;

use anyhow::{anyhow, bail};

use super::args::CollectArguments;
use super::exit::Exit;
use super::files::Files;
use super::progress::Bar;
use super::{Failed, clock, output, problems};
use crate::model::failures_of;
use crate::pipeline;
use crate::wire::{self, file};

/// Writes what was read; what was not is in it too, and is told on stderr.
pub(super) async fn run(arguments: CollectArguments, files: Files) -> Result<Exit, Failed> {
    let profiles = problems::load(&arguments.profiles.profiles)?;
    refuse_other_files(&arguments.to)?;
    let environment = profiles
        .environments
        .iter()
        .find(|e| e.name.as_str() == arguments.environment)
        .ok_or_else(|| {
            let known: Vec<&str> = profiles.environments.iter().map(|e| e.name.as_str()).collect();
            anyhow!(
                "there is no environment {:?}; there are {}",
                arguments.environment,
                known.join(", ")
            )
        })?;
    let evidence = {
        let bar = Bar::new();
        let deadline = arguments.deadline.map(|text| text.0);
        let (wanted, folder) = ([(environment, true)], &profiles.folder);
        pipeline::collect(&wanted, None, folder, deadline, clock(), &bar).await
    };
    for target in evidence.iter().flat_map(|evidence| &evidence.targets) {
        for (part, failure) in failures_of(&target.parts) {
            let part = part.map(|part| format!(" {part}")).unwrap_or_default();
            output::complain(&format!(
                "not read: {}{part}: {failure} -> {}",
                target.id, failure.advice
            ));
        }
    }
    let evidence = evidence.first().ok_or_else(|| anyhow!("nothing was collected"))?;
    let text = wire::evidence::write(evidence)
        .map_err(|e| anyhow!("failed to write the evidence as YAML: {e}"))?;
    if arguments.to == Path::new("-") {
        output::print(&text)?
    } else {
        files.write(&arguments.to, &text)?
    }
    Ok(Exit::Done)
}

/// A file that is there and is no evidence was meant for something else: a profile, for example.
fn refuse_other_files(path: &Path) -> anyhow::Result<()> {
    const ENOUGH: u64 = 4096;
    let is_file = std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() > 0);
    if is_file {
        let beginning = file::beginning(path, ENOUGH)?;
        if !String::from_utf8_lossy(&beginning).lines().any(|line| line == "kind: Evidence") {
            bail!(
                "{} is there and is no evidence: it is not overwritten; name another file by --to",
                path.display()
            );
        }
    }
    Ok(())
}
