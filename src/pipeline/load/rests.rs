//! What a run judged of load: the buckets that it rests on.

use std::collections::BTreeMap;

use super::kept;
use super::sources::judge_sources;
use super::told::{SourceLoad, TargetLoad};
use crate::history::{JudgedBuckets, JudgedSource, SeriesKey};
use crate::model::{Bucket, BucketedLoad, LoadSpan, PlaceBuckets, Series};
use crate::trend::{CommandLists, LoadCriteria};

/// The buckets of all series that criteria are about, in the windows of each source, and in those
/// where a source tells a breach that another one does not.
///
/// Those of the history stay as long as the run. What came from outside is handed over whole, since
/// what keeps it there forgets.
pub fn rests_on(load: &TargetLoad, criteria: &LoadCriteria) -> Vec<JudgedBuckets> {
    let lists = CommandLists::builtin_lists();
    let mut series: Vec<Series> = vec![Series::Up];
    series.extend(criteria.criteria.keys().map(|indicator| indicator.series_of(&lists)));
    let mut spans: BTreeMap<usize, LoadSpan> = BTreeMap::new();
    for (kind, source) in &load.by_source {
        let reads = load.windows.places.values().flatten();
        for read in reads.filter(|read| read.window.kind == *kind) {
            widen_span(&mut spans, *source, read.window.span);
        }
    }
    for one in judge_sources(load, criteria).iter().filter(|one| one.by.is_some()) {
        let is_own = |source: &SourceLoad| one.by.as_ref() == Some(&source.label);
        let Some(source) = load.sources.iter().position(is_own) else { continue };
        let own = load.sources[source].windows.iter().flat_map(|all| all.places.values().flatten());
        for read in own.filter(|read| read.window.kind == one.window) {
            widen_span(&mut spans, source, read.window.span);
        }
    }
    let mut found = Vec::new();
    for (source, span) in spans {
        let SourceLoad { label, told, .. } = &load.sources[source];
        let Ok(told) = told else { continue };
        for (place, buckets) in &told.places {
            // What lies behind the last bucket may still become known: it is spread over a gap.
            let Some(last) = last_up(buckets, span) else { continue };
            let span = LoadSpan { to: last, ..span };
            for series in &series {
                let key = SeriesKey {
                    environment: load.environment.to_string(),
                    target: load.target.to_string(),
                    place: place.clone(),
                    name: series.to_string(),
                };
                let from_source = if label == kept::LABEL {
                    JudgedSource::History
                } else {
                    outside_source(label, told, rows_in_span(buckets, series, span))
                };
                found.push(JudgedBuckets { key, from: span.from, to: span.to, from_source });
            }
        }
    }
    found
}

fn widen_span(spans: &mut BTreeMap<usize, LoadSpan>, source: usize, own: LoadSpan) {
    let span = spans.entry(source).or_insert(own);
    *span = LoadSpan { from: span.from.min(own.from), to: span.to.max(own.to) };
}

fn outside_source(label: &str, told: &BucketedLoad, buckets: Vec<Bucket>) -> JudgedSource {
    let origin = told.facts.origin.clone().unwrap_or_default();
    JudgedSource::Outside {
        source: label.to_owned(),
        query: origin.query,
        answer: origin.answer,
        buckets,
    }
}

fn last_up(place: &PlaceBuckets, span: LoadSpan) -> Option<i64> {
    rows_in_span(place, &Series::Up, span).last().map(|row| row.at)
}

fn rows_in_span(place: &PlaceBuckets, series: &Series, span: LoadSpan) -> Vec<Bucket> {
    let rows = place.buckets.get(series).into_iter().flatten();
    rows.filter(|row| row.at > span.from && row.at <= span.to).copied().collect()
}
