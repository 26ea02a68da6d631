//! Mutated answers of an API server.

use jiff::Timestamp;

use super::page::Tokens;
use super::parse::{self, Nodes};
use super::payload::Payload;
use super::workloads::{NamespaceSelection, Workloads};
use crate::model::TargetEvidence;
use crate::mutation::{MUTATIONS, attacks, enter, files};

/// Whole lists, but of a few objects each: a list of many that is cut is only ever cut.
fn few(file: &[u8]) -> Vec<u8> {
    let mut list: serde_json::Value = serde_json::from_slice(file).unwrap();
    if let Some(items) = list.get_mut("items").and_then(|items| items.as_array_mut()) {
        items.truncate(2);
    }
    list.to_string().into_bytes()
}

fn seeds(end: &str) -> Vec<Vec<u8>> {
    let found: Vec<Vec<u8>> =
        files("tests/fixtures/kubernetes", end).iter().map(|file| few(file)).collect();
    [found, attacks()].concat()
}

#[test]
fn mutated_heads_of_pages() {
    let entry = |data: &[u8]| {
        let mut tokens = Tokens::default();
        let _ = Payload::json(data).status_message();
        let Some(head) = Payload::json(data).head() else { return };
        assert!(!head.kind.is_empty());
        if let Some(next) = head.next {
            assert!(!next.is_empty());
            let first = tokens.meet(&next).is_ok();
            assert!(tokens.meet(&next).is_err(), "a page that asks for itself: {first}");
        }
    };
    enter(entry, &seeds(".json"), MUTATIONS / 2);
}

#[test]
fn mutated_versions_identities_and_nodes() {
    let entry = |data: &[u8]| {
        let mut told = TargetEvidence::new("kubernetes/a".into(), "", Timestamp::UNIX_EPOCH);
        let _ = parse::version(Payload::json(data), &mut told);
        let _ = parse::identity(Payload::json(data), &mut told);
        let mut nodes = Nodes::default();
        if nodes.page(Payload::json(data)).is_ok() {
            let _ = nodes.outcome();
        }
    };
    for end in ["version.json", "kube-system.json", "nodes.json"] {
        enter(entry, &seeds(end), MUTATIONS);
    }
}

#[test]
fn mutated_pods_and_workloads() {
    let entry = |data: &[u8]| {
        let mut seen = Workloads::new(NamespaceSelection::new(Vec::new(), Vec::new()));
        let is_whole = seen.pods(Payload::json(data)).is_ok();
        for kind in ["Deployment", "DaemonSet", "StatefulSet", "CronJob"] {
            let _ = seen.templates(kind, Payload::json(data));
        }
        let _ = (seen.left_out(), seen.failures());
        // A template may name no image: a blank one is what OpenShift fills in later.
        let images = seen.images(is_whole);
        assert!(images.iter().all(|image| !image.locator.container.is_empty()));
    };
    enter(entry, &seeds("page1.json"), MUTATIONS / 2);
}
