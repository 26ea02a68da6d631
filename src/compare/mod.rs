//! Two snapshots, side by side: what differs, how far, and in which direction.
//!
//! The axis follows from the snapshots: two environments, or one at two times. Nothing is
//! judged here.

mod absence;
mod alike;
mod between;
mod content;
mod contents;
mod differing;
mod distance;
mod matrix;
mod nearest;
mod pairing;
mod point;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::model::{
    Axis, Change, Class, Comparison, Component, ComponentName, PlacesCompared, Presence,
    SettingChange, Snapshot, Values,
};

pub use absence::{count_hidden, may_be_unread};
pub use alike::Alike;
use between::Between;
pub use content::{find_mismatches, mismatches_within};
pub use contents::proven_different;
pub use differing::{Differing, InstanceSays, find_differing};
pub use distance::{distinct_readings, version_change, widest_level};
pub use matrix::build_matrix;

/// Compares every component that either side has.
pub fn compare(baseline: &Snapshot, current: &Snapshot) -> Comparison {
    let names: BTreeSet<&ComponentName> =
        baseline.components.keys().chain(current.components.keys()).collect();
    let axis =
        if baseline.environment == current.environment { Axis::Time } else { Axis::Environments };
    Comparison {
        baseline: baseline.environment.clone(),
        current: current.environment.clone(),
        axis,
        changes: names.into_iter().map(|name| component_change(name, baseline, current)).collect(),
    }
}

fn component_change(name: &ComponentName, baseline: &Snapshot, current: &Snapshot) -> Change {
    let (b, c) = (baseline.components.get(name), current.components.get(name));
    let base = Change {
        component: name.clone(),
        class: class_of([b, c]),
        presence: Presence::Both,
        product: None,
        alone: Vec::new(),
        version: None,
        variants: None,
        settings: Vec::new(),
        places: PlacesCompared::default(),
    };
    match (b.filter(|c| is_running(c)), c.filter(|c| is_running(c))) {
        (Some(b), Some(c)) => {
            let Between { version, product, alone, places } =
                between::compare_components(b, c).sum_up();
            let (variants, settings) = (content::variant_change(b, c), setting_changes(b, c));
            Change { product, alone, version, variants, settings, places, ..base }
        }
        (Some(b), None) => Change {
            presence: absence::presence_of_absent(name, b, current, Presence::Missing),
            ..base
        },
        (None, Some(c)) => Change {
            presence: absence::presence_of_absent(name, c, baseline, Presence::Unexpected),
            ..base
        },
        // On neither side does it run.
        (None, None) => Change { presence: Presence::NotApplicable, ..base },
    }
}

/// A component is platform if any side knows its product.
fn class_of<'a>(sides: impl IntoIterator<Item = Option<&'a Component>>) -> Class {
    sides.into_iter().flatten().map(|component| component.class).min().unwrap_or(Class::Service)
}

fn is_running(component: &Component) -> bool {
    !component.instances.is_empty()
}

/// Settings that both sides tell. How many servers have a value does not matter, only whether any
/// has.
fn setting_changes(baseline: &Component, current: &Component) -> Vec<SettingChange> {
    let differ = baseline.settings.iter().filter_map(|(name, b)| {
        let c = current.settings.get(name)?;
        let change =
            || SettingChange { name: name.clone(), baseline: in_words(b), current: in_words(c) };
        (!b.keys().eq(c.keys())).then(change)
    });
    differ.collect()
}

/// All values, mostly one.
fn in_words(values: &Values) -> String {
    values.keys().map(String::as_str).collect::<Vec<_>>().join(" and ")
}
