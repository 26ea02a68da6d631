//! The bucket that has just ended, from samples that are kept: sooner than it is closed for good,
//! since nothing late is waited for.

use std::collections::BTreeMap;

use super::kept::{LABEL, counter_tables, grid_time};
use crate::history::{HistoryError, Store};
use crate::model::{
    BucketLength, EnvironmentName, Load, LoadFacts, LoadIdentity, LoadSpan, PlaceBuckets,
    PlaceLoad, TargetId,
};
use crate::trend::{CommandLists, make_buckets, steps_of_samples};

/// Buckets that are read before the one asked for: its difference begins in the last that has a
/// sample.
const BEFORE: i64 = 4;

/// What each server of a target did in the bucket that ends at `end`, where it is sampled every
/// `interval` seconds. A server without a sample in it has no bucket.
///
/// # Errors
/// If the history cannot be read.
pub fn fresh_bucket(
    store: &mut Store,
    (environment, target): (&EnvironmentName, &TargetId),
    end: i64,
    (length, interval): (BucketLength, f64),
    lists: &CommandLists,
) -> Result<BTreeMap<String, PlaceBuckets>, HistoryError> {
    let seconds = length.seconds();
    let span = LoadSpan { from: end - BEFORE * seconds, to: end };
    let times = (grid_time(span.from - seconds), grid_time(end));
    let samples = store.read_samples(environment, target, times.0, times.1)?;
    let load = |table| {
        let steps = steps_of_samples(&table, length);
        PlaceLoad { identity: LoadIdentity::ByLabels, steps, samples: table }
    };
    let places = counter_tables(&samples).into_iter().map(|(place, table)| (place, load(table)));
    let facts = LoadFacts {
        target: target.clone(),
        source: LABEL.to_owned(),
        length,
        held_since: None,
        interval: Some(interval),
        clock_ahead: None,
        warnings: Vec::new(),
        origin: None,
    };
    let load = Load { facts, span, places: places.collect() };
    let mut made = make_buckets(load, lists).places;
    for place in made.values_mut() {
        for rows in place.buckets.values_mut() {
            rows.retain(|row| row.at == end);
        }
        place.buckets.retain(|_, rows| !rows.is_empty());
    }
    Ok(made)
}
