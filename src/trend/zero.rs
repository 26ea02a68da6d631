//! Whether a command was called in a span: never, so often, or nobody knows.
//!
//! An absent counter is not a zero. It is one where the server was up all the time and all calls
//! that it processed are accounted for by other commands.

use super::coverage::coverage_of;
use super::unknown::UnprovenCause;
use crate::model::{Bucket, BucketFlags, BucketLength, LoadSpan, PlaceBuckets, Series, SpanMark};

/// What is known of the calls of one command.
#[derive(Clone, Debug, PartialEq)]
pub enum CallsInSpan {
    /// It was called so often: a lower bound with the mark `at-least`.
    Called {
        /// Calls.
        calls: f64,
        /// Microseconds.
        micros: f64,
        /// End of the first bucket with a call.
        first: i64,
        /// Marks of the sum.
        flags: BucketFlags,
    },
    /// It was not called.
    Never,
    /// It was not called, but for the moments before cuts, which nobody saw.
    NeverSeen {
        /// Cuts in the span.
        cuts: u64,
    },
    /// Nothing tells, from the first bucket on that ends here.
    NotProven {
        /// End of that bucket.
        first: i64,
        /// Why.
        cause: UnprovenCause,
    },
    /// It was not called where something is known; there are gaps.
    Gaps {
        /// They.
        gaps: Vec<LoadSpan>,
    },
}

/// What is known of the calls of a command in a span, by buckets. A gap whose difference is known
/// is none.
pub fn calls_in_span(
    place: &PlaceBuckets,
    command: &str,
    span: LoadSpan,
    length: BucketLength,
    marks: &[SpanMark],
) -> CallsInSpan {
    let is_inside = |row: &&Bucket| span.holds(row.at, length.seconds());
    let series = Series::Command(command.to_owned());
    let own = || place.buckets.get(&series).into_iter().flatten().filter(is_inside);
    let (mut calls, mut micros, mut flags) = (0.0, 0.0, BucketFlags::NONE);
    for row in own() {
        calls += row.a;
        micros += row.b;
        flags |= row.flags;
    }
    if let Some(row) = own().find(|row| row.a > 0.0) {
        return CallsInSpan::Called { calls, micros, first: row.at, flags };
    }
    let up = || place.buckets.get(&Series::Up).into_iter().flatten().filter(is_inside);
    let open = |row: &&Bucket| row.flags.contains(BucketFlags::UNPROVEN);
    if let Some(row) = own().chain(up()).filter(open).min_by_key(|row| row.at) {
        let cause = UnprovenCause::from_flags(row.flags);
        return CallsInSpan::NotProven { first: row.at, cause };
    }
    let gaps = coverage_of(place, span, length, marks).open_gaps;
    if !gaps.is_empty() {
        return CallsInSpan::Gaps { gaps };
    }
    match up().filter(|row| !row.flags.contains(BucketFlags::ZEROS)).count() {
        0 => CallsInSpan::Never,
        cuts => CallsInSpan::NeverSeen { cuts: u64::try_from(cuts).unwrap_or(u64::MAX) },
    }
}
