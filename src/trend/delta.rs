//! What was counted between moments: exact, or a bound from below that says so.
//!
//! Never more than the truth. A counter that appears counts from zero only if the moment before
//! proves that it was zero (`Timeline::hidden` is 0), and one after a cut only if it is not what
//! was left standing from before: a Prometheus tells a series for five minutes after it has
//! vanished.

use super::cut::{Link, ServerCut};
use super::moment::{CommandLine, Line, Timeline};
use crate::model::BucketFlags;

/// What one counter did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Delta {
    pub(super) value: f64,
    pub(super) flags: BucketFlags,
}

/// What one command did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct CommandDelta {
    pub(super) calls: f64,
    pub(super) micros: f64,
    pub(super) flags: BucketFlags,
}

const OPEN: BucketFlags = BucketFlags::AT_LEAST.and(BucketFlags::UNPROVEN);

impl Delta {
    fn exact_delta(value: f64) -> Self {
        Self { value, flags: BucketFlags::NONE }
    }

    fn at_least(value: f64) -> Self {
        Self { value, flags: BucketFlags::AT_LEAST }
    }

    fn unproven_delta(value: f64) -> Self {
        Self { value, flags: OPEN }
    }

    fn add(self, other: Self) -> Self {
        Self { value: self.value + other.value, flags: self.flags | other.flags }
    }
}

/// Commands processed.
pub(super) fn of_processed(timeline: &Timeline, links: &[Link]) -> Delta {
    let sum = |sum: Delta, link: &Link| {
        let (before, after) =
            (timeline.processed().value_at(link.before), timeline.processed().value_at(link.after));
        let of_link = match (link.cut, before, after) {
            (Some(ServerCut::Other), ..) => Delta::unproven_delta(0.0),
            (Some(_), _, Some(after)) => Delta::at_least(after),
            (None, Some(before), Some(after)) => Delta::exact_delta((after - before).max(0.0)),
            _ => Delta::unproven_delta(0.0),
        };
        sum.add(of_link)
    };
    links.iter().fold(Delta::default(), sum)
}

/// CPU, which goes on when counters are reset.
pub(super) fn of_cpu(timeline: &Timeline, links: &[Link]) -> Delta {
    let sum = |sum: Delta, link: &Link| {
        let (before, after) =
            (timeline.cpu().value_at(link.before), timeline.cpu().value_at(link.after));
        let of_link = match (link.cut, before, after) {
            (Some(ServerCut::Other), ..) => Delta::unproven_delta(0.0),
            (Some(ServerCut::Restart), _, Some(after)) => Delta::at_least(after),
            (cut, Some(before), Some(after)) => {
                let value = (after - before).max(0.0);
                // Without a run_id a restart looks like a reset once CPU has grown beyond.
                let is_proven = cut.is_none() || timeline.run_id(link.after).is_some();
                if is_proven { Delta::exact_delta(value) } else { Delta::at_least(value) }
            }
            _ => Delta::unproven_delta(0.0),
        };
        sum.add(of_link)
    };
    links.iter().fold(Delta::default(), sum)
}

/// Calls and time of a command.
pub(super) fn of_command(timeline: &Timeline, links: &[Link], of: &CommandLine) -> CommandDelta {
    let mut sum = CommandDelta::default();
    for link in links {
        let calls = calls_of(timeline, *link, of.calls);
        let micros = micros_of(*link, of, calls);
        sum.calls += calls.value;
        sum.micros += micros.value;
        sum.flags |= calls.flags | micros.flags;
    }
    sum
}

fn calls_of(timeline: &Timeline, link: Link, calls: Line) -> Delta {
    let (before, after) = (calls.value_at(link.before), calls.value_at(link.after));
    if link.cut == Some(ServerCut::Other) {
        let is_told = before.is_some() || after.is_some();
        return if is_told { Delta::unproven_delta(0.0) } else { Delta::default() };
    }
    if link.cut.is_some() {
        return since_cut(timeline.hidden_commands(link.after), before, after);
    }
    let is_consistent = timeline.hidden_commands(link.before).is_none_or(|hidden| hidden >= 0.0);
    match (before, after) {
        (Some(before), Some(after)) if is_consistent => {
            Delta::exact_delta((after - before).max(0.0))
        }
        // The value before may be one that was left standing: it is too high at most.
        (Some(before), Some(after)) => Delta::unproven_delta((after - before).max(0.0)),
        (None, Some(after)) => match timeline.hidden_commands(link.before) {
            Some(0.0) => Delta::exact_delta(after),
            Some(hidden) if hidden > 0.0 => Delta::unproven_delta((after - hidden).max(0.0)),
            _ => Delta::unproven_delta(0.0),
        },
        (Some(_), None) => Delta::unproven_delta(0.0),
        // What stands in no row is told by the marks of `up`.
        (None, None) => Delta::default(),
    }
}

/// The first value after a cut counts from zero. It is one if it is lower than before, or if all
/// calls since the cut are accounted for.
fn since_cut(hidden: Option<f64>, before: Option<f64>, after: Option<f64>) -> Delta {
    let adds_up = hidden == Some(0.0);
    match (before, after) {
        (_, Some(after)) if adds_up => Delta::at_least(after),
        (Some(before), Some(after)) if after < before => Delta::unproven_delta(after),
        (None, None) => Delta::default(),
        (_, None) if adds_up => Delta::at_least(0.0),
        _ => Delta::unproven_delta(0.0),
    }
}

fn micros_of(link: Link, of: &CommandLine, calls: Delta) -> Delta {
    let is_idle = calls.value == 0.0;
    let (before, after) = (of.micros.value_at(link.before), of.micros.value_at(link.after));
    let was_called = of.calls.value_at(link.before).is_some_and(|calls| calls > 0.0);
    let untimed = Delta { value: 0.0, flags: OPEN | BucketFlags::UNTIMED };
    match (before, after) {
        _ if is_idle => Delta { value: 0.0, flags: calls.flags },
        (_, Some(after)) if link.cut.is_some() => Delta { value: after, flags: calls.flags },
        (Some(before), Some(after)) => {
            let value = (after - before).max(0.0);
            Delta { value, flags: calls.flags.only(OPEN) }
        }
        (None, Some(after)) if !was_called && calls.flags == BucketFlags::NONE => {
            Delta::exact_delta(after)
        }
        // How much of the time belongs to which of its calls cannot be said.
        (None, Some(_)) if !was_called => Delta::unproven_delta(0.0),
        _ => untimed,
    }
}

/// Whether commands that have no counter at either end were not called in between.
///
/// What is processed and hidden may be anything once, but it must not grow: each hidden command's
/// counter only grows, so that none of them was called. A walking command whose counters a scraper
/// drops makes it grow by its first call. With a hidden part, no counter may come or go, or one
/// could hide behind another. There is no tolerance: one call of KEYS can take a second.
pub(super) fn proves_zeros(timeline: &Timeline, link: Link) -> bool {
    let (Some(before), Some(after)) =
        (timeline.hidden_commands(link.before), timeline.hidden_commands(link.after))
    else {
        return false;
    };
    if link.cut.is_some() || (after - before).abs() > 0.0 || before < 0.0 {
        return false;
    }
    let is_told_alike = || {
        let is_same = |calls: Line| {
            calls.value_at(link.before).is_some() == calls.value_at(link.after).is_some()
        };
        timeline.commands().values().all(|command| is_same(command.calls))
    };
    before == 0.0 || is_told_alike()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CounterTable;
    use crate::trend::moment::Moment;
    use crate::trend::testing::{row, table};

    fn keys(before: &[(&str, f64)], after: &[(&str, f64)]) -> (CommandDelta, bool) {
        let steps = table(&[row(300, "r", before), row(600, "r", after)]);
        let none = CounterTable::default();
        let timeline = Timeline::of_tables(&steps, &none);
        let link = Link::new(&timeline, Moment::Step(0), Moment::Step(1));
        let delta = of_command(&timeline, &[link], &timeline.commands()["keys"]);
        (delta, proves_zeros(&timeline, link))
    }

    const GETS: (&str, f64) = ("get", 100.0);

    #[test]
    fn trend_counts_the_first_call_ever_as_one() {
        let after = [("processed", 101.0), GETS, ("keys", 1.0), ("keys.us", 64_000.0)];
        let (delta, zeros) = keys(&[("processed", 100.0), GETS], &after);
        let one = CommandDelta { calls: 1.0, micros: 64_000.0, flags: BucketFlags::NONE };
        assert_eq!((delta, zeros), (one, true));
    }

    #[test]
    fn trend_does_not_count_a_series_that_comes_back_from_zero() {
        let after = [("processed", 1102.0), GETS, ("keys", 1002.0), ("keys.us", 1e9)];
        let (delta, zeros) = keys(&[("processed", 1100.0), GETS], &after);
        assert_eq!((delta.calls, delta.micros, delta.flags), (2.0, 0.0, OPEN));
        assert!(!zeros);
    }

    #[test]
    fn trend_does_not_count_what_was_left_standing_before_a_cut() {
        let before = [("processed", 160.0), GETS, ("keys", 60.0), ("keys.us", 9.0)];
        let stale = [("processed", 5.0), ("get", 5.0), ("keys", 61.0), ("keys.us", 10.0)];
        assert_eq!(keys(&before, &stale).0, CommandDelta { flags: OPEN, ..Default::default() });
        let fresh = [("processed", 5.0), ("get", 3.0), ("keys", 2.0), ("keys.us", 1.0)];
        let (delta, _) = keys(&before, &fresh);
        let wanted = CommandDelta { calls: 2.0, micros: 1.0, flags: BucketFlags::AT_LEAST };
        assert_eq!(delta, wanted);
    }

    #[test]
    fn trend_tells_calls_without_time() {
        let before = [("processed", 101.0), GETS, ("keys", 1.0)];
        let after = [("processed", 103.0), GETS, ("keys", 3.0)];
        let (delta, _) = keys(&before, &after);
        assert_eq!((delta.calls, delta.micros), (2.0, 0.0));
        assert!(delta.flags.contains(BucketFlags::UNTIMED | BucketFlags::UNPROVEN));
    }

    #[test]
    fn trend_proves_zeros_by_equal_sums_alone() {
        let proof = |before: f64, after: f64| {
            let told = |processed| [("processed", processed), GETS, ("keys", 0.0)];
            keys(&told(before), &told(after)).1
        };
        assert!(proof(100.0, 100.0), "the sums are equal");
        assert!(proof(1_000_000.0, 1_000_000.0), "what is hidden did not grow");
        assert!(!proof(1_000_000.0, 1_000_001.0), "one call in a million may be KEYS");
        assert!(!proof(99.0, 99.0), "more calls than commands: the sums mean something else");
        // One hidden command is told now, and another one is hidden instead.
        let before = [("processed", 150.0), GETS, ("keys", 0.0), ("set", 20.0)];
        let after = [("processed", 150.0), GETS, ("keys", 0.0), ("del", 20.0)];
        assert!(!keys(&before, &after).1);
    }
}
