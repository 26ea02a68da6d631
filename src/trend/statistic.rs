//! The figures of one indicator of one server in one window: worst five minutes, p95, sums.
//!
//! The worst is what is certain: a lower bound where something is missing. Beside it stands the
//! most that it may be, where a short gap leaves open when something was counted.

use std::collections::{BTreeMap, BTreeSet};

use super::bucket::FULL_SHARE;
use super::commands::CommandLists;
use super::coverage::{SpanPart, part_of};
use super::hour::{HOUR, certain_part};
use super::indicator::{LoadIndicator, LoadPeak};
use super::mark::is_excluded;
use super::sliding::worst_slide;
use super::unknown::UnprovenCause;
use crate::model::{
    Bucket, BucketFlags, BucketLength, Hour, LoadSpan, PlaceBuckets, Series, SpanMark,
};

/// A gap up to this many seconds hides when something happened, and not what.
pub(super) const SHORT_GAP: i64 = 900;

/// Buckets of a window that are lower bounds of which nothing says how far they are off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnprovenBuckets {
    /// End of the first.
    pub first: i64,
    /// How many; an hour is as many as it has buckets.
    pub count: u64,
    /// Why the first is one.
    pub cause: UnprovenCause,
}

/// One indicator of one server in one window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowStatistic {
    /// The worst bucket, as far as it is certain; `None` if nothing is known of the window.
    pub worst: Option<LoadPeak>,
    /// The most that the worst may be: a short gap's difference all at once.
    pub possible: Option<LoadPeak>,
    /// The worst five minutes wherever they begin, where samples are kept; else buckets are aligned
    /// to the grid alone.
    pub sliding: Option<LoadPeak>,
    /// The value that 95 of 100 full buckets do not exceed (nearest rank); `None` where some of the
    /// window is known by hours alone.
    pub p95: Option<f64>,
    /// Calls, or commands.
    pub calls: f64,
    /// Microseconds.
    pub micros: f64,
    /// Seconds of buckets that are not proven.
    pub unproven_seconds: f64,
    /// Those buckets.
    pub unproven: Option<UnprovenBuckets>,
    /// End of the newest hour that is told by another list of walking commands.
    pub other_list: Option<i64>,
    /// End of the newest hour that no list tells of.
    pub no_list: Option<i64>,
}

/// Who asks, and of what.
pub(super) struct StatisticFor<'a> {
    pub(super) place: &'a PlaceBuckets,
    pub(super) span: LoadSpan,
    pub(super) length: BucketLength,
    pub(super) marks: &'a [SpanMark],
    pub(super) lists: &'a CommandLists,
}

/// The figures of a window. Derived series must be made by the same lists before.
pub(super) fn statistic_of(asked: &StatisticFor, indicator: LoadIndicator) -> WindowStatistic {
    let series = indicator.series_of(asked.lists);
    let part =
        |series: &Series| part_of(asked.place, series, asked.span, asked.length, asked.marks);
    let (up, own) = (part(&Series::Up), part(&series));
    let mut found = WindowStatistic::default();
    if up.hours.is_empty() && up.buckets.is_empty() {
        return found;
    }
    let mut peaks = Peaks { indicator, length: asked.length, worst: None, possible: None };
    // A window of which something is known has at least the value 0.
    let first = up.hours.first().map(|hour| hour.at).or(up.buckets.first().map(|row| row.at));
    peaks.take_value(0.0, first.unwrap_or_default(), BucketFlags::NONE);
    let hours = if matches!(series, Series::Walk(_)) {
        walk_hours(asked, &up, &own, &mut found)
    } else {
        own.hours.clone()
    };
    for hour in hours {
        add_hour(&mut found, &mut peaks, hour, asked.length);
    }
    for row in &own.buckets {
        add_bucket(&mut found, &mut peaks, row, asked.length);
    }
    take_gaps(asked, &series, &mut peaks);
    found.possible = peaks.possible;
    found.worst = peaks.worst;
    let is_more = matches!((peaks.worst, peaks.possible), (Some(w), Some(p)) if p.value > w.value);
    let hides = is_more || found.unproven.is_some() || found.no_list.is_some() || has_cut(&up);
    found.p95 = percentile_95(&up, &own, indicator, asked.length);
    found.sliding = worst_slide(
        &asked.place.samples, indicator, asked.span, asked.length, asked.marks, asked.lists,
    );
    for peak in [&mut found.worst, &mut found.sliding].into_iter().flatten() {
        peak.flags |= BucketFlags::AT_LEAST.when(hides);
    }
    found
}

/// Whether a cut hides some of the window: its worst may have been there.
fn has_cut(up: &SpanPart) -> bool {
    let hours = up.hours.iter().map(|hour| hour.flags);
    let mut all = hours.chain(up.buckets.iter().map(|row| row.flags));
    all.any(|flags| flags.contains(BucketFlags::RESTART) || flags.contains(BucketFlags::RESET))
}

struct Peaks {
    indicator: LoadIndicator,
    length: BucketLength,
    worst: Option<LoadPeak>,
    possible: Option<LoadPeak>,
}

impl Peaks {
    fn take_value(&mut self, value: f64, at: i64, flags: BucketFlags) {
        let peak = LoadPeak { value, at, flags };
        raise_peak(&mut self.worst, peak);
        raise_peak(&mut self.possible, peak);
    }

    fn take_counts(&mut self, counts: (f64, f64), at: i64, flags: BucketFlags) {
        self.take_value(self.indicator.value_in_bucket(counts, self.length), at, flags);
    }

    fn may_be(&mut self, counts: (f64, f64), at: i64, flags: BucketFlags) {
        let value = self.indicator.value_in_bucket(counts, self.length);
        raise_peak(&mut self.possible, LoadPeak { value, at, flags });
    }
}

fn raise_peak(highest: &mut Option<LoadPeak>, peak: LoadPeak) {
    if highest.is_none_or(|highest| peak.value > highest.value) {
        *highest = Some(peak);
    }
}

/// The hours of `walk` by the list of today, and by another list where that is all there is.
fn walk_hours<'a>(
    asked: &StatisticFor<'a>,
    up: &SpanPart,
    own: &SpanPart<'a>,
    found: &mut WindowStatistic,
) -> Vec<&'a Hour> {
    let mut hours: BTreeMap<i64, &Hour> = own.hours.iter().map(|hour| (hour.at, *hour)).collect();
    let wanted: BTreeSet<i64> = up.hours.iter().map(|hour| hour.at).collect();
    let lists = asked.place.hours.iter().filter(|(series, _)| matches!(series, Series::Walk(_)));
    for hour in lists.flat_map(|(_, hours)| hours).filter(|hour| wanted.contains(&hour.at)) {
        if let std::collections::btree_map::Entry::Vacant(free) = hours.entry(hour.at) {
            free.insert(hour);
            found.other_list = found.other_list.max(Some(hour.at));
        }
    }
    found.no_list = wanted.iter().rev().find(|at| !hours.contains_key(*at)).copied();
    hours.into_values().collect()
}

fn add_hour(found: &mut WindowStatistic, peaks: &mut Peaks, hour: &Hour, length: BucketLength) {
    found.calls += hour.sum_a;
    found.micros += hour.sum_b;
    peaks.take_counts((hour.max_a, hour.max_b), hour.at, hour.flags);
    if hour.flags.contains(BucketFlags::UNPROVEN) {
        found.unproven_seconds += hour.covered;
        let buckets = u64::try_from(HOUR / length.seconds()).unwrap_or(1);
        add_unproven(found, hour.at, buckets, hour.flags);
    }
}

fn add_bucket(found: &mut WindowStatistic, peaks: &mut Peaks, row: &Bucket, length: BucketLength) {
    found.calls += row.a;
    found.micros += row.b;
    peaks.take_counts(certain_part(row), row.at, row.flags);
    if row.flags.contains(BucketFlags::LATE) {
        peaks.may_be((row.a, row.b), row.at, row.flags);
    }
    if row.flags.contains(BucketFlags::UNPROVEN) {
        found.unproven_seconds += row.covered.min(length.as_f64());
        add_unproven(found, row.at, 1, row.flags);
    }
}

fn add_unproven(found: &mut WindowStatistic, at: i64, count: u64, flags: BucketFlags) {
    let cause = UnprovenCause::from_flags(flags);
    let unproven = found.unproven.get_or_insert(UnprovenBuckets { first: at, count: 0, cause });
    unproven.count += count;
}

/// What was counted over a short gap may all have come in one bucket of it.
fn take_gaps(asked: &StatisticFor, series: &Series, peaks: &mut Peaks) {
    let ends: BTreeSet<i64> = asked
        .place
        .buckets
        .get(&Series::Up)
        .into_iter()
        .flatten()
        .filter(|up| up.flags.contains(BucketFlags::SPREAD))
        .map(|up| up.at)
        .collect();
    let seconds = asked.length.seconds();
    let (mut sum, mut count) = ((0.0, 0.0), 0);
    let mut last = None;
    for row in asked.place.buckets.get(series).into_iter().flatten() {
        if !row.flags.contains(BucketFlags::SPREAD) {
            continue;
        }
        if last.is_some_and(|last| row.at - last != seconds) {
            (sum, count) = ((0.0, 0.0), 0);
        }
        last = Some(row.at);
        sum = (sum.0 + row.a, sum.1 + row.b);
        count += 1;
        if ends.contains(&row.at) {
            let gap = LoadSpan { from: row.at - count * seconds, to: row.at };
            let is_short = (count - 1) * seconds <= SHORT_GAP;
            let is_asked = gap.overlaps(asked.span) && !is_excluded(gap, asked.marks);
            if is_short && is_asked {
                peaks.may_be(sum, row.at, row.flags);
            }
            (sum, count) = ((0.0, 0.0), 0);
        }
    }
}

/// Over buckets that are full, those without a row of their own as 0.
fn percentile_95(
    up: &SpanPart,
    own: &SpanPart,
    indicator: LoadIndicator,
    length: BucketLength,
) -> Option<f64> {
    if !up.hours.is_empty() {
        return None;
    }
    let rows: BTreeMap<i64, &Bucket> = own.buckets.iter().map(|row| (row.at, *row)).collect();
    let is_full = |row: &&&Bucket| {
        row.covered >= FULL_SHARE * length.as_f64() && !row.flags.contains(BucketFlags::SPREAD)
    };
    let value = |at: i64| {
        rows.get(&at).map_or(0.0, |row| indicator.value_in_bucket((row.a, row.b), length))
    };
    let mut values: Vec<f64> = up.buckets.iter().filter(is_full).map(|up| value(up.at)).collect();
    values.sort_by(f64::total_cmp);
    let rank = (values.len() * 95).div_ceil(100);
    values.get(rank.checked_sub(1)?).copied()
}
