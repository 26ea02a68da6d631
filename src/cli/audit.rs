//! `envparity audit`

use std::path::Path;

use anyhow::Context as _;

use super::args::AuditArguments;
use super::exit::Exit;
use super::progress::Bar;
use super::{Failed, clock, eol, output, problems, reports};
use crate::model::{EarlierReport, EnvironmentName, Gate};
use crate::pipeline::{self, AuditOptions, Facts};
use crate::policy;
use crate::profile::Profiles;
use crate::report::escape::terminal;

pub(super) async fn run(arguments: AuditArguments, verbose: u8) -> Result<Exit, Failed> {
    let choices = output::choices(&arguments.output)?;
    let folder = &arguments.profiles.profiles;
    let profiles = problems::load_at(folder, arguments.at)?;
    output::spare_inputs(&choices, folder, &profiles)?;
    let since =
        arguments.since.as_deref().map(|path| earlier(path, &profiles, &arguments)).transpose()?;
    let options = AuditOptions {
        only: arguments.env.iter().map(|name| name.as_str().into()).collect(),
        baseline: arguments.baseline.as_deref().map(Into::into),
        fail_on: arguments.fail_on,
        deadline: arguments.deadline.map(|text| text.0),
        at: arguments.at,
        since,
        fail_on_new: arguments.fail_on_new,
        end_of_life: eol::read(&arguments.eol_data)?,
    };
    let report = {
        let bar = Bar::new();
        pipeline::audit(&profiles, &options, facts(folder), clock(), &bar).await?
    };
    Ok(output::write_report(&report, &arguments.output, &choices, verbose))
}

/// An earlier report, if anything can be told since then. Asked before anything is contacted.
fn earlier(
    path: &Path,
    profiles: &Profiles,
    arguments: &AuditArguments,
) -> anyhow::Result<EarlierReport> {
    let earlier = reports::of_audit(path)?.earlier();
    let baseline = arguments.baseline.as_deref().unwrap_or(profiles.baseline.as_str());
    let is_in = |name: &EnvironmentName| {
        let name = name.as_str();
        arguments.env.is_empty() || name == baseline || arguments.env.iter().any(|e| *e == name)
    };
    let gates = profiles.gates.iter().filter(|gate| is_in(&gate.from) && is_in(&gate.to));
    let gates: Vec<Gate> = gates.cloned().collect();
    let now = arguments.at.unwrap_or_else(|| clock()());
    policy::check_earlier(&earlier, &gates, now)
        .with_context(|| terminal(&path.display().to_string()))?;
    Ok(earlier)
}

/// What is known of where this runs.
pub(super) fn facts(folder: &Path) -> Facts {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    Facts { host: host.trim().to_owned(), commit: commit(folder) }
}

/// The commit that is checked out around `folder`, read from the files of git: no program is run.
fn commit(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let git = folder.ancestors().map(|folder| folder.join(".git")).find(|git| git.is_dir())?;
    let head = std::fs::read_to_string(git.join("HEAD")).ok()?;
    let hash = match head.trim().strip_prefix("ref: ") {
        Some(name) => {
            std::fs::read_to_string(git.join(name)).ok().or_else(|| packed(&git, name))?
        }
        None => head,
    };
    let hash = hash.trim();
    hash.bytes().all(|b| b.is_ascii_hexdigit()).then(|| hash.to_owned())
}

fn packed(git: &Path, name: &str) -> Option<String> {
    let refs = std::fs::read_to_string(git.join("packed-refs")).ok()?;
    refs.lines().find_map(|line| line.strip_suffix(name)?.strip_suffix(' ').map(str::to_owned))
}
