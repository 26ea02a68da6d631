//! What a cluster remembers, as a history keeps it: keys sorted, as in the rows of other parts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::document::Part;
use crate::model::{ContainerHealth, Outcome, Revision, Revisions, WorkloadHealth, WorkloadName};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RevisionsPiece {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<Part>,
    revisions: Vec<RevisionPiece>,
    workloads: Vec<WorkloadPiece>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RevisionPiece {
    chart: String,
    created: Option<Timestamp>,
    images: Vec<(String, String)>,
    is_reused: bool,
    kind: String,
    namespace: String,
    number: Option<i64>,
    replicas: Option<i64>,
    template: String,
    workload: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WorkloadPiece {
    containers: Vec<ContainerPiece>,
    desired: i64,
    history_limit: Option<i64>,
    is_observed: bool,
    kind: String,
    moved: Option<Timestamp>,
    namespace: String,
    updated: i64,
    workload: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ContainerPiece {
    container: String,
    end_reason: String,
    ended: Option<Timestamp>,
    pod_created: Option<Timestamp>,
    restarts: i64,
    waiting: String,
}

impl From<&Revisions> for RevisionsPiece {
    fn from(all: &Revisions) -> Self {
        let revision = |one: &Revision| RevisionPiece {
            namespace: one.workload.namespace.clone(),
            kind: one.workload.kind.clone(),
            workload: one.workload.name.clone(),
            template: one.template.clone(),
            created: one.created,
            number: one.number,
            is_reused: one.is_reused,
            replicas: one.replicas,
            chart: one.chart.clone(),
            images: one.images.clone(),
        };
        Self {
            revisions: all.revisions.iter().map(revision).collect(),
            refused: all.refused.clone().map(|failure| Part::from(&Outcome::Failed(failure))),
            workloads: all.workloads.iter().map(WorkloadPiece::from).collect(),
        }
    }
}

impl From<&WorkloadHealth> for WorkloadPiece {
    fn from(one: &WorkloadHealth) -> Self {
        let container = |one: &ContainerHealth| ContainerPiece {
            container: one.container.clone(),
            restarts: one.restarts,
            pod_created: one.pod_created,
            ended: one.ended,
            end_reason: one.end_reason.clone(),
            waiting: one.waiting.clone(),
        };
        Self {
            namespace: one.workload.namespace.clone(),
            kind: one.workload.kind.clone(),
            workload: one.workload.name.clone(),
            desired: one.desired,
            updated: one.updated,
            is_observed: one.is_observed,
            moved: one.moved,
            history_limit: one.history_limit,
            containers: one.containers.iter().map(container).collect(),
        }
    }
}

impl From<RevisionsPiece> for Revisions {
    fn from(all: RevisionsPiece) -> Self {
        let revision = |one: RevisionPiece| Revision {
            workload: WorkloadName { namespace: one.namespace, kind: one.kind, name: one.workload },
            template: one.template,
            created: one.created,
            number: one.number,
            is_reused: one.is_reused,
            replicas: one.replicas,
            chart: one.chart,
            images: one.images,
        };
        let refused = all.refused.and_then(|part| part.into_model().ok());
        Self {
            revisions: all.revisions.into_iter().map(revision).collect(),
            refused: refused.and_then(|outcome| outcome.failure().cloned()),
            workloads: all.workloads.into_iter().map(WorkloadHealth::from).collect(),
        }
    }
}

impl From<WorkloadPiece> for WorkloadHealth {
    fn from(one: WorkloadPiece) -> Self {
        let container = |one: ContainerPiece| ContainerHealth {
            container: one.container,
            restarts: one.restarts,
            pod_created: one.pod_created,
            ended: one.ended,
            end_reason: one.end_reason,
            waiting: one.waiting,
        };
        Self {
            workload: WorkloadName { namespace: one.namespace, kind: one.kind, name: one.workload },
            desired: one.desired,
            updated: one.updated,
            is_observed: one.is_observed,
            moved: one.moved,
            history_limit: one.history_limit,
            containers: one.containers.into_iter().map(container).collect(),
        }
    }
}
