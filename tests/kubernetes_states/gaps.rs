//! Moments without a pod, and pods that wait: what is deployed counts all the same.

use serde_json::{Value, json};

use super::objects::{
    creating, ended, evicted, going, list, pod, running, steady, waiting, with_state, workload,
};
use super::walks::walk_of_versions;
use super::{Estate, Report};

const OLD: &str = "redis:7.0.15";
const NEW: &str = "redis:7.2.4";

fn with_status(mut workload: Value, status: &Value) -> Value {
    workload["status"] = status.clone();
    workload
}

/// Qualif with this, against production with the new version.
fn audited(items: &[Value]) -> Report {
    let estate = Estate::new();
    estate.record("prod", &list(&[running("Deployment", "cache", "p", NEW), steady()]));
    estate.record("qualif", &list(&[items, &[steady()]].concat()));
    estate.audit()
}

#[test]
fn a_moment_without_a_pod_turns_nothing() {
    for kind in ["StatefulSet", "DaemonSet", "Deployment"] {
        let production = [workload(kind, "cache", NEW, 1), running(kind, "cache", "p", NEW)];
        walk_of_versions(&format!("{kind} without a pod"), &production, |image| {
            let told = |status: Value| with_status(workload(kind, "cache", image, 2), &status);
            let set = || workload(kind, "cache", image, 2);
            let of = |make: fn(&str, &str, &str, &str) -> Value| make(kind, "cache", "c-0", image);
            let last = ended(kind, "cache", "c-0", image, "Running");
            let available = json!({"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"});
            let late = json!({"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"});
            let refused =
                json!({"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"});
            vec![
                ("running", vec![set(), of(running)]),
                ("its pods end", vec![set(), going(of(running))]),
                ("they have ended", vec![set(), going(last)]),
                ("nothing is said of it", vec![set()]),
                (
                    "between two revisions",
                    vec![told(
                        json!({"replicas": 0, "currentRevision": "c-1", "updateRevision": "c-2",
                        "desiredNumberScheduled": 2, "observedGeneration": 4}),
                    )],
                ),
                (
                    "deleted, and not made again",
                    vec![told(
                        json!({"replicas": 0, "currentRevision": "c-2", "updateRevision": "c-2",
                        "desiredNumberScheduled": 2, "unavailableReplicas": 2,
                        "conditions": [available]}),
                    )],
                ),
                (
                    "its controller gives up",
                    vec![told(json!({"desiredNumberScheduled": 2, "conditions": [late, refused]}))],
                ),
                (
                    "its controller has not seen it",
                    vec![told(json!({"desiredNumberScheduled": 0, "observedGeneration": 0}))],
                ),
                ("evicted", vec![set(), evicted(of(pod))]),
                ("waits for a node", vec![set(), of(pod)]),
                ("is made", vec![set(), of(creating)]),
                ("without its set, is made", vec![of(creating)]),
                ("runs again", vec![set(), of(running)]),
            ]
        });
    }
}

#[test]
fn what_wants_no_pod_does_not_run() {
    let mut deleted = workload("StatefulSet", "cache", OLD, 1);
    deleted["metadata"]["deletionTimestamp"] = json!("2026-11-22T20:50:30Z");
    let nowhere = json!({"desiredNumberScheduled": 0, "observedGeneration": 2});
    for (set, word) in [
        (workload("Deployment", "cache", OLD, 0), "scaled-to-zero"),
        (with_status(workload("DaemonSet", "cache", OLD, 1), &nowhere), "no-pod"),
        (deleted, "no-pod"),
    ] {
        let report = audited(&[set]);
        assert!(!report.has("version-skew") && report.shows(word), "{:#?}", report.findings());
        assert!(report.has("missing-component image/redis"), "{:#?}", report.findings());
    }
}

/// Reasons to wait that a kubelet tells of a container that is to start.
const WAITS: [&str; 10] = [
    "",
    "ContainerCreating",
    "PodInitializing",
    "CreateContainerConfigError",
    "CreateContainerError",
    "PreStartHookError",
    "ImageInspectError",
    "RunContainerError",
    "PostStartHookError",
    "CrashLoopBackOff",
];

#[test]
fn what_waits_counts_whatever_it_waits_for() {
    for kind in ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"] {
        for reason in WAITS {
            let mut waits = waiting(kind, "cache", "c", OLD, reason);
            // However long.
            waits["metadata"]["creationTimestamp"] = json!("2026-11-20T09:00:00Z");
            for set in [None, Some(workload(kind, "cache", OLD, 1))] {
                let set = set.filter(|_| !matches!(kind, "Job" | "CronJob"));
                let report = audited(
                    &[Some(waits.clone()), set]
                        .map(Option::into_iter)
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>(),
                );
                assert_eq!(report.verdict(), "no-go", "{kind} {reason}: {:#?}", report.findings());
            }
        }
    }
}

#[test]
fn a_reason_that_nobody_knows_is_no_reason_to_leave_a_pod_out() {
    let strange = waiting("Deployment", "cache", "c", OLD, "DeviceNotPluggedIn");
    let report = audited(&[workload("Deployment", "cache", OLD, 1), strange.clone()]);
    assert!(report.verdict() == "no-go" && report.shows("state unknown"));
    // Nothing else tells what it runs.
    let strange_and_equal = waiting("Deployment", "cache", "c", NEW, "DeviceNotPluggedIn");
    let report = audited(&[strange_and_equal]);
    assert_eq!(report.verdict(), "incomplete", "{:#?}", report.findings());
    assert!(report.shows("nothing tells what shop/cache runs"));
}

/// The proxy beside it runs, and the service itself is about to start.
#[test]
fn what_waits_beside_what_runs_counts() {
    for reason in ["ContainerCreating", "CreateContainerConfigError"] {
        let mut both = running("Deployment", "cache", "c", "envoyproxy/envoy:v1.31.0");
        both["spec"]["containers"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "app", "image": OLD}));
        let state = json!({"name": "app", "image": OLD, "state": {"waiting": {"reason": reason}}});
        both["status"]["containerStatuses"].as_array_mut().unwrap().push(state);
        let report = audited(&[both]);
        assert!(report.has("version-skew image/redis"), "{reason}: {:#?}", report.findings());
    }
}

/// A kubelet tells the two in turn, with the image or without.
#[test]
fn what_cannot_pull_its_image_is_the_same_from_minute_to_minute() {
    let verdicts: Vec<(String, Vec<String>)> = ["ErrImagePull", "ImagePullBackOff", "ErrImagePull"]
        .into_iter()
        .map(|reason| {
            let waits = waiting("StatefulSet", "cache", "cache-0", OLD, reason);
            let report = audited(&[workload("StatefulSet", "cache", OLD, 1), waits]);
            (report.verdict().to_owned(), report.findings())
        })
        .collect();
    assert!(verdicts.iter().all(|verdict| *verdict == verdicts[0]), "{verdicts:#?}");
    assert!(verdicts[0].1.iter().any(|found| found.starts_with("missing-component image/redis")));
    // A pod that runs tells what runs; the next one, which cannot start, is not part of it.
    let next = waiting("Deployment", "cache", "d", OLD, "ErrImagePull");
    let report = audited(&[
        workload("Deployment", "cache", OLD, 1),
        running("Deployment", "cache", "c", NEW),
        next,
    ]);
    assert_eq!(report.verdict(), "go", "{:#?}", report.findings());
    let crashed = json!({"waiting": {"reason": "CrashLoopBackOff"}});
    let again = with_state(pod("Deployment", "cache", "c", OLD), "Running", &crashed);
    assert_eq!(audited(&[again]).verdict(), "no-go");
}
