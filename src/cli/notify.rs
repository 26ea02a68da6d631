//! `envparity notify test`, and what audits and checklists do when their report is written.

use std::time::Duration;

use anyhow::anyhow;
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::args::{NotifyArguments, NotifyCommand};
use super::exit::Exit;
use super::past::HistoryPlace;
use super::{CommandError, clock, output, problems};
use crate::daemon::{self, Fate};
use crate::history::{HistoryError, Store};
use crate::model::count;
use crate::notify::{
    Board, Delivered, DeliveryTimes, KIND, MissedRuns, ObservedRun, PendingSend, Sink, Told,
    deliver, test_notice,
};
use crate::profile::Profiles;
use crate::report::escape::terminal;

pub(super) async fn run(arguments: NotifyArguments) -> Result<Exit, CommandError> {
    let NotifyCommand::Test(arguments) = arguments.command;
    let profiles = problems::load(&arguments.profiles)?;
    let sinks = sinks(&profiles);
    if sinks.is_empty() {
        return Err(CommandError(anyhow!(
            "nobody is to be told: add notify: [{{webhook: {{url: \"${{env:SLACK_WEBHOOK}}\", \
             format: slack}}}}] to audit.yaml"
        )));
    }
    let now = clock()();
    let sends = sinks.iter().zip(1..).map(|(sink, id)| PendingSend {
        id,
        sink: sink.name.clone(),
        notice: test_notice(now),
        taken: Some(now),
        runs: 0,
    });
    let sends: Vec<PendingSend> = sends.collect();
    let times = DeliveryTimes::DEFAULT.once();
    let became = deliver(&sends, &sinks, link(&profiles), times, (&sleep, &|| clock()())).await;
    let mut exit = Exit::Done;
    for (sink, (_, became)) in sinks.iter().zip(became) {
        let said = match became {
            Delivered::Sent(status) => format!("it took the test ({status})"),
            Delivered::Refused(why) | Delivered::Failed(why) => {
                exit = Exit::Error;
                why
            }
            Delivered::Untried => continue,
        };
        output::print(&format!("{}\n", terminal(&format!("{}: {said}", sink.name))))?;
    }
    Ok(exit)
}

/// What a run is, for the schedules that may have started it.
#[derive(Clone, Copy)]
pub(super) enum RunOf<'a> {
    Audit,
    ChecklistOf(&'a str),
    /// Somebody started it, to watch.
    Watch,
}

/// Tells those whom the profiles name what is new, if the run was kept: else what was told is not
/// known either. It never fails: whatever goes wrong is told on standard error, and neither report
/// nor exit code know of it.
pub(super) async fn after(
    place: &HistoryPlace,
    profiles: &Profiles,
    is_kept: bool,
    (seen, of): (ObservedRun, RunOf<'_>),
) {
    let sinks = sinks(profiles);
    if sinks.is_empty() {
        return;
    }
    if !is_kept {
        tell("nobody was told: what was told before is kept in the history, and the run was not");
        return;
    }
    let taken = place.open_to_write().and_then(|mut store| {
        let last = last_run(&mut store, of, seen.at)?;
        let missed = |board: &mut Board| missed(board, profiles, of, last, seen.at);
        Told(&mut store).take(&seen, missed, &sinks, clock()())
    });
    let taken = match taken {
        Ok(taken) if taken.is_empty() => return,
        Ok(taken) => taken,
        Err(error) => return tell(&format!("nobody was told: {}", place.said(&error))),
    };
    let times = DeliveryTimes::DEFAULT;
    let done = deliver(&taken, &sinks, link(profiles), times, (&sleep, &|| clock()())).await;
    report_failures(&taken, &done);
    let settled =
        place.open_to_write().and_then(|mut store| Told(&mut store).settle(&done, clock()()));
    if let Err(error) = settled {
        tell(&format!("what was told could not be noted: {}", place.said(&error)));
    }
}

fn report_failures(taken: &[PendingSend], done: &[(u64, Delivered)]) {
    for (id, became) in done {
        let Some(send) = taken.iter().find(|send| send.id == *id) else { continue };
        let again = if send.runs == 0 { "once more with the next run" } else { "not again" };
        let (why, again) = match became {
            Delivered::Sent(_) => continue,
            Delivered::Refused(why) => (why.as_str(), "not again"),
            Delivered::Failed(why) => (why.as_str(), again),
            Delivered::Untried => ("it did not take the one before", "with the next run"),
        };
        let PendingSend { sink, notice, .. } = send;
        tell(&format!("{sink} was not told {:?}: {why}; it is told {again}", notice.title));
    }
}

fn tell(text: &str) {
    output::print_error_line(&format!("warning: {}", terminal(text)));
}

fn sinks(profiles: &Profiles) -> Vec<Sink> {
    profiles.notify.iter().map(|config| Sink::new(config, &profiles.folder)).collect()
}

fn link(profiles: &Profiles) -> Option<&str> {
    profiles.serve.as_ref().map(|serve| serve.public_url.as_str())
}

fn sleep(wait: Duration) -> BoxFuture<'static, ()> {
    tokio::time::sleep(wait).boxed()
}

/// When such a run was kept last, before this one.
fn last_run(
    store: &mut Store,
    of: RunOf<'_>,
    at: Timestamp,
) -> Result<Option<Timestamp>, HistoryError> {
    /// Runs that are looked through.
    const NEWEST: usize = 100;
    let is_one = |kind: &str, release: Option<&String>| match of {
        RunOf::Audit => kind == "audit",
        RunOf::ChecklistOf(name) => {
            kind == "checklist" && release.is_some_and(|release| release == name)
        }
        RunOf::Watch => false,
    };
    let runs = store.newest_runs(NEWEST)?;
    let runs = runs.iter().filter(|run| run.kind != KIND && run.at < at);
    Ok(runs.filter(|run| is_one(&run.kind, run.facts.get("release"))).map(|run| run.at).max())
}

/// Runs of schedules that did not happen since the last one, where cron or a timer starts them.
fn missed(
    board: &mut Board,
    profiles: &Profiles,
    of: RunOf<'_>,
    last: Option<Timestamp>,
    now: Timestamp,
) -> Vec<MissedRuns> {
    /// Times that are told one by one.
    const MOST: usize = 100;
    let mut found = Vec::new();
    for schedule in &profiles.schedule {
        let release = schedule.release.as_ref().map(|release| release.as_str());
        let is_its_own = match of {
            RunOf::Audit => schedule.audit.is_some(),
            RunOf::ChecklistOf(name) => release == Some(name),
            RunOf::Watch => false,
        };
        let Some(times) = schedule.times(&profiles.timezone).filter(|_| is_its_own) else {
            continue;
        };
        let id = schedule.id.value.clone();
        let known = *board.schedules.entry(id.clone()).or_insert(now);
        let from = last.map_or(known, |last| last.max(known));
        let (due, _) = times.between(from, now, MOST);
        let planned = daemon::plan(&due, now, None);
        let missed = planned.iter().filter(|run| run.fate == Fate::Missed);
        found.push(MissedRuns { schedule: id, due: missed.map(|run| run.at).collect() });
    }
    found
}

/// A line for each schedule, with its next times.
pub(super) fn next_times(profiles: &Profiles, now: Timestamp) -> String {
    const NEXT: usize = 5;
    let mut text = String::new();
    for schedule in &profiles.schedule {
        let Some(times) = schedule.times(&profiles.timezone) else { continue };
        let fields = schedule.fields().map_or("", |fields| fields.as_str());
        let zone = times.zone().iana_name().unwrap_or("UTC");
        let (id, what) = (schedule.id.as_str(), schedule.what());
        text.push_str(&format!("  schedule {id}: {what} at {fields:?} {zone}, next\n"));
        for at in times.next(now, NEXT) {
            let there = at.to_zoned(times.zone().clone());
            text.push_str(&format!("    {}\n", there.strftime("%a %Y-%m-%d %H:%M %:z")));
        }
    }
    if !profiles.notify.is_empty() {
        text.push_str(&format!("  {} told of changes\n", count(profiles.notify.len(), "sink")));
    }
    text
}
