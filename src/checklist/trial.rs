//! What items judge a release by.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::config::ChecklistRules;
use super::loads::Loads;
use super::state::EnvironmentState;
use super::units::WorkSpan;
use crate::model::{
    Answer, Audit, AuditedEnvironment, ComponentName, Gate, Rehearsal, Release, ReleaseType,
    TargetCounters, Train,
};
use crate::trend::LoadCriteria;

/// Counters of every Redis of an environment, by component.
pub(crate) type Counters = BTreeMap<ComponentName, TargetCounters>;

/// A release and all that is known for and against it.
pub struct Trial<'a> {
    /// The release.
    pub release: &'a Release,
    /// The one that production runs until then; `None` if it has no file.
    pub previous: Option<&'a Release>,
    /// Which items are judged.
    pub kind: ReleaseType,
    /// Where it comes from and where it goes to.
    pub gate: &'a Gate,
    /// Every environment, compared and judged.
    pub audit: &'a Audit,
    /// The environment that it comes from.
    pub from: &'a AuditedEnvironment,
    /// The environment that it goes to.
    pub to: &'a AuditedEnvironment,
    /// Counters of the environment that it comes from.
    pub from_counters: &'a Counters,
    /// Counters of the environment that it goes to.
    pub to_counters: &'a Counters,
    /// What ran before where it goes to, newest first, as far as anything had to be looked up.
    pub seen_before: &'a [(Timestamp, Train)],
    /// When stored evidence shows a build of the release for the first time where it comes from,
    /// without a break until now.
    pub first_seen: Option<Timestamp>,
    /// What was seen since the freeze began; `None` if the release has no freeze.
    pub freeze: Option<&'a FreezePast>,
    /// Load over time where the release comes from.
    pub from_loads: &'a Loads,
    /// Load over time where it goes to.
    pub to_loads: &'a Loads,
    /// What was marked of work in every environment, in the order of time.
    pub spans: &'a [WorkSpan],
    /// Rehearsals, in the order in which they ended.
    pub rehearsals: &'a [Rehearsal],
    /// Of the release's builds: rehearsals are bound to it.
    pub digest: String,
    /// Limits of load.
    pub criteria: &'a LoadCriteria,
    /// What people answered, oldest first.
    pub answers: &'a [Answer],
    /// Limits, questions and exceptions.
    pub rules: &'a ChecklistRules,
    /// The time of the run.
    pub now: Timestamp,
}

/// What was seen of the environment of a freeze, by stored evidence and by this run.
#[derive(Clone, Debug, Default)]
pub struct FreezePast {
    /// Oldest first: the last before the freeze, then each since.
    pub states: Vec<(Timestamp, EnvironmentState)>,
}

impl Trial<'_> {
    /// Since when the release is in the environment that it comes from: what its file says, or
    /// earlier evidence. A time to come says nothing.
    pub fn came(&self) -> Option<Timestamp> {
        let written = self.release.came.get(&self.gate.from).copied();
        let known = written.filter(|came| *came <= self.now);
        [known, self.first_seen].into_iter().flatten().min()
    }

    /// The command that writes the file of the release before.
    pub(super) fn capture_previous(&self) -> String {
        let name = self.release.previous.as_deref().unwrap_or("NAME");
        format!("envparity release capture {name} --from {}", self.gate.to)
    }
}
