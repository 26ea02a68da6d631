//! Reads many at once in turns: who was silent while others waited comes again at last, and all
//! ends within twice the longest deadline.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep};

use super::io::silence::Silence;
use super::places::{RunSlots, Turn, Waiting};
use crate::wire::duration::DurationText;

/// The share of its deadline within which a target must have said something if others wait.
const SILENT_SHARE: u32 = 8;

/// When a run ends, whatever is left.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunEnds {
    pub(super) start: Instant,
    /// Of what has its first turn; the report takes its time, too.
    first: Instant,
    /// Of those that were silent before.
    again: Instant,
    /// Of everything.
    pub(super) last: Instant,
}

impl RunEnds {
    /// Of a run that begins now.
    pub(super) fn within(longest: Duration) -> Self {
        let start = Instant::now();
        Self {
            start,
            first: start + longest.saturating_mul(3) / 2,
            again: start + longest.saturating_mul(5) / 4,
            last: start + longest.saturating_mul(2),
        }
    }

    fn of(&self, turn: Turn) -> Instant {
        match turn {
            Turn::First => self.first,
            Turn::Again => self.again,
        }
    }
}

/// A place that one of the run has.
pub(super) struct RunPlace {
    turn: Turn,
    end: Instant,
    waiting: Waiting,
}

impl RunPlace {
    /// What is left of the deadline of the one that has it.
    pub(super) fn allowed(&self, deadline: Duration) -> Duration {
        deadline.min(self.end.saturating_duration_since(Instant::now()))
    }

    /// What `work` ends with; `None` if it was silent and gave up its place to another.
    pub(super) async fn hold<T>(
        self,
        deadline: Duration,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let silence = Silence::default();
        let work = silence.listen(work);
        let patience = async {
            sleep(deadline / SILENT_SHARE).await;
            let is_silent = self.turn == Turn::First && silence.is_unbroken();
            if !(is_silent && self.waiting.claim()) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            done = work => Some(done),
            () = patience => None,
        }
    }
}

/// Reads each in its turn until all are read or the time is over. `done` hears of each that is
/// read; `None` is one whose reading panicked. Those that are left stay in `places`.
pub(super) async fn take_turns<T, F>(
    places: &mut RunSlots,
    ends: &RunEnds,
    start: impl Fn(usize, RunPlace) -> F,
    mut done: impl FnMut(usize, Option<T>),
) where
    T: Send + 'static,
    F: Future<Output = Option<T>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    let mut running: HashMap<Id, usize> = HashMap::new();
    loop {
        while Instant::now() < ends.of(places.turn())
            && let Some((index, turn)) = places.next()
        {
            let place = RunPlace { turn, end: ends.of(turn), waiting: places.waiting() };
            running.insert(tasks.spawn(start(index, place)).id(), index);
        }
        let Some(joined) = tasks.join_next_with_id().await else { return };
        let id = joined.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(index) = running.remove(&id) else { continue };
        places.leave(index);
        match joined {
            Ok((_, Some(read))) => done(index, Some(read)),
            Ok((_, None)) => places.put_back(index),
            Err(_) => done(index, None),
        }
    }
}

/// Why one of so many was not read to its deadline.
pub(super) fn without_place(turn: Turn, deadline: Duration, all: usize, took: Duration) -> String {
    let until = DurationText(Duration::from_secs_f64((took.as_secs_f64() * 10.0).round() / 10.0));
    match turn {
        Turn::First => format!(
            "it was not started within {until}: there are {all} targets, and earlier ones used up \
             their deadlines"
        ),
        Turn::Again => {
            let patience = DurationText(deadline / SILENT_SHARE);
            format!("no data within {patience}, while other targets were waiting")
        }
    }
}
