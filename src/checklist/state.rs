//! What an environment runs at one time, as far as a freeze is about it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::train_of;
use crate::model::{Component, ComponentName, Coverage, Snapshot, Train};

/// What an environment runs at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentState {
    /// Builds of own services.
    pub train: Train,
    /// Everything else by component: versions, digests and settings.
    pub facts: BTreeMap<ComponentName, BTreeSet<String>>,
    /// Whether all was read: what is missing then was not taken away.
    pub is_whole: bool,
}

/// What a snapshot shows.
pub fn state_of(snapshot: &Snapshot) -> EnvironmentState {
    let train = train_of(snapshot);
    let others = snapshot.components.iter().filter(|(name, _)| !train.contains_key(*name));
    let facts = others.map(|(name, component)| (name.clone(), facts_of(component)));
    EnvironmentState {
        facts: facts.filter(|(_, facts)| !facts.is_empty()).collect(),
        is_whole: snapshot.coverage.iter().filter(|one| one.required).all(|one| one.is_complete()),
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
    for instance in &component.instances {
        found.insert(instance.reading.text().to_owned());
        // One digest of each kind is enough to tell a build, and engines may learn others later.
        let digest = instance.image.iter().flat_map(|image| &image.digests).next_back();
        found.extend(digest.map(|digest| digest.as_str().to_owned()));
    }
    for (setting, values) in &component.settings {
        found.extend(values.keys().map(|value| format!("{setting} {value}")));
    }
    found
}
