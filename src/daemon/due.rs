//! What becomes of times at which a run was due. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

/// A run that is later than this is missed.
pub const LATEST: SignedDuration = SignedDuration::from_hours(1);

/// What becomes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It runs now.
    Run,
    /// Another one of the schedule was running.
    Skipped,
    /// Nobody was there.
    Missed,
}

impl Fate {
    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Skipped => "skipped",
            Self::Missed => "missed",
        }
    }
}

/// A time at which a run was due, and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueRun {
    /// When it was due.
    pub at: Timestamp,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of the times up to now that nobody has recorded yet, in their order: one runs, the
/// newest, if it is not too late. While one runs, none does: `running` is since when.
pub fn plan(due: &[Timestamp], now: Timestamp, running: Option<Timestamp>) -> Vec<DueRun> {
    let mut due: Vec<Timestamp> = due.iter().copied().filter(|at| *at <= now).collect();
    due.sort_unstable();
    due.dedup();
    let newest = due.last().copied();
    let fate = |at: Timestamp| match running {
        Some(since) if at >= since => Fate::Skipped,
        Some(_) => Fate::Missed,
        None if Some(at) == newest && now.duration_since(at) < LATEST => Fate::Run,
        None => Fate::Missed,
    };
    due.iter().map(|at| DueRun { at: *at, fate: fate(*at) }).collect()
}

/// How much later a run begins, so that many do not begin at once: the same for one schedule, time
/// and machine, whoever asks.
pub fn jitter_of(schedule: &str, at: Timestamp, machine: &str, most: Duration) -> Duration {
    let mut hash = Sha256::new();
    for part in [schedule, machine, &at.to_string()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let bytes: [u8; 4] = hash.finalize()[..4].try_into().unwrap_or_default();
    let share = f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0);
    most.mul_f64(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minutes behind 07:00.
    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_775_000_400 + 60 * minutes).unwrap()
    }

    /// When it was due, when it is now, since when one runs, and what becomes of each.
    type Row = (&'static [i64], i64, Option<i64>, &'static [&'static str]);

    const TABLE: &[Row] = &[
        // Nothing was due.
        (&[], 0, None, &[]),
        (&[60], 0, None, &[]),
        (&[60], 0, Some(-5), &[]),
        // In time, and late by less than an hour.
        (&[0], 0, None, &["run"]),
        (&[0], 1, None, &["run"]),
        (&[0], 59, None, &["run"]),
        // An hour late is missed.
        (&[0], 60, None, &["missed"]),
        (&[0], 600, None, &["missed"]),
        // After a downtime one runs, the others are missed.
        (&[-120, -60, 0], 10, None, &["missed", "missed", "run"]),
        (&[-120, -60, 0], 61, None, &["missed", "missed", "missed"]),
        (&[-15, 0, 15, 30], 31, None, &["missed", "missed", "missed", "run"]),
        // While one runs, what is due is skipped.
        (&[0], 0, Some(-10), &["skipped"]),
        (&[0, 15], 20, Some(0), &["skipped", "skipped"]),
        // What was due before it began was missed before.
        (&[-30, 0], 5, Some(-10), &["missed", "skipped"]),
        // One that runs for long skips them all, also those that are long past.
        (&[0, 60, 120], 125, Some(-1), &["skipped", "skipped", "skipped"]),
        // What is still to come is not told of.
        (&[0, 60], 10, None, &["run"]),
        // In any order, and twice: once.
        (&[0, -60, 0], 5, None, &["missed", "run"]),
    ];

    #[test]
    fn one_runs_and_the_others_are_skipped_or_missed() {
        for (due, now, running, wanted) in TABLE {
            let times: Vec<Timestamp> = due.iter().copied().map(at).collect();
            let planned = plan(&times, at(*now), running.map(at));
            let told: Vec<&str> = planned.iter().map(|run| run.fate.as_str()).collect();
            assert_eq!(told, *wanted, "{due:?} at {now}, running {running:?}");
            assert!(planned.is_sorted_by_key(|run| run.at));
        }
    }

    #[test]
    fn jitter_is_the_same_for_the_same_and_within_its_bounds() {
        let most = Duration::from_secs(60);
        let of = |id: &str, minutes, machine: &str| jitter_of(id, at(minutes), machine, most);
        assert_eq!(of("nightly", 0, "a"), of("nightly", 0, "a"));
        let all: Vec<Duration> = (0..200).map(|n| of("nightly", n, "a")).collect();
        assert!(all.iter().all(|delay| *delay < most));
        let early = all.iter().filter(|delay| **delay < most / 2).count();
        assert!((60..140).contains(&early), "{early} of 200 in the first half");
        assert_ne!(of("nightly", 0, "a"), of("nightly", 0, "b"));
        assert_ne!(of("nightly", 0, "a"), of("weekly", 0, "a"));
        assert_eq!(jitter_of("nightly", at(0), "a", Duration::ZERO), Duration::ZERO);
    }
}
