//! What an environment runs at one time, as far as a freeze is about it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::train::{builds_of, train_of};
use crate::model::{Component, ComponentName, Coverage, Snapshot, Train};

/// What an environment runs at one time.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentState {
    /// Builds of own services.
    pub train: Train,
    /// Images of all else.
    pub others: Train,
    /// What is no image: versions and settings, by component.
    pub facts: BTreeMap<ComponentName, BTreeSet<String>>,
    /// Whether all that is required was read.
    pub is_whole: bool,
    /// Every target, required or not, and what became of it.
    pub(super) targets: Vec<Coverage>,
}

impl EnvironmentState {
    /// Whether more of a component may be there than was told, or some of it where none was.
    pub fn may_lack(&self, name: &ComponentName) -> bool {
        self.targets.iter().any(|target| {
            let mut parts = target.parts.iter().filter(|(_, became)| became.failure().is_some());
            parts.any(|(part, _)| target.could_hold(part, name))
        })
    }

    /// Whether anything that was asked would tell of a component.
    pub fn could_hold(&self, name: &ComponentName) -> bool {
        let holds =
            |target: &Coverage| target.parts.keys().any(|part| target.could_hold(part, name));
        self.targets.iter().any(holds)
    }
}

/// What a snapshot shows.
pub fn state_of(snapshot: &Snapshot) -> EnvironmentState {
    let train = train_of(snapshot);
    let rest = || snapshot.components.iter().filter(|(name, _)| !train.contains_key(*name));
    let others = rest().map(|(name, component)| (name.clone(), builds_of(component)));
    let facts = rest().map(|(name, component)| (name.clone(), facts_of(component)));
    EnvironmentState {
        others: others.filter(|(_, builds)| !builds.is_empty()).collect(),
        facts: facts.filter(|(_, facts)| !facts.is_empty()).collect(),
        is_whole: snapshot.coverage.iter().filter(|one| one.required).all(|one| one.is_complete()),
        targets: snapshot.coverage.clone(),
        train,
    }
}

/// When what holds images told of them, the earliest of these times: of a recording, not when it
/// was read.
pub fn seen_at(snapshot: &Snapshot) -> Timestamp {
    let targets = snapshot.coverage.iter().filter(|target| holds_images(target));
    targets.map(|target| target.taken).min().unwrap_or(snapshot.taken)
}

/// Whether a target can report images.
pub fn holds_images(target: &Coverage) -> bool {
    target.parts.keys().any(|part| target.kind.could_hold_images(part))
}

fn facts_of(component: &Component) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for instance in component.instances.iter().filter(|instance| instance.image.is_none()) {
        found.insert(instance.reading.text().to_owned());
    }
    for (setting, values) in &component.settings {
        found.extend(values.keys().map(|value| format!("{setting} {value}")));
    }
    found
}
