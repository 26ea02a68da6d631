//! What a waiver is bound to by default: the minor that runs, so that patches are covered and a new drift is not.

use std::collections::{BTreeMap, BTreeSet};

use super::config::VERSION_RULES;
use crate::model::{Component, ComponentName, EnvironmentName, Finding, Snapshot};
use crate::version::Range;

/// The versions of a waiver of `finding`, by environment; empty for rules that are not on versions.
pub fn bind(finding: &Finding, snapshots: &[Snapshot]) -> BTreeMap<EnvironmentName, String> {
    if !VERSION_RULES.contains(&finding.rule) {
        return BTreeMap::new();
    }
    let of = |environment: &EnvironmentName| {
        let snapshot = snapshots.iter().find(|snapshot| snapshot.environment == *environment)?;
        let component = snapshot.components.get(&finding.component)?;
        // Where products differ, the product is what is accepted.
        Some((environment.clone(), versions(&finding.component, component, finding.rule == "product-differs")))
    };
    finding.environments.iter().filter_map(of).collect()
}

/// One alternative for each minor that runs.
fn versions(name: &ComponentName, component: &Component, with_product: bool) -> String {
    let alternatives: BTreeSet<String> = component
        .instances
        .iter()
        .flat_map(|instance| {
            let readings = [Some(&instance.reading), instance.contradicted_by.as_ref()].into_iter().flatten();
            let product = instance.product_in(name).filter(|_| with_product);
            readings.map(move |reading| (product.clone(), reading))
        })
        .map(|(product, reading)| {
            // A text without a range of its own is meant word for word.
            let range = Range::same_minor(&component.levels, reading);
            let minor = range.map_or_else(|| reading.to_string(), |range| range.to_string());
            product.map_or(minor.clone(), |product| format!("{product} {minor}"))
        })
        .collect();
    alternatives.into_iter().collect::<Vec<_>>().join(" || ")
}
