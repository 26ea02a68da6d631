//! Tells people what is new after a run: decided and noted in the history, then sent, then noted
//! what became of it. It never fails: what goes wrong is a warning.

use futures::future::BoxFuture;
use jiff::Timestamp;

use std::time::Duration;

use super::access::HistoryAccess;
use super::due::{Fate, plan};
use crate::collect::Clock;
use crate::history::{HistoryError, Store};
use crate::notify::{
    Board, Delivered, DeliveryTimes, KIND, MissedRuns, ObservedRun, PendingSend, Sink, Told,
    deliver,
};
use crate::profile::Profiles;

/// What a run is, for the schedules that may have started it.
#[derive(Clone, Copy, Debug)]
pub enum RunOf<'a> {
    /// An audit.
    Audit,
    /// The checklist of a release.
    ChecklistOf(&'a str),
    /// No schedule starts it.
    Watch,
}

/// Who is told, of which history.
#[derive(Clone, Copy)]
pub struct Telling<'a> {
    /// What was told is kept there.
    pub history: &'a HistoryAccess,
    /// Sinks, link and schedules.
    pub profiles: &'a Profiles,
    /// The time.
    pub clock: &'a Clock,
    /// Waits between tries.
    pub sleep: &'a (dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync),
    /// How often it is tried.
    pub times: DeliveryTimes,
    /// Hears what goes wrong.
    pub warn: &'a (dyn Fn(&str) + Send + Sync),
}

impl Telling<'_> {
    /// Tells what is new of a run that was kept. The number of notices that a sink did not take.
    pub async fn tell(&self, seen: &ObservedRun, of: RunOf<'_>) -> usize {
        let sinks = sinks_of(self.profiles);
        if sinks.is_empty() {
            return 0;
        }
        let taken = self.history.to_write().and_then(|mut store| {
            let last = last_run(&mut store, of, seen.at)?;
            let missed = |board: &mut Board| missed(board, self.profiles, of, last, seen.at);
            Told(&mut store).take(seen, missed, &sinks, (self.clock)())
        });
        let taken = match taken {
            Ok(taken) if taken.is_empty() => return 0,
            Ok(taken) => taken,
            Err(error) => {
                (self.warn)(&format!("nobody was told: {}", self.history.said(&error)));
                return 0;
            }
        };
        let now = || (self.clock)();
        let link = link_of(self.profiles);
        let done = deliver(&taken, &sinks, link, self.times, (self.sleep, &now)).await;
        let failed = self.report_failures(&taken, &done);
        let settled = self.history.to_write();
        let settled = settled.and_then(|mut store| Told(&mut store).settle(&done, now()));
        if let Err(error) = settled {
            let said = self.history.said(&error);
            (self.warn)(&format!("what was told could not be noted: {said}"));
        }
        failed
    }

    fn report_failures(&self, taken: &[PendingSend], done: &[(u64, Delivered)]) -> usize {
        let mut failed = 0;
        for (id, became) in done {
            let Some(send) = taken.iter().find(|send| send.id == *id) else { continue };
            let again = if send.runs == 0 { "once more with the next run" } else { "not again" };
            let (why, again) = match became {
                Delivered::Sent(_) => continue,
                Delivered::Refused(why) => (why.as_str(), "not again"),
                Delivered::Failed(why) => (why.as_str(), again),
                Delivered::Untried => ("it did not take the one before", "with the next run"),
            };
            failed += 1;
            let PendingSend { sink, notice, .. } = send;
            let title = &notice.title;
            (self.warn)(&format!("{sink} was not told {title:?}: {why}; it is told {again}"));
        }
        failed
    }
}

/// Whom the profiles name.
pub fn sinks_of(profiles: &Profiles) -> Vec<Sink> {
    profiles.notify.iter().map(|config| Sink::new(config, &profiles.folder)).collect()
}

/// Where people find the report.
pub fn link_of(profiles: &Profiles) -> Option<&str> {
    Some(profiles.serve.as_ref()?.public_url.as_ref()?.as_str())
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

/// Runs of schedules that did not happen since the last one, whoever starts them.
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
        let planned = plan(&due, now, None);
        let missed = planned.iter().filter(|run| run.fate == Fate::Missed);
        found.push(MissedRuns { schedule: id, due: missed.map(|run| run.at).collect() });
    }
    found
}
