//! `envparity collect`

use std::path::Path;

use anyhow::anyhow;

use super::args::CollectArguments;
use super::exit::Exit;
use super::progress::Bar;
use super::{Failed, clock, output, problems};
use crate::model::failures_of;
use crate::pipeline;
use crate::wire;

/// Writes what was read; what was not is in it too, and is told on stderr.
pub(super) async fn run(arguments: CollectArguments) -> Result<Exit, Failed> {
    let profiles = problems::load(&arguments.profiles.profiles)?;
    let environment =
        profiles.environments.iter().find(|e| e.name.as_str() == arguments.environment).ok_or_else(|| {
            let known: Vec<&str> = profiles.environments.iter().map(|e| e.name.as_str()).collect();
            anyhow!("there is no environment {:?}; there are {}", arguments.environment, known.join(", "))
        })?;
    let evidence = {
        let bar = Bar::new();
        let deadline = arguments.deadline.map(|text| text.0);
        pipeline::collect(&[(environment, true)], &profiles.folder, deadline, clock(), &bar).await
    };
    for target in evidence.iter().flat_map(|evidence| &evidence.targets) {
        for (part, failure) in failures_of(&target.parts) {
            let part = part.map(|part| format!(" {part}")).unwrap_or_default();
            output::complain(&format!("not read: {}{part}: {failure} -> {}", target.id, failure.advice));
        }
    }
    let evidence = evidence.first().ok_or_else(|| anyhow!("nothing was collected"))?;
    let text = wire::evidence::write(evidence).map_err(|e| anyhow!("failed to write the evidence as YAML: {e}"))?;
    if arguments.to == Path::new("-") {
        output::print(&text)?
    } else {
        output::write_file(&arguments.to, &text)?
    }
    Ok(Exit::Done)
}
