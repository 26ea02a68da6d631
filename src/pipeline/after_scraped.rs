//! A Prometheus stands in for a Redis that cannot be asked itself while a release is watched.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;

use crate::collect::prometheus::Prometheus;
use crate::collect::{Clock, CollectContext};
use crate::model::{
    ComponentName, Evidence, Extent, Failure, Sample, TargetCounters, TargetEvidence, TargetId,
};
use crate::normalize::{Normalizer, counters_of};
use crate::profile::{Environment, Profiles};

/// What a Prometheus told in place of a Redis.
pub(super) struct ScrapedRound {
    /// Counters of the newest scrape, by component.
    pub(super) counters: BTreeMap<ComponentName, TargetCounters>,
    /// The targets that were read so.
    pub(super) targets: Vec<TargetId>,
    /// What is told of it.
    pub(super) notes: Vec<String>,
}

/// Asks for every Redis that has told no counters in this round, where the profile names a
/// Prometheus.
pub(super) async fn scraped_round(
    (profiles, environment): (&Profiles, &Environment),
    evidence: &Evidence,
    deadline: Duration,
    clock: &Clock,
    normalizer: &Normalizer,
) -> ScrapedRound {
    let silent = evidence.targets.iter().filter(|target| target.samples.is_empty());
    let reading = silent.filter_map(|target| {
        let config = super::load::prometheus_of(environment, &target.id)?;
        let source = Prometheus::new(config, &profiles.folder).ok()?;
        let context = CollectContext {
            environment: environment.name.clone(),
            deadline: Instant::now() + deadline,
            allowed: deadline,
            clock: clock.clone(),
        };
        Some(async move {
            let told = source.newest(&target.id, &context).await;
            (target, crate::collect::LoadSource::name(&source), told)
        })
    });
    let mut round =
        ScrapedRound { counters: BTreeMap::new(), targets: Vec::new(), notes: Vec::new() };
    for (target, source, told) in join_all(reading).await {
        round.add(target, &source, told, normalizer, evidence);
    }
    round
}

impl ScrapedRound {
    fn add(
        &mut self,
        target: &TargetEvidence,
        source: &str,
        told: Result<Vec<Sample>, Failure>,
        normalizer: &Normalizer,
        evidence: &Evidence,
    ) {
        let why = target.parts.values().find_map(|outcome| outcome.failure());
        let why = why.map_or_else(|| "it told no counters".to_owned(), ToString::to_string);
        let samples = match told {
            Ok(samples) => samples,
            Err(failure) => {
                self.notes.push(format!("{} is not read by {source} either: {failure}", target.id));
                return;
            }
        };
        if samples.iter().any(|sample| sample.run_id.is_empty()) {
            let text = format!("{}: {source} does not tell which server it is", target.id);
            self.notes.push(text);
            return;
        }
        let mut own = TargetEvidence { samples, ..target.clone() };
        own.parts.clear();
        let evidence = Evidence { targets: vec![own], ..evidence.clone() };
        for (component, mut counters) in counters_of(normalizer, &evidence) {
            counters.extent = Extent::All;
            self.counters.insert(component, counters);
        }
        self.targets.push(target.id.clone());
        self.notes.push(format!("{} is read by {source}, by its labels: {why}", target.id));
    }
}
