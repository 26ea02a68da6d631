//! One pod: what it belongs to, whether its containers count, and what they run. Pure.
//!
//! Owners are told by names that the control plane itself gives, without a request for each object
//! and without the right to list ReplicaSets and Jobs (of which a cluster keeps ten or more for
//! each workload): the Deployment controller names a ReplicaSet `<deployment>-<pod-template-hash>`
//! and writes that hash as a label of the pods; the CronJob controller names a Job
//! `<cronjob>-<scheduled time>`.

use super::objects::{ContainerState, ContainerStatus, Metadata, Pod};
use crate::model::RunState;

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
/// imported has a repository that containerd made up, and a digest of this node's own.
pub(super) fn running(image_id: &str) -> (String, Vec<String>) {
    let bare = image_id.split_once("://").map_or(image_id, |(_, rest)| rest);
    let is_hex = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    match bare {
        _ if bare.contains("/import-") => (String::new(), Vec::new()),
        _ if bare.contains('@') => (String::new(), vec![bare.to_owned()]),
        _ if bare.strip_prefix("sha256:").is_some_and(is_hex) => (bare.to_owned(), Vec::new()),
        _ if is_hex(bare) => (format!("sha256:{bare}"), Vec::new()),
        _ => (String::new(), Vec::new()),
    }
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

/// Whether a container counts: what runs, what is started again and again, and what has prepared a
/// pod that runs. Else the reason that the cluster gives, or ours.
pub(super) fn state(pod: &Pod<'_>, role: Role, status: Option<&ContainerStatus<'_>>) -> RunState {
    let word = |texts: &[&str]| {
        let word = texts.iter().find(|text| !text.is_empty()).copied().unwrap_or("unknown");
        RunState::NotRunning(word.chars().take(64).collect())
    };
    let (phase, reason) = (&*pod.status.phase, &*pod.status.reason);
    // A node that is lost tells what it ran last, not what it runs.
    if matches!(phase, "Succeeded" | "Failed" | "Unknown") || reason == "NodeLost" {
        return word(&[reason, phase]);
    }
    if !pod.metadata.deletion_timestamp.is_empty() {
        return word(&["Terminating"]);
    }
    // Somebody looks at the pod; it is no part of what was deployed, and stays in the pod for good.
    if role == Role::Ephemeral {
        return word(&["ephemeral"]);
    }
    let started = phase == "Running";
    let Some(status) = status else {
        return if started { word(&["not-reported"]) } else { word(&[reason, phase]) };
    };
    let is_restarted = role == Role::Main && matches!(&*pod.spec.restart_policy, "" | "Always");
    let ContainerState { running, waiting, terminated } = &status.state;
    if running.is_some() {
        return RunState::Running;
    }
    if let Some(ended) = terminated {
        let counts = started && (is_restarted || role == Role::Init);
        return if counts { RunState::Running } else { word(&[&ended.reason]) };
    }
    match waiting.as_ref().map_or("", |waiting| &*waiting.reason) {
        "CrashLoopBackOff" => RunState::Running,
        reason => word(&[reason, "waiting"]),
    }
}
