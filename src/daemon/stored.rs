//! What pages show of the history: a process that has just begun, or that does not lead, has made
//! no run of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::kept::{FAILED, KIND};
use super::runs::SCHEDULE;
use super::state::ServeState;
use super::status::{LastRun, PastRun};
use super::watch::read_incidents;
use super::watching::shown_incidents;
use crate::collect::config::COLLECTORS;
use crate::history::{HistoryError, RunSummary, Store};
use crate::{pipeline, trend};

/// Runs that are looked through.
const NEWEST: usize = 500;

/// Runs that are shown.
const SHOWN: usize = 20;

/// What became of the times of a schedule.
#[derive(Default)]
struct Counted {
    last: Option<LastRun>,
    missed: u64,
    skipped: u64,
}

/// What the history says.
struct Stored {
    runs: Vec<PastRun>,
    schedules: BTreeMap<String, Counted>,
    incidents: super::watch::Incidents,
    audit: Option<RunSummary>,
}

impl ServeState {
    /// Reads what pages show of the history, and makes the newest report again if another process
    /// has made it.
    pub(super) async fn refresh(self: Arc<Self>) {
        let setup = Arc::clone(&self.setup);
        let read = tokio::task::block_in_place(|| read(&mut setup.history.to_read()?));
        let stored = match read {
            Ok(stored) => stored,
            // There is none yet.
            Err(HistoryError::Missing(_)) => return,
            Err(error) => return self.note_history(Some(setup.history.said(&error))),
        };
        let newest = stored.audit;
        self.change(|status| {
            status.runs = stored.runs;
            status.incidents = shown_incidents(&stored.incidents);
            for shown in &mut status.schedules {
                let Some(counted) = stored.schedules.get(&shown.id) else { continue };
                shown.last.clone_from(&counted.last);
                (shown.missed, shown.skipped) = (counted.missed, counted.skipped);
            }
        });
        let is_leader = self.is_leader();
        let written = tokio::task::block_in_place(|| {
            if !is_leader {
                return Ok(());
            }
            let mut store = setup.history.to_write()?;
            if self.is_time_to_prune() {
                return store.prune((setup.clock)(), &trend::hours_of).map(|_| ());
            }
            // Nothing is written but the transaction itself.
            store.write_all(|_| Ok(()))
        });
        self.note_history(written.err().map(|error| setup.history.said(&error)));
        let Some(run) = newest else { return };
        let shown = self.status().audit;
        if shown.is_some_and(|shown| shown.run.at >= run.at) {
            return;
        }
        self.judge_again(run).await;
    }

    /// The report of a run that another process made, by today's profiles. One that would say
    /// another verdict is not shown: what it was found by is not at hand.
    async fn judge_again(&self, run: RunSummary) {
        let setup = &self.setup;
        let read = tokio::task::block_in_place(|| {
            let mut store = setup.history.to_read()?;
            let evidence = store.evidence_of_run(run.id, COLLECTORS)?;
            Ok::<_, HistoryError>((store, evidence))
        });
        let (mut store, evidence) = match read {
            Ok(read) => read,
            Err(error) => return self.note_history(Some(setup.history.said(&error))),
        };
        let made =
            pipeline::audit_of_run(&setup.profiles, &run, evidence, setup.length, &mut store).await;
        match made {
            Ok(audit) if audit.judgement.verdict.as_str() == run.verdict => self.set_audit(audit),
            Ok(_) | Err(_) => self.forget_audit(),
        }
    }
}

fn read(store: &mut Store) -> Result<Stored, HistoryError> {
    let runs = store.newest_runs(NEWEST)?;
    let mut schedules: BTreeMap<String, Counted> = BTreeMap::new();
    for (run, said) in store.runs_of_kind(KIND)?.into_iter().rev() {
        let Some(id) = run.facts.get(SCHEDULE) else { continue };
        let counted = schedules.entry(id.clone()).or_default();
        counted.missed += said["older"].as_u64().unwrap_or(0);
        for time in said["times"].as_array().into_iter().flatten() {
            match time["fate"].as_str() {
                Some("missed") => counted.missed += 1,
                Some("skipped") => counted.skipped += 1,
                Some(FAILED) => {
                    let failure = time["why"].as_str().map(str::to_owned);
                    let last = LastRun { at: run.at, verdict: FAILED.to_owned(), failure };
                    set_last(&mut counted.last, last);
                }
                _ => {}
            }
        }
    }
    for run in runs.iter().filter(|run| run.kind != KIND) {
        let Some(id) = run.facts.get(SCHEDULE) else { continue };
        let last = LastRun { at: run.at, verdict: run.verdict.clone(), failure: None };
        set_last(&mut schedules.entry(id.clone()).or_default().last, last);
    }
    let judged = runs.iter().filter(|run| !run.verdict.is_empty());
    Ok(Stored {
        runs: judged.take(SHOWN).map(past_run).collect(),
        audit: runs.iter().find(|run| run.kind == "audit").cloned(),
        incidents: read_incidents(store)?,
        schedules,
    })
}

fn set_last(known: &mut Option<LastRun>, last: LastRun) {
    let at = known.as_ref().map_or(Timestamp::MIN, |known| known.at);
    if last.at > at {
        *known = Some(last);
    }
}

fn past_run(run: &RunSummary) -> PastRun {
    PastRun {
        at: run.at,
        kind: run.kind.clone(),
        release: run.facts.get("release").cloned(),
        verdict: run.verdict.clone(),
        run: run.digest.chars().take(8).collect(),
    }
}
