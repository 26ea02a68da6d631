//! What kubectl printed, read part by part.

use super::*;
use crate::model::{Presumed, RunState};
use jiff::Timestamp;
use serde_json::{Value, json};

fn read(documents: &[Value]) -> Result<TargetEvidence, Failure> {
    let text: String = documents.iter().map(|document| format!("{document:#}\n")).collect();
    assert!(looks_like_kubectl(&text));
    let mut evidence = TargetEvidence::new("kubernetes/mks".into(), "", Timestamp::UNIX_EPOCH);
    parse_kubectl(&text, &ClusterScope::default(), &mut evidence).map(|()| evidence)
}

fn outcome(documents: &[Value], part: &str) -> String {
    match &read(documents).unwrap().parts[&part.into()] {
        Outcome::Complete => "complete".to_owned(),
        Outcome::LeftOut => "left out".to_owned(),
        Outcome::Failed(failure) => failure.message.clone(),
    }
}

fn node_info() -> Value {
    json!({"kubeletVersion": "v1.31.0", "containerRuntimeVersion": "containerd://1.7.24",
        "kernelVersion": "6.8.0-51-generic", "osImage": "Ubuntu 24.04.1 LTS"})
}

fn pod(name: &str) -> Value {
    json!({"kind": "Pod", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"containers": [{"name": "a", "image": "envparity/v2:1"}]},
        "status": {"phase": "Running", "containerStatuses": [{"name": "a", "state": {"running": {}}}]}})
}

fn list(items: &[Value]) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

#[test]
fn what_the_file_does_not_hold_is_left_out() {
    let file = [list(&[pod("a")])];
    assert_eq!(outcome(&file, "workloads"), "complete");
    assert_eq!(outcome(&file, "nodes"), "left out");
    let empty = [json!({"kind": "PodList", "metadata": {}, "items": []})];
    assert_eq!(outcome(&empty, "workloads"), "complete");
}

#[test]
fn nobody_is_told_to_check_a_port_of_a_file() {
    let no_version = json!({"serverVersion": {}});
    let no_uid = json!({"kind": "Namespace", "metadata": {"name": "kube-system"}});
    let broken = json!({"kind": "Node", "metadata": {"name": "n"}, "status": 7});
    let silent = json!({"kind": "Node", "metadata": {"name": "quiet"}, "status": {"nodeInfo": {}}});
    let evidence = read(&[no_version, list(&[pod("a"), no_uid, broken, silent])]).unwrap();
    for part in ["server", "identity", "nodes"] {
        let failure = evidence.parts[&part.into()].failure().unwrap();
        let advice = &failure.advice;
        assert!(!advice.contains("port") && !advice.contains("proxy"), "{part}: {failure:?}");
        assert!(advice.contains("kubectl get"), "{part}: {failure:?}");
    }
    let nodes = evidence.parts[&"nodes".into()].failure().unwrap();
    assert!(nodes.message.contains("node quiet tells no version"), "{nodes:?}");
}

#[test]
fn a_list_of_nothing_proves_nothing() {
    let version = json!({"serverVersion": {"gitVersion": "v1.31.0"}});
    for items in [json!([]), Value::Null] {
        let empty = json!({"apiVersion": "v1", "kind": "List", "items": items});
        for file in [vec![empty.clone()], vec![version.clone(), empty]] {
            assert!(outcome(&file, "workloads").contains("a list without objects"), "{file:?}");
        }
    }
    let node =
        json!({"kind": "Node", "metadata": {"name": "n"}, "status": {"nodeInfo": node_info()}});
    assert_eq!(outcome(&[list(std::slice::from_ref(&node))], "workloads"), "left out");
    // Each list was asked for by a command of its own.
    assert!(outcome(&[list(&[node]), list(&[])], "workloads").contains("without objects"));
    assert_eq!(outcome(&[list(&[pod("a")]), list(&[])], "workloads"), "complete");
}

#[test]
fn half_of_a_cluster_is_not_taken_for_the_whole() {
    let deployment = json!({"kind": "Deployment", "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"template": {"spec": {"containers": []}}}});
    assert!(outcome(&[list(&[deployment])], "workloads").contains("no pods"));
    let page = |next: &str, name: &str| json!({"kind": "PodList", "metadata": {"continue": next}, "items": [pod(name)]});
    assert!(outcome(&[page("x", "a")], "workloads").contains("not the last"));
    assert_eq!(outcome(&[page("x", "a"), page("", "b")], "workloads"), "complete");
    for rest in [json!({"continue": "x"}), json!({"remainingItemCount": 7})] {
        let part =
            json!({"apiVersion": "v1", "kind": "List", "metadata": rest, "items": [pod("a")]});
        assert!(outcome(&[part], "workloads").contains("not the last"), "{rest}");
    }
    assert!(outcome(&[pod("a")], "workloads").contains("one Pod"));
    assert!(
        outcome(&[list(&[pod("a"), json!({"metadata": {}})])], "workloads")
            .contains("without a kind")
    );
}

#[test]
fn what_stands_twice_was_recorded_twice() {
    let twice = outcome(&[list(&[pod("a"), pod("b")]), list(&[pod("a"), pod("b")])], "workloads");
    assert_eq!(twice, "the file holds Pod shop/a and 1 more twice: two recordings are in it");
    let node =
        json!({"kind": "Node", "metadata": {"name": "n"}, "status": {"nodeInfo": node_info()}});
    assert!(
        outcome(&[list(std::slice::from_ref(&node)), list(&[node])], "nodes")
            .contains("Node n twice")
    );
}

#[test]
fn the_newest_time_within_is_the_files() {
    let started = |at: &str| json!([{"name": "a", "state": {"running": {"startedAt": at}}}]);
    let mut old = pod("a");
    old["status"]["containerStatuses"] = started("2026-11-20T00:00:00Z");
    let node = json!({"kind": "Node", "metadata": {"name": "n"}, "status": {
        "nodeInfo": node_info(),
        "conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": "2026-11-21T10:00:00Z"}]}});
    let time_of = |items: &[Value]| {
        let text = list(items).to_string();
        let source =
            Source::Recorded { path: "f".into(), time: TimeSource::FileModified, instead_of: None };
        let mut evidence = TargetEvidence {
            source,
            ..TargetEvidence::new("kubernetes/mks".into(), "", Timestamp::UNIX_EPOCH)
        };
        parse_kubectl(&text, &ClusterScope::default(), &mut evidence).unwrap();
        let Source::Recorded { time, .. } = evidence.source else { unreachable!() };
        (evidence.taken.to_string(), time)
    };
    let printed = |at: &str| (at.to_owned(), TimeSource::Printed);
    assert_eq!(time_of(&[old.clone()]), printed("2026-11-20T00:00:00Z"));
    assert_eq!(time_of(&[old, node]), printed("2026-11-21T10:00:00Z"));
    assert_eq!(time_of(&[pod("b")]).1, TimeSource::FileModified);
}

#[test]
fn pods_of_a_lost_node_count_whatever_comes_first() {
    let mut lost = pod("a");
    lost["spec"]["nodeName"] = json!("n");
    lost["status"]["containerStatuses"] = json!([{"name": "a", "state": {"running": {}}}]);
    let node = json!({"kind": "Node", "metadata": {"name": "n"}, "status": {
        "nodeInfo": node_info(), "conditions": [{"type": "Ready", "status": "Unknown"}]}});
    for items in [[lost.clone(), node.clone()], [node, lost]] {
        let evidence = read(&[list(&items)]).unwrap();
        assert_eq!(evidence.images[0].state, RunState::Presumed(Presumed::Unreachable));
        // Nothing else tells what it runs.
        let failure = evidence.parts[&"workloads".into()].failure().unwrap();
        assert!(failure.message.contains("nothing tells what shop/a runs"), "{failure:?}");
    }
}

#[test]
fn two_clusters_are_no_evidence_of_one() {
    let namespace =
        |uid| json!({"kind": "Namespace", "metadata": {"name": "kube-system", "uid": uid}});
    assert!(read(&[list(&[namespace("a"), namespace("a")])]).is_ok());
    assert!(
        read(&[list(&[namespace("a"), namespace("b")])])
            .unwrap_err()
            .message
            .contains("two clusters")
    );
    let version = || json!({"serverVersion": {"gitVersion": "v1.31.0"}});
    assert!(read(&[version(), version()]).is_err());
}

#[test]
fn what_is_no_list_of_kubectl_is_refused() {
    assert!(read(&[json!({"a": 1})]).is_err());
    assert!(!looks_like_kubectl("apiVersion: v1"));
    assert!(!looks_like_kubectl(r#"{"apiVersion": "envparity/v1", "kind": "Evidence"}"#));
}
