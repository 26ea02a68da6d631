//! The columns of a chart: each shows the worst of the buckets that it covers. Pure.

use jiff::Timestamp;

use crate::wire::trend::{TrendReport, TrendSeries};

/// One column.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Slot {
    /// Its worst value; `None` where nothing was called.
    pub(super) value: Option<f64>,
    /// Whether anything is known of it.
    pub(super) is_known: bool,
    /// Whether it may be more.
    pub(super) is_at_least: bool,
    /// Whether a mark leaves out its worst.
    pub(super) is_excluded: bool,
    /// What happened in it.
    pub(super) events: Vec<String>,
    /// End of its worst bucket.
    pub(super) at: Timestamp,
    /// Whose that is.
    pub(super) place: String,
}

/// The highest value that counts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Peak {
    pub(super) value: f64,
    pub(super) is_at_least: bool,
    pub(super) at: Timestamp,
    pub(super) place: String,
}

/// Unix seconds of both ends.
pub(super) fn report_span(report: &TrendReport) -> (i64, i64) {
    (report.from.as_second(), report.to.as_second())
}

/// So many columns over the span; of several servers the worst.
pub(super) fn time_slots(report: &TrendReport, series: &TrendSeries, columns: usize) -> Vec<Slot> {
    let (from, to) = report_span(report);
    let mut slots = vec![Slot::default(); columns];
    for server in &series.servers {
        for dot in &server.points {
            let end = dot.at.as_second();
            let begin = end - dot.seconds.unwrap_or(report.bucket_seconds);
            let first = column_of(begin, (from, to), columns);
            let last = column_of(end - 1, (from, to), columns);
            let Some(covered) = slots.get_mut(first..=last.min(columns.saturating_sub(1))) else {
                continue;
            };
            for slot in covered {
                let is_worst = !slot.is_known
                    || dot.value.is_some_and(|value| slot.value.is_none_or(|old| value > old));
                slot.is_known = true;
                slot.is_at_least |= dot.at_least;
                slot.events.extend(dot.events.iter().cloned());
                if is_worst {
                    slot.value = dot.value;
                    slot.is_excluded = dot.excluded;
                    slot.at = dot.at;
                    slot.place.clone_from(&server.place);
                }
            }
        }
    }
    slots
}

/// The column in which a moment lies.
pub(super) fn column_of(at: i64, (from, to): (i64, i64), columns: usize) -> usize {
    let last = columns.saturating_sub(1);
    let (passed, all) = ((at - from).max(0), (to - from).max(1));
    let columns = i64::try_from(columns).unwrap_or(i64::MAX);
    let found = passed.saturating_mul(columns) / all;
    usize::try_from(found).map_or(last, |found| found.min(last))
}

/// The highest value, of those that no mark leaves out.
pub(super) fn highest_peak(series: &TrendSeries) -> Option<Peak> {
    let mut highest: Option<Peak> = None;
    for server in &series.servers {
        for dot in server.points.iter().filter(|dot| !dot.excluded) {
            let Some(value) = dot.value else { continue };
            if highest.as_ref().is_none_or(|peak| value > peak.value) {
                let (at, place) = (dot.at, server.place.clone());
                highest = Some(Peak { value, is_at_least: dot.at_least, at, place });
            }
        }
    }
    highest
}

/// The highest value of all, and the limit: what an axis must hold.
pub(super) fn highest_value(series: &TrendSeries) -> f64 {
    let points = series.servers.iter().flat_map(|server| &server.points);
    let values = points.filter_map(|dot| dot.value).chain(series.limit);
    values.fold(0.0, f64::max)
}
