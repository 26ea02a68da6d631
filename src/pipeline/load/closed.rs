//! Samples become buckets and hours of the history, as soon as a bucket is over.
//!
//! A bucket is closed once: what was sampled later of an earlier time changes nothing any more.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::kept::{counter_tables, grid_time};
use crate::history::{HistoryError, KeptSample, SeriesKey, Store};
use crate::model::{
    Bucket, BucketLength, EnvironmentName, Evidence, Hour, Load, LoadFacts, LoadIdentity, LoadSpan,
    PlaceBuckets, PlaceLoad, Series, TargetId,
};
use crate::trend::{CommandLists, hours_of, make_buckets, steps_of_samples, window_end};

/// Counters that lie further apart are not linked: the difference would be spread over so many
/// buckets.
const MOST_SECONDS: i64 = 8 * 24 * 3600;

/// Closed buckets that tell how many samples one usually has.
const USUAL: usize = 48;

const HOUR: BucketLength = BucketLength::new(3600);

/// Stores the samples of evidence, and closes the buckets of the targets that they are of: all of
/// it in one transaction.
///
/// # Errors
/// If the history may not or cannot be written.
pub fn keep_samples(
    store: &mut Store,
    evidence: &[Evidence],
    now: Timestamp,
    length: BucketLength,
) -> Result<(), HistoryError> {
    if evidence.iter().flat_map(|one| &one.targets).all(|target| target.samples.is_empty()) {
        return Ok(());
    }
    let lists = CommandLists::builtin_lists();
    store.write_all(|store| {
        for one in evidence {
            for target in one.targets.iter().filter(|target| !target.samples.is_empty()) {
                let of = |sample: &crate::model::Sample| KeptSample {
                    environment: one.environment.clone(),
                    sample: sample.clone(),
                };
                let samples: Vec<KeptSample> = target.samples.iter().map(of).collect();
                store.add_samples(&samples)?;
                close_buckets(store, &one.environment, &target.id, now, length, &lists)?;
            }
        }
        Ok(())
    })
}

/// Closes the buckets of one target that are over.
///
/// # Errors
/// If the history may not or cannot be written.
pub fn close_buckets(
    store: &mut Store,
    environment: &EnvironmentName,
    target: &TargetId,
    now: Timestamp,
    length: BucketLength,
    lists: &CommandLists,
) -> Result<(), HistoryError> {
    let to = window_end(now.as_second(), length);
    let span = LoadSpan { from: to - MOST_SECONDS, to };
    let is_up = |series: &Series| *series == Series::Up;
    let places = store.sampled_places(environment, target)?;
    // Nearly every sample of many falls into a bucket that is still open: nothing is to be closed.
    let newest = store.read_load(environment, target, (to - length.seconds(), to), &is_up)?;
    let is_closed = |place: &String| {
        let rows = newest.get(place).and_then(|kept| kept.buckets.get(&Series::Up));
        rows.is_some_and(|rows| !rows.is_empty())
    };
    if places.iter().all(is_closed) {
        return Ok(());
    }
    let mut closed = store.read_load(environment, target, (span.from, span.to), &is_up)?;
    for place in places {
        let up = closed.remove(&place).and_then(|mut kept| kept.buckets.remove(&Series::Up));
        let up = up.unwrap_or_default();
        let server = Server { environment, target, place: &place };
        let made = server.new_buckets(store, &up, span, length, lists)?;
        server.store_buckets(store, made, to)?;
    }
    Ok(())
}

/// One server of a target.
struct Server<'a> {
    environment: &'a EnvironmentName,
    target: &'a TargetId,
    place: &'a str,
}

type BySeries<T> = BTreeMap<Series, Vec<T>>;

impl Server<'_> {
    fn series_key(&self, series: &Series) -> SeriesKey {
        SeriesKey {
            environment: self.environment.to_string(),
            target: self.target.to_string(),
            place: self.place.to_owned(),
            name: series.to_string(),
        }
    }

    /// The buckets behind the last closed one.
    fn new_buckets(
        &self,
        store: &mut Store,
        up: &[Bucket],
        LoadSpan { from, to }: LoadSpan,
        length: BucketLength,
        lists: &CommandLists,
    ) -> Result<BySeries<Bucket>, HistoryError> {
        let border = up.last().map(|row| row.at);
        // The last counters before the border are what the next are compared with.
        let from = border.map_or(from, |border| border - length.seconds());
        if from >= to {
            return Ok(BTreeMap::new());
        }
        let times = (grid_time(from), grid_time(to));
        let samples = store.samples_of(self.environment, self.target, self.place, times)?;
        let Some(table) = counter_tables(&samples).remove(self.place) else {
            return Ok(BTreeMap::new());
        };
        let facts = LoadFacts {
            target: self.target.clone(),
            source: super::kept::LABEL.to_owned(),
            length,
            held_since: None,
            interval: usual_interval(up, length),
            clock_ahead: None,
            warnings: Vec::new(),
            origin: None,
        };
        let steps = steps_of_samples(&table, length);
        let load = PlaceLoad { identity: LoadIdentity::ByLabels, steps, samples: table };
        let places = BTreeMap::from([(self.place.to_owned(), load)]);
        let made = make_buckets(Load { facts, span: LoadSpan { from, to }, places }, lists);
        let mut buckets = made.places.into_values().next().unwrap_or_default().buckets;
        for rows in buckets.values_mut() {
            rows.retain(|row| border.is_none_or(|border| row.at > border));
        }
        buckets.retain(|_, rows| !rows.is_empty());
        Ok(buckets)
    }

    /// Stores new buckets, and the hours that they are in, as far as these are over.
    fn store_buckets(
        &self,
        store: &mut Store,
        made: BySeries<Bucket>,
        to: i64,
    ) -> Result<(), HistoryError> {
        let first = made.values().flatten().map(|row| row.at).min();
        let Some(first) = first else { return Ok(()) };
        let rows: Vec<(SeriesKey, Vec<Bucket>)> =
            made.into_iter().map(|(series, rows)| (self.series_key(&series), rows)).collect();
        store.add_buckets(&rows)?;
        // The hour before may have been open when the last bucket of it was closed.
        let span = LoadSpan { from: HOUR.floor(first - 1) - HOUR.seconds(), to: HOUR.floor(to) };
        let hours = self.closed_hours(store, span)?;
        let hours: Vec<(SeriesKey, Vec<Hour>)> =
            hours.into_iter().map(|(series, rows)| (self.series_key(&series), rows)).collect();
        store.add_hours(&hours)
    }

    /// The hours of buckets that are kept, of whole hours that are over.
    fn closed_hours(
        &self,
        store: &mut Store,
        span: LoadSpan,
    ) -> Result<BySeries<Hour>, HistoryError> {
        if span.from >= span.to {
            return Ok(BTreeMap::new());
        }
        let (from, to) = (span.from, span.to);
        let mut kept = store.read_load(self.environment, self.target, (from, to), &|_| true)?;
        let Some(kept) = kept.remove(self.place) else { return Ok(BTreeMap::new()) };
        let own = PlaceBuckets { buckets: kept.buckets, ..PlaceBuckets::default() };
        Ok(hours_of(&own, span))
    }
}

/// Seconds between samples, by what closed buckets have.
#[expect(clippy::cast_precision_loss, reason = "a number of samples is far below 2^53")]
fn usual_interval(up: &[Bucket], length: BucketLength) -> Option<f64> {
    let mut counts: Vec<f64> =
        up.iter().rev().take(USUAL).map(|row| row.a).filter(|count| *count > 0.0).collect();
    counts.sort_by(f64::total_cmp);
    let usual = counts.get(counts.len() / 2)?;
    Some(length.seconds() as f64 / usual)
}
