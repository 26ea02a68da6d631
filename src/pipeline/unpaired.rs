//! Hints where nothing could be paired by place, because no name of one side is one of the other.
//! Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ComponentName, EnvironmentName, Instance, Snapshot};

/// So many names are told of each side.
const TOLD: usize = 3;

/// What the catalogue could map, for each pair, the baseline in front.
pub(super) fn hints(
    pairs: &[(EnvironmentName, EnvironmentName)],
    snapshots: &[Snapshot],
) -> Vec<String> {
    let of = |name: &EnvironmentName| snapshots.iter().find(|s| s.environment == *name);
    let known = pairs.iter().filter_map(|(baseline, current)| Some((of(baseline)?, of(current)?)));
    known.flat_map(|(baseline, current)| of_pair(baseline, current)).collect()
}

fn of_pair(baseline: &Snapshot, current: &Snapshot) -> Vec<String> {
    let names = shared(baseline, current);
    let mut hints = Vec::new();
    for (noun, key, part) in [
        ("namespace or project", "namespaces:", namespace as fn(&Instance) -> Option<&str>),
        ("target", "targets:", target),
    ] {
        let (ours, theirs) =
            (by_collector(current, &names, part), by_collector(baseline, &names, part));
        for (collector, ours) in ours {
            let Some(theirs) = theirs.get(collector).filter(|them| them.is_disjoint(&ours)) else {
                continue;
            };
            let (here, there) = (&current.environment, &baseline.environment);
            hints.push(format!(
                "no {collector} {noun} of {here} ({}) is one of {there} ({}): nothing in them is \
                 compared place by place; map them by {key} in the catalogue",
                listed(&ours),
                listed(theirs),
            ));
        }
    }
    hints
}

/// Components that both run, and one of them in several places: those of one place each are
/// compared whatever it is called.
fn shared<'a>(baseline: &'a Snapshot, current: &'a Snapshot) -> BTreeSet<&'a ComponentName> {
    let places = |snapshot: &'a Snapshot, name: &ComponentName| {
        let instances = snapshot.components.get(name).map_or(&[][..], |c| &c.instances);
        let place = |instance: &'a Instance| (&instance.site, instance.paired_place());
        instances.iter().map(place).collect::<BTreeSet<_>>().len()
    };
    let names = baseline.components.keys();
    let is_shared = |name: &&ComponentName| {
        let (ours, theirs) = (places(current, name), places(baseline, name));
        ours.min(theirs) > 0 && ours.max(theirs) > 1
    };
    names.filter(is_shared).collect()
}

fn namespace(instance: &Instance) -> Option<&str> {
    Some(instance.locator.namespace.as_str()).filter(|name| !name.is_empty())
}

fn target(instance: &Instance) -> Option<&str> {
    instance.site.is_one_of_several.then_some(instance.site.target.as_str())
}

/// The names of places in an environment, by collector.
fn by_collector<'a>(
    snapshot: &'a Snapshot,
    names: &BTreeSet<&ComponentName>,
    part: fn(&Instance) -> Option<&str>,
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let shared = names.iter().filter_map(|name| snapshot.components.get(*name));
    for instance in shared.flat_map(|component| &component.instances) {
        if let Some(name) = part(instance) {
            found.entry(instance.target.collector()).or_default().insert(name);
        }
    }
    found
}

fn listed(names: &BTreeSet<&str>) -> String {
    let mut told: Vec<String> = names.iter().take(TOLD).map(ToString::to_string).collect();
    if names.len() > TOLD {
        told.push(format!("and {} more", names.len() - TOLD));
    }
    told.join(", ")
}
