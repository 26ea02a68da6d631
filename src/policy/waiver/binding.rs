//! What a waiver is bound to by default: the minor that runs, so that patches are covered and a new
//! drift is not.

use std::collections::{BTreeMap, BTreeSet};

use super::config::VERSION_RULES;
use crate::model::{Component, EnvironmentName, Finding, Requirement, Snapshot};
use crate::version::Range;

/// The versions of a waiver of `finding`, by environment; empty for rules that are not on versions.
/// An environment that runs what no waiver can be bound to is left out: a text that proves no
/// version, or would be read as something wider.
pub fn bind(finding: &Finding, snapshots: &[Snapshot]) -> BTreeMap<EnvironmentName, String> {
    if !VERSION_RULES.contains(&finding.rule) {
        return BTreeMap::new();
    }
    let of = |environment: &EnvironmentName| {
        let snapshot = snapshots.iter().find(|snapshot| snapshot.environment == *environment)?;
        let component = snapshot.components.get(&finding.component)?;
        Some((environment.clone(), versions(component)?))
    };
    finding.environments.iter().filter_map(of).collect()
}

/// One alternative for each product and minor that runs.
fn versions(component: &Component) -> Option<String> {
    let readings = component.instances.iter().flat_map(|instance| {
        let readings =
            [Some(&instance.reading), instance.contradicted_by.as_ref()].into_iter().flatten();
        let product = instance.product_in(component);
        readings.map(move |reading| (product.clone(), reading))
    });
    let alternatives = readings.map(|(product, reading)| {
        let minor = Range::same_minor(&component.levels, reading)?;
        Requirement::binding(product.as_deref(), &minor.to_string())
    });
    let alternatives = alternatives.collect::<Option<BTreeSet<String>>>()?;
    (!alternatives.is_empty()).then(|| alternatives.into_iter().collect::<Vec<_>>().join(" || "))
}
