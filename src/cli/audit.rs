//! `envparity audit`

use std::path::Path;

use anyhow::Context as _;

use super::args::AuditArguments;
use super::exit::Exit;
use super::files::Files;
use super::inputs::Inputs;
use super::progress::Bar;
use super::{Failed, clock, eol, output, problems, reports};
use crate::model::{EarlierReport, Gate};
use crate::pipeline::{self, AuditOptions, Facts};
use crate::policy;
use crate::profile::{Profiles, git};
use crate::report::escape::terminal;
use crate::wire::file;

pub(super) async fn run(
    arguments: AuditArguments,
    verbose: u8,
    files: Files,
) -> Result<Exit, Failed> {
    let choices = output::choices(&arguments.output)?;
    let folder = &arguments.profiles.profiles;
    let profiles = problems::load_at(folder, arguments.at)?;
    output::spare_inputs(&choices, &inputs(&arguments, &profiles))?;
    let mut options = AuditOptions {
        only: arguments.env.iter().map(|name| name.as_str().into()).collect(),
        baseline: arguments.baseline.as_deref().map(Into::into),
        gate: gate(&arguments),
        fail_on: arguments.fail_on,
        deadline: arguments.deadline.map(|text| text.0),
        at: arguments.at,
        since: None,
        fail_on_new: arguments.fail_on_new,
        end_of_life: eol::read(&arguments.eol_data)?,
    };
    if let Some(path) = &arguments.since {
        options.since = Some(earlier(path, &profiles, &options)?);
    }
    let report = {
        let bar = Bar::new();
        pipeline::audit(&profiles, &options, facts(folder), clock(), &bar).await?
    };
    Ok(output::write_report(&report, &arguments.output, &choices, verbose, &files))
}

/// All that is read; the profiles of environments that are not asked for, too.
fn inputs(arguments: &AuditArguments, profiles: &Profiles) -> Inputs {
    let mut inputs = Inputs::of_profiles(profiles, &profiles.environments);
    for path in &arguments.eol_data {
        inputs.add(path, "read by --eol-data");
    }
    if let Some(path) = &arguments.since {
        inputs.add(path, "read by --since");
    }
    inputs
}

/// The pair that was asked for.
fn gate(arguments: &AuditArguments) -> Option<Gate> {
    match arguments.pair.as_slice() {
        [from, to] => Some(Gate { from: from.as_str().into(), to: to.as_str().into() }),
        _ => arguments.gate.clone(),
    }
}

/// An earlier report, if anything can be told since then. Asked before anything is contacted.
fn earlier(
    path: &Path,
    profiles: &Profiles,
    options: &AuditOptions,
) -> anyhow::Result<EarlierReport> {
    let earlier = reports::of_audit(path)?.earlier();
    let gates = pipeline::gates(profiles, options)?;
    let now = options.at.unwrap_or_else(|| clock()());
    policy::check_earlier(&earlier, &gates, now)
        .with_context(|| terminal(&path.display().to_string()))?;
    Ok(earlier)
}

/// What is known of where this runs.
pub(super) fn facts(folder: &Path) -> Facts {
    let host = file::of_system("/proc/sys/kernel/hostname");
    let host = host.unwrap_or_default().trim().to_owned();
    Facts { host, commit: git::commit(folder) }
}
