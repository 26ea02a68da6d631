//! What a cluster remembers of its workloads: revisions, and how far each workload is.

use jiff::Timestamp;

use super::Failure;

/// The part `revisions` of a cluster, which checklists alone ask for.
pub const REVISIONS_PART: &str = "revisions";

/// What a cluster remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revisions {
    /// ReplicaSets and ControllerRevisions, by workload and creation.
    pub revisions: Vec<Revision>,
    /// Why these are not told, if so.
    pub refused: Option<Failure>,
    /// Workloads, by name.
    pub workloads: Vec<WorkloadHealth>,
}

/// A workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkloadName {
    /// Its namespace.
    pub namespace: String,
    /// `Deployment`, `StatefulSet`, `DaemonSet`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// One template that a workload has had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Whose.
    pub workload: WorkloadName,
    /// What tells this template from others: its hash.
    pub template: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Its number: the highest is the newest rollout.
    pub number: Option<i64>,
    /// Whether it was rolled out again after another one.
    pub is_reused: bool,
    /// Pods that it is to have; `None` where it does not say (ControllerRevisions).
    pub replicas: Option<i64>,
    /// `helm.sh/chart`: `redis-19.1.0`; empty if none.
    pub chart: String,
    /// Containers and the images that they name.
    pub images: Vec<(String, String)>,
}

/// How far a workload is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadHealth {
    /// Which.
    pub workload: WorkloadName,
    /// Pods that it is to have.
    pub desired: i64,
    /// Pods of its newest template.
    pub updated: i64,
    /// Whether its controller has seen its newest template.
    pub is_observed: bool,
    /// When its rollout last moved.
    pub moved: Option<Timestamp>,
    /// How many revisions are kept besides the newest.
    pub history_limit: Option<i64>,
    /// Containers that were restarted, wait or were killed for want of memory.
    pub containers: Vec<ContainerHealth>,
}

/// A container that was restarted, waits, or was killed for want of memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContainerHealth {
    /// How often it was started again in the life of its pod.
    pub restarts: i64,
    /// Its name.
    pub container: String,
    /// When its pod was made.
    pub pod_created: Option<Timestamp>,
    /// When it ended last.
    pub ended: Option<Timestamp>,
    /// Why: `OOMKilled`; empty if it did not.
    pub end_reason: String,
    /// Why it waits: `CrashLoopBackOff`; empty if it does not.
    pub waiting: String,
}
