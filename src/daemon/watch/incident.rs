//! Incidents: something rises in a watched environment, stays, and comes down. Pure.
//!
//! A bucket of which nothing is known neither begins an incident nor ends one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::figure::ServerBucket;
use super::usual::WatchLimit;
use crate::model::{EnvironmentName, TargetId};
use crate::trend::LoadIndicator;

/// Buckets in a row without a rise that end an incident.
const QUIET: u32 = 2;

/// An incident, as the history keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct KeptIncident {
    /// `ovh-production redis/cache 2026-04-13T20:05:00Z`.
    pub id: String,
    /// Where.
    pub environment: String,
    /// Of what.
    pub target: String,
    /// What rose, from what, to what.
    pub title: String,
    /// What else is known.
    pub lines: Vec<String>,
    /// When its first bucket began.
    pub since: Timestamp,
    /// When the first of the quiet buckets at its end began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Quiet buckets so far.
    #[serde(default)]
    pub quiet: u32,
    /// When the first of them began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_since: Option<Timestamp>,
}

/// One figure of one server that is above its limit.
#[derive(Clone, Debug, PartialEq)]
pub struct RisenFigure {
    /// The server; empty where the target is one.
    pub place: String,
    /// Of what.
    pub indicator: LoadIndicator,
    /// What it is.
    pub value: f64,
    /// Whether it may be more.
    pub is_at_least: bool,
    /// What it may be.
    pub limit: WatchLimit,
    /// What it was in the hour before, if that is known.
    pub before: Option<f64>,
}

/// What a bucket of a target says.
#[derive(Clone, Debug, PartialEq)]
pub enum BucketJudged {
    /// Something is above its limit, the worst first.
    Risen(Vec<RisenFigure>),
    /// Everything is known, and nothing is.
    Quiet,
    /// Not everything is known.
    Unknown,
}

/// What each server did, and what each of its figures may be and was before.
pub struct JudgedServer<'a> {
    /// What it did.
    pub bucket: &'a ServerBucket,
    /// The limits; without one a figure is not judged.
    pub limits: &'a BTreeMap<LoadIndicator, WatchLimit>,
    /// Figures of the hour before.
    pub before: &'a BTreeMap<LoadIndicator, f64>,
}

/// Judges a bucket of a target over all of its servers. Without any nothing is known.
pub fn judge_bucket(servers: &BTreeMap<String, JudgedServer<'_>>) -> BucketJudged {
    let mut risen = Vec::new();
    let mut is_known = !servers.is_empty();
    for (place, server) in servers {
        for (indicator, figure) in &server.bucket.figures {
            let Some(limit) = server.limits.get(indicator) else { continue };
            let is_exact = matches!(figure, super::figure::BucketFigure::Known(_));
            is_known &= is_exact;
            let Some(value) = figure.least().filter(|value| *value > limit.most) else { continue };
            risen.push(RisenFigure {
                place: place.clone(),
                indicator: *indicator,
                value,
                is_at_least: !is_exact,
                limit: *limit,
                before: server.before.get(indicator).copied(),
            });
        }
    }
    if !risen.is_empty() {
        let above = |one: &RisenFigure| one.value / one.limit.most.max(1e-9);
        // Walk share says more than the CPU that it costs.
        risen.sort_by(|a, b| a.indicator.cmp(&b.indicator).then(above(b).total_cmp(&above(a))));
        return BucketJudged::Risen(risen);
    }
    if is_known { BucketJudged::Quiet } else { BucketJudged::Unknown }
}

/// What becomes of the incident of a target with a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentStep {
    /// Nothing.
    Unchanged,
    /// One begins.
    Begins,
    /// It is one bucket nearer to its end, or has risen again.
    Goes,
    /// It is over.
    Ends,
}

/// Takes the bucket that began at `began` into account. Of one that begins the caller fills in
/// what is known.
pub fn step(
    open: Option<&mut KeptIncident>,
    judged: &BucketJudged,
    began: Timestamp,
) -> IncidentStep {
    let Some(incident) = open else {
        let begins = matches!(judged, BucketJudged::Risen(_));
        return if begins { IncidentStep::Begins } else { IncidentStep::Unchanged };
    };
    match judged {
        BucketJudged::Unknown => IncidentStep::Unchanged,
        BucketJudged::Risen(_) if incident.quiet == 0 => IncidentStep::Unchanged,
        BucketJudged::Risen(_) => {
            incident.quiet = 0;
            incident.quiet_since = None;
            IncidentStep::Goes
        }
        // Seen before, by a process that has ended since.
        BucketJudged::Quiet if incident.quiet_since == Some(began) => IncidentStep::Unchanged,
        BucketJudged::Quiet => {
            incident.quiet += 1;
            let since = *incident.quiet_since.get_or_insert(began);
            if incident.quiet < QUIET {
                return IncidentStep::Goes;
            }
            incident.until = Some(since);
            IncidentStep::Ends
        }
    }
}

/// The name of an incident: the same whoever finds it.
pub fn incident_id(environment: &EnvironmentName, target: &TargetId, since: Timestamp) -> String {
    format!("{environment} {target} {since}")
}

#[cfg(test)]
mod tests {
    use super::super::figure::BucketFigure::{self, AtLeast, Known, Unknown};
    use super::*;

    fn judged(figures: &[(&str, BucketFigure)]) -> BucketJudged {
        let limit = WatchLimit { most: 0.05, usual: None };
        let limits = BTreeMap::from([(LoadIndicator::WalkShare, limit)]);
        let before = BTreeMap::new();
        let buckets: Vec<(String, ServerBucket)> = figures
            .iter()
            .map(|(place, figure)| {
                let figures = BTreeMap::from([(LoadIndicator::WalkShare, *figure)]);
                ((*place).to_owned(), ServerBucket { figures, ..ServerBucket::default() })
            })
            .collect();
        let server = |bucket| JudgedServer { bucket, limits: &limits, before: &before };
        judge_bucket(&buckets.iter().map(|(place, of)| (place.clone(), server(of))).collect())
    }

    #[test]
    fn a_bound_above_the_limit_has_risen_and_one_below_tells_nothing() {
        let is_risen = |figures| matches!(judged(figures), BucketJudged::Risen(_));
        assert!(is_risen(&[("", Known(0.06))]) && is_risen(&[("", AtLeast(0.06))]));
        assert!(is_risen(&[("a", Unknown), ("b", Known(0.3))]));
        assert_eq!(judged(&[("", Known(0.05))]), BucketJudged::Quiet);
        for figures in [&[][..], &[("", Unknown)], &[("", AtLeast(0.01))]] {
            assert_eq!(judged(figures), BucketJudged::Unknown, "{figures:?}");
        }
        assert_eq!(judged(&[("a", Known(0.0)), ("b", Unknown)]), BucketJudged::Unknown);
    }

    /// Letters are buckets: `^` risen, `_` quiet, `?` unknown. What is wanted: `B` begins, `E` ends.
    fn played(buckets: &str) -> String {
        let mut open: Option<KeptIncident> = None;
        let mut told = String::new();
        for (at, letter) in (0_i64..).zip(buckets.chars()) {
            let began = Timestamp::from_second(300 * at).unwrap();
            let judged = match letter {
                '^' => judged(&[("", Known(0.3))]),
                '_' => BucketJudged::Quiet,
                _ => BucketJudged::Unknown,
            };
            told.push(match step(open.as_mut(), &judged, began) {
                IncidentStep::Begins => {
                    open = Some(KeptIncident {
                        id: String::new(),
                        environment: String::new(),
                        target: String::new(),
                        title: String::new(),
                        lines: Vec::new(),
                        since: began,
                        until: None,
                        quiet: 0,
                        quiet_since: None,
                    });
                    'B'
                }
                IncidentStep::Ends => {
                    assert!(open.take().unwrap().until.is_some());
                    'E'
                }
                IncidentStep::Goes | IncidentStep::Unchanged => '.',
            });
        }
        told
    }

    #[test]
    fn an_incident_begins_once_and_ends_once() {
        let table = [
            ("____", "...."),
            ("_^^^__", ".B...E"),
            ("^__", "B.E"),
            // One quiet bucket is no end.
            ("^_^_^__", "B.....E"),
            // What is not known neither begins nor ends one.
            ("???", "..."),
            ("^???", "B..."),
            ("^_?_", "B..E"),
            ("^?__", "B..E"),
            // Another one.
            ("^__^__", "B.EB.E"),
        ];
        for (buckets, wanted) in table {
            assert_eq!(played(buckets), wanted, "{buckets}");
        }
    }
}
