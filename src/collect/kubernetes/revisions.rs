//! What a cluster remembers of its workloads: ReplicaSets, ControllerRevisions, and how far each
//! workload and its pods are. Pure.
//!
//! Of templates the names of containers and their images are read, and nothing else: neither
//! environment variables nor values are kept anywhere.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::objects::{OwnerReference, Pod, PodSpec, StateReason, Text, or_default};
use super::parse::{MAX_VALUE, ObjectTally, is_name};
use super::payload::Payload;
use super::pod::{owner, time};
use super::workloads::NamespaceSelection;
use crate::model::{
    ContainerHealth, Failure, FailureKind, Revision, Revisions, WorkloadHealth, WorkloadName,
};

/// What a server can make us keep, in bytes: some 50,000 revisions.
const MAX_KEPT: usize = 16 << 20;

/// What one entry takes besides its texts.
const ENTRY: usize = 200;

/// Containers of one workload that are told, the worst of each.
const TOLD: usize = 32;

/// What is remembered, as it comes in pages.
#[derive(Clone, Debug, Default)]
pub(super) struct RevisionsRead {
    selection: NamespaceSelection,
    revisions: Vec<Revision>,
    workloads: BTreeMap<WorkloadName, WorkloadHealth>,
    troubles: BTreeMap<WorkloadName, BTreeMap<String, ContainerHealth>>,
    bytes: usize,
    tally: ObjectTally,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta<'a> {
    #[serde(default, borrow)]
    name: Text<'a>,
    #[serde(default, borrow)]
    namespace: Text<'a>,
    #[serde(default, borrow)]
    creation_timestamp: Text<'a>,
    #[serde(default)]
    generation: Option<i64>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    labels: Labels<'a>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    annotations: Annotations<'a>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    owner_references: Owners<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct Labels<'a> {
    #[serde(default, borrow, rename = "pod-template-hash")]
    template_hash: Text<'a>,
    #[serde(default, borrow, rename = "controller-revision-hash")]
    revision_hash: Text<'a>,
    #[serde(default, borrow, rename = "controller.kubernetes.io/hash")]
    controller_hash: Text<'a>,
    #[serde(default, borrow, rename = "helm.sh/chart")]
    chart: Text<'a>,
}

/// The two that the Deployment controller writes; no other is read.
#[derive(Debug, Default, Deserialize)]
struct Annotations<'a> {
    #[serde(default, borrow, rename = "deployment.kubernetes.io/revision")]
    revision: Text<'a>,
    #[serde(default, borrow, rename = "deployment.kubernetes.io/revision-history")]
    history: Text<'a>,
}

/// An object has one controller, and seldom other owners.
#[derive(Debug, Default)]
struct Owners<'a>(Vec<OwnerReference<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Owners<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(transparent)]
        struct Few<'a>(
            #[serde(borrow, deserialize_with = "super::objects::few")] Vec<OwnerReference<'a>>,
        );
        Few::deserialize(d).map(|few| Self(few.0))
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct ReplicaSet<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow)]
    spec: SetSpec<'a>,
}

#[derive(Debug, Deserialize)]
struct SetSpec<'a> {
    #[serde(default)]
    replicas: Option<i64>,
    #[serde(default, borrow)]
    template: Option<SetTemplate<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct SetTemplate<'a> {
    #[serde(default, borrow, deserialize_with = "or_default")]
    metadata: Meta<'a>,
    #[serde(borrow)]
    spec: PodSpec<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ControllerRevision<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    data: RevisionData<'a>,
    #[serde(default)]
    revision: Option<i64>,
}

/// A controller may keep anything here; ours keep a template.
#[derive(Debug, Default, Deserialize)]
struct RevisionData<'a> {
    #[serde(default, borrow, deserialize_with = "or_default")]
    spec: RevisionSpec<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct RevisionSpec<'a> {
    #[serde(default, borrow)]
    template: Option<SetTemplate<'a>>,
}

/// A Deployment, StatefulSet or DaemonSet, as far as it says how far it is.
#[derive(Debug, Deserialize)]
pub(super) struct Rollout<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(default, deserialize_with = "or_default")]
    spec: RolloutSpec,
    #[serde(default, borrow, deserialize_with = "or_default")]
    status: RolloutStatus<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RolloutSpec {
    #[serde(default)]
    replicas: Option<i64>,
    #[serde(default)]
    revision_history_limit: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RolloutStatus<'a> {
    #[serde(default)]
    observed_generation: Option<i64>,
    #[serde(default)]
    updated_replicas: Option<i64>,
    #[serde(default)]
    updated_number_scheduled: Option<i64>,
    #[serde(default)]
    desired_number_scheduled: Option<i64>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    conditions: Conditions<'a>,
}

#[derive(Debug, Default)]
struct Conditions<'a>(Vec<Condition<'a>>);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Condition<'a> {
    #[serde(default, borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(default, borrow)]
    last_update_time: Text<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Conditions<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(transparent)]
        struct Few<'a>(
            #[serde(borrow, deserialize_with = "super::objects::few")] Vec<Condition<'a>>,
        );
        Few::deserialize(d).map(|few| Self(few.0))
    }
}

impl RevisionsRead {
    pub(super) fn new(selection: NamespaceSelection) -> Self {
        Self { selection, ..Self::default() }
    }

    /// One page of a ReplicaSetList.
    pub(super) fn replica_sets(&mut self, body: Payload<'_>) -> Result<(), Failure> {
        let unread = body.items(|set: ReplicaSet<'_>| {
            let hash = set.metadata.labels.template_hash.to_string();
            let number = set.metadata.annotations.revision.parse().ok();
            let is_reused = !set.metadata.annotations.history.is_empty();
            let replicas = Some(set.spec.replicas.unwrap_or(1));
            let told = (hash, number, is_reused, replicas);
            self.revision(&set.metadata, "Deployment", set.spec.template.as_ref(), told);
        })?;
        self.page(unread)
    }

    /// One page of a ControllerRevisionList.
    pub(super) fn controller_revisions(&mut self, body: Payload<'_>) -> Result<(), Failure> {
        let unread = body.items(|one: ControllerRevision<'_>| {
            let labels = &one.metadata.labels;
            let hashes = [&labels.revision_hash, &labels.controller_hash];
            let hash = hashes.into_iter().find(|hash| !hash.is_empty());
            let hash = hash.unwrap_or(&one.metadata.name).to_string();
            let told = (hash, one.revision, false, None);
            self.revision(&one.metadata, "", one.data.spec.template.as_ref(), told);
        })?;
        self.page(unread)
    }

    /// One page of a list of workloads of a kind.
    pub(super) fn workloads(&mut self, kind: &str, body: Payload<'_>) -> Result<(), Failure> {
        let unread = body.items(|one: Rollout<'_>| self.workload(kind, &one))?;
        self.page(unread)
    }

    /// One page of a PodList.
    pub(super) fn pods(&mut self, body: Payload<'_>) -> Result<(), Failure> {
        let unread = body.items(|pod: Pod<'_>| self.pod(&pod))?;
        self.page(unread)
    }

    fn page(&mut self, unread: usize) -> Result<(), Failure> {
        self.tally.add(0, unread);
        if self.bytes <= MAX_KEPT {
            return Ok(());
        }
        let message = format!("the cluster's revisions take more than {} MiB", MAX_KEPT >> 20);
        Err(Failure::new(FailureKind::TooLarge, message)
            .advise("name the namespaces that matter by namespaces.include, in several targets"))
    }

    /// Takes over what another list told.
    pub(super) fn merge(&mut self, other: Self) -> Result<(), Failure> {
        self.revisions.extend(other.revisions);
        self.workloads.extend(other.workloads);
        for (name, containers) in other.troubles {
            self.troubles.entry(name).or_default().extend(containers);
        }
        self.bytes += other.bytes;
        self.tally = self.tally.plus(other.tally);
        self.page(0)
    }

    /// All of it, or why not all of it could be read.
    pub(super) fn finish(mut self) -> Result<Revisions, Failure> {
        if let Some(failure) = self.tally.failure("revisions") {
            return Err(failure);
        }
        mark_returned(&mut self.revisions);
        self.revisions.sort_by(|a, b| (&a.workload, a.created).cmp(&(&b.workload, b.created)));
        for (name, containers) in self.troubles {
            // Pods that nothing controls are no workload that is rolled out.
            if let Some(health) = self.workloads.get_mut(&name) {
                health.containers = containers.into_values().collect();
            }
        }
        Ok(Revisions {
            revisions: self.revisions,
            refused: None,
            workloads: self.workloads.into_values().collect(),
        })
    }

    fn name_of(&mut self, meta: &Meta<'_>, kind: &str) -> Option<WorkloadName> {
        let owner = meta.owner_references.0.iter().find(|owner| owner.controller);
        let own = WorkloadName {
            namespace: meta.namespace.to_string(),
            kind: owner.map_or(kind.to_owned(), |owner| owner.kind.to_string()),
            name: owner.map_or_else(|| meta.name.to_string(), |owner| owner.name.to_string()),
        };
        self.selected(own)
    }

    fn selected(&mut self, name: WorkloadName) -> Option<WorkloadName> {
        if !is_name(&name.name) || !is_name(&name.namespace) || name.kind.len() > MAX_VALUE {
            self.tally.add(0, 1);
            return None;
        }
        (self.bytes <= MAX_KEPT && self.selection.selects(&name.namespace)).then_some(name)
    }

    fn revision(
        &mut self,
        meta: &Meta<'_>,
        kind: &str,
        template: Option<&SetTemplate<'_>>,
        (hash, number, is_reused, replicas): (String, Option<i64>, bool, Option<i64>),
    ) {
        let Some(workload) = self.name_of(meta, kind) else { return };
        let Some(template) = template else { return self.tally.add(0, 1) };
        let PodSpec { containers, init_containers, .. } = &template.spec;
        let all = || containers.iter().chain(init_containers);
        if all().any(|one| !is_name(&one.name) || one.image.len() > MAX_VALUE) {
            return self.tally.add(0, 1);
        }
        let charts = [&meta.labels.chart, &template.metadata.labels.chart];
        let chart = charts.into_iter().find(|chart| !chart.is_empty());
        let chart = chart.filter(|chart| chart.len() <= MAX_VALUE);
        let images: Vec<(String, String)> =
            all().map(|one| (one.name.to_string(), one.image.to_string())).collect();
        let texts: usize = images.iter().map(|(a, b)| a.len() + b.len() + ENTRY).sum();
        self.bytes += ENTRY + workload.namespace.len() + workload.name.len() + hash.len() + texts;
        self.tally.add(1, 0);
        self.revisions.push(Revision {
            workload,
            template: hash,
            created: time(&meta.creation_timestamp),
            number,
            is_reused,
            replicas,
            chart: chart.map(|chart| chart.to_string()).unwrap_or_default(),
            images,
        });
    }

    fn workload(&mut self, kind: &str, one: &Rollout<'_>) {
        let name = WorkloadName {
            namespace: one.metadata.namespace.to_string(),
            kind: kind.to_owned(),
            name: one.metadata.name.to_string(),
        };
        let Some(workload) = self.selected(name) else { return };
        self.tally.add(1, 0);
        let (spec, status) = (&one.spec, &one.status);
        let is_set = kind == "DaemonSet";
        let desired = if is_set { status.desired_number_scheduled } else { spec.replicas };
        let updated =
            if is_set { status.updated_number_scheduled } else { status.updated_replicas };
        let moved = status.conditions.0.iter().find(|one| &*one.kind == "Progressing");
        let health = WorkloadHealth {
            desired: desired.unwrap_or(i64::from(!is_set)),
            updated: updated.unwrap_or(0),
            is_observed: one.metadata.generation.is_none()
                || status.observed_generation >= one.metadata.generation,
            moved: moved.and_then(|one| time(&one.last_update_time)),
            history_limit: spec.revision_history_limit,
            containers: Vec::new(),
            workload: workload.clone(),
        };
        self.bytes += ENTRY + workload.namespace.len() + workload.name.len();
        self.workloads.insert(workload, health);
    }

    fn pod(&mut self, pod: &Pod<'_>) {
        let owner = owner(&pod.metadata);
        let (namespace, kind, name) = (owner.namespace, owner.kind, owner.name);
        let Some(workload) = self.selected(WorkloadName { namespace, kind, name }) else { return };
        self.tally.add(1, 0);
        for status in &pod.status.container_statuses {
            let ended = status.last_state.terminated.as_ref().or(status.state.terminated.as_ref());
            let waiting = status.state.waiting.as_ref();
            let text = |of: Option<&StateReason<'_>>| -> String {
                of.map(|of| of.reason.chars().take(64).collect()).unwrap_or_default()
            };
            let seen = ContainerHealth {
                container: status.name.to_string(),
                restarts: status.restart_count.unwrap_or(0),
                pod_created: time(&pod.metadata.creation_timestamp),
                ended: ended.and_then(|ended| time(&ended.finished_at)),
                end_reason: text(ended),
                waiting: text(waiting),
            };
            let is_fine = seen.restarts == 0 && waiting.is_none() && seen.end_reason != "OOMKilled";
            if is_fine || !is_name(&seen.container) {
                continue;
            }
            let own = self.troubles.entry(workload.clone()).or_default();
            if own.len() < TOLD || own.contains_key(&seen.container) {
                self.bytes += ENTRY + seen.container.len();
                own.entry(seen.container.clone())
                    .and_modify(|known| worse(known, &seen))
                    .or_insert(seen);
            }
        }
    }
}

/// The worst of several pods: what any of them says counts.
fn worse(known: &mut ContainerHealth, other: &ContainerHealth) {
    if other.restarts > known.restarts {
        (known.restarts, known.pod_created) = (other.restarts, other.pod_created);
    }
    known.ended = known.ended.max(other.ended);
    let is_worse = other.end_reason == "OOMKilled" || known.end_reason.is_empty();
    if is_worse {
        known.end_reason.clone_from(&other.end_reason);
    }
    if known.waiting.is_empty() {
        known.waiting.clone_from(&other.waiting);
    }
}

/// A ControllerRevision that returns keeps its time and gets the highest number.
fn mark_returned(revisions: &mut [Revision]) {
    let mut newest: BTreeMap<WorkloadName, (Option<i64>, BTreeSet<Option<jiff::Timestamp>>)> =
        BTreeMap::new();
    for one in revisions.iter().filter(|one| one.replicas.is_none()) {
        let (number, times) = newest.entry(one.workload.clone()).or_default();
        *number = (*number).max(one.number);
        times.insert(one.created);
    }
    for one in revisions.iter_mut().filter(|one| one.replicas.is_none()) {
        let Some((number, times)) = newest.get(&one.workload) else { continue };
        let is_newest = one.number == *number;
        one.is_reused = is_newest && times.last().is_some_and(|last| *last > one.created);
    }
}
