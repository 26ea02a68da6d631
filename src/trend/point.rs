//! One figure of one server over time, bucket by bucket: what a chart shows. Pure.
//!
//! A bucket without samples has no point: a gap is never a zero.

use std::collections::BTreeMap;

use super::bucket::FULL_SHARE;
use super::commands::CommandLists;
use super::coverage::border_between;
use super::derived::set_derived;
use super::hour::HOUR;
use super::indicator::{LoadIndicator, time_per_call};
use crate::model::{
    Bucket, BucketFlags, BucketLength, BucketedLoad, Hour, LoadSpan, PlaceBuckets, Series,
};

/// What a chart is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrendFigure {
    /// An indicator of load.
    Load(LoadIndicator),
    /// Calls of a command in each bucket.
    Calls(String),
    /// Seconds that one call of a command takes.
    TimePerCall(String),
}

/// A figure in one bucket, or in one hour where that is all that is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrendPoint {
    /// Where it ends.
    pub at: i64,
    /// How long it is: of an hour, the value is that of its worst bucket.
    pub seconds: i64,
    /// Its value; `None` where nothing was called that could have taken time.
    pub value: Option<f64>,
    /// Whether it may be more.
    pub is_at_least: bool,
    /// Restarts, resets, failovers and the like.
    pub flags: BucketFlags,
}

impl TrendFigure {
    fn series_of(&self, lists: &CommandLists) -> Series {
        match self {
            Self::Load(indicator) => indicator.series_of(lists),
            Self::Calls(command) | Self::TimePerCall(command) => Series::Command(command.clone()),
        }
    }

    fn of_bucket(&self, (a, b): (f64, f64), length: BucketLength) -> Option<f64> {
        match self {
            Self::Load(indicator) => Some(indicator.value_in_bucket((a, b), length)),
            Self::Calls(_) => Some(a),
            Self::TimePerCall(_) => time_per_call(a, b).map(|micros| micros / 1e6),
        }
    }

    /// The worst bucket of an hour; what a call takes, of all calls in it.
    fn of_hour(&self, hour: &Hour, length: BucketLength) -> Option<f64> {
        match self {
            Self::TimePerCall(_) => self.of_bucket((hour.sum_a, hour.sum_b), length),
            _ => self.of_bucket((hour.max_a, hour.max_b), length),
        }
    }
}

/// The points of a figure in a span, by server, in the order of time. Each moment counts by the
/// first source that knows it.
pub fn trend_points(
    sources: &[&BucketedLoad],
    figure: &TrendFigure,
    span: LoadSpan,
    lists: &CommandLists,
) -> BTreeMap<String, Vec<TrendPoint>> {
    let mut servers: BTreeMap<String, Vec<TrendPoint>> = BTreeMap::new();
    for load in sources {
        for (name, place) in &load.places {
            let border = border_between(place, load.facts.length);
            let mut within = points_within(place, span);
            set_derived(&mut within, lists);
            let known = servers.entry(name.clone()).or_default();
            let grid = (border, load.facts.length);
            let mut found = of_place(&within, figure, span, grid, lists);
            found.retain(|point| is_open(known, point));
            known.extend(found);
            known.sort_by_key(|point| point.at);
        }
    }
    servers
}

/// Whether none of the points that are known, in the order of time, is of the same moment.
fn is_open(known: &[TrendPoint], point: &TrendPoint) -> bool {
    let begin = point.at - point.seconds;
    let next = known.partition_point(|one| one.at <= begin);
    known.get(next).is_none_or(|one| one.at - one.seconds >= point.at)
}

/// What of a server lies in a span: a month of all commands is not copied for a chart of a day.
fn points_within(place: &PlaceBuckets, span: LoadSpan) -> PlaceBuckets {
    let is_in = |at: i64| at > span.from && at <= span.to;
    let mut own = PlaceBuckets::default();
    for (series, rows) in &place.buckets {
        let rows = rows.iter().filter(|row| is_in(row.at)).copied().collect();
        own.buckets.insert(series.clone(), rows);
    }
    for (series, rows) in &place.hours {
        let rows = rows.iter().filter(|row| is_in(row.at)).copied().collect();
        own.hours.insert(series.clone(), rows);
    }
    own
}

fn of_place(
    place: &PlaceBuckets,
    figure: &TrendFigure,
    span: LoadSpan,
    (border, length): (i64, BucketLength),
    lists: &CommandLists,
) -> Vec<TrendPoint> {
    let series = figure.series_of(lists);
    let mut points = Vec::new();
    let hours = place.hours.get(&Series::Up).into_iter().flatten();
    let own = by_time(place.hours.get(&series), |hour: &Hour| hour.at);
    for up in hours.filter(|up| up.at <= border && span.holds(up.at, HOUR)) {
        let row = own.get(&up.at).copied();
        let nothing = Hour { sum_a: 0.0, sum_b: 0.0, max_a: 0.0, max_b: 0.0, ..*up };
        let hour = row.copied().unwrap_or(nothing);
        points.push(TrendPoint {
            at: up.at,
            seconds: HOUR,
            value: figure.of_hour(&hour, length),
            is_at_least: is_bound(up.flags | hour.flags, up.covered, HOUR),
            flags: up.flags | hour.flags,
        });
    }
    let buckets = place.buckets.get(&Series::Up).into_iter().flatten();
    let own = by_time(place.buckets.get(&series), |row: &Bucket| row.at);
    for up in buckets.filter(|up| up.at > border && span.holds(up.at, length.seconds())) {
        let row = own.get(&up.at).copied();
        let counts = row.map_or((0.0, 0.0), |row| (row.a, row.b));
        let flags = up.flags | row.map_or(BucketFlags::NONE, |row| row.flags);
        points.push(TrendPoint {
            at: up.at,
            seconds: length.seconds(),
            value: figure.of_bucket(counts, length),
            is_at_least: is_bound(flags, up.covered, length.seconds()),
            flags,
        });
    }
    points
}

fn by_time<T>(rows: Option<&Vec<T>>, at: fn(&T) -> i64) -> BTreeMap<i64, &T> {
    rows.into_iter().flatten().map(|row| (at(row), row)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "seconds of an hour at most")]
fn is_bound(flags: BucketFlags, covered: f64, seconds: i64) -> bool {
    let marks = [BucketFlags::AT_LEAST, BucketFlags::UNPROVEN, BucketFlags::UNTIMED];
    marks.into_iter().any(|mark| flags.contains(mark)) || covered < FULL_SHARE * seconds as f64
}

/// Commands of which there are figures, in order.
pub fn known_commands(sources: &[&BucketedLoad]) -> Vec<String> {
    let places = sources.iter().flat_map(|load| load.places.values());
    let series = places.flat_map(|place| place.buckets.keys().chain(place.hours.keys()));
    let names = series.filter_map(|series| match series {
        Series::Command(name) => Some(name.clone()),
        _ => None,
    });
    let sorted: std::collections::BTreeSet<String> = names.collect();
    sorted.into_iter().collect()
}
