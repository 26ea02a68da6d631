//! What `kubectl get … -o json` and `kubectl version -o json` printed, one or several in a file, as
//! evidence. Pure; opens no file.
//!
//! Parts that the file holds nothing of count as left out: it does not say whether there was
//! nothing, or nobody asked. Without pods nothing is known of what runs.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::config::KubernetesPart as Part;
use super::objects::{Named, Text};
use super::parse::{self, ListMeta, MAX_VALUE, Nodes};
use super::scope::Scope;
use super::stray;
use super::workloads::Workloads;
use crate::model::{Failure, FailureKind, Field, Outcome, Source, TargetEvidence, TimeSource};

pub(in crate::collect) const ADVICE: &str = "record it again: kubectl get pods,deployments,statefulsets,daemonsets,cronjobs,nodes,namespaces -A -o json";

/// An object or a list of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(default, borrow)]
    api_version: Text<'a>,
    #[serde(default, borrow)]
    kind: Text<'a>,
    #[serde(default, borrow)]
    metadata: Option<ListMeta<'a>>,
    #[serde(default, borrow)]
    items: Option<Vec<&'a RawValue>>,
    /// Of `kubectl version`.
    #[serde(default, borrow)]
    server_version: Option<&'a RawValue>,
    /// Of `kubectl version`, too; it says nothing of the cluster.
    #[serde(default)]
    client_version: Option<IgnoredAny>,
    /// Of `oc version`.
    #[serde(default, borrow)]
    openshift_version: Text<'a>,
}

/// Whether a text is JSON of Kubernetes, and not evidence of ours or the text of INFO.
pub(in crate::collect) fn looks_like_kubectl(text: &str) -> bool {
    let is_ours = || {
        let first = serde_json::Deserializer::from_str(text).into_iter::<Document<'_>>().next();
        first
            .and_then(Result::ok)
            .is_some_and(|document| document.api_version.starts_with("envparity/"))
    };
    text.trim_start().starts_with('{') && !is_ours()
}

/// The objects of the file, as parts of a cluster.
///
/// # Errors
/// If it is no JSON of Kubernetes, or holds nothing that is compared.
pub(in crate::collect) fn parse_kubectl(
    text: &str,
    scope: &Scope,
    evidence: &mut TargetEvidence,
) -> Result<(), Failure> {
    let mut found =
        Found { workloads: Workloads::new(scope.selection.clone()), ..Found::default() };
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    loop {
        let begun = documents.byte_offset();
        let Some(document) = documents.next() else { break };
        let raw = document.map_err(|e| {
            if e.is_eof() {
                return refuse("broke off: it is no whole JSON");
            }
            around(text.get(begun..).unwrap_or_default())
        })?;
        let document = serde_json::from_str(raw.get())
            .map_err(|_| refuse("is JSON, but not what kubectl prints"))?;
        found.document(&document, raw, evidence)?;
    }
    found.conclude(scope, evidence)
}

/// Kinds of which the file is to hold all.
const KINDS: [&str; 6] = ["Pod", "Deployment", "StatefulSet", "DaemonSet", "CronJob", "Node"];

/// What stands where the next document should begin.
fn around(rest: &str) -> Failure {
    let rest = rest.trim_start();
    if rest.starts_with('{') {
        return refuse("is JSON only in its beginning");
    }
    let first = stray::line(rest.lines().next().unwrap_or_default());
    Failure::new(FailureKind::File, format!("after the JSON of the file stands {first}"))
        .advise(stray::advice(rest))
}

fn refuse(what: &str) -> Failure {
    Failure::new(FailureKind::File, format!("the file {what}")).advise(ADVICE)
}

/// What is found, part by part.
#[derive(Default)]
struct Found<'a> {
    server: Option<Result<(), Failure>>,
    identity: Option<Result<(), Failure>>,
    /// Of `kube-system`; two are two clusters.
    uids: BTreeSet<String>,
    nodes: Option<Nodes>,
    workloads: Workloads,
    /// Read when it is known which nodes are lost.
    pods: Vec<&'a RawValue>,
    has_pods: bool,
    has_templates: bool,
    /// Why something is not the whole of what it should be.
    failures: Vec<Failure>,
    /// Kinds whose last page asks for another.
    unfinished: BTreeSet<String>,
    /// Kind, namespace and name of what was seen.
    seen: BTreeSet<(String, String, String)>,
    /// What stands twice, each as often as it is seen again.
    twice: Vec<String>,
}

impl<'a> Found<'a> {
    fn document(
        &mut self,
        document: &Document<'a>,
        raw: &'a RawValue,
        evidence: &mut TargetEvidence,
    ) -> Result<(), Failure> {
        if let Some(version) = document.server_version {
            if self.server.is_some() {
                return Err(refuse(
                    "holds two server versions: record each cluster in a file of its own",
                ));
            }
            self.server = Some(parse::version(version.get().as_bytes(), evidence));
            let openshift = &document.openshift_version;
            if (1..=MAX_VALUE).contains(&openshift.len()) {
                evidence.fields.push(Field::of_target("openshift_version", &**openshift));
            }
            return Ok(());
        }
        if document.client_version.is_some() {
            return Ok(());
        }
        let no_items = Vec::new();
        let is_list = document.kind.ends_with("List");
        // `null` is an empty list, as Go writes it.
        let Some(items) = document.items.as_ref().or(is_list.then_some(&no_items)) else {
            // One object tells nothing of the others.
            if KINDS.contains(&&*document.kind) {
                self.failures.push(refuse(&format!("holds one {} and no list", &*document.kind)));
            }
            return self.item(&document.kind, raw, evidence);
        };
        // `kubectl get --raw` names the kind once, for all items, and brings one page.
        let kind = document.kind.strip_suffix("List").unwrap_or_default();
        self.announce(kind);
        self.unfinished.remove(kind);
        if document.metadata.as_ref().is_some_and(ListMeta::is_page) {
            self.unfinished.insert(kind.to_owned());
        }
        for item in items {
            if kind.is_empty() {
                let own = serde_json::from_str::<Document<'_>>(item.get());
                let own = own.map(|item| item.kind.to_string()).unwrap_or_default();
                self.item(&own, item, evidence)?;
            } else {
                self.item(kind, item, evidence)?;
            }
        }
        Ok(())
    }

    /// The kind is there, even if there is none of it.
    fn announce(&mut self, kind: &str) {
        match kind {
            "Pod" => self.has_pods = true,
            "Deployment" | "StatefulSet" | "DaemonSet" | "CronJob" => self.has_templates = true,
            "Node" => _ = self.nodes.get_or_insert_default(),
            _ => {}
        }
    }

    fn item(
        &mut self,
        kind: &str,
        item: &'a RawValue,
        evidence: &mut TargetEvidence,
    ) -> Result<(), Failure> {
        self.announce(kind);
        self.meet(kind, item);
        match kind {
            "Pod" => self.pods.push(item),
            "Node" => self.nodes.get_or_insert_default().item(item),
            "Deployment" | "StatefulSet" | "DaemonSet" | "CronJob" => {
                self.workloads.workload_item(kind, item)
            }
            "Namespace" => self.namespace(item, evidence)?,
            "" => self.failures.push(refuse("holds an object without a kind")),
            _ => {}
        }
        Ok(())
    }

    /// Nothing is in a cluster twice: what is in a file twice was recorded twice.
    fn meet(&mut self, kind: &str, item: &RawValue) {
        if !KINDS.contains(&kind) {
            return;
        }
        let Ok(Named { metadata }) = serde_json::from_str(item.get()) else { return };
        let (namespace, name) = (metadata.namespace.to_string(), metadata.name.to_string());
        let shown = match namespace.as_str() {
            "" => format!("{kind} {name}"),
            _ => format!("{kind} {namespace}/{name}"),
        };
        if !self.seen.insert((kind.to_owned(), namespace, name)) {
            self.twice.push(shown);
        }
    }

    /// What says that two recordings are in the file, which cannot both be true.
    fn repeated(&self) -> Option<Failure> {
        let (first, more) = self.twice.split_first()?;
        let more =
            if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        let message = format!("the file holds {first}{more} twice: two recordings are in it");
        let advice =
            "record each cluster in a file of its own, and anew each time (> in place of >>)";
        Some(Failure::new(FailureKind::File, message).advise(advice))
    }

    fn namespace(&mut self, item: &RawValue, evidence: &mut TargetEvidence) -> Result<(), Failure> {
        let Ok(Named { metadata }) = serde_json::from_str(item.get()) else { return Ok(()) };
        if &*metadata.name != "kube-system" || !self.uids.insert(metadata.uid.to_string()) {
            return Ok(());
        }
        if self.uids.len() > 1 {
            return Err(refuse("holds two clusters: record each in a file of its own"));
        }
        self.identity = Some(parse::identity(item.get().as_bytes(), evidence));
        Ok(())
    }

    /// The outcome of each part.
    fn conclude(mut self, scope: &Scope, evidence: &mut TargetEvidence) -> Result<(), Failure> {
        // Of two recordings neither is known to be true of anything.
        let is_one = self.twice.is_empty();
        if let Some(kind) = self.unfinished.first() {
            self.failures
                .push(refuse(&format!("holds the first pages of a {kind}List and not the last")));
        }
        self.failures.extend(self.repeated());
        let (lost, heard) =
            self.nodes.as_ref().map(|nodes| (nodes.lost.clone(), nodes.newest)).unwrap_or_default();
        self.workloads = self.workloads.with_lost_nodes(lost);
        for pod in std::mem::take(&mut self.pods) {
            self.workloads.pod_item(pod);
        }
        let newest = heard.max(self.workloads.newest());
        if let (Some(newest), Source::Recorded { time, .. }) = (newest, &mut evidence.source) {
            (evidence.taken, *time) = (newest, TimeSource::Printed);
        }
        if self.has_templates && !self.has_pods {
            self.failures.push(refuse("holds workloads and no pods: may the user list them?"));
        }
        if self.has_pods || self.has_templates {
            self.failures.extend(self.workloads.failures());
        }
        let whole = self.failures.into_iter().reduce(parse::both).map_or(Ok(()), Err);
        let wants = |part| scope.parts.contains(&part);
        let nodes = self.nodes.map(|nodes| {
            let outcome = nodes.outcome();
            if wants(Part::Nodes) && is_one {
                evidence.fields.extend(nodes.fields);
            }
            whole.clone().and(outcome)
        });
        let workloads = (self.has_pods || self.has_templates).then_some(whole);
        if wants(Part::Workloads) && self.has_pods && is_one {
            evidence.left_out = self.workloads.left_out();
            evidence.images = self.workloads.images(true);
        }
        let parts = [
            (Part::Server, self.server),
            (Part::Identity, self.identity),
            (Part::Nodes, nodes),
            (Part::Workloads, workloads),
        ];
        if parts.iter().all(|(_, read)| read.is_none()) {
            return Err(refuse("holds no pods, nodes, server version or namespace kube-system"));
        }
        for (part, read) in parts {
            let outcome = match read.filter(|_| wants(part)) {
                None => Outcome::LeftOut,
                Some(Ok(())) => Outcome::Complete,
                Some(Err(failure)) => Outcome::Failed(failure),
            };
            evidence.set_part(part.as_str(), outcome);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Presumed, RunState};
    use jiff::Timestamp;
    use serde_json::{Value, json};

    fn read(documents: &[Value]) -> Result<TargetEvidence, Failure> {
        let text: String = documents.iter().map(|document| format!("{document:#}\n")).collect();
        assert!(looks_like_kubectl(&text));
        let mut evidence = TargetEvidence::new("kubernetes/mks".into(), "", Timestamp::UNIX_EPOCH);
        parse_kubectl(&text, &Scope::default(), &mut evidence).map(|()| evidence)
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
        let twice =
            outcome(&[list(&[pod("a"), pod("b")]), list(&[pod("a"), pod("b")])], "workloads");
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
            let source = Source::Recorded {
                path: "f".into(),
                time: TimeSource::FileModified,
                instead_of: None,
            };
            let mut evidence = TargetEvidence {
                source,
                ..TargetEvidence::new("kubernetes/mks".into(), "", Timestamp::UNIX_EPOCH)
            };
            parse_kubectl(&text, &Scope::default(), &mut evidence).unwrap();
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
        assert!(read(&[list(&[])]).is_err());
        assert!(!looks_like_kubectl("apiVersion: v1"));
        assert!(!looks_like_kubectl(r#"{"apiVersion": "envparity/v1", "kind": "Evidence"}"#));
    }
}
