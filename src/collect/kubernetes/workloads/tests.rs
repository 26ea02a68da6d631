//! Tests of workloads.

use super::*;
use crate::model::Presumed;
use serde_json::{Value, json};

#[expect(clippy::needless_pass_by_value, reason = "objects are written where they are used up")]
fn pod(name: &str, owner: Value, labels: Value, state: Value) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "shop", "labels": labels, "ownerReferences": owner},
        "spec": {"containers": [{"name": "app", "image": "shop/app:v1"}], "restartPolicy": "Always"},
        "status": {"phase": "Running", "containerStatuses": [{"name": "app", "imageID": "", "state": state}]},
    })
}

fn owned(kind: &str, owner: &str) -> Value {
    json!([{"kind": "Other", "name": "x"}, {"kind": kind, "name": owner, "controller": true}])
}

fn seen(pods: &[Value]) -> Workloads {
    let mut workloads = Workloads::new(NamespaceSelection::default());
    let page = json!({"kind": "PodList", "items": pods}).to_string();
    workloads.pods(Payload::json(page.as_bytes())).unwrap();
    workloads
}

fn workload_of(pod: Value) -> String {
    seen(&[pod]).images(true).remove(0).locator.workload
}

#[test]
fn a_pod_is_named_by_what_made_it() {
    let running = json!({"running": {}});
    let named = |name: &str, owner: Value, labels: Value| {
        workload_of(pod(name, owner, labels, running.clone()))
    };
    let hash = json!({"pod-template-hash": "5d8f"});
    assert_eq!(named("api-5d8f-x1", owned("ReplicaSet", "api-5d8f"), hash.clone()), "api");
    assert_eq!(
        named(
            "api-5d8f-x1",
            owned("ReplicaSet", "api-5d8f"),
            json!({"rollouts-pod-template-hash": "5d8f"})
        ),
        "api"
    );
    // A ReplicaSet of its own, and a label that does not fit.
    assert_eq!(named("api-x1", owned("ReplicaSet", "api"), json!(null)), "api");
    assert_eq!(named("api-x1", owned("ReplicaSet", "api-77"), hash), "api-77");
    assert_eq!(
        named("backup-29012345-abcde", owned("Job", "backup-29012345"), json!({})),
        "backup"
    );
    assert_eq!(named("migrate-abcde", owned("Job", "migrate"), json!({})), "migrate");
    assert_eq!(named("db-0", owned("StatefulSet", "db"), json!({})), "db");
    assert_eq!(named("etcd-node-1", owned("Node", "node-1"), json!({})), "etcd");
    assert_eq!(named("db-1", owned("Cluster", "db"), json!({})), "db");
    let config = json!({"deploymentconfig": "web"});
    assert_eq!(named("web-7-x", owned("ReplicationController", "web-7"), config), "web");
    assert_eq!(named("web-7-x", owned("ReplicationController", "web-7"), json!({})), "web-7");
    assert_eq!(named("alone", json!(null), json!({})), "alone");
}

#[test]
fn what_is_kept_grows_with_the_workloads_not_with_the_pods() {
    let pods: Vec<Value> = (0..40)
        .map(|i| {
            let labels = json!({"pod-template-hash": "5d8f"});
            pod(
                &format!("api-5d8f-{i}"),
                owned("ReplicaSet", "api-5d8f"),
                labels,
                json!({"running": {}}),
            )
        })
        .collect();
    assert_eq!(seen(&pods).images(true).len(), 1);
}

fn state_of(phase: &str, edit: impl Fn(&mut Value)) -> RunState {
    let mut pod = pod("x", json!(null), json!({}), json!({"running": {}}));
    pod["status"]["phase"] = json!(phase);
    edit(&mut pod);
    seen(&[pod]).images(true).remove(0).state
}

#[test]
fn only_what_runs_counts() {
    let not = |word: &str| RunState::NotRunning(word.to_owned());
    let state = |state: Value| {
        move |pod: &mut Value| pod["status"]["containerStatuses"][0]["state"] = state.clone()
    };
    assert_eq!(state_of("Running", |_| {}), RunState::Running);
    assert_eq!(
        state_of("Running", state(json!({"waiting": {"reason": "CrashLoopBackOff"}}))),
        RunState::Running
    );
    assert_eq!(
        state_of("Pending", state(json!({"waiting": {"reason": "ImagePullBackOff"}}))),
        not("ImagePullBackOff")
    );
    // About to start, in a pod that is there.
    let rolling = RunState::Presumed(Presumed::RollingOut);
    assert_eq!(state_of("Running", state(json!({}))), rolling);
    assert_eq!(
        state_of("Pending", state(json!({"waiting": {"reason": "CreateContainerConfigError"}}))),
        rolling
    );
    // Nobody knows that one, and its pod is there.
    assert_eq!(
        state_of("Pending", state(json!({"waiting": {"reason": "OfNextYear"}}))),
        RunState::Presumed(Presumed::StateUnknown)
    );
    // About to be started again; a job's is not, unless it has failed.
    assert_eq!(
        state_of("Running", state(json!({"terminated": {"reason": "Error"}}))),
        RunState::Running
    );
    let ended = |pod: &mut Value| {
        pod["spec"]["restartPolicy"] = json!("OnFailure");
        pod["status"]["containerStatuses"][0]["state"] =
            json!({"terminated": {"reason": "Completed"}});
    };
    assert_eq!(state_of("Running", ended), not("Completed"));
    let failed = |pod: &mut Value| {
        ended(pod);
        pod["status"]["containerStatuses"][0]["state"] =
            json!({"terminated": {"reason": "Error", "exitCode": 1}});
    };
    assert_eq!(state_of("Running", failed), RunState::Running);
    assert_eq!(state_of("Succeeded", |_| {}), not("Succeeded"));
    assert_eq!(
        state_of("Failed", |pod| pod["status"]["reason"] = json!("Evicted")),
        not("Evicted")
    );
    assert_eq!(
        state_of("Pending", |pod| pod["status"]["containerStatuses"] = json!(null)),
        rolling
    );
    assert_eq!(
        state_of("Running", |pod| pod["status"]["containerStatuses"] = json!(null)),
        RunState::Presumed(Presumed::StateUnknown)
    );
}

#[test]
fn what_is_started_again_and_what_is_to_go_counts_while_it_runs() {
    let not = |word: &str| RunState::NotRunning(word.to_owned());
    let state = |state: Value| {
        move |pod: &mut Value| pod["status"]["containerStatuses"][0]["state"] = state.clone()
    };
    for reason in ["RunContainerError", "StartError", "PostStartHookError"] {
        let waiting = state(json!({"waiting": {"reason": reason}}));
        assert_eq!(state_of("Running", waiting), RunState::Running, "{reason}");
    }
    // It has run before, and its node has restarted; that one has not.
    let again = |pod: &mut Value| {
        pod["status"]["containerStatuses"][0]["state"] =
            json!({"waiting": {"reason": "ContainerCreating"}});
        pod["status"]["containerStatuses"][0]["restartCount"] = json!(2);
    };
    assert_eq!(state_of("Running", again), RunState::Running);
    // Terminating pods count while their containers run.
    let going =
        |pod: &mut Value| pod["metadata"]["deletionTimestamp"] = json!("2026-11-27T00:00:00Z");
    assert_eq!(state_of("Running", going), RunState::Running);
    let gone = |pod: &mut Value| {
        going(pod);
        pod["status"]["containerStatuses"][0]["state"] = json!({"terminated": {"exitCode": 0}});
    };
    assert_eq!(state_of("Running", gone), not("Terminating"));
    let lost = |pod: &mut Value| pod["status"]["reason"] = json!("NodeLost");
    assert_eq!(state_of("Unknown", lost), RunState::Presumed(Presumed::Unreachable));
    assert_eq!(state_of("", |_| {}), RunState::Presumed(Presumed::StateUnknown));
}

#[test]
fn init_and_ephemeral_containers_are_seen() {
    let mut pod =
        pod("x", json!(null), json!({"app.kubernetes.io/version": "9"}), json!({"running": {}}));
    pod["spec"]["initContainers"] = json!([{"name": "prepare", "image": "busybox:1.36"}]);
    pod["status"]["initContainerStatuses"] =
        json!([{"name": "prepare", "state": {"terminated": {"reason": "Completed"}}}]);
    pod["spec"]["ephemeralContainers"] = json!([{"name": "debug", "image": "alpine:3.20"}]);
    pod["status"]["ephemeralContainerStatuses"] =
        json!([{"name": "debug", "state": {"terminated": {"reason": "Error"}}}]);
    let images = seen(&[pod]).images(true);
    let found: Vec<_> =
        images.iter().map(|i| (i.reference.as_str(), &i.state, i.app_version.as_str())).collect();
    let ephemeral = RunState::NotRunning("ephemeral".into());
    assert_eq!(
        found,
        [
            ("shop/app:v1", &RunState::Running, "9"),
            ("alpine:3.20", &ephemeral, ""),
            ("busybox:1.36", &RunState::Running, "")
        ]
    );
}

/// What is set up of a DaemonSet without a pod, whose controller says that.
fn daemon_set(status: &Value) -> RunState {
    let pod = json!({"spec": {"containers": [{"name": "app", "image": "shop/app:v1"}]}});
    let metadata = json!({"name": "agent", "namespace": "shop", "generation": 1});
    let item = json!({"metadata": metadata, "spec": {"template": pod}, "status": status});
    let mut workloads = seen(&[]);
    let page = json!({"items": [item]}).to_string();
    workloads.templates("DaemonSet", Payload::json(page.as_bytes())).unwrap();
    workloads.images(true).remove(0).state
}

#[test]
fn a_daemon_set_without_a_node_for_it_does_not_run() {
    let desired = |number: i64, seen: i64| {
        daemon_set(&json!({"desiredNumberScheduled": number, "observedGeneration": seen}))
    };
    assert_eq!(desired(0, 1), RunState::NotRunning("no-pod".to_owned()));
    assert_eq!(desired(3, 1), RunState::Presumed(Presumed::RollingOut));
    // Its controller has not looked at it yet, which a server tells by leaving the 0 out.
    assert_eq!(desired(0, 0), RunState::Presumed(Presumed::RollingOut));
    let unseen = daemon_set(&json!({"desiredNumberScheduled": 0}));
    assert_eq!(unseen, RunState::Presumed(Presumed::RollingOut));
}

fn template(kind: &str, spec: &Value) -> Workloads {
    let mut workloads = seen(&[]);
    let labels = json!({"helm.sh/chart": "shop-1.2.3"});
    let item =
        json!({"metadata": {"name": "api", "namespace": "shop", "labels": labels}, "spec": spec});
    let page = json!({"items": [item]}).to_string();
    workloads.templates(kind, Payload::json(page.as_bytes())).unwrap();
    workloads
}

#[test]
fn a_workload_without_a_pod_is_told_by_its_template() {
    let pod = json!({"spec": {"containers": [{"name": "app", "image": "shop/app:v1"}]}});
    let told = |kind: &str, spec: Value| template(kind, &spec).images(true).remove(0);
    let idle = |kind: &str, spec: Value| told(kind, spec).state;
    let not = |word: &str| RunState::NotRunning(word.to_owned());
    assert_eq!(idle("Deployment", json!({"replicas": 0, "template": pod})), not("scaled-to-zero"));
    let rolling = RunState::Presumed(Presumed::RollingOut);
    for kind in ["Deployment", "StatefulSet", "DaemonSet"] {
        assert_eq!(idle(kind, json!({"template": pod})), rolling, "{kind}");
    }
    let job = json!({"suspend": true, "jobTemplate": {"spec": {"template": pod}}});
    assert_eq!(idle("CronJob", job), not("suspended"));
    assert_eq!(
        idle("CronJob", json!({"jobTemplate": {"spec": {"template": pod}}})),
        RunState::Scheduled
    );
    assert_eq!(told("Deployment", json!({"template": pod})).chart, "shop-1.2.3");
    // Where the pods are not known, nothing is said of those that have none.
    assert!(template("Deployment", &json!({"template": pod})).images(false).is_empty());
}

#[test]
fn a_running_digest_is_told_in_several_forms() {
    let hex = "a".repeat(64);
    let digest = format!("sha256:{hex}");
    let in_repository = |text: &str| (String::new(), vec![text.to_owned()]);
    assert_eq!(
        running(&format!("docker.io/library/redis@{digest}")),
        in_repository(&format!("docker.io/library/redis@{digest}"))
    );
    assert_eq!(
        running(&format!("docker-pullable://redis@{digest}")),
        in_repository(&format!("redis@{digest}"))
    );
    for id in [format!("docker://{digest}"), digest.clone(), hex] {
        assert_eq!(running(&id), (digest.clone(), Vec::new()));
    }
    assert_eq!(running(""), (String::new(), Vec::new()));
    // containerd makes up a name of the day for what was imported without one; others are real.
    assert_eq!(running(&format!("docker.io/library/import-2026-04-13@{digest}")).1.len(), 0);
    for real in ["team/import-worker", "team/import-2026/x", "import-2026-99-01", "import-"] {
        assert_eq!(running(&format!("{real}@{digest}")).1, [format!("{real}@{digest}")]);
    }
}

#[test]
fn namespaces_count_by_pattern_and_one_that_holds_nothing_is_said() {
    let globs = |patterns: &[&str]| patterns.iter().map(|p| Glob::new(p).unwrap()).collect();
    let mut workloads =
        Workloads::new(NamespaceSelection::new(globs(&["sh*", "typo"]), globs(&["shop-test"])));
    let mut other = pod("b", json!(null), json!({}), json!({"running": {}}));
    other["metadata"]["namespace"] = json!("shop-test");
    let pods = [pod("a", json!(null), json!({}), json!({"running": {}})), other];
    let page = json!({"items": pods}).to_string();
    workloads.pods(Payload::json(page.as_bytes())).unwrap();
    assert_eq!(workloads.left_out(), 1);
    let failures = workloads.failures();
    assert_eq!(
        failures.iter().map(|f| f.message.as_str()).collect::<Vec<_>>(),
        ["nothing is in a namespace typo"]
    );
    assert_eq!(workloads.images(true).len(), 1);
}

#[test]
fn a_malformed_pod_costs_itself() {
    let mut bad = pod("bad", json!(null), json!({}), json!({}));
    bad["spec"] = json!(17);
    let workloads = seen(&[bad, pod("good", json!(null), json!({}), json!({"running": {}}))]);
    assert_eq!(workloads.failures()[0].message, "1 of 2 pods could not be read");
    assert_eq!(workloads.images(true).len(), 1);
}
