//! What each server of a target has counted since its start, by our own names.

use std::collections::BTreeMap;

use super::Normalizer;
use super::indicators::{of_sample, servers_extent};
use crate::model::{ComponentName, Evidence, Facts, ServerCounters, TargetCounters};

/// The counters of every target that tells any, by its component. Of a target that was not read
/// there are none.
pub fn counters_of(
    normalizer: &Normalizer,
    evidence: &Evidence,
) -> BTreeMap<ComponentName, TargetCounters> {
    let mut found = BTreeMap::new();
    for target in &evidence.targets {
        let kind = normalizer.collectors.kind_of(&target.id);
        if kind.facts != Facts::Info {
            continue;
        }
        let servers = target.samples.iter().filter(|sample| sample.role != "sentinel");
        let servers = servers.map(|sample| ServerCounters {
            place: sample.place.clone(),
            run_id: sample.run_id.clone(),
            role: sample.role.clone(),
            replicas: sample.counters.figures().get("connected_slaves").copied().unwrap_or(0.0),
            taken: sample.taken,
            is_whole: sample.counters.left_out() == 0,
            indicators: of_sample(sample),
        });
        let counters =
            TargetCounters { extent: servers_extent(target), servers: servers.collect() };
        found
            .insert(normalizer.names.canonical_component(&kind.component_of(&target.id)), counters);
    }
    found
}
