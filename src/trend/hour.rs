//! Buckets become hours, which keep the sum and the worst bucket.
//!
//! The worst is what is certain of one bucket, so that a window over hours has the same worst as
//! one over their buckets. What a short gap may have hidden is known of buckets alone.

use std::collections::BTreeMap;

use crate::model::{Bucket, BucketFlags, Hour, LoadSpan, PlaceBuckets, Series};

/// Seconds of an hour.
pub(super) const HOUR: i64 = 3600;

/// What of a bucket surely happened within its length. A difference that begins before the bucket
/// reaches over two at most, of which one has at least half.
pub(super) fn certain_part(row: &Bucket) -> (f64, f64) {
    let share = if row.flags.contains(BucketFlags::LATE) { 0.5 } else { 1.0 };
    (row.a * share, row.b * share)
}

/// End of the hour that a bucket stands in.
pub(super) fn hour_of(at: i64) -> i64 {
    -(-at).div_euclid(HOUR) * HOUR
}

/// The hours of the buckets of a span whose ends are whole hours. Derived series must be made
/// before.
pub fn hours_of(place: &PlaceBuckets, span: LoadSpan) -> BTreeMap<Series, Vec<Hour>> {
    let mut covered: BTreeMap<i64, f64> = BTreeMap::new();
    for up in place.buckets.get(&Series::Up).into_iter().flatten() {
        *covered.entry(hour_of(up.at)).or_default() += up.covered;
    }
    let mut made = BTreeMap::new();
    for (series, rows) in &place.buckets {
        let mut hours: BTreeMap<i64, Hour> = BTreeMap::new();
        if matches!(series, Series::Walk(_)) {
            let ends = covered.keys().map(|at| (*at, empty_hour(*at)));
            hours.extend(ends.filter(|(at, _)| is_within(*at, span)));
        }
        for row in rows.iter().filter(|row| is_within(hour_of(row.at), span)) {
            let at = hour_of(row.at);
            let hour = hours.entry(at).or_insert_with(|| empty_hour(at));
            add_bucket(hour, row, series.is_gauge());
        }
        for (at, hour) in &mut hours {
            hour.covered = covered.get(at).copied().unwrap_or(0.0);
        }
        made.insert(series.clone(), hours.into_values().collect());
    }
    made
}

fn is_within(at: i64, span: LoadSpan) -> bool {
    at - HOUR >= span.from && at <= span.to
}

fn empty_hour(at: i64) -> Hour {
    let flags = BucketFlags::NONE;
    Hour { at, covered: 0.0, sum_a: 0.0, sum_b: 0.0, max_a: 0.0, max_b: 0.0, flags }
}

fn add_bucket(hour: &mut Hour, row: &Bucket, is_gauge: bool) {
    let (a, b) = certain_part(row);
    if is_gauge {
        hour.sum_a = row.a;
    } else {
        hour.sum_a += row.a;
    }
    hour.sum_b += row.b;
    hour.max_a = hour.max_a.max(a);
    hour.max_b = hour.max_b.max(b);
    hour.flags |= row.flags;
}
