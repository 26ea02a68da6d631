//! Due times in the history: each is a row before its run begins, so that no two processes run it,
//! and what is not run is a run of its own that says so.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use super::due::{DueRun, Fate, plan};
use super::times::CronTimes;
use crate::collect::config::COLLECTORS;
use crate::history::{HistoryError, NewRun, Store};
use crate::report::PROGRAM;

/// The kind of runs that say what was not run.
pub const KIND: &str = "due";

/// Times that are told one by one: of a longer downtime only how many there were besides.
const MOST: usize = 100;

/// What a process does about a schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueTaken {
    /// The time whose run this process has to make.
    pub run: Option<Timestamp>,
    /// Times that are recorded as skipped or missed, oldest first.
    pub others: Vec<DueRun>,
    /// Missed ones that were too many to be recorded one by one.
    pub older: usize,
}

/// Takes what is due by now and was taken by nobody. `since` is when the schedule was first seen,
/// before which nothing was due; `running` is since when a run of it is in progress.
///
/// # Errors
/// If the history may not or cannot be written: then nothing is to be run.
pub fn take(
    store: &mut Store,
    (schedule, times): (&str, &CronTimes),
    since: Timestamp,
    now: Timestamp,
    running: Option<Timestamp>,
) -> Result<DueTaken, HistoryError> {
    store.write_all(|store| {
        let last = store.last_claimed(schedule)?.and_then(|at| Timestamp::from_second(at).ok());
        let from = last.map_or(since, |last| last.max(since));
        let (due, older) = times.between(from, now, MOST);
        let mut taken = DueTaken { older, ..DueTaken::default() };
        for due in plan(&due, now, running) {
            if !store.claim_due(schedule, due.at.as_second())? {
                continue;
            }
            match due.fate {
                Fate::Run => taken.run = Some(due.at),
                Fate::Skipped | Fate::Missed => taken.others.push(due),
            }
        }
        if !taken.others.is_empty() {
            keep(store, schedule, &taken, now)?;
        }
        Ok(taken)
    })
}

fn keep(
    store: &mut Store,
    schedule: &str,
    taken: &DueTaken,
    now: Timestamp,
) -> Result<(), HistoryError> {
    let others = taken.others.iter();
    let others: Vec<_> =
        others.map(|due| json!({"at": due.at.to_string(), "fate": due.fate.as_str()})).collect();
    let run = NewRun {
        kind: KIND,
        at: now,
        verdict: "",
        facts: BTreeMap::from([
            ("tool".to_owned(), PROGRAM.to_owned()),
            ("schedule".to_owned(), schedule.to_owned()),
        ]),
        evidence: &[],
        findings: BTreeMap::new(),
        judged: Vec::new(),
        said: json!({"schedule": schedule, "times": others, "older": taken.older}),
    };
    store.save_run(run, COLLECTORS).map(|_| ())
}
