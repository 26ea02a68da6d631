//! Kubernetes objects, with the fields that mean something to us and no others. Pure.
//!
//! Kubernetes API v1, `apps/v1`, `batch/v1`. Everything is borrowed from the answer; environment
//! variables, commands, annotations and the values of ConfigMaps and Secrets are never read.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Text that is borrowed where the JSON has no escapes in it. `null` is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);
        Option::<Borrowed<'a>>::deserialize(deserializer)
            .map(|text| text.map(|t| Self(t.0)).unwrap_or_default())
    }
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Go writes `null` for an empty list or map.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: serde::Deserialize<'de> + Default>(
    d: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(d).map(Option::unwrap_or_default)
}

/// More than a pod has of anything. Each one takes a hundred times the room of its JSON.
const MAX_FEW: usize = 256;

/// A list that is short in everything that Kubernetes writes: a longer one is an error of the item
/// that it is in.
pub(super) fn few<'de, D: Deserializer<'de>, T: serde::Deserialize<'de>>(
    d: D,
) -> Result<Vec<T>, D::Error> {
    d.deserialize_seq(Few(PhantomData))
}

/// As [`few`], or `null`.
fn few_or_null<'de, D: Deserializer<'de>, T: serde::Deserialize<'de>>(
    d: D,
) -> Result<Vec<T>, D::Error> {
    d.deserialize_option(Few(PhantomData))
}

struct Few<T>(PhantomData<T>);

impl<'de, T: serde::Deserialize<'de>> Visitor<'de> for Few<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "an array of at most {MAX_FEW}")
    }

    fn visit_none<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Vec<T>, D::Error> {
        d.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element()? {
            if read.len() == MAX_FEW {
                return Err(A::Error::invalid_length(MAX_FEW + 1, &self));
            }
            read.push(item);
        }
        Ok(read)
    }
}

/// What a list says of itself, before its items.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PageHead {
    pub(super) kind: String,
    /// Asks for the next page.
    pub(super) next: Option<String>,
    /// Whether it says that there is more.
    pub(super) is_page: bool,
}

impl PageHead {
    /// `None` without a kind.
    pub(super) fn new(kind: String, metadata: Option<ListMeta<'_>>) -> Option<Self> {
        let is_page = metadata.as_ref().is_some_and(ListMeta::is_page);
        let next = metadata.map(|meta| meta.next.to_string()).filter(|next| !next.is_empty());
        (!kind.is_empty()).then_some(Self { kind, next, is_page })
    }
}

/// `metadata` of a list.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListMeta<'a> {
    #[serde(default, borrow, rename = "continue")]
    pub(super) next: Text<'a>,
    /// Of a page that is not the last one.
    #[serde(default)]
    pub(super) remaining_item_count: Option<i64>,
}

impl ListMeta<'_> {
    /// Whether there is more than this page.
    pub(super) fn is_page(&self) -> bool {
        !self.next.is_empty() || self.remaining_item_count.is_some_and(|rest| rest > 0)
    }
}

/// Any object, by its metadata.
#[derive(Debug, serde::Deserialize)]
pub(super) struct NamedObject<'a> {
    #[serde(borrow)]
    pub(super) metadata: Metadata<'a>,
}

/// What any object says that it is.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Said<'a> {
    #[serde(default, borrow)]
    pub(super) kind: Text<'a>,
    #[serde(default, borrow)]
    pub(super) metadata: Option<SaidName<'a>>,
}

/// Its name.
#[derive(Debug, serde::Deserialize)]
pub(super) struct SaidName<'a> {
    #[serde(default, borrow)]
    pub(super) name: Text<'a>,
    #[serde(default, borrow)]
    pub(super) namespace: Text<'a>,
}

impl<'a> Said<'a> {
    /// An object that is none says nothing.
    pub(super) fn by(item: &'a RawValue) -> Self {
        serde_json::from_str(item.get()).unwrap_or_default()
    }
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata<'a> {
    #[serde(default, borrow)]
    pub(super) name: Text<'a>,
    #[serde(default, borrow)]
    pub(super) generate_name: Text<'a>,
    #[serde(default, borrow)]
    pub(super) namespace: Text<'a>,
    #[serde(default, borrow)]
    pub(super) uid: Text<'a>,
    #[serde(default, borrow)]
    pub(super) creation_timestamp: Text<'a>,
    /// Set once it is to go.
    #[serde(default, borrow)]
    pub(super) deletion_timestamp: Text<'a>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    pub(super) labels: ObjectLabels<'a>,
    #[serde(default, borrow, deserialize_with = "few_or_null")]
    pub(super) owner_references: Vec<OwnerReference<'a>>,
}

/// The labels that mean something to us.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct ObjectLabels<'a> {
    #[serde(default, borrow, rename = "pod-template-hash")]
    pub(super) template_hash: Text<'a>,
    /// Of Argo Rollouts.
    #[serde(default, borrow, rename = "rollouts-pod-template-hash")]
    pub(super) rollout_hash: Text<'a>,
    /// Of OpenShift: what makes a ReplicationController for each rollout.
    #[serde(default, borrow, rename = "deploymentconfig")]
    pub(super) deployment_config: Text<'a>,
    /// `redis-19.1.0`.
    #[serde(default, borrow, rename = "helm.sh/chart")]
    pub(super) chart: Text<'a>,
    #[serde(default, borrow, rename = "app.kubernetes.io/version")]
    pub(super) app_version: Text<'a>,
    /// Of a node: `virtual-kubelet`.
    #[serde(default, borrow, rename = "type")]
    pub(super) node_type: Text<'a>,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct OwnerReference<'a> {
    #[serde(borrow)]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) controller: bool,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct Pod<'a> {
    #[serde(borrow)]
    pub(super) metadata: Metadata<'a>,
    #[serde(borrow)]
    pub(super) spec: PodSpec<'a>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    pub(super) status: PodStatus<'a>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PodSpec<'a> {
    #[serde(borrow, deserialize_with = "few")]
    pub(super) containers: Vec<PodContainer<'a>>,
    #[serde(default, borrow, deserialize_with = "few_or_null")]
    pub(super) init_containers: Vec<PodContainer<'a>>,
    #[serde(default, borrow, deserialize_with = "few_or_null")]
    pub(super) ephemeral_containers: Vec<PodContainer<'a>>,
    #[serde(default, borrow)]
    pub(super) restart_policy: Text<'a>,
    /// Empty until it is scheduled.
    #[serde(default, borrow)]
    pub(super) node_name: Text<'a>,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct PodContainer<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(default, borrow)]
    pub(super) image: Text<'a>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PodStatus<'a> {
    #[serde(default, borrow)]
    pub(super) phase: Text<'a>,
    /// `Evicted`, `NodeLost`.
    #[serde(default, borrow)]
    pub(super) reason: Text<'a>,
    #[serde(default, borrow, deserialize_with = "few_or_null")]
    pub(super) container_statuses: Vec<ContainerStatus<'a>>,
    #[serde(default, borrow, deserialize_with = "few_or_null")]
    pub(super) init_container_statuses: Vec<ContainerStatus<'a>>,
    #[serde(default, borrow, deserialize_with = "few_or_null")]
    pub(super) ephemeral_container_statuses: Vec<ContainerStatus<'a>>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContainerStatus<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(default, borrow, rename = "imageID")]
    pub(super) image_id: Text<'a>,
    /// `containerd://…`: what runs it.
    #[serde(default, borrow, rename = "containerID")]
    pub(super) container_id: Text<'a>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    pub(super) state: ContainerState<'a>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    pub(super) last_state: ContainerState<'a>,
    #[serde(default)]
    pub(super) restart_count: Option<i64>,
}

/// One of the three; without any it waits.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct ContainerState<'a> {
    #[serde(default, borrow)]
    pub(super) running: Option<Started<'a>>,
    #[serde(default, borrow)]
    pub(super) waiting: Option<StateReason<'a>>,
    #[serde(default, borrow)]
    pub(super) terminated: Option<StateReason<'a>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Started<'a> {
    #[serde(default, borrow)]
    pub(super) started_at: Text<'a>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StateReason<'a> {
    #[serde(default, borrow)]
    pub(super) reason: Text<'a>,
    /// Of what has ended.
    #[serde(default)]
    pub(super) exit_code: Option<i64>,
    #[serde(default, borrow)]
    pub(super) finished_at: Text<'a>,
}

/// What a kubelet says of its node: `Ready` is `Unknown`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeCondition<'a> {
    #[serde(default, borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(default, borrow)]
    pub(super) status: Text<'a>,
    #[serde(default, borrow)]
    pub(super) last_heartbeat_time: Text<'a>,
}

/// A Deployment, StatefulSet, DaemonSet or CronJob.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Workload<'a> {
    #[serde(borrow)]
    pub(super) metadata: Metadata<'a>,
    #[serde(borrow)]
    pub(super) spec: WorkloadSpec<'a>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) status: WorkloadStatus,
}

/// How far its controller is.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkloadStatus {
    /// The generation that the controller has seen.
    #[serde(default)]
    pub(super) observed_generation: Option<i64>,
    /// Of a DaemonSet: how many nodes are to have a pod.
    #[serde(default)]
    pub(super) desired_number_scheduled: Option<i64>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkloadSpec<'a> {
    #[serde(default)]
    pub(super) replicas: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) suspend: bool,
    #[serde(default, borrow)]
    template: Option<Template<'a>>,
    #[serde(default, borrow)]
    job_template: Option<JobTemplate<'a>>,
}

impl<'a> WorkloadSpec<'a> {
    /// What its pods are made of.
    pub(super) fn pod(&self) -> Option<&PodSpec<'a>> {
        let template = self
            .template
            .as_ref()
            .or_else(|| self.job_template.as_ref()?.spec.template.as_ref())?;
        Some(&template.spec)
    }
}

#[derive(Debug, serde::Deserialize)]
struct Template<'a> {
    #[serde(borrow)]
    spec: PodSpec<'a>,
}

#[derive(Debug, serde::Deserialize)]
struct JobTemplate<'a> {
    #[serde(borrow)]
    spec: JobSpec<'a>,
}

#[derive(Debug, serde::Deserialize)]
struct JobSpec<'a> {
    #[serde(default, borrow)]
    template: Option<Template<'a>>,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct Node<'a> {
    #[serde(borrow)]
    pub(super) metadata: Metadata<'a>,
    #[serde(default, borrow, deserialize_with = "or_default")]
    pub(super) spec: NodeSpec<'a>,
    #[serde(borrow)]
    pub(super) status: NodeStatus<'a>,
}

#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct NodeSpec<'a> {
    #[serde(default, borrow, deserialize_with = "or_default")]
    pub(super) taints: Vec<Taint<'a>>,
}

/// What keeps pods away that do not ask for such a node.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Taint<'a> {
    #[serde(default, borrow)]
    pub(super) key: Text<'a>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeStatus<'a> {
    #[serde(default, borrow, deserialize_with = "or_default")]
    pub(super) node_info: NodeInfo<'a>,
    #[serde(default, borrow, deserialize_with = "few_or_null")]
    pub(super) conditions: Vec<NodeCondition<'a>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeInfo<'a> {
    #[serde(default, borrow)]
    pub(super) kubelet_version: Text<'a>,
    #[serde(default, borrow)]
    pub(super) container_runtime_version: Text<'a>,
    #[serde(default, borrow)]
    pub(super) kernel_version: Text<'a>,
    #[serde(default, borrow)]
    pub(super) os_image: Text<'a>,
    /// `linux` or `windows`.
    #[serde(default, borrow)]
    pub(super) operating_system: Text<'a>,
    #[serde(default, borrow)]
    pub(super) architecture: Text<'a>,
}
