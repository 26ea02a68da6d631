//! Which instances are compared with which: those of one place, wherever both sides have it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::model::{Component, Instance};

/// Target (where its name counts), namespace, workload and container.
type PlaceKey<'a> = [&'a str; 4];

/// Instances at one place. One of the sides is empty if only the other has the place.
pub(super) struct PairedPlace<'a> {
    key: PlaceKey<'a>,
    pub(super) baseline: Vec<&'a Instance>,
    pub(super) current: Vec<&'a Instance>,
}

impl PairedPlace<'_> {
    /// Whether both sides have it.
    pub(super) fn is_paired(&self) -> bool {
        !self.baseline.is_empty() && !self.current.is_empty()
    }

    /// `shop/web/app`; empty if nothing tells it from others.
    pub(super) fn name(&self) -> String {
        let parts = self.key.iter().copied().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join("/")
    }
}

/// Whether it helps to name places: some stand on both sides, and there are several.
pub(super) fn are_told(places: &[PairedPlace<'_>]) -> bool {
    places.len() > 1 && places.iter().any(PairedPlace::is_paired)
}

/// The places of two components, by name.
pub(super) fn pair_places<'a>(
    baseline: &'a Component,
    current: &'a Component,
) -> Vec<PairedPlace<'a>> {
    let named = named_collectors(baseline, current);
    let mut places = PlaceIndex::default();
    for instance in &baseline.instances {
        places.at(place_key(instance, &named)).baseline.push(instance);
    }
    for instance in &current.instances {
        places.at(place_key(instance, &named)).current.push(instance);
    }
    let mut places = places.all;
    places.sort_by(|a, b| a.key.cmp(&b.key));
    let (paired, alone): (Vec<_>, Vec<_>) = places.into_iter().partition(PairedPlace::is_paired);
    let mut places = paired;
    places.extend(pair_by_workload(alone));
    places.sort_by(|a, b| a.key.cmp(&b.key));
    places
}

/// Places that are met again and again: names are long and alike, so that they are hashed, and
/// sorted once.
#[derive(Default)]
struct PlaceIndex<'a> {
    all: Vec<PairedPlace<'a>>,
    numbers: HashMap<PlaceKey<'a>, usize>,
}

impl<'a> PlaceIndex<'a> {
    fn at(&mut self, key: PlaceKey<'a>) -> &mut PairedPlace<'a> {
        let number = *self.numbers.entry(key).or_insert(self.all.len());
        if number == self.all.len() {
            self.all.push(PairedPlace { key, baseline: Vec::new(), current: Vec::new() });
        }
        &mut self.all[number]
    }
}

/// Collectors of which either side has several targets: the names of these tell places apart.
fn named_collectors<'a>(baseline: &'a Component, current: &'a Component) -> BTreeSet<&'a str> {
    let all = baseline.instances.iter().chain(&current.instances);
    let several = all.filter(|instance| instance.site.is_one_of_several);
    several.map(|instance| instance.target.collector()).collect()
}

fn place_key<'a>(instance: &'a Instance, named: &BTreeSet<&str>) -> PlaceKey<'a> {
    let counts = named.contains(instance.target.collector());
    let target = if counts { instance.site.target.as_str() } else { "" };
    let [namespace, workload, container] = instance.paired_place();
    [target, namespace, workload, container]
}

/// A container that has another name in the other environment is still one of its workload.
fn pair_by_workload(alone: Vec<PairedPlace<'_>>) -> Vec<PairedPlace<'_>> {
    let mut workloads = BTreeMap::new();
    let mut places = Vec::new();
    for place in alone {
        let [target, namespace, workload, _] = place.key;
        if workload.is_empty() {
            places.push(place);
        } else {
            let key = [target, namespace, workload, ""];
            workloads.entry(key).or_insert_with(Vec::new).push(place);
        }
    }
    for (key, containers) in workloads {
        let has = |side: fn(&PairedPlace<'_>) -> bool| containers.iter().any(side);
        if has(|c| c.current.is_empty()) && has(|c| c.baseline.is_empty()) {
            let mut both = PairedPlace { key, baseline: Vec::new(), current: Vec::new() };
            for container in containers {
                both.baseline.extend(container.baseline);
                both.current.extend(container.current);
            }
            places.push(both);
        } else {
            places.extend(containers);
        }
    }
    places
}
