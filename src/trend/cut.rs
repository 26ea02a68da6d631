//! Cuts: moments at which a server's counters began anew.
//!
//! A cut is the server's, and applies to every counter of it, also to one that has regrown beyond
//! its old value since. It shows by another `run_id`, by any counter that fell, or by a call of
//! CONFIG RESETSTAT. Where all counters have regrown between two moments of one run, and RESETSTAT
//! had been called before, nothing shows it: differences are then too small, and never too large.
//!
//! Another `run_id` is another server where that had been started before the moment at which the
//! other one answered, or had answered before: its counters say nothing of what was in between.

use super::moment::{Moment, Timeline};
use crate::model::{BucketFlags, CounterTable};

/// What began anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerCut {
    /// The server: CPU too.
    Restart,
    /// Its counters of commands; CPU goes on.
    Reset,
    /// Nothing: another server answers in its place.
    Other,
}

/// Seconds by which a server may seem to have been started before: it counts whole ones.
const START_SLACK: f64 = 5.0;

/// Two moments of one server, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) before: Moment,
    pub(super) after: Moment,
    pub(super) cut: Option<ServerCut>,
}

impl Link {
    pub(super) fn new(timeline: &Timeline, before: Moment, after: Moment) -> Self {
        Self { before, after, cut: cut_between(timeline, before, after) }
    }

    /// Seconds from one to the other.
    pub(super) fn seconds_between(&self, timeline: &Timeline) -> f64 {
        let millis = timeline.row_at(self.after).at_millis - timeline.row_at(self.before).at_millis;
        std::time::Duration::from_millis(u64::try_from(millis).unwrap_or(0)).as_secs_f64()
    }
}

impl ServerCut {
    pub(super) fn as_flag(self) -> BucketFlags {
        match self {
            Self::Restart => BucketFlags::RESTART,
            Self::Reset => BucketFlags::RESET,
            Self::Other => BucketFlags::OTHER_SERVER,
        }
    }
}

fn cut_between(timeline: &Timeline, before: Moment, after: Moment) -> Option<ServerCut> {
    let runs = (timeline.run_id(before), timeline.run_id(after));
    let is_known = runs.0.is_some() && runs.1.is_some();
    if is_known && runs.0 != runs.1 {
        let is_other = timeline.is_returned(after) || was_running(timeline, before, after);
        return Some(if is_other { ServerCut::Other } else { ServerCut::Restart });
    }
    let falls = |told: (Option<f64>, Option<f64>)| matches!(told, (Some(p), Some(q)) if q < p);
    let at_both = |of: super::moment::Line| (of.value_at(before), of.value_at(after));
    if falls(at_both(timeline.cpu())) {
        return Some(ServerCut::Restart);
    }
    // What is left standing from before a cut falls later, and that is not a second cut.
    let is_consistent = timeline.hidden_commands(before).is_none_or(|hidden| hidden >= 0.0);
    let is_reset = falls(at_both(timeline.processed()))
        || is_consistent
            && timeline.commands().iter().any(|(name, command)| {
                let calls = at_both(command.calls);
                falls(calls) || falls(at_both(command.micros)) || is_call_of_reset(name, calls)
            });
    is_reset.then_some(ServerCut::Reset)
}

/// Whether the server of the second moment ran at the first, when another one answered.
fn was_running(timeline: &Timeline, before: Moment, after: Moment) -> bool {
    let Some(started) = timeline.started(after) else { return false };
    let millis = timeline.row_at(before).at_millis;
    std::time::Duration::from_millis(u64::try_from(millis).unwrap_or(0)).as_secs_f64()
        > started + START_SLACK
}

/// The row from which on the server of the last row answers, if another one answered before.
pub(super) fn last_change(samples: &CounterTable) -> Option<usize> {
    let none = CounterTable::default();
    let timeline = Timeline::of_tables(&none, samples);
    let is_change = |row: &usize| {
        let link = Link::new(&timeline, Moment::Sample(row - 1), Moment::Sample(*row));
        link.cut == Some(ServerCut::Other)
    };
    (1..samples.rows().len()).rev().find(is_change)
}

/// The call that resets is the first that is counted after it, so that its counter is 1 from then
/// on. Redis 6.2 and older count all of CONFIG as one.
fn is_call_of_reset(command: &str, (before, after): (Option<f64>, Option<f64>)) -> bool {
    command == "config|resetstat" && after.unwrap_or(0.0) > before.unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trend::testing::{row, table};

    fn cut(before: &[(&str, f64)], after: &[(&str, f64)], runs: [&str; 2]) -> Option<ServerCut> {
        let steps = table(&[row(300, runs[0], before), row(600, runs[1], after)]);
        let none = CounterTable::default();
        let timeline = Timeline::of_tables(&steps, &none);
        Link::new(&timeline, Moment::Step(0), Moment::Step(1)).cut
    }

    #[test]
    fn trend_sees_a_cut_by_any_counter_that_falls() {
        let before = [("processed", 70.0), ("cpu", 9.0), ("get", 10.0), ("keys", 60.0)];
        let regrown = [("processed", 90.0), ("cpu", 10.0), ("get", 30.0), ("keys", 60.0)];
        let one = |name: &str, value: f64| {
            let mut after = regrown;
            for (other, told) in &mut after {
                if *other == name {
                    *told = value;
                }
            }
            cut(&before, &after, ["r", "r"])
        };
        assert_eq!(cut(&before, &regrown, ["r", "r"]), None);
        assert_eq!(cut(&before, &regrown, ["r", "s"]), Some(ServerCut::Restart));
        assert_eq!(cut(&before, &regrown, ["", "s"]), None, "unknown is not another");
        assert_eq!(one("processed", 69.0), Some(ServerCut::Reset));
        assert_eq!(one("keys", 59.0), Some(ServerCut::Reset));
        assert_eq!(one("cpu", 8.0), Some(ServerCut::Restart));
    }

    #[test]
    fn trend_sees_a_reset_by_its_own_call() {
        let before = [("processed", 10.0), ("get", 10.0)];
        let after = [("processed", 31.0), ("get", 30.0), ("config|resetstat", 1.0)];
        assert_eq!(cut(&before, &after, ["r", "r"]), Some(ServerCut::Reset));
    }
}
