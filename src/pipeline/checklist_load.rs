//! The load over time that a checklist judges: of every Redis on both sides of the gate, by each
//! source that tells any.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::load::{
    LiveTarget, LoadAsked, OutsideAsked, OutsideLoad, SourceLoad, TargetLoad, prometheus_of,
    put_together, read_all_outside, windows_at,
};
use crate::checklist::ComponentLoad;
use crate::collect::Clock;
use crate::collect::config::COLLECTORS;
use crate::history::Store;
use crate::model::{
    BucketLength, EnvironmentName, Evidence, Facts, Gate, TargetEvidence, TargetId,
};
use crate::policy;
use crate::profile::Profiles;
use crate::trend::{LoadCriteria, Window, WindowKind, window_end};

/// What sources outside told, by target.
pub type ChecklistOutside = BTreeMap<(EnvironmentName, TargetId), OutsideLoad>;

/// The load of each target by each source.
pub type ChecklistLoads = BTreeMap<(EnvironmentName, TargetId), Vec<ComponentLoad>>;

/// Whose load is wanted, and as of when.
pub struct LoadsWanted<'a> {
    /// The profiles.
    pub profiles: &'a Profiles,
    /// Both sides.
    pub gate: &'a Gate,
    /// What was read of both.
    pub evidence: &'a [Evidence],
    /// As of when.
    pub now: Timestamp,
    /// Another deadline than that of sources.
    pub deadline: Option<Duration>,
}

impl LoadsWanted<'_> {
    /// Every Redis on either side.
    fn targets(&self) -> impl Iterator<Item = (&EnvironmentName, &TargetEvidence)> {
        let sides = self.evidence.iter().filter(|one| {
            [&self.gate.from, &self.gate.to].into_iter().any(|side| *side == one.environment)
        });
        let all = sides.flat_map(|one| one.targets.iter().map(|target| (&one.environment, target)));
        all.filter(|(_, target)| COLLECTORS.of(&target.id).facts == Facts::Info)
    }

    fn asked<'b>(
        &'b self,
        environment: &'b EnvironmentName,
        target: &'b TargetId,
        live: &'b LiveTarget,
        windows: &'b [Window],
        criteria: &'b LoadCriteria,
    ) -> LoadAsked<'b> {
        let profile = self.profiles.environments.iter().find(|one| one.name == *environment);
        LoadAsked {
            environment,
            target,
            prometheus: profile.and_then(|profile| prometheus_of(profile, target)),
            folder: &self.profiles.folder,
            deadline: self.deadline,
            windows,
            length: BucketLength::DEFAULT,
            live,
            all_commands: false,
            criteria,
        }
    }

    fn windows(&self) -> Vec<Window> {
        windows_at(self.now, None, BucketLength::DEFAULT)
    }

    /// Asks each Prometheus that the profiles name.
    pub async fn outside(&self, clock: &Clock) -> ChecklistOutside {
        let (live, windows) = (LiveTarget::default(), self.windows());
        let criteria = policy::load::load_criteria(self.profiles.policy.as_ref());
        let (mut keys, mut wanted) = (Vec::new(), Vec::new());
        for (environment, target) in self.targets() {
            let asked = self.asked(environment, &target.id, &live, &windows, &criteria);
            let Some(source) = asked.prometheus else { continue };
            keys.push((environment.clone(), target.id.clone()));
            let (required, is_of_baseline) = (target.required, *environment == self.gate.to);
            wanted.push(OutsideAsked { asked, source, required, is_of_baseline });
        }
        keys.into_iter().zip(read_all_outside(&wanted, clock).await).collect()
    }

    /// What the history and the sources outside tell. A history that cannot be read tells nothing.
    pub fn loads(
        &self,
        mut outside: ChecklistOutside,
        mut history: Option<&mut Store>,
    ) -> ChecklistLoads {
        let windows = self.windows();
        let criteria = policy::load::load_criteria(self.profiles.policy.as_ref());
        let mut loads = BTreeMap::new();
        for (environment, target) in self.targets() {
            let live = LiveTarget::from_evidence(target);
            let asked = self.asked(environment, &target.id, &live, &windows, &criteria);
            let key = (environment.clone(), target.id.clone());
            let told = put_together(&asked, history.as_deref_mut().map(Ok), outside.remove(&key));
            let mut found = self.sources(told);
            if let Some(store) = history.as_deref_mut() {
                let week: Vec<Window> = windows
                    .iter()
                    .filter(|one| matches!(one.kind, WindowKind::Day | WindowKind::Week))
                    .copied()
                    .collect();
                let all = LoadAsked { windows: &week, all_commands: true, ..asked.clone() };
                let all = self.sources(put_together(&all, Some(Ok(store)), None));
                add_commands(&mut found, all);
            }
            loads.insert(key, found);
        }
        loads
    }

    fn sources(&self, told: TargetLoad) -> Vec<ComponentLoad> {
        let TargetLoad { sources, marks, .. } = told;
        let end = window_end(self.now.as_second(), BucketLength::DEFAULT);
        let of = |source: SourceLoad| {
            let load = source.told.ok().filter(|load| !load.places.is_empty())?;
            let marks = marks.clone();
            Some(ComponentLoad { source: source.label, load, marks, end })
        };
        sources.into_iter().filter_map(of).collect()
    }
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
