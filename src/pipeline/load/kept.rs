//! Load that the history holds: hours, buckets and samples, as `trend` wants them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::asked::{LoadAsked, span_of};
use crate::history::{HistoryError, Store};
use crate::model::{
    BucketedLoad, CounterRow, CounterTable, LoadFacts, LoadIdentity, LoadRole, LoadSpan,
    PlaceBuckets, Sample, Series, SpanMark,
};
use crate::normalize;
use crate::trend::{CommandLists, identity_of_samples};

/// How the history is called as a source.
pub(super) const LABEL: &str = "history";

/// Seconds for which samples are read, so that the worst five minutes slide over them.
const SAMPLED: i64 = 24 * 3600;

/// What the history holds of a target, and what was marked in its environment.
pub(super) fn read_history(
    asked: &LoadAsked<'_>,
    store: &mut Store,
    lists: &CommandLists,
) -> Result<(BucketedLoad, Vec<SpanMark>), HistoryError> {
    let span = span_of(asked.windows).unwrap_or(LoadSpan { from: 0, to: 0 });
    let is_wanted = |series: &Series| match series {
        Series::Command(name) => {
            asked.all_commands || lists.is_walking(name) || lists.is_login(name)
        }
        _ => true,
    };
    let (from, to) = (span.from, span.to);
    let mut places = store.read_load(asked.environment, asked.target, (from, to), &is_wanted)?;
    let marks = store.marked_spans(asked.environment)?;
    let held_since = store.held_since(asked.environment, asked.target, asked.length)?;
    for place in asked.live.servers.keys() {
        places.entry(place.clone()).or_default();
    }
    // Those behind the windows tell whether the server is still the one of the windows.
    let newest = LoadSpan { from: from.max(to - SAMPLED), to: i64::MAX };
    let mut samples = samples_of(store, asked, newest)?;
    let is_gone = |place: &String| {
        let live = asked.live;
        live.is_whole && !live.servers.is_empty() && !live.servers.contains_key(place)
    };
    for (name, place) in &mut places {
        place.samples = samples.remove(name).unwrap_or_default();
        let live = asked.live.servers.get(name);
        place.identity = match identity_of_samples(&place.samples, to, live) {
            LoadIdentity::ByLabels if is_empty(place) => LoadIdentity::Unknown,
            identity => identity,
        };
        if is_gone(name) {
            place.left_at = Some(last_up(place).unwrap_or(i64::MIN));
        }
    }
    let facts = LoadFacts {
        target: asked.target.clone(),
        source: LABEL.to_owned(),
        length: asked.length,
        held_since,
        interval: None,
        clock_ahead: asked.live.clock_ahead,
        warnings: Vec::new(),
        origin: None,
    };
    Ok((BucketedLoad { facts, places }, marks))
}

/// End of the last bucket or hour in which the server was seen.
fn last_up(place: &PlaceBuckets) -> Option<i64> {
    let bucket = place.buckets.get(&Series::Up).and_then(|rows| rows.last()).map(|row| row.at);
    let hour = place.hours.get(&Series::Up).and_then(|hours| hours.last()).map(|hour| hour.at);
    bucket.max(hour)
}

fn is_empty(place: &PlaceBuckets) -> bool {
    place.buckets.is_empty() && place.hours.is_empty()
}

fn samples_of(
    store: &mut Store,
    asked: &LoadAsked<'_>,
    span: LoadSpan,
) -> Result<BTreeMap<String, CounterTable>, HistoryError> {
    let samples = store.read_samples(
        asked.environment,
        asked.target,
        grid_time(span.from),
        grid_time(span.to),
    )?;
    Ok(counter_tables(&samples))
}

/// The counters of each server, from samples in the order of time.
pub(super) fn counter_tables(samples: &[Sample]) -> BTreeMap<String, CounterTable> {
    let mut tables: BTreeMap<String, CounterTable> = BTreeMap::new();
    for sample in samples.iter().filter(|sample| sample.role != "sentinel") {
        let table = tables.entry(sample.place.clone()).or_default();
        let row = CounterRow {
            at_millis: sample.taken.as_millisecond(),
            run: None,
            role: LoadRole::from_word(&sample.role),
            samples: 1,
            is_cut: false,
            // The INFO of the sample before: one counts itself only when it has answered.
            own_calls: u32::from(!table.rows().is_empty()),
            // Each sample is a session of its own, and begins before its INFO.
            own_logins: 1,
        };
        if let Some(index) = table.push_row(&sample.run_id, row) {
            table.set_indicators(index, &normalize::indicators_of(sample));
        }
    }
    tables
}

/// A time of the grid; what no calendar has is its end.
pub(super) fn grid_time(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(if seconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}
