//! What a waiver is bound to: what makes its finding, so that a new drift is not covered; and by
//! default the minor of it, so that patches are.
//!
//! A finding on two environments is made by what differs at the places that are compared, and by
//! nothing that is equal there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::super::metas::{is_on_versions, made_by};
use crate::compare::{Differing, InstanceSays, find_differing};
use crate::model::{Component, EnvironmentName, Finding, Requirement, Snapshot};
use crate::rules::MadeBy;
use crate::version::{Range, Reading};

/// A product and a version that take part in a finding.
pub(super) type BoundVersion<'a> = (Option<String>, &'a Reading);

/// The versions of a waiver of `finding`, by environment; empty for rules that are not on versions.
/// An environment that runs what no waiver can be bound to is left out: a text that proves no
/// version, or would be read as something wider.
pub fn bind_versions(
    finding: &Finding,
    snapshots: &[Snapshot],
) -> BTreeMap<EnvironmentName, String> {
    if !is_on_versions(finding.rule) {
        return BTreeMap::new();
    }
    let find = |environment: &EnvironmentName| {
        let snapshot = snapshots.iter().find(|snapshot| snapshot.environment == *environment)?;
        snapshot.components.get(&finding.component)
    };
    let components: Vec<Option<&Component>> = finding.environments.iter().map(find).collect();
    let mut bound = BTreeMap::new();
    for (index, environment) in finding.environments.iter().enumerate() {
        let Some(component) = components[index] else { continue };
        let parts = bound_parts(finding.rule, &components, index);
        if let Some(versions) = versions_text(component, &parts) {
            bound.insert(environment.clone(), versions);
        }
    }
    bound
}

/// What of a finding's environment `index` makes the finding, given the component in each of its
/// environments.
pub(super) fn bound_parts<'a>(
    rule: &str,
    components: &[Option<&'a Component>],
    index: usize,
) -> BTreeSet<BoundVersion<'a>> {
    let mut differ = BTreeSet::new();
    if let [Some(one), Some(other)] = components {
        let Differing { versions, products } = find_differing(one, other);
        let sides = match made_by(rule) {
            MadeBy::Products => products,
            MadeBy::Versions => versions,
        };
        differ.extend(sides.get(index).into_iter().flatten().copied());
    }
    let mut found = BTreeSet::new();
    let Some(component) = components[index] else { return found };
    for instance in &component.instances {
        // A finding on one environment is made by all that runs there.
        if differ.is_empty() || differ.contains(&InstanceSays::of_instance(instance)) {
            let product = instance.product_in(component).map(Cow::into_owned);
            let lower = instance.contradicted_by.as_deref();
            let readings = std::iter::once(&*instance.reading).chain(lower);
            found.extend(readings.map(|reading| (product.clone(), reading)));
        }
    }
    found
}

/// One alternative for each product and minor.
fn versions_text(component: &Component, parts: &BTreeSet<BoundVersion<'_>>) -> Option<String> {
    let alternatives = parts.iter().map(|(product, reading)| {
        let minor = Range::same_minor(&component.levels, reading)?;
        Requirement::binding(product.as_deref(), &minor.to_string())
    });
    let alternatives = alternatives.collect::<Option<BTreeSet<String>>>()?;
    (!alternatives.is_empty()).then(|| alternatives.into_iter().collect::<Vec<_>>().join(" || "))
}
