//! Whether a workload's template counts, as its pods are. Pure.
//!
//! Pods come and go within minutes while what is deployed stays: a workload whose pods are all
//! starting or ending is told by what they are made of.

use jiff::{SignedDuration, Timestamp};

use super::super::objects::Workload;
use super::super::pod::{Activity, Owner};
use crate::model::{Presumed, RunState};

/// What the standard labels say of a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Labels {
    pub(super) chart: String,
    pub(super) app_version: String,
}

impl Labels {
    pub(super) fn bytes(&self) -> usize {
        self.chart.len() + self.app_version.len()
    }
}

/// A pod that waits for longer is not about to start.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);

/// A workload's template.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub(super) labels: Labels,
    /// Name, reference, and whether it is the only one.
    pub(super) containers: Vec<(String, String, bool)>,
    wants: Wants,
    progress: Progress,
}

/// What is to run of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wants {
    Pods,
    Nothing,
    /// Pods from time to time.
    Schedule,
    /// A schedule that somebody has stopped.
    Suspended,
}

/// How far its controller says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Unsaid,
    UnderWay,
    /// It has given up for now.
    Failing,
}

impl Setup {
    pub(super) fn new(
        kind: &str,
        workload: &Workload<'_>,
        labels: Labels,
        containers: Vec<(String, String, bool)>,
    ) -> Self {
        let wants = match (kind, workload.spec.replicas, workload.spec.suspend) {
            ("CronJob", _, true) => Wants::Suspended,
            ("CronJob", ..) => Wants::Schedule,
            (_, Some(0), _) => Wants::Nothing,
            _ => Wants::Pods,
        };
        Self { labels, containers, wants, progress: progress(workload) }
    }

    /// What it takes to keep it, roughly.
    pub(super) fn bytes(&self) -> usize {
        const CONTAINER: usize = 96;
        let of = |(name, image, _): &(String, String, bool)| CONTAINER + name.len() + image.len();
        self.labels.bytes() + self.containers.iter().map(of).sum::<usize>()
    }

    /// What the template is besides the pods; `None` where they tell it.
    pub(super) fn state(&self, pods: Option<&Pods>, now: Option<Timestamp>) -> Option<RunState> {
        let not = |word: &str| Some(RunState::NotRunning(word.to_owned()));
        let pods = pods.copied().unwrap_or_default();
        if pods.is_told() {
            return None;
        }
        match self.wants {
            Wants::Schedule => Some(RunState::Scheduled),
            Wants::Suspended if !pods.is_any_left() => not("suspended"),
            Wants::Nothing if !pods.is_any_left() => not("scaled-to-zero"),
            Wants::Pods if self.is_rolling_out(pods, now) => {
                Some(RunState::Presumed(Presumed::RollingOut))
            }
            Wants::Pods if !pods.is_any_left() => not("no-pod"),
            _ => None,
        }
    }

    fn is_rolling_out(&self, pods: Pods, now: Option<Timestamp>) -> bool {
        match self.progress {
            Progress::Failing => false,
            // What was evicted or has ended is replaced at once.
            _ if !pods.is_any_left() => {
                self.progress == Progress::UnderWay || pods.has(Activity::Ended)
            }
            _ => pods.are_passing(now),
        }
    }
}

/// What the controller's conditions say.
fn progress(workload: &Workload<'_>) -> Progress {
    let has = |kind: &str, status: &str| {
        let mut conditions = workload.status.conditions.iter();
        conditions.find(|c| &*c.kind == kind && &*c.status == status)
    };
    let is_going = !workload.metadata.deletion_timestamp.is_empty();
    if is_going || has("Progressing", "False").is_some() || has("ReplicaFailure", "True").is_some()
    {
        return Progress::Failing;
    }
    let is_unseen = workload.status.observed_generation < workload.metadata.generation
        && workload.status.observed_generation.is_some();
    // A rollout that is through keeps the condition.
    let is_moving = has("Progressing", "True")
        .is_some_and(|condition| &*condition.reason != "NewReplicaSetAvailable");
    if is_unseen || is_moving { Progress::UnderWay } else { Progress::Unsaid }
}

/// What the pods of a workload are about to do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pods {
    /// By activity.
    seen: [bool; Activity::ALL.len()],
    /// When the last of those that start was made.
    made: Option<Timestamp>,
}

impl Pods {
    pub(super) fn add(&mut self, activity: Activity, made: Option<Timestamp>) {
        if let Some(seen) = self.seen.get_mut(activity as usize) {
            *seen = true;
        }
        if activity == Activity::Starting {
            self.made = self.made.max(made);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.seen.iter_mut().zip(other.seen).for_each(|(seen, other)| *seen |= other);
        self.made = self.made.max(other.made);
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

    /// Whether all of them are starting or ending, and have not been for long.
    fn are_passing(self, now: Option<Timestamp>) -> bool {
        let waits = |(made, now): (Timestamp, Timestamp)| now.duration_since(made) > PATIENCE;
        let is_starting = self.has(Activity::Starting);
        let is_late = is_starting && self.made.zip(now).is_some_and(waits);
        let is_passing = is_starting || self.has(Activity::Ending);
        is_passing && !self.is_told() && !self.has(Activity::Stuck) && !is_late
    }
}

/// What the pods of a workload without a template count as while they start, by their own spec.
pub(super) fn without_template(
    owner: &Owner,
    pods: Pods,
    now: Option<Timestamp>,
) -> Option<RunState> {
    let is_passing = pods.has(Activity::Starting) && pods.are_passing(now);
    match owner.kind.as_str() {
        // Nobody starts them again.
        "Pod" | "Job" => None,
        "CronJob" => is_passing.then_some(RunState::Scheduled),
        _ => is_passing.then_some(RunState::Presumed(Presumed::RollingOut)),
    }
}
