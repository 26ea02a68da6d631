//! How much of a window is known: covered, gaps, cuts, and what somebody excluded.

use std::collections::BTreeSet;

use super::bucket::FULL_SHARE;
use super::hour::HOUR;
use super::mark::is_excluded;
use crate::model::{
    Bucket, BucketFlags, BucketLength, Hour, LoadSpan, PlaceBuckets, Series, SpanMark,
};

/// What is known of one server in one window, whatever the indicator.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowCoverage {
    /// Samples in it.
    pub samples: f64,
    /// Seconds that samples cover.
    pub covered: f64,
    /// Seconds that are to be covered: without what is excluded.
    pub wanted: f64,
    /// Starts of the server that samples show.
    pub restarts: f64,
    /// Resets of its counters that samples show.
    pub resets: f64,
    /// Ends of buckets or hours in which its role changed.
    pub failovers: Vec<i64>,
    /// Spans without any sample, in the order of time. Within hours that are all that is kept,
    /// those of whole hours.
    pub gaps: Vec<LoadSpan>,
    /// Those of which nothing tells what was counted over them: the counters before or after them
    /// are not known. The newest bucket is one as long as samples of it are missing.
    pub open_gaps: Vec<LoadSpan>,
    /// Marks that leave out some of it. Of hours that are all that is kept, whole ones.
    pub excluded: Vec<SpanMark>,
    /// Whether some of it is known by hours alone.
    pub has_hours: bool,
}

impl WindowCoverage {
    /// The share that is covered; of nothing it is 1, since all of it is excluded.
    pub fn covered_share(&self) -> f64 {
        if self.wanted > 0.0 { (self.covered / self.wanted).min(1.0) } else { 1.0 }
    }

    /// Whether nothing was sampled in it.
    pub fn is_empty(&self) -> bool {
        self.samples <= 0.0 && self.covered <= 0.0
    }
}

/// Buckets and hours of a series in a window: hours until some moment, buckets from it on.
pub(super) struct SpanPart<'a> {
    pub(super) hours: Vec<&'a Hour>,
    pub(super) buckets: Vec<&'a Bucket>,
}

/// Where hours end and buckets begin: where all buckets of an hour are kept, these count.
pub(super) fn border_between(place: &PlaceBuckets, length: BucketLength) -> i64 {
    let first = place.buckets.get(&Series::Up).and_then(|rows| rows.first());
    let last = place.hours.get(&Series::Up).and_then(|rows| rows.last());
    match (first, last) {
        (_, None) => i64::MIN,
        (None, Some(hour)) => hour.at,
        (Some(bucket), Some(hour)) => {
            let begin = bucket.at - length.seconds();
            hour.at.min(begin + (-begin).rem_euclid(HOUR))
        }
    }
}

/// A window without the ends of hours that it cuts, where hours are all that is kept.
pub(super) fn trim_span(place: &PlaceBuckets, span: LoadSpan, length: BucketLength) -> LoadSpan {
    let border = border_between(place, length);
    let up = |at: i64| at + (-at).rem_euclid(HOUR);
    let from = if span.from < border { up(span.from).min(span.to) } else { span.from };
    let to = if span.to < border { span.to - span.to.rem_euclid(HOUR) } else { span.to };
    LoadSpan { from, to: to.max(from) }
}

/// What of a series lies in a window, and is not excluded.
pub(super) fn part_of<'a>(
    place: &'a PlaceBuckets,
    series: &Series,
    span: LoadSpan,
    length: BucketLength,
    marks: &[SpanMark],
) -> SpanPart<'a> {
    let border = border_between(place, length);
    let is_wanted = |at: i64, seconds: i64| {
        span.holds(at, seconds) && !is_excluded(LoadSpan { from: at - seconds, to: at }, marks)
    };
    let hours = place.hours.get(series).into_iter().flatten();
    let hours = hours.filter(|hour| hour.at <= border && is_wanted(hour.at, HOUR));
    let buckets = place.buckets.get(series).into_iter().flatten();
    let buckets = buckets.filter(|row| row.at > border && is_wanted(row.at, length.seconds()));
    SpanPart { hours: hours.collect(), buckets: buckets.collect() }
}

/// What is known of a server in a window.
pub(super) fn coverage_of(
    place: &PlaceBuckets,
    span: LoadSpan,
    length: BucketLength,
    marks: &[SpanMark],
) -> WindowCoverage {
    let mut found = WindowCoverage::default();
    let up = part_of(place, &Series::Up, span, length, marks);
    for hour in &up.hours {
        found.samples += hour.sum_a;
        found.covered += hour.covered;
        found.failovers.extend(hour.flags.contains(BucketFlags::FAILOVER).then_some(hour.at));
    }
    for row in &up.buckets {
        found.samples += row.a;
        found.covered += row.covered;
        found.failovers.extend(row.flags.contains(BucketFlags::FAILOVER).then_some(row.at));
    }
    let sum = |series: &Series| {
        let part = part_of(place, series, span, length, marks);
        let of_hours: f64 = part.hours.iter().map(|hour| hour.sum_a).sum();
        let of_buckets: f64 = part.buckets.iter().map(|row| row.a).sum();
        // The sum of nothing is -0.
        0.0 + of_hours + of_buckets
    };
    found.restarts = sum(&Series::Restarts);
    found.resets = sum(&Series::Resets);
    found.has_hours = !up.hours.is_empty();
    set_gaps(&mut found, &up, span, border_between(place, length), length, marks);
    found.open_gaps = open_gaps(place, &found.gaps, &up, span, length);
    let is_of_window = |mark: &&SpanMark| mark.is_excluded && mark.span.overlaps(span);
    found.excluded = marks.iter().filter(is_of_window).cloned().collect();
    found
}

/// Goes over the lines of the grid: what has no row and is not excluded is a gap.
fn set_gaps(
    found: &mut WindowCoverage,
    up: &SpanPart,
    span: LoadSpan,
    border: i64,
    length: BucketLength,
    marks: &[SpanMark],
) {
    let mut hours = up.hours.iter().map(|hour| hour.at).peekable();
    let mut buckets = up.buckets.iter().map(|row| row.at).peekable();
    let mut at = span.from;
    while at < span.to {
        let is_hour = at < border;
        let end = if is_hour { at + HOUR - at.rem_euclid(HOUR) } else { at + length.seconds() };
        let end = end.min(span.to);
        let is_told = if is_hour {
            hours.next_if(|row| *row <= end).is_some()
        } else {
            buckets.next_if(|row| *row <= end).is_some()
        };
        let step = LoadSpan { from: at, to: end };
        if !is_excluded(step, marks) {
            found.wanted += seconds_of(step);
            if !is_told {
                push_gap(&mut found.gaps, step);
            }
        }
        at = end;
    }
}

fn open_gaps(
    place: &PlaceBuckets,
    gaps: &[LoadSpan],
    up: &SpanPart,
    span: LoadSpan,
    length: BucketLength,
) -> Vec<LoadSpan> {
    let rows = place.buckets.get(&Series::Up).into_iter().flatten();
    let ends: BTreeSet<i64> = rows
        .filter(|row| row.flags.contains(BucketFlags::SPREAD))
        .map(|row| row.at - length.seconds())
        .collect();
    let is_open = |gap: &&LoadSpan| !ends.contains(&gap.to);
    let mut open: Vec<LoadSpan> = gaps.iter().filter(is_open).copied().collect();
    let is_part = |row: &&&Bucket| {
        row.at == span.to && row.covered < FULL_SHARE * length.as_f64() && !is_cut(row.flags)
    };
    let last = up.buckets.last().filter(is_part);
    open.extend(last.map(|row| LoadSpan { from: row.at - length.seconds(), to: row.at }));
    open
}

/// What a cut hides is told by other marks.
fn is_cut(flags: BucketFlags) -> bool {
    flags.contains(BucketFlags::RESTART) || flags.contains(BucketFlags::RESET)
}

fn push_gap(gaps: &mut Vec<LoadSpan>, step: LoadSpan) {
    match gaps.last_mut() {
        Some(last) if last.to == step.from => last.to = step.to,
        _ => gaps.push(step),
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a few years are far below 2^53")]
fn seconds_of(span: LoadSpan) -> f64 {
    span.seconds() as f64
}
