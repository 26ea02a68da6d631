//! What makes two sides of a component differ, and nothing else of it.

use std::collections::BTreeSet;

use super::between::{self, ReadingPair};
use super::point::ComparedPoint;
use crate::model::{Component, Instance};
use crate::version::Reading;

/// What makes two sides differ, the first side first.
#[derive(Debug, Default)]
pub struct Differing<'a> {
    /// What is at a drift from the other side.
    pub versions: [BTreeSet<InstanceSays<'a>>; 2],
    /// What runs where products differ.
    pub products: [BTreeSet<InstanceSays<'a>>; 2],
}

/// What an instance says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstanceSays<'a> {
    product: Option<&'a str>,
    reading: &'a Reading,
    contradicted_by: Option<&'a Reading>,
}

impl<'a> InstanceSays<'a> {
    /// What this one says.
    pub fn of_instance(instance: &'a Instance) -> Self {
        Self::at_point(&ComparedPoint::of_instance(instance))
    }

    fn at_point(point: &ComparedPoint<'a>) -> Self {
        let ComparedPoint { product, reading, contradicted_by, .. } = *point;
        Self { product, reading, contradicted_by }
    }
}

/// What differs between two sides, in whichever order they are.
pub fn find_differing<'a>(one: &'a Component, other: &'a Component) -> Differing<'a> {
    let mut differing = Differing::default();
    let compared = between::compare_components(one, other);
    for found in &compared.places {
        let is_drift = |pair: &&ReadingPair<'_>| pair.difference.level.is_drift();
        for pair in found.pairs.iter().filter(is_drift) {
            differing.versions[0].insert(InstanceSays::at_point(&pair.baseline));
            differing.versions[1].insert(InstanceSays::at_point(&pair.current));
        }
        if compared.is_foreign(found) {
            for side in [0, 1] {
                let runs = compared.runs_against(found, side);
                differing.products[side].extend(runs.iter().map(InstanceSays::at_point));
            }
        }
    }
    differing
}
