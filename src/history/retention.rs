//! What is kept for how long. Pure: what is there in, what goes out.
//!
//! Runs and marks stay for ever, and with them whatever they rest on.

use jiff::{SignedDuration, Timestamp};

/// How long samples, buckets and hours are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    pub(super) samples: SignedDuration,
    pub(super) buckets: SignedDuration,
    pub(super) hours: SignedDuration,
}

impl Default for Keep {
    fn default() -> Self {
        let days = |n: i64| SignedDuration::from_hours(24 * n);
        Self { samples: days(2), buckets: days(35), hours: days(400) }
    }
}

/// Rows that are there, in one unit of time of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HeldRows<K> {
    /// Whose.
    pub(super) of: K,
    pub(super) table: KeptTable,
    /// Time of the oldest row.
    pub(super) oldest: i64,
    /// Spans on which runs rest: behind this time, up to that.
    pub(super) rests: Vec<(i64, i64)>,
}

/// What has an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KeptTable {
    Samples,
    Buckets,
    Hours,
}

/// Rows that go: behind `from`, up to `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deletion<K> {
    pub(super) of: K,
    pub(super) table: KeptTable,
    pub(super) from: i64,
    pub(super) to: i64,
}

/// What is older than it is kept for, and on which no run rests.
pub(super) fn plan_deletions<K: Clone>(
    now: Timestamp,
    keep: &Keep,
    held: &[HeldRows<K>],
) -> Vec<Deletion<K>> {
    let mut deletions = Vec::new();
    for rows in held {
        let limit = last_deleted(now, keep, rows.table);
        let mut rests = rows.rests.clone();
        rests.sort_unstable();
        // From where the next rows may go.
        let mut from = rows.oldest - 1;
        for (begin, end) in rests.into_iter().chain([(limit, limit)]) {
            let to = begin.min(limit);
            if from < to {
                let (of, table) = (rows.of.clone(), rows.table);
                deletions.push(Deletion { of, table, from, to });
            }
            from = from.max(end);
        }
    }
    deletions
}

/// The last moment that goes, in the table's unit.
fn last_deleted(now: Timestamp, keep: &Keep, table: KeptTable) -> i64 {
    match table {
        KeptTable::Samples => {
            let micros = i64::try_from(keep.samples.as_micros()).unwrap_or(i64::MAX);
            now.as_microsecond().saturating_sub(micros)
        }
        // Whole hours, since the hours are made of them.
        KeptTable::Buckets => {
            let limit = now.as_second().saturating_sub(keep.buckets.as_secs());
            limit.div_euclid(3_600) * 3_600
        }
        KeptTable::Hours => now.as_second().saturating_sub(keep.hours.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn planned(table: KeptTable, oldest: i64, rests: &[(i64, i64)]) -> Vec<(i64, i64)> {
        let now = Timestamp::from_second(1_000 * DAY).unwrap();
        let held = [HeldRows { of: "x", table, oldest, rests: rests.to_vec() }];
        plan_deletions(now, &Keep::default(), &held).into_iter().map(|d| (d.from, d.to)).collect()
    }

    #[test]
    fn each_table_is_kept_for_its_own_time() {
        assert_eq!(planned(KeptTable::Buckets, 900 * DAY, &[]), [(900 * DAY - 1, 965 * DAY)]);
        assert_eq!(planned(KeptTable::Hours, 0, &[]), [(-1, 600 * DAY)]);
        let micros = 1_000_000;
        let samples = planned(KeptTable::Samples, 997 * DAY * micros, &[]);
        assert_eq!(samples, [(997 * DAY * micros - 1, 998 * DAY * micros)]);
        // What is young enough stays.
        assert_eq!(planned(KeptTable::Buckets, 965 * DAY + 1, &[]), []);
        assert_eq!(planned(KeptTable::Hours, 700 * DAY, &[]), []);
    }

    #[test]
    fn what_a_run_rests_on_stays() {
        let (a, b) = (900 * DAY, 910 * DAY);
        let around = [(a - 1, a + DAY), (a + 2 * DAY, 965 * DAY)];
        assert_eq!(planned(KeptTable::Buckets, a, &[(a + DAY, a + 2 * DAY)]), around);
        assert_eq!(planned(KeptTable::Buckets, a, &[(0, 999 * DAY)]), []);
        // Spans that overlap, in any order, or reach over the limit.
        let rests = [(b, b + DAY), (b - DAY, b + 2 * DAY), (960 * DAY, 990 * DAY)];
        let left = [(a - 1, b - DAY), (b + 2 * DAY, 960 * DAY)];
        assert_eq!(planned(KeptTable::Buckets, a, &rests), left);
    }
}
