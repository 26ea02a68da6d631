//! Runs schedules at their times, while this process is the leader.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::due::{Fate, LATEST, jitter_of, plan};
use super::kept::{self, take};
use super::runs::{DUE, SCHEDULE};
use super::state::ServeState;
use super::times::CronTimes;
use crate::history::{HistoryError, Store};

/// One schedule that can be run.
struct Planned {
    /// Its place in the profiles.
    at: usize,
    id: String,
    times: CronTimes,
    /// When it is due next.
    next: Option<Timestamp>,
    /// Until when its times were looked at by this process.
    seen_to: Timestamp,
}

/// Runs schedules until it is dropped; runs in progress end with it.
pub(super) async fn run_schedules(state: Arc<ServeState>) {
    let mut scheduler = Scheduler::new(state);
    let tick = scheduler.state.setup.tick;
    loop {
        scheduler.turn().await;
        sleep(tick).await;
    }
}

struct Scheduler {
    state: Arc<ServeState>,
    planned: Vec<Planned>,
    runs: JoinSet<(String, Timestamp)>,
    /// Since when a run of a schedule is in progress.
    running: BTreeMap<String, Timestamp>,
    /// One run at a time: targets are not read by two.
    turns: Arc<Semaphore>,
    was_leader: bool,
    /// Whether the history knows every schedule: what came since its last run is told then.
    is_known: bool,
}

impl Scheduler {
    fn new(state: Arc<ServeState>) -> Self {
        let profiles = Arc::clone(&state.setup);
        let now = (state.setup.clock)();
        let schedules = profiles.profiles.schedule.iter().enumerate();
        let planned = schedules.filter_map(|(at, schedule)| {
            let times = schedule.times(&profiles.profiles.timezone)?;
            let id = schedule.id.value.clone();
            Some(Planned { at, id, next: times.after(now), times, seen_to: now })
        });
        Self {
            planned: planned.collect(),
            runs: JoinSet::new(),
            running: BTreeMap::new(),
            turns: Arc::new(Semaphore::new(1)),
            was_leader: false,
            is_known: false,
            state,
        }
    }

    async fn turn(&mut self) {
        let mut has_ended = false;
        while let Some(ended) = self.runs.try_join_next() {
            if let Ok((id, _)) = ended {
                self.running.remove(&id);
                has_ended = true;
            }
        }
        let is_leader = self.state.is_leader();
        if self.was_leader && !is_leader {
            // Another process may make them already.
            self.runs.abort_all();
            while self.runs.join_next().await.is_some() {}
            self.running.clear();
        }
        if is_leader && !self.was_leader {
            self.begin();
        }
        self.was_leader = is_leader;
        if is_leader {
            self.start_due();
        }
        self.note(has_ended);
    }

    /// Takes over: a run that its process did not end is made again, if it is not too late.
    fn begin(&mut self) {
        let state = Arc::clone(&self.state);
        let now = (state.setup.clock)();
        let opened = tokio::task::block_in_place(|| {
            let mut store = state.setup.history.to_write()?;
            let mut lost = Vec::new();
            for (index, one) in self.planned.iter().enumerate() {
                lost.extend(lost_run(&mut store, &one.id, now)?.map(|due| (index, due)));
            }
            Ok(lost)
        });
        match opened {
            Ok(lost) => {
                self.is_known = true;
                for (index, due) in lost {
                    self.start(index, due);
                }
                // What was due while nobody was there is looked at now.
                self.planned.iter_mut().for_each(|one| one.next = Some(now));
            }
            Err(error) => self.state.note_history(Some(self.said(&error))),
        }
    }

    fn said(&self, error: &HistoryError) -> String {
        self.state.setup.history.said(error)
    }

    fn start_due(&mut self) {
        let now = (self.state.setup.clock)();
        for index in 0..self.planned.len() {
            let one = &mut self.planned[index];
            if one.next.is_none_or(|next| next > now) {
                continue;
            }
            let from = one.seen_to;
            one.seen_to = now;
            one.next = one.times.after(now);
            if let Some(due) = self.take(index, from, now) {
                self.start(index, due);
            }
        }
    }

    /// The time whose run is to be made now.
    fn take(&self, index: usize, from: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let one = &self.planned[index];
        let running = self.running.get(&one.id).copied();
        let history = &self.state.setup.history;
        // What came since the last time that was taken, whoever took it.
        let since = if self.is_known { Timestamp::UNIX_EPOCH } else { from };
        let taken = tokio::task::block_in_place(|| {
            let mut store = history.to_write()?;
            take(&mut store, (&one.id, &one.times), since, now, running)
        });
        match taken {
            Ok(taken) => {
                self.state.note_history(None);
                taken.run
            }
            Err(error) => {
                // The run goes on without its row: this process is the only one that makes it.
                self.state.note_history(Some(self.said(&error)));
                let (due, _) = one.times.between(from, now, 1);
                let planned = plan(&due, now, running);
                planned.iter().find(|run| run.fate == Fate::Run).map(|run| run.at)
            }
        }
    }

    fn start(&mut self, index: usize, due: Timestamp) {
        let (at, id) = (self.planned[index].at, self.planned[index].id.clone());
        let state = Arc::clone(&self.state);
        let turns = Arc::clone(&self.turns);
        let setup = &state.setup;
        let most = setup.profiles.schedule[at].jitter.map(|jitter| jitter.0).unwrap_or_default();
        let delay = jitter_of(&id, due, &setup.facts.host, most);
        self.running.insert(id.clone(), (setup.clock)());
        self.runs.spawn(async move {
            (state.setup.sleep)(delay).await;
            // It is never closed.
            let _turn = turns.acquire().await;
            Arc::clone(&state).run_once(at, due).await;
            (id, due)
        });
    }

    /// What pages show of the schedules.
    fn note(&self, has_ended: bool) {
        self.state.change(|status| {
            for one in &self.planned {
                let shown = status.schedules.iter_mut().find(|shown| shown.id == one.id);
                let Some(shown) = shown else { continue };
                shown.next = one.next;
                shown.running_since = self.running.get(&one.id).copied();
            }
        });
        if has_ended {
            self.state.refresh_soon();
        }
    }
}

/// The newest time of a schedule that was taken and of which nothing was kept, if it is not too
/// late. A schedule that the history does not know is known from now on.
fn lost_run(
    store: &mut Store,
    id: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, HistoryError> {
    /// Runs that are looked through: more than come in an hour.
    const NEWEST: usize = 500;
    let Some(last) = store.last_claimed(id)? else {
        store.claim_due(id, now.as_second())?;
        kept::keep_known(store, id, now)?;
        return Ok(None);
    };
    let Ok(due) = Timestamp::from_second(last) else { return Ok(None) };
    if now.duration_since(due) >= LATEST {
        return Ok(None);
    }
    let is_of = |facts: &BTreeMap<String, String>| {
        let is_schedule = facts.get(SCHEDULE).is_some_and(|name| name == id);
        is_schedule && facts.get(DUE).is_some_and(|at| *at == due.to_string())
    };
    let runs = store.newest_runs(NEWEST)?;
    Ok((!runs.iter().any(|run| is_of(&run.facts))).then_some(due))
}
