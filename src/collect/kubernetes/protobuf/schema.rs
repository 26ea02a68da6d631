//! The fields that are read of Kubernetes' messages: their numbers, and their names in JSON. Pure.
//!
//! Source: `generated.proto` of k8s.io/apimachinery and k8s.io/api, where a number never changes
//! its meaning. A field that is not here is passed over, values of environment variables among
//! them.

/// How a field is to be understood.
#[derive(Debug)]
pub(super) enum FieldKind {
    Text,
    Bool,
    /// A number that means something when it is 0.
    Number,
    /// A number that JSON leaves out when it is 0.
    NumberOrNone,
    /// `metav1.Time`; an empty one is none.
    Time,
    Message(&'static [MessageField]),
    /// A list of messages.
    List(&'static [MessageField]),
    /// Of Go's embedded structs: the fields stand in the message itself as JSON has them.
    Embedded(&'static [MessageField]),
    /// `map<string, string>`.
    TextMap,
    /// `runtime.RawExtension`: JSON within.
    Json,
}

/// One field of a message.
#[derive(Debug)]
pub(super) struct MessageField {
    pub(super) number: u32,
    pub(super) name: &'static str,
    pub(super) kind: FieldKind,
}

const fn field(number: u32, name: &'static str, kind: FieldKind) -> MessageField {
    MessageField { number, name, kind }
}

const fn text(number: u32, name: &'static str) -> MessageField {
    field(number, name, FieldKind::Text)
}

const fn time(number: u32, name: &'static str) -> MessageField {
    field(number, name, FieldKind::Time)
}

const fn message(number: u32, name: &'static str, fields: &'static [MessageField]) -> MessageField {
    field(number, name, FieldKind::Message(fields))
}

const fn list(number: u32, name: &'static str, fields: &'static [MessageField]) -> MessageField {
    field(number, name, FieldKind::List(fields))
}

/// Where the items of each list stand.
pub(super) const ITEMS: u32 = 2;

/// `metav1.ListMeta`: what each list says of itself, as its field 1.
pub(super) const LIST_META: &[MessageField] =
    &[text(3, "continue"), field(4, "remainingItemCount", FieldKind::Number)];

/// The items of a list of that kind; `None` if we never ask for it.
pub(super) fn item_of(list: &str) -> Option<&'static [MessageField]> {
    Some(match list {
        "PodList" => POD,
        "NodeList" => NODE,
        "DeploymentList" => DEPLOYMENT,
        "StatefulSetList" => STATEFUL_SET,
        "DaemonSetList" => DAEMON_SET,
        "ReplicaSetList" => REPLICA_SET,
        "ControllerRevisionList" => CONTROLLER_REVISION,
        "CronJobList" => CRON_JOB,
        _ => return None,
    })
}

/// An object that is asked for by its name.
pub(super) fn object(kind: &str) -> Option<&'static [MessageField]> {
    match kind {
        "Namespace" => Some(NAMESPACE),
        "Status" => Some(STATUS),
        _ => None,
    }
}

/// What a refusal says.
const STATUS: &[MessageField] = &[text(3, "message")];

const NAMESPACE: &[MessageField] = &[message(1, "metadata", OBJECT_META)];

const OBJECT_META: &[MessageField] = &[
    text(1, "name"),
    text(2, "generateName"),
    text(3, "namespace"),
    text(5, "uid"),
    field(7, "generation", FieldKind::NumberOrNone),
    time(8, "creationTimestamp"),
    time(9, "deletionTimestamp"),
    field(11, "labels", FieldKind::TextMap),
    field(12, "annotations", FieldKind::TextMap),
    list(13, "ownerReferences", OWNER_REFERENCE),
];

const OWNER_REFERENCE: &[MessageField] =
    &[text(1, "kind"), text(3, "name"), field(6, "controller", FieldKind::Bool)];

const POD: &[MessageField] = &[
    message(1, "metadata", OBJECT_META),
    message(2, "spec", POD_SPEC),
    message(3, "status", POD_STATUS),
];

const POD_SPEC: &[MessageField] = &[
    list(2, "containers", CONTAINER),
    text(3, "restartPolicy"),
    text(10, "nodeName"),
    list(20, "initContainers", CONTAINER),
    list(34, "ephemeralContainers", EPHEMERAL_CONTAINER),
];

const CONTAINER: &[MessageField] = &[text(1, "name"), text(2, "image")];

const EPHEMERAL_CONTAINER: &[MessageField] = &[field(1, "", FieldKind::Embedded(CONTAINER))];

const POD_STATUS: &[MessageField] = &[
    text(1, "phase"),
    text(4, "reason"),
    list(8, "containerStatuses", CONTAINER_STATUS),
    list(10, "initContainerStatuses", CONTAINER_STATUS),
    list(13, "ephemeralContainerStatuses", CONTAINER_STATUS),
];

const CONTAINER_STATUS: &[MessageField] = &[
    text(1, "name"),
    message(2, "state", CONTAINER_STATE),
    message(3, "lastState", CONTAINER_STATE),
    field(5, "restartCount", FieldKind::Number),
    text(7, "imageID"),
    text(8, "containerID"),
];

const CONTAINER_STATE: &[MessageField] = &[
    message(1, "waiting", &[text(1, "reason")]),
    message(2, "running", &[time(1, "startedAt")]),
    message(3, "terminated", TERMINATED),
];

const TERMINATED: &[MessageField] =
    &[field(1, "exitCode", FieldKind::Number), text(3, "reason"), time(6, "finishedAt")];

const TEMPLATE: &[MessageField] =
    &[message(1, "metadata", OBJECT_META), message(2, "spec", POD_SPEC)];

const DEPLOYMENT: &[MessageField] = &[
    message(1, "metadata", OBJECT_META),
    message(
        2,
        "spec",
        &[
            field(1, "replicas", FieldKind::Number),
            message(3, "template", TEMPLATE),
            field(6, "revisionHistoryLimit", FieldKind::Number),
        ],
    ),
    message(
        3,
        "status",
        &[
            field(1, "observedGeneration", FieldKind::NumberOrNone),
            field(3, "updatedReplicas", FieldKind::NumberOrNone),
            list(6, "conditions", &[text(1, "type"), time(6, "lastUpdateTime")]),
        ],
    ),
];

const STATEFUL_SET: &[MessageField] = &[
    message(1, "metadata", OBJECT_META),
    message(
        2,
        "spec",
        &[
            field(1, "replicas", FieldKind::Number),
            message(3, "template", TEMPLATE),
            field(8, "revisionHistoryLimit", FieldKind::Number),
        ],
    ),
    message(
        3,
        "status",
        &[
            field(1, "observedGeneration", FieldKind::NumberOrNone),
            field(5, "updatedReplicas", FieldKind::NumberOrNone),
            list(10, "conditions", &[text(1, "type")]),
        ],
    ),
];

const DAEMON_SET: &[MessageField] = &[
    message(1, "metadata", OBJECT_META),
    message(
        2,
        "spec",
        &[message(2, "template", TEMPLATE), field(6, "revisionHistoryLimit", FieldKind::Number)],
    ),
    message(
        3,
        "status",
        &[
            field(3, "desiredNumberScheduled", FieldKind::Number),
            field(5, "observedGeneration", FieldKind::NumberOrNone),
            field(6, "updatedNumberScheduled", FieldKind::NumberOrNone),
            list(10, "conditions", &[text(1, "type")]),
        ],
    ),
];

const REPLICA_SET: &[MessageField] = &[
    message(1, "metadata", OBJECT_META),
    message(
        2,
        "spec",
        &[field(1, "replicas", FieldKind::Number), message(3, "template", TEMPLATE)],
    ),
];

const CONTROLLER_REVISION: &[MessageField] = &[
    message(1, "metadata", OBJECT_META),
    field(2, "data", FieldKind::Json),
    field(3, "revision", FieldKind::Number),
];

const CRON_JOB: &[MessageField] = &[
    message(1, "metadata", OBJECT_META),
    message(
        2,
        "spec",
        &[
            field(4, "suspend", FieldKind::Bool),
            message(5, "jobTemplate", &[message(2, "spec", &[message(6, "template", TEMPLATE)])]),
        ],
    ),
];

const NODE: &[MessageField] = &[
    message(1, "metadata", OBJECT_META),
    message(2, "spec", &[list(5, "taints", &[text(1, "key")])]),
    message(
        3,
        "status",
        &[list(4, "conditions", NODE_CONDITION), message(7, "nodeInfo", NODE_SYSTEM_INFO)],
    ),
];

const NODE_CONDITION: &[MessageField] =
    &[text(1, "type"), text(2, "status"), time(3, "lastHeartbeatTime")];

const NODE_SYSTEM_INFO: &[MessageField] = &[
    text(4, "kernelVersion"),
    text(5, "osImage"),
    text(6, "containerRuntimeVersion"),
    text(7, "kubeletVersion"),
    text(9, "operatingSystem"),
    text(10, "architecture"),
];
