//! One pod: what it belongs to, whether its containers count, and what they run. Pure.
//!
//! Owners are told by names that the control plane itself gives, without a request for each object
//! and without the right to list ReplicaSets and Jobs (of which a cluster keeps ten or more for
//! each workload): the Deployment controller names a ReplicaSet `<deployment>-<pod-template-hash>`
//! and writes that hash as a label of the pods; the CronJob controller names a Job
//! `<cronjob>-<scheduled time>`.

use jiff::Timestamp;

use super::objects::{ContainerState, ContainerStatus, Metadata, Pod, PodStatus, StateReason};
use crate::model::{Presumed, RunState};

/// What a pod belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Owner {
    pub(super) namespace: String,
    pub(super) kind: String,
    pub(super) name: String,
}

/// What runs a container: `containerd` of `containerd://1f2e…`.
pub(super) fn runtime(container_id: &str) -> &str {
    container_id.split_once("://").map_or("", |(runtime, _)| runtime)
}

/// What a node says that it runs, as configuration ID and digest in a repository: `repo@sha256:…`
/// (containerd, CRI-O), `docker-pullable://repo@sha256:…` and `docker://sha256:…` (dockershim),
/// `sha256:…` (an image that was never pulled), 64 hexadecimal digits (CRI-O). An image that was
/// imported has a repository that containerd made up (`import-2026-04-13`), and a digest of this
/// node's own.
pub(super) fn running(image_id: &str) -> (String, Vec<String>) {
    let bare = image_id.split_once("://").map_or(image_id, |(_, rest)| rest);
    let is_hex = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    match bare {
        _ if is_made_up(bare) => (String::new(), Vec::new()),
        _ if bare.contains('@') => (String::new(), vec![bare.to_owned()]),
        _ if bare.strip_prefix("sha256:").is_some_and(is_hex) => (bare.to_owned(), Vec::new()),
        _ if is_hex(bare) => (format!("sha256:{bare}"), Vec::new()),
        _ => (String::new(), Vec::new()),
    }
}

/// Whether the repository is containerd's own for an import without a name: of the day of it.
fn is_made_up(text: &str) -> bool {
    let repository = text.split('@').next().unwrap_or(text);
    let last = repository.rsplit('/').next().unwrap_or(repository);
    let day = last.strip_prefix("import-").and_then(|day| day.parse::<jiff::civil::Date>().ok());
    day.is_some_and(|day| last == format!("import-{day}"))
}

/// What a pod belongs to, so that it has one name from pod to pod and from run to run.
pub(super) fn owner(metadata: &Metadata<'_>) -> Owner {
    let owners = &metadata.owner_references;
    let controller = owners.iter().find(|owner| owner.controller).or(owners.first());
    let named = |kind: &str, name: &str| Owner {
        namespace: metadata.namespace.to_string(),
        kind: kind.to_owned(),
        name: name.to_owned(),
    };
    let Some(controller) = controller else {
        let generated = metadata.generate_name.trim_end_matches('-');
        return named("Pod", if generated.is_empty() { &metadata.name } else { generated });
    };
    let labels = &metadata.labels;
    match &*controller.kind {
        "ReplicaSet" => {
            let without = |hash: &str| without_suffix(&controller.name, hash);
            match (without(&labels.template_hash), without(&labels.rollout_hash)) {
                (Some(deployment), _) => named("Deployment", deployment),
                (None, Some(rollout)) => named("Rollout", rollout),
                (None, None) => named("ReplicaSet", &controller.name),
            }
        }
        "ReplicationController" if !labels.deployment_config.is_empty() => {
            named("DeploymentConfig", &labels.deployment_config)
        }
        "Job" => match controller.name.rsplit_once('-') {
            Some((cron_job, time)) if is_time(time) && !cron_job.is_empty() => {
                named("CronJob", cron_job)
            }
            _ => named("Job", &controller.name),
        },
        // A static pod, named after its node.
        "Node" => {
            named("Pod", without_suffix(&metadata.name, &controller.name).unwrap_or(&metadata.name))
        }
        kind => named(kind, &controller.name),
    }
}

fn without_suffix<'a>(name: &'a str, suffix: &str) -> Option<&'a str> {
    let rest = name.strip_suffix(suffix).filter(|_| !suffix.is_empty())?;
    rest.strip_suffix('-').filter(|rest| !rest.is_empty())
}

/// Minutes since 1970, as Kubernetes 1.21 and later name the Jobs of a CronJob, or seconds as
/// before; between 2017 and 2055, so that `20260413` stays a part of a Job's own name.
fn is_time(text: &str) -> bool {
    let number = text.parse::<u64>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    number.is_some_and(|n| {
        (25_000_000..45_000_000).contains(&n) || (1_500_000_000..2_700_000_000).contains(&n)
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Main,
    Init,
    Ephemeral,
}

/// What a pod is about to do, by its main containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// One of them counts.
    Runs,
    /// Nobody can tell.
    Presumed,
    /// It waits for its node, its image or its first containers.
    Starting,
    /// It is to go, and nothing in it runs any more.
    Ending,
    /// It waits for what may never come: an image that cannot be pulled.
    Stuck,
    /// It ran to its end, or was evicted.
    Ended,
}

impl Activity {
    /// All of them, each at its own number.
    pub(super) const ALL: [Self; 6] =
        [Self::Runs, Self::Presumed, Self::Starting, Self::Ending, Self::Stuck, Self::Ended];
}

/// Reasons to wait for a start that is still to come, whatever hinders it now.
const STARTING: [&str; 14] = [
    "",
    "ContainerCreating",
    "PodInitializing",
    "CreateContainerConfigError",
    "CreateContainerError",
    "PreCreateHookError",
    "PreStartHookError",
    "ImageInspectError",
    "RunInitContainerError",
    "VerifyNonRootError",
    "CreatePodSandboxError",
    "ConfigPodSandboxError",
    "KillPodSandboxError",
    "KillContainerError",
];

/// Reasons to wait for the next start. A kubelet tells now one of them and now another of one
/// container.
const RESTARTING: [&str; 5] = [
    "CrashLoopBackOff", "RunContainerError", "StartError", "ContainerCannotRun",
    "PostStartHookError",
];

/// There is no image to start. A kubelet tells `ImagePullBackOff` and the reason of the last try
/// in turn, so that they mean one and the same.
const WITHOUT_IMAGE: [&str; 6] = [
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "RegistryUnavailable",
    "SignatureValidationFailed",
];

/// Why nobody can tell whether the pod runs, if so. A node that is lost tells what it ran last.
pub(super) fn presumed(pod: &Pod<'_>, node_is_lost: bool) -> Option<Presumed> {
    let status = &pod.status;
    match &*status.phase {
        "Succeeded" | "Failed" => None,
        _ if node_is_lost || &*status.reason == "NodeLost" => Some(Presumed::Unreachable),
        "Pending" => None,
        "Running" if !status.container_statuses.is_empty() => None,
        _ => Some(Presumed::StateUnknown),
    }
}

/// Whether a container counts: what runs, what is started again and again, and what has prepared a
/// pod that runs. Else the reason that the cluster gives, or ours.
pub(super) fn state(
    pod: &Pod<'_>,
    presumed: Option<Presumed>,
    role: Role,
    status: Option<&ContainerStatus<'_>>,
) -> RunState {
    let word = |texts: &[&str]| {
        let word = texts.iter().find(|text| !text.is_empty()).copied().unwrap_or("unknown");
        RunState::NotRunning(word.chars().take(64).collect())
    };
    let (phase, reason) = (&*pod.status.phase, &*pod.status.reason);
    if matches!(phase, "Succeeded" | "Failed") {
        return word(&[reason, phase]);
    }
    // Somebody looks at the pod; it is not part of what was deployed, and stays in the pod for
    // good.
    if role == Role::Ephemeral {
        return word(&["ephemeral"]);
    }
    if let Some(presumed) = presumed {
        return RunState::Presumed(presumed);
    }
    let started = phase == "Running";
    let Some(status) = status else {
        return if started {
            RunState::Presumed(Presumed::StateUnknown)
        } else {
            word(&[reason, phase])
        };
    };
    let ContainerState { running, waiting, terminated } = &status.state;
    if running.is_some() {
        return RunState::Running;
    }
    if is_ending(pod) {
        return word(&["Terminating"]);
    }
    if let Some(ended) = terminated {
        let counts = started && (role == Role::Init || is_restarted(pod, ended));
        return if counts { RunState::Running } else { word(&[&ended.reason, "terminated"]) };
    }
    let reason = waiting.as_ref().map_or("", |waiting| &*waiting.reason);
    let has_run = status.last_state.terminated.is_some() || status.restart_count > Some(0);
    let is_starting = STARTING.contains(&reason);
    if RESTARTING.contains(&reason) || (has_run && is_starting) {
        return RunState::Running;
    }
    if is_starting || WITHOUT_IMAGE.contains(&reason) {
        return word(&[reason, "waiting"]);
    }
    RunState::Presumed(Presumed::StateUnknown)
}

/// Whether a container is about to start that has not run yet.
pub(super) fn is_starting(status: Option<&ContainerStatus<'_>>) -> bool {
    let Some(ContainerStatus { state, .. }) = status else { return true };
    let ContainerState { running, waiting, terminated } = state;
    let reason = waiting.as_ref().map_or("", |waiting| &*waiting.reason);
    running.is_none() && terminated.is_none() && STARTING.contains(&reason)
}

/// Whether a main container that has ended is started again.
fn is_restarted(pod: &Pod<'_>, ended: &StateReason<'_>) -> bool {
    match &*pod.spec.restart_policy {
        "" | "Always" => true,
        "OnFailure" => ended.exit_code.map_or(&*ended.reason != "Completed", |code| code != 0),
        _ => false,
    }
}

/// Whether it is to go.
pub(super) fn is_ending(pod: &Pod<'_>) -> bool {
    !pod.metadata.deletion_timestamp.is_empty()
}

/// What the pod is about to do; `states` are those of its main containers.
pub(super) fn activity(pod: &Pod<'_>, states: &[RunState]) -> Activity {
    let PodStatus { phase, container_statuses, .. } = &pod.status;
    let has = |wanted: fn(&RunState) -> bool| states.iter().any(wanted);
    let lacks_image = |container: &ContainerStatus<'_>| {
        let waiting = container.state.waiting.as_ref();
        waiting.is_some_and(|waiting| WITHOUT_IMAGE.contains(&&*waiting.reason))
    };
    if matches!(&**phase, "Succeeded" | "Failed") {
        Activity::Ended
    } else if has(|state| *state == RunState::Running) {
        Activity::Runs
    } else if has(|state| matches!(state, RunState::Presumed(_))) {
        Activity::Presumed
    } else if is_ending(pod) {
        Activity::Ending
    } else if container_statuses.iter().any(lacks_image) {
        Activity::Stuck
    } else if container_statuses.is_empty()
        || container_statuses.iter().any(|status| is_starting(Some(status)))
    {
        Activity::Starting
    } else {
        Activity::Ended
    }
}

/// The times that the pod tells, the newest of which is not after the answer.
pub(super) fn times(pod: &Pod<'_>) -> impl Iterator<Item = Timestamp> {
    let PodStatus { container_statuses, init_container_statuses, .. } = &pod.status;
    let of_containers = container_statuses.iter().chain(init_container_statuses).flat_map(|c| {
        let started = c.state.running.iter().map(|running| &running.started_at);
        started.chain(c.state.terminated.iter().map(|ended| &ended.finished_at))
    });
    of_containers.chain([&pod.metadata.creation_timestamp]).filter_map(|text| time(text))
}

/// A time as Kubernetes writes it.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
