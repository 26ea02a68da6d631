//! Whether a workload's template counts, as its pods are. Pure.
//!
//! Pods come and go within minutes while what is deployed stays: a workload that wants pods and has
//! none, or none that is not starting or ending, is told by what they are made of.

use super::super::objects::{Workload, WorkloadStatus};
use super::super::pod::{Activity, Owner};
use crate::model::{Presumed, RunState};

/// What the standard labels say of a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct WorkloadLabels {
    pub(super) chart: String,
    pub(super) app_version: String,
}

impl WorkloadLabels {
    pub(super) fn bytes(&self) -> usize {
        self.chart.len() + self.app_version.len()
    }
}

/// A workload's template.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub(super) labels: WorkloadLabels,
    /// Name, reference, and whether it is the only one.
    pub(super) containers: Vec<(String, String, bool)>,
    wants: Wants,
}

/// What is to run of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wants {
    Pods,
    /// None: it is scaled to zero.
    Nothing,
    /// A pod on each node of some kind, of which there is none; or none any more.
    NoPod,
    /// Pods from time to time.
    Schedule,
    /// A schedule that somebody has stopped.
    Suspended,
}

impl Setup {
    pub(super) fn new(
        kind: &str,
        workload: &Workload<'_>,
        labels: WorkloadLabels,
        containers: Vec<(String, String, bool)>,
    ) -> Self {
        let is_going = !workload.metadata.deletion_timestamp.is_empty();
        let wants = match (kind, workload.spec.replicas) {
            ("CronJob", _) if workload.spec.suspend => Wants::Suspended,
            ("CronJob", _) => Wants::Schedule,
            (_, Some(0)) => Wants::Nothing,
            _ if is_going => Wants::NoPod,
            ("DaemonSet", _) if has_no_node(&workload.status) => Wants::NoPod,
            _ => Wants::Pods,
        };
        Self { labels, containers, wants }
    }

    /// What it takes to keep it, roughly.
    pub(super) fn bytes(&self) -> usize {
        const CONTAINER: usize = 96;
        let of = |(name, image, _): &(String, String, bool)| CONTAINER + name.len() + image.len();
        self.labels.bytes() + self.containers.iter().map(of).sum::<usize>()
    }

    /// What the template is besides the pods; `None` where they tell it.
    pub(super) fn state(&self, pods: Option<&Pods>) -> Option<RunState> {
        let not = |word: &str| Some(RunState::NotRunning(word.to_owned()));
        let pods = pods.copied().unwrap_or_default();
        if pods.is_told() {
            return None;
        }
        let is_any_left = pods.is_any_left();
        match self.wants {
            Wants::Schedule => Some(RunState::Scheduled),
            Wants::Suspended if !is_any_left => not("suspended"),
            Wants::Nothing if !is_any_left => not("scaled-to-zero"),
            Wants::NoPod if !is_any_left => not("no-pod"),
            // What its controller says of it changes from minute to minute: what it wants does not.
            Wants::Pods if !is_any_left || pods.are_passing() => {
                Some(RunState::Presumed(Presumed::RollingOut))
            }
            _ => None,
        }
    }
}

/// Whether its controller says that there is no node for it. One that has not seen it yet says so,
/// too, and is not believed: its status is of generation 0, which a server leaves out.
fn has_no_node(status: &WorkloadStatus) -> bool {
    let has_seen_it = status.observed_generation.is_some_and(|generation| generation > 0);
    status.desired_number_scheduled == Some(0) && has_seen_it
}

/// What the pods of a workload are about to do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pods {
    /// By activity.
    seen: [bool; Activity::ALL.len()],
}

impl Pods {
    pub(super) fn add(&mut self, activity: Activity) {
        if let Some(seen) = self.seen.get_mut(activity as usize) {
            *seen = true;
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.seen.iter_mut().zip(other.seen).for_each(|(seen, other)| *seen |= other);
    }

    fn has(self, activity: Activity) -> bool {
        self.seen.get(activity as usize).is_some_and(|seen| *seen)
    }

    /// Whether one of them counts.
    fn is_told(self) -> bool {
        self.has(Activity::Runs) || self.has(Activity::Presumed)
    }

    /// Whether there is one that is not done.
    fn is_any_left(self) -> bool {
        Activity::ALL.into_iter().any(|it| it != Activity::Ended && self.has(it))
    }

    /// Whether all that is known of them is that nobody can tell.
    pub(super) fn are_only_presumed(self) -> bool {
        let is_known = |it: &Activity| *it != Activity::Presumed && self.has(*it);
        self.has(Activity::Presumed) && !Activity::ALL.iter().any(is_known)
    }

    /// Whether all of them are starting or ending.
    fn are_passing(self) -> bool {
        let is_passing = self.has(Activity::Starting) || self.has(Activity::Ending);
        is_passing && !self.is_told() && !self.has(Activity::Stuck)
    }
}

/// What the pods of a workload without a template count as while they start, by their own spec.
pub(super) fn without_template(owner: &Owner, pods: Pods) -> Option<RunState> {
    let is_passing = pods.has(Activity::Starting) && pods.are_passing();
    let state = match owner.kind.as_str() {
        "CronJob" => RunState::Scheduled,
        _ => RunState::Presumed(Presumed::RollingOut),
    };
    is_passing.then_some(state)
}
