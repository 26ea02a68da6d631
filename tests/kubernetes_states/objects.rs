//! Objects as an API server tells of them.

use serde_json::{Value, json};

/// When everything was made that is not said otherwise.
pub(crate) const MADE: &str = "2026-11-22T20:45:00Z";

pub(crate) fn list(items: &[Value]) -> String {
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

/// Something that both run, so that a gate compares something.
pub(crate) fn steady() -> Value {
    running("Deployment", "steady", "steady-1", "nginx:1.27.3")
}

pub(crate) fn digest(image: &str) -> String {
    let (name, _) = image.split_once(':').unwrap();
    let byte = image.bytes().fold(0_u8, u8::wrapping_add);
    format!("docker.io/library/{name}@sha256:{}", format!("{byte:02x}").repeat(32))
}

/// A pod as its API server tells of it.
pub(crate) fn pod(kind: &str, owner: &str, name: &str, image: &str) -> Value {
    // What the control plane calls what stands in between.
    let (between, labels) = match kind {
        "Deployment" => {
            (("ReplicaSet", format!("{owner}-5d8f")), json!({"pod-template-hash": "5d8f"}))
        }
        "CronJob" => (("Job", format!("{owner}-29400000")), json!({})),
        _ => ((kind, owner.to_owned()), json!({})),
    };
    json!({"kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "labels": labels, "creationTimestamp": MADE,
            "ownerReferences": [{"kind": between.0, "name": between.1, "controller": true}]},
        "spec": {"nodeName": "node-1", "containers": [{"name": "main", "image": image}],
            "restartPolicy": if kind == "CronJob" { "OnFailure" } else { "Always" }},
        "status": {"phase": "Pending"}})
}

pub(crate) fn with_state(mut pod: Value, phase: &str, state: &Value) -> Value {
    let image = pod["spec"]["containers"][0]["image"].as_str().unwrap().to_owned();
    let has_pulled = state.get("waiting").is_none();
    pod["status"] = json!({"phase": phase, "containerStatuses": [{"name": "main", "image": image,
        "imageID": if has_pulled { digest(&image) } else { String::new() }, "containerID": "containerd://c",
        "state": state}]});
    pod
}

pub(crate) fn running(kind: &str, owner: &str, name: &str, image: &str) -> Value {
    with_state(pod(kind, owner, name, image), "Running", &json!({"running": {"startedAt": MADE}}))
}

pub(crate) fn waiting(kind: &str, owner: &str, name: &str, image: &str, reason: &str) -> Value {
    with_state(pod(kind, owner, name, image), "Pending", &json!({"waiting": {"reason": reason}}))
}

pub(crate) fn creating(kind: &str, owner: &str, name: &str, image: &str) -> Value {
    waiting(kind, owner, name, image, "ContainerCreating")
}

pub(crate) fn ended(kind: &str, owner: &str, name: &str, image: &str, phase: &str) -> Value {
    let state = json!({"terminated": {"reason": "Completed", "exitCode": 0, "finishedAt": MADE}});
    with_state(pod(kind, owner, name, image), phase, &state)
}

pub(crate) fn going(mut pod: Value) -> Value {
    pod["metadata"]["deletionTimestamp"] = json!("2026-11-22T20:50:30Z");
    pod
}

pub(crate) fn evicted(mut pod: Value) -> Value {
    pod["status"] = json!({"phase": "Failed", "reason": "Evicted"});
    pod
}

pub(crate) fn on_node(mut pod: Value, node: &str) -> Value {
    pod["spec"]["nodeName"] = json!(node);
    pod
}

pub(crate) fn node(name: &str, ready: &str) -> Value {
    json!({"kind": "Node", "metadata": {"name": name}, "status": {
        "conditions": [{"type": "Ready", "status": ready, "lastHeartbeatTime": MADE}],
        "nodeInfo": {"kubeletVersion": "v1.31.4", "containerRuntimeVersion": "containerd://1.7.24",
            "kernelVersion": "6.8.0-51-generic", "osImage": "Ubuntu 24.04.1 LTS", "architecture": "amd64"}}})
}

pub(crate) fn workload(kind: &str, name: &str, image: &str, replicas: usize) -> Value {
    let template = json!({"spec": {"containers": [{"name": "main", "image": image}]}});
    json!({"kind": kind, "metadata": {"name": name, "namespace": "shop"},
        "spec": {"replicas": replicas, "template": template}})
}

pub(crate) fn cron_job(image: &str, suspend: bool) -> Value {
    let template = json!({"spec": {"containers": [{"name": "main", "image": image}]}});
    json!({"kind": "CronJob", "metadata": {"name": "backup", "namespace": "shop"},
        "spec": {"suspend": suspend, "jobTemplate": {"spec": {"template": template}}}})
}
