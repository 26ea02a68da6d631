//! What nodes tell, and what they do not.

use serde_json::{Value, json};

use super::objects::{list, node, steady};
use super::{Estate, Report};

/// A node that says these things of itself, `null` for those that it leaves out.
fn saying(name: &str, ready: &str, info: &[(&str, Value)]) -> Value {
    let mut node = node(name, ready);
    let all = node["status"]["nodeInfo"].as_object_mut().unwrap();
    for (key, value) in info {
        if value.is_null() {
            all.remove(*key);
        } else {
            all.insert((*key).to_owned(), value.clone());
        }
    }
    node
}

fn audited(nodes: &[Value]) -> Report {
    let estate = Estate::new();
    estate.record("prod", &list(&[node("p", "True"), steady()]));
    estate.record("qualif", &list(&[nodes, &[steady()]].concat()));
    estate.audit()
}

const ALL: [(&str, &str); 4] = [
    ("kubeletVersion", "kubelet version"),
    ("containerRuntimeVersion", "runtime version"),
    ("kernelVersion", "kernel version"),
    ("osImage", "operating system"),
];

#[test]
fn a_node_that_leaves_out_a_version_is_named() {
    for (key, what) in ALL {
        for value in [json!(null), json!(""), json!("  ")] {
            let bad = saying("worker-7", "True", &[(key, value.clone())]);
            for nodes in [vec![bad.clone()], vec![node("a", "True"), bad, node("b", "True")]] {
                let report = audited(&nodes);
                assert_eq!(report.verdict(), "incomplete", "{key} {value}");
                let told = format!("node worker-7 does not tell its {what}");
                assert!(report.shows(&told), "{:#}", report.0["verdict"]);
                assert!(!report.has("missing-component"), "{:#?}", report.findings());
            }
        }
    }
    let all = ALL.map(|(key, _)| (key, json!("")));
    let two = [saying("a", "True", &all), saying("b", "True", &all), node("c", "True")];
    assert!(audited(&two).shows("node a and 1 more tell no version of its kubelet"));
    let mut without = node("a", "True");
    without["status"]["nodeInfo"] = json!(null);
    assert_eq!(audited(&[without, node("b", "True")]).verdict(), "incomplete");
}

#[test]
fn a_node_of_another_system_or_without_a_machine_leaves_out_what_it_has_not() {
    let no_machine = [
        ("containerRuntimeVersion", json!("")),
        ("kernelVersion", json!("")),
        ("osImage", json!("")),
    ];
    let mut of_azure = saying("vk", "True", &no_machine);
    of_azure["status"]["nodeInfo"]["kubeletVersion"] = json!("v1.31.4-vk-azure-aci-1.6.2");
    let mut labelled = saying("vk", "True", &no_machine);
    labelled["metadata"]["labels"] = json!({"type": "virtual-kubelet"});
    let mut tainted = saying("vk", "True", &no_machine);
    tainted["spec"] =
        json!({"taints": [{"key": "virtual-kubelet.io/provider", "effect": "NoSchedule"}]});
    for node_of in [of_azure, labelled, tainted] {
        let report = audited(&[node("a", "True"), node_of]);
        assert_eq!(report.verdict(), "go", "{:#}", report.0["verdict"]);
    }
    // It has not told its system yet, or not any more.
    let unwell = saying("a", "False", &[("kernelVersion", json!("")), ("osImage", json!(""))]);
    assert_eq!(audited(&[unwell, node("b", "True")]).verdict(), "go");
    let windows =
        saying("w", "True", &[("kernelVersion", json!("")), ("operatingSystem", json!("windows"))]);
    assert_eq!(audited(&[windows, node("b", "True")]).verdict(), "go");
}

#[test]
fn a_kubelet_whose_version_is_none_proves_nothing() {
    for (key, values) in [
        ("kubeletVersion", ["v?", "v1", "unknown"]),
        ("containerRuntimeVersion", ["containerd", "containerd://", "containerd://Unknown"]),
    ] {
        for value in values {
            for nodes in [
                vec![saying("a", "True", &[(key, json!(value))])],
                vec![node("b", "True"), saying("a", "True", &[(key, json!(value))])],
            ] {
                let report = audited(&nodes);
                assert_eq!(report.verdict(), "incomplete", "{value}: {:#?}", report.findings());
            }
        }
    }
}
