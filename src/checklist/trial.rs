//! What items judge a release by.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::cluster_memory::ClusterMemory;
use super::config::ChecklistRules;
use super::environment_state::EnvironmentState;
use super::loads::Loads;
use super::units::WorkSpan;
use crate::model::{
    Audit, AuditedEnvironment, BaselineRelease, Came, ComponentName, Gate, KeptAnswer, Rehearsal,
    Release, ReleaseType, TargetCounters, Train,
};
use crate::trend::LoadCriteria;

/// Counters of every Redis of an environment, by component.
pub type Counters = BTreeMap<ComponentName, TargetCounters>;

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
    /// What the clusters remember where the release comes from.
    pub from_memory: &'a ClusterMemory,
    /// The same where it goes to.
    pub to_memory: &'a ClusterMemory,
    /// The same of the environment of the freeze.
    pub freeze_memory: &'a ClusterMemory,
    /// When the release came to where it comes from.
    pub came: Came,
    /// The release that load is compared with.
    pub baseline: &'a BaselineRelease<'a>,
    /// Why nothing of the history is believed, if so.
    pub history_break: Option<&'a str>,
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
    pub answers: &'a [KeptAnswer],
    /// Limits, questions and exceptions.
    pub rules: &'a ChecklistRules,
    /// The time of the run.
    pub now: Timestamp,
}

/// What was seen of the environment of a freeze, by stored evidence and by this run.
#[derive(Clone, Debug, Default)]
pub struct FreezePast {
    /// Oldest first: the last before the freeze, then each since.
    pub states: Vec<(Timestamp, Arc<EnvironmentState>)>,
}

impl Trial<'_> {
    /// When the first of its changed builds came to where the release comes from, at the latest.
    pub fn came(&self) -> Option<Timestamp> {
        self.came.first.map(|came| came.at)
    }

    /// When all of them were there, at the latest.
    pub fn came_complete(&self) -> Option<Timestamp> {
        self.came.complete.map(|came| came.at)
    }

    /// The command that judges the release once more.
    pub(super) fn judge_again(&self) -> String {
        format!("envparity checklist --release {}", self.release.name)
    }

    /// The command that writes the release's file anew.
    pub(super) fn capture_again(&self) -> String {
        let (name, from) = (&self.release.name, &self.gate.from);
        format!("envparity release capture {name} --from {from} --force")
    }

    /// The command that writes the file of the release before.
    pub(super) fn capture_previous(&self) -> String {
        let name = self.release.previous.as_deref().unwrap_or("NAME");
        format!("envparity release capture {name} --from {}", self.gate.to)
    }
}
