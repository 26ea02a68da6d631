//! What is read of protobuf and of JSON is one and the same.

use std::fmt::Debug;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::objects::{NamedObject, Node, Pod, Workload};
use super::super::payload::{Payload, Unreadable};
use super::super::revisions::{ControllerRevision, ReplicaSet, Rollout};
use super::encode;
use crate::mutation::{MUTATIONS, Numbers, attacks, enter, files};

fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/kubernetes/protobuf");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

/// The items of a list as they were read, each in words, and how many were not.
fn items<'a, T: Deserialize<'a> + Debug>(page: Payload<'a>) -> (Vec<String>, Option<usize>) {
    let mut read = Vec::new();
    let unread = page.items(|item: T| read.push(format!("{item:?}"))).ok();
    (read, unread)
}

/// Asserts that both tell the same of a list, and how many items that are.
macro_rules! assert_same {
    ($kind:ty, $json:expr, $protobuf:expr) => {{
        let (json, protobuf) = (Payload::json($json), Payload::protobuf($protobuf));
        let (of_json, of_protobuf) = (items::<$kind>(json), items::<$kind>(protobuf));
        assert_eq!(of_json.1, of_protobuf.1, "{}", String::from_utf8_lossy($json));
        for (one, other) in of_json.0.iter().zip(&of_protobuf.0) {
            assert_eq!(one, other);
        }
        assert_eq!(of_json.0.len(), of_protobuf.0.len());
        assert_eq!(json.head(), protobuf.head());
        of_json.0.len()
    }};
}

#[test]
fn what_a_real_server_said_in_both_forms_is_the_same() {
    let both = |name: &str| (fixture(&format!("{name}.json")), fixture(&format!("{name}.pb")));
    let (json, protobuf) = both("pods");
    assert!(assert_same!(Pod<'_>, &json, &protobuf) >= 20);
    let (json, protobuf) = both("nodes");
    assert!(assert_same!(Node<'_>, &json, &protobuf) >= 5);
    for name in ["deployments", "statefulsets", "daemonsets", "cronjobs"] {
        let (json, protobuf) = both(name);
        assert!(assert_same!(Workload<'_>, &json, &protobuf) >= 5, "{name}");
        if name != "cronjobs" {
            assert_same!(Rollout<'_>, &json, &protobuf);
        }
    }
    let (json, protobuf) = both("kube-system");
    let named = |payload: Payload<'_>| {
        format!("{:?}", payload.object::<NamedObject<'_>>().unwrap().metadata)
    };
    assert_eq!(named(Payload::json(&json)), named(Payload::protobuf(&protobuf)));
    let (json, protobuf) = both("forbidden");
    let message = Payload::protobuf(&protobuf).status_message();
    assert_eq!(message, Payload::json(&json).status_message());
    assert!(message.contains("is forbidden: User"), "{message}");
    assert_eq!(Payload::protobuf(&fixture("unauthorized.pb")).status_message(), "Unauthorized");
}

/// Whether an object is made of, and not what it holds.
#[test]
fn an_answer_in_protobuf_holds_no_value_of_an_environment_variable_when_read() {
    let pod = json!({"metadata": {"name": "a", "namespace": "b"}, "spec": {"containers": [
        {"name": "c", "image": "d", "env": [{"name": "PASSWORD", "value": "hunter2"}]}]}});
    let page = encode::whole(&json!({"kind": "PodList", "apiVersion": "v1", "items": [pod]}));
    let page = page.unwrap();
    assert!(String::from_utf8_lossy(&page).contains("hunter2"));
    let (read, unread) = items::<Pod<'_>>(Payload::protobuf(&page));
    assert!(read.len() == 1 && unread == Some(0) && !read.concat().contains("hunter2"));
}

/// What else a list may hold, in the form of JSON: all that the schema knows, for every kind.
fn whole_objects() -> Vec<(&'static str, Value)> {
    let time = "2026-04-13T22:05:00Z";
    let owner = json!([{"kind": "Deployment", "name": "api", "controller": true, "uid": "u"}]);
    let metadata = json!({"name": "api-5d", "generateName": "api-", "namespace": "shop",
        "uid": "u-1", "generation": 3, "creationTimestamp": time, "deletionTimestamp": time,
        "labels": {"pod-template-hash": "5d", "controller-revision-hash": "6e",
            "helm.sh/chart": "shop-1", "other": "x"},
        "annotations": {"deployment.kubernetes.io/revision": "7", "note": "é\u{202e}"},
        "ownerReferences": owner});
    let containers = json!([{"name": "app", "image": "shop/app:v1"}, {"name": "b", "image": ""}]);
    let spec = json!({"containers": containers, "initContainers": containers,
        "ephemeralContainers": [{"name": "debug", "image": "busybox"}], "nodeName": "n",
        "restartPolicy": "OnFailure"});
    let template = json!({"metadata": metadata, "spec": spec});
    let ended = json!({"exitCode": -1, "reason": "Error", "finishedAt": time});
    let status = json!([
        {"name": "app", "restartCount": 0, "imageID": "i", "containerID": "containerd://c",
            "state": {"running": {"startedAt": time}}, "lastState": {"terminated": ended}},
        {"name": "b", "restartCount": 3, "imageID": "", "state": {"waiting": {"reason": "Err"}},
            "lastState": {}}]);
    let status = json!({"phase": "Running", "reason": "NodeLost", "containerStatuses": status,
        "initContainerStatuses": status, "ephemeralContainerStatuses": status});
    let rollout = json!({"observedGeneration": 3, "updatedReplicas": 2,
        "conditions": [{"type": "Progressing"}]});
    let daemons = json!({"observedGeneration": 3, "desiredNumberScheduled": 0,
        "updatedNumberScheduled": 4, "conditions": [{"type": "Progressing"}]});
    let set = json!({"replicas": 0, "revisionHistoryLimit": 0, "template": template});
    let conditions = json!([{"type": "Ready", "status": "Unknown", "lastHeartbeatTime": time}]);
    let info = json!({"kubeletVersion": "v1", "containerRuntimeVersion": "c", "osImage": "o",
        "kernelVersion": "k", "operatingSystem": "linux", "architecture": "amd64"});
    let job = json!({"suspend": true, "jobTemplate": {"spec": {"template": template}}});
    let data = json!({"spec": {"template": template}});
    vec![
        ("PodList", json!({"metadata": metadata, "spec": spec, "status": status})),
        ("DeploymentList", json!({"metadata": metadata, "spec": set, "status": rollout})),
        ("StatefulSetList", json!({"metadata": metadata, "spec": set, "status": rollout})),
        (
            "DaemonSetList",
            json!({"metadata": metadata, "spec": {"template": template},
            "status": daemons}),
        ),
        ("ReplicaSetList", json!({"metadata": metadata, "spec": set})),
        ("ControllerRevisionList", json!({"metadata": metadata, "data": data, "revision": 4})),
        ("CronJobList", json!({"metadata": metadata, "spec": job})),
        (
            "NodeList",
            json!({"metadata": metadata, "spec": {"taints": [{"key": "t"}]},
            "status": {"conditions": conditions, "nodeInfo": info}}),
        ),
    ]
}

fn assert_same_list(kind: &str, list: &Value) {
    let (json, protobuf) = (list.to_string(), encode::whole(list).unwrap());
    let json = json.as_bytes();
    match kind {
        "PodList" => _ = assert_same!(Pod<'_>, json, &protobuf),
        "NodeList" => _ = assert_same!(Node<'_>, json, &protobuf),
        "ReplicaSetList" => _ = assert_same!(ReplicaSet<'_>, json, &protobuf),
        "ControllerRevisionList" => _ = assert_same!(ControllerRevision<'_>, json, &protobuf),
        "CronJobList" => _ = assert_same!(Workload<'_>, json, &protobuf),
        _ => {
            assert_same!(Workload<'_>, json, &protobuf);
            assert_same!(Rollout<'_>, json, &protobuf);
        }
    }
}

/// Takes a field away, empties it, or puts something else of its type in its place.
fn change(value: &mut Value, numbers: &mut Numbers) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let at = numbers.below(fields.len());
            let key = fields.keys().nth(at).unwrap().clone();
            match numbers.below(6) {
                0 => drop(fields.remove(&key)),
                1 if fields[&key].is_object() || fields[&key].is_number() => {
                    fields[&key] = Value::Null;
                }
                _ => change(&mut fields[&key], numbers),
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let at = numbers.below(items.len());
            match numbers.below(5) {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                2 => *items = vec![items[at].clone(); 257],
                _ => change(&mut items[at], numbers),
            }
        }
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => {
            *text = ["1969-12-31T23:59:59Z", "2100-01-01T00:00:00Z"][numbers.below(2)].to_owned();
        }
        Value::String(text) => {
            *text = ["", "a\nb\"\\", "é\u{3164}", "redis:7.2"][numbers.below(4)].to_owned();
        }
        // Not 0: of some fields JSON leaves it out, and no server writes it.
        Value::Number(_) => *value = json!([1, -1, i64::MAX, i64::MIN][numbers.below(4)]),
        Value::Bool(on) => *on = !*on,
        _ => {}
    }
}

#[test]
fn what_is_changed_in_both_forms_is_the_same() {
    let mut numbers = Numbers::new();
    for (kind, object) in whole_objects() {
        let list = |object: &Value| {
            json!({"kind": kind, "apiVersion": "v1",
                "metadata": {"continue": "token", "remainingItemCount": 1}, "items": [object]})
        };
        assert_same_list(kind, &list(&object));
        for _ in 0..MUTATIONS {
            let mut changed = object.clone();
            (0..=numbers.below(4)).for_each(|_| change(&mut changed, &mut numbers));
            assert_same_list(kind, &list(&changed));
        }
    }
}

/// Whatever the bytes are, they cost what they are, and are an outcome.
#[test]
fn mutated_answers_in_protobuf() {
    let entry = |data: &[u8]| {
        let payload = Payload::protobuf(data);
        let _ = (payload.head(), payload.is_well_formed(), payload.status_message());
        let _ = items::<Pod<'_>>(payload);
        let _ = items::<Node<'_>>(payload);
        let _ = items::<Rollout<'_>>(payload);
        let _ = items::<ControllerRevision<'_>>(payload);
    };
    let seeds = files("tests/fixtures/kubernetes/protobuf", ".pb");
    let objects = whole_objects();
    let whole = objects.iter().map(|(kind, object)| {
        let list = json!({"kind": kind, "apiVersion": "v1", "metadata": {}, "items": [object]});
        encode::whole(&list).unwrap()
    });
    enter(entry, &[seeds, whole.collect(), attacks()].concat(), MUTATIONS);
}

#[test]
fn what_is_no_answer_in_protobuf_is_told() {
    let no_meta = b"k8s\0\x12\x00".to_vec();
    let packed = [b"k8s\0".to_vec(), encode::field(3, b"gzip")].concat();
    let lying = b"k8s\0\x0a\xff\xff\xff\xff\x0f".to_vec();
    for answer in [Vec::new(), b"k8s".to_vec(), b"{}".to_vec(), no_meta, packed, lying] {
        let payload = Payload::protobuf(&answer);
        assert!(payload.head().is_none() && !payload.is_well_formed(), "{answer:?}");
        assert!(items::<Pod<'_>>(payload).1.is_none());
        let read = payload.object::<NamedObject<'_>>().map(|_| ());
        assert!(matches!(read, Err(Unreadable::Malformed(_))), "{answer:?}");
    }
    let secrets = encode::answer("v1", "SecretList", &encode::field(2, b""));
    assert_eq!(
        Payload::protobuf(&secrets).head().map(|head| head.kind).as_deref(),
        Some("SecretList")
    );
    assert!(items::<Pod<'_>>(Payload::protobuf(&secrets)).1.is_none());
    // One item of three is none; the others are read.
    let item = |name: &str| {
        let metadata = encode::field(1, &encode::field(1, name.as_bytes()));
        encode::field(2, &[metadata, encode::field(2, &encode::field(2, b""))].concat())
    };
    let list = [item("a"), encode::field(2, b"\xff"), item("b")].concat();
    let list = encode::answer("v1", "PodList", &list);
    let (read, unread) = items::<Pod<'_>>(Payload::protobuf(&list));
    assert_eq!((read.len(), unread), (2, Some(1)), "{read:?}");
}
