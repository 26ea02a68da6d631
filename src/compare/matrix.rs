//! All environments side by side: each component in each environment, against the baseline.

use std::collections::{BTreeMap, BTreeSet};

use super::absence;
use crate::model::matrix::{Cell, CellReading, MatrixRow, State};
use crate::model::{
    Comparison, Component, ComponentName, ContentCompared, EnvironmentName, Presence, Snapshot,
    VersionChange,
};
use crate::version::Level;

/// Pivots snapshots (baseline among them) and their comparisons with it.
pub fn build_matrix(
    snapshots: &[Snapshot],
    baseline: &EnvironmentName,
    comparisons: &[Comparison],
) -> Vec<MatrixRow> {
    let mut names: BTreeSet<&ComponentName> = BTreeSet::new();
    snapshots.iter().for_each(|snapshot| names.extend(snapshot.components.keys()));
    let rows = names.into_iter().filter_map(|name| {
        let sides = || snapshots.iter().map(|snapshot| snapshot.components.get(name));
        let known = sides().flatten().next()?;
        let cells = snapshots
            .iter()
            .map(|snapshot| matrix_cell(name, known, snapshot, baseline, comparisons))
            .collect();
        Some(MatrixRow { component: name.clone(), class: super::class_of(sides()), cells })
    });
    rows.collect()
}

fn matrix_cell(
    name: &ComponentName,
    known: &Component,
    snapshot: &Snapshot,
    baseline: &EnvironmentName,
    comparisons: &[Comparison],
) -> Cell {
    let here = snapshot.components.get(name);
    let against_baseline =
        comparisons.iter().find(|c| c.baseline == *baseline && c.current == snapshot.environment);
    // Changes are in the order of their names.
    let change = against_baseline.and_then(|c| {
        let index = c.changes.binary_search_by(|change| change.component.cmp(name)).ok()?;
        c.changes.get(index)
    });
    let version = change.and_then(|change| change.version.as_ref());
    let not_running = here.map(|c| c.not_running.clone()).unwrap_or_default();
    Cell {
        environment: snapshot.environment.clone(),
        state: cell_state(name, known, here, snapshot),
        readings: here.map(distinct_readings).unwrap_or_default(),
        level: version.map(|version| version.level),
        direction: version.and_then(|version| version.direction),
        other_product: change.is_some_and(|change| change.product.is_some()),
        other_variant: change.is_some_and(|change| change.variants.is_some()),
        same_content: version.is_some_and(is_equal_by_content),
        places: change.map(|change| change.places.clone()).unwrap_or_default(),
        not_running,
        builds: here.map_or(0, |component| {
            super::mismatches_within(component).iter().map(|m| m.baseline.len()).sum()
        }),
    }
}

/// Two tags of one build.
fn is_equal_by_content(version: &VersionChange) -> bool {
    let is_same = version.level == Level::Equal && version.content == ContentCompared::Same;
    is_same && version.baseline.text() != version.current.text()
}

fn cell_state(
    name: &ComponentName,
    known: &Component,
    here: Option<&Component>,
    snapshot: &Snapshot,
) -> State {
    match here {
        Some(component) if !component.instances.is_empty() => State::Present,
        Some(component) if !component.not_running.is_empty() => State::NotRunning,
        _ => match absence::presence_of_absent(name, known, snapshot, Presence::Missing) {
            Presence::Missing | Presence::Unexpected => State::Missing,
            Presence::Unobserved => State::Unobserved,
            Presence::NotApplicable | Presence::Both => State::NotApplicable,
        },
    }
}

fn distinct_readings(component: &Component) -> Vec<CellReading> {
    let mut found: BTreeMap<_, (BTreeSet<_>, BTreeSet<String>)> = BTreeMap::new();
    for instance in &component.instances {
        let entry = found
            .entry((
                &instance.product,
                &instance.reading,
                instance.source,
                &instance.contradicted_by,
            ))
            .or_default();
        entry.0.insert(instance.place());
        entry.1.extend(
            instance
                .image
                .iter()
                .filter_map(|i| i.digests.first())
                .map(|digest| digest.as_str().to_owned()),
        );
    }
    let readings = found.into_iter().map(
        |((product, reading, source, contradicted_by), (places, digests))| CellReading {
            product: product.clone(),
            reading: reading.clone(),
            source,
            contradicted_by: contradicted_by.clone(),
            instances: places.len(),
            digests: digests.into_iter().collect(),
        },
    );
    readings.collect()
}
