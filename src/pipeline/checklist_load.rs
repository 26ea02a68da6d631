//! The load over time that a checklist judges: of every Redis on both sides of the gate, by each
//! source that tells any.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::basis::ChecklistBasis;
use super::load::{LiveTarget, LoadAsked, SourceLoad, TargetLoad, put_together, windows_at};
use crate::checklist::ComponentLoad;
use crate::collect::config::COLLECTORS;
use crate::history::Store;
use crate::model::{BucketLength, EnvironmentName, Facts, Gate, TargetEvidence, TargetId};
use crate::policy;
use crate::profile::Profiles;
use crate::trend::{Window, WindowKind, window_end};

/// The load of each target by each source.
pub type ChecklistLoads = BTreeMap<(EnvironmentName, TargetId), Vec<ComponentLoad>>;

/// Whose load is wanted.
pub struct LoadsWanted<'a> {
    /// The profiles.
    pub profiles: &'a Profiles,
    /// Both sides.
    pub gate: &'a Gate,
    /// What was read of both, with what sources outside of the history told of their load.
    pub basis: &'a ChecklistBasis<'a>,
}

impl LoadsWanted<'_> {
    /// Every Redis on either side.
    fn redis_targets(&self) -> impl Iterator<Item = (&EnvironmentName, &TargetEvidence)> {
        let sides = self.basis.evidence.iter().filter(|one| {
            [&self.gate.from, &self.gate.to].into_iter().any(|side| *side == one.environment)
        });
        let all = sides.flat_map(|one| one.targets.iter().map(|target| (&one.environment, target)));
        all.filter(|(_, target)| COLLECTORS.of(&target.id).facts == Facts::Info)
    }

    /// What the history tells, and what the audit was told by sources outside of it. A history that
    /// cannot be read tells nothing.
    pub fn read_loads(&self, mut history: Option<&mut Store>) -> ChecklistLoads {
        let windows = windows_at(self.basis.began, None, BucketLength::DEFAULT);
        let criteria = policy::load::load_criteria(self.profiles.policy.as_ref());
        let is_recent =
            |window: &&Window| matches!(window.kind, WindowKind::Day | WindowKind::Week);
        let recent: Vec<Window> = windows.iter().filter(is_recent).copied().collect();
        let mut loads = BTreeMap::new();
        for (environment, target) in self.redis_targets() {
            let live = LiveTarget::from_evidence(target);
            let asked = LoadAsked {
                environment,
                target: &target.id,
                prometheus: None,
                folder: &self.profiles.folder,
                deadline: None,
                windows: &windows,
                length: BucketLength::DEFAULT,
                live: &live,
                all_commands: false,
                criteria: &criteria,
            };
            let mut found = Vec::new();
            if let Some(store) = history.as_deref_mut() {
                found = self.sources(put_together(&asked, Some(Ok(&mut *store)), None));
                let all = LoadAsked { windows: &recent, all_commands: true, ..asked.clone() };
                let all = self.sources(put_together(&all, Some(Ok(store)), None));
                add_commands(&mut found, all);
            }
            found.extend(self.told_outside(environment, &target.id));
            loads.insert((environment.clone(), target.id.clone()), found);
        }
        loads
    }

    /// What the audit was told of a target by other sources than the history.
    fn told_outside(&self, environment: &EnvironmentName, target: &TargetId) -> Vec<ComponentLoad> {
        let mut audited = self.basis.load.iter();
        let own = audited.find(|one| one.environment == *environment && one.target == *target);
        let Some(own) = own.cloned() else { return Vec::new() };
        let sources = own.sources.into_iter().filter(SourceLoad::is_outside).collect();
        self.sources(TargetLoad { sources, ..own })
    }

    fn sources(&self, told: TargetLoad) -> Vec<ComponentLoad> {
        component_loads(told, self.basis.began)
    }
}

/// What each source told of a target, as items judge it.
pub(super) fn component_loads(told: TargetLoad, now: Timestamp) -> Vec<ComponentLoad> {
    let TargetLoad { sources, marks, .. } = told;
    let end = window_end(now.as_second(), BucketLength::DEFAULT);
    let of = |source: SourceLoad| {
        let load = source.told.ok().filter(|load| !load.places.is_empty())?;
        let marks = marks.clone();
        Some(ComponentLoad { source: source.label, load, marks, end })
    };
    sources.into_iter().filter_map(of).collect()
}

/// Adds series of commands that a longer span was not read of.
fn add_commands(found: &mut [ComponentLoad], all: Vec<ComponentLoad>) {
    for one in all {
        let Some(own) = found.iter_mut().find(|own| own.source == one.source) else { continue };
        for (name, place) in one.load.places {
            let Some(known) = own.load.places.get_mut(&name) else { continue };
            for (series, rows) in place.buckets {
                known.buckets.entry(series).or_insert(rows);
            }
        }
    }
}
