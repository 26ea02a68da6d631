//! `envparity check-profiles`

use super::args::ProfilesArguments;
use super::exit::Exit;
use super::{Failed, output, problems};
use crate::model::count;
use crate::pipeline;

pub(super) fn run(arguments: &ProfilesArguments) -> Result<Exit, Failed> {
    let profiles = problems::load(&arguments.profiles)?;
    let mut text = format!("{} is in order\n", arguments.profiles.display());
    let gates = profiles.gates(&profiles.baseline);
    for environment in &profiles.environments {
        let targets = pipeline::jobs(environment, &profiles.folder, None, true).len();
        let baseline = if environment.name == profiles.baseline { ", the baseline" } else { "" };
        let required = if environment.is_required(&profiles.baseline, &gates) {
            "required"
        } else {
            "not required"
        };
        text.push_str(&format!(
            "  {:<20} {}, {required}{baseline}\n",
            environment.name,
            count(targets, "target")
        ));
    }
    for gate in &gates {
        text.push_str(&format!("  gate {} -> {}\n", gate.from, gate.to));
    }
    output::print(&text)?;
    Ok(Exit::Done)
}
