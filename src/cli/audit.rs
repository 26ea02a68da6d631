//! `envparity audit`

use std::path::Path;

use anyhow::Context as _;

use super::args::AuditArguments;
use super::exit::Exit;
use super::files::OutputFiles;
use super::inputs::Inputs;
use super::notify::RunOf;
use super::past::{self, HistoryPlace, Past};
use super::progress::RunProgress;
use super::{CommandError, clock, eol, notify, output, problems, reports};
use crate::history::Found;
use crate::model::{BucketLength, EarlierReport, Gate};
use crate::notify::ObservedRun;
use crate::pipeline::{self, AuditOptions, RunFacts};
use crate::policy;
use crate::profile::{Profiles, git};
use crate::report;
use crate::report::escape::terminal;
use crate::wire::file;

pub(super) async fn run(
    arguments: AuditArguments,
    verbose: u8,
    files: OutputFiles,
) -> Result<Exit, CommandError> {
    let choices = output::choices(&arguments.output)?;
    let folder = &arguments.profiles.profiles;
    let profiles = problems::load_at(folder, arguments.at)?;
    output::refuse_to_overwrite_inputs(&choices, &inputs(&arguments, &profiles))?;
    let mut options = AuditOptions {
        only: arguments.env.iter().map(|name| name.as_str().into()).collect(),
        baseline: arguments.baseline.as_deref().map(Into::into),
        gate: gate(&arguments),
        fail_on: arguments.fail_on,
        deadline: arguments.deadline.map(|text| text.0),
        at: arguments.at,
        since: None,
        fail_on_new: arguments.fail_on_new,
        length: BucketLength::DEFAULT,
        end_of_life: eol::read(&arguments.eol_data)?,
    };
    if let Some(text) = &arguments.since {
        let past = Past::new(&arguments.history, Some(&profiles), options.at)?;
        match earlier(text, past, &profiles, &options) {
            Ok(since) => options.since = Some(since),
            Err(error) => return past::absent_or(error),
        }
    }
    let place = HistoryPlace::of(&arguments.history, Some(&profiles))?;
    let Some(place) = place else {
        let report = {
            let bar = RunProgress::new();
            pipeline::audit(&profiles, &options, facts(folder), clock(), &bar).await?
        };
        let output = &arguments.output;
        return Ok(output::write_report(&report, output, &choices, verbose, &files, false));
    };
    let (report, kept) = {
        let (bar, open) = (RunProgress::new(), || place.open_to_write());
        pipeline::audit_and_keep(&profiles, &options, facts(folder), clock(), &bar, open).await?
    };
    // The report is written whatever becomes of the history, and says how this ends.
    if let Err(error) = &kept {
        let told = format!("error: the run was not kept: {}", place.said(error));
        output::print_error_line(&told);
    }
    let (output, has_failed) = (&arguments.output, kept.is_err());
    let exit = output::write_report(&report, output, &choices, verbose, &files, has_failed);
    let seen = ObservedRun::of_audit(&report);
    notify::after(&place, &profiles, !has_failed, (seen, RunOf::Audit)).await;
    Ok(exit)
}

/// All that is read; the profiles of environments that are not asked for, too.
fn inputs(arguments: &AuditArguments, profiles: &Profiles) -> Inputs {
    let mut inputs = Inputs::of_profiles(profiles, &profiles.environments);
    for path in &arguments.eol_data {
        inputs.add(path, "read by --eol-data");
    }
    if let Some(reference) = &arguments.since {
        inputs.add(Path::new(reference), "read by --since");
    }
    if let Ok(Some(place)) = HistoryPlace::of(&arguments.history, Some(profiles)) {
        place.protect(&mut inputs);
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
    text: &str,
    mut past: Past,
    profiles: &Profiles,
    options: &AuditOptions,
) -> anyhow::Result<EarlierReport> {
    let earlier = match past.find(text)? {
        Found::File(path) => reports::of_audit(&path)?.to_earlier(),
        Found::Evidence { run, .. } | Found::Run(run) => {
            let evidence = past.evidence(&run)?;
            // By today's profiles, so that only what was seen differs.
            let options = AuditOptions { at: Some(run.at), since: None, ..options.clone() };
            let audit =
                pipeline::assess(profiles, &options, evidence, RunFacts::default(), run.at)?;
            report::public(&audit).to_earlier()
        }
    };
    let gates = pipeline::gates(profiles, options)?;
    let now = options.at.unwrap_or_else(|| clock()());
    policy::check_earlier(&earlier, &gates, now).with_context(|| terminal(text))?;
    Ok(earlier)
}

/// What is known of where this runs.
pub(super) fn facts(folder: &Path) -> RunFacts {
    let host = file::of_system("/proc/sys/kernel/hostname");
    let host = host.unwrap_or_default().trim().to_owned();
    RunFacts { host, commit: git::checked_out_commit(folder) }
}
