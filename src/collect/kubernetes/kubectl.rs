//! What `kubectl get … -o json` and `kubectl version -o json` printed, one or several in a file, as
//! evidence. Pure; opens no file.
//!
//! Parts that the file holds nothing of count as left out: it does not say whether there was nothing, or
//! nobody asked. Without pods nothing is known of what runs.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::config::KubernetesPart as Part;
use super::objects::{Named, Text};
use super::parse::{self, Nodes};
use super::workloads::{Selection, Workloads};
use crate::model::{Failure, FailureKind, Outcome, TargetEvidence};

const ADVICE: &str =
    "record it again: kubectl get pods,deployments,statefulsets,daemonsets,cronjobs,nodes,namespaces -A -o json";

/// An object or a list of them.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(default, borrow)]
    kind: Text<'a>,
    #[serde(default, borrow)]
    items: Vec<&'a RawValue>,
    /// Of `kubectl version`.
    #[serde(default, borrow, rename = "serverVersion")]
    server_version: Option<&'a RawValue>,
}

/// What is found, part by part.
#[derive(Default)]
struct Found {
    server: Option<Result<(), Failure>>,
    identity: Option<Result<(), Failure>>,
    nodes: Option<Nodes>,
    has_pods: bool,
    workloads: Workloads,
}

/// Whether a text is JSON of Kubernetes, and not evidence of ours or the text of INFO.
pub(in crate::collect) fn looks_like_kubectl(text: &str) -> bool {
    text.trim_start().starts_with('{') && !text.contains("envparity/v")
}

/// The objects of the file, as parts of a cluster.
///
/// # Errors
/// If it is no JSON of Kubernetes, or holds nothing that is compared.
pub(in crate::collect) fn parse_kubectl(text: &str, evidence: &mut TargetEvidence) -> Result<(), Failure> {
    let refuse = |what: &str| Failure::new(FailureKind::File, format!("the file {what}")).advise(ADVICE);
    let mut found = Found { workloads: Workloads::new(Selection::default()), ..Found::default() };
    for document in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let raw = document.map_err(|e| {
            refuse(if e.is_eof() { "broke off: it is no whole JSON" } else { "is JSON only in its beginning" })
        })?;
        let document: Document<'_> =
            serde_json::from_str(raw.get()).map_err(|_| refuse("is JSON, but not what kubectl prints"))?;
        if let Some(version) = document.server_version {
            found.server = Some(parse::version(version.get().as_bytes(), evidence));
        }
        match document.kind.strip_suffix("List") {
            // `kubectl get --raw` names the kind once, for all items.
            Some(kind) => {
                document.items.iter().for_each(|item| found.item(Some(kind).filter(|k| !k.is_empty()), item, evidence));
            }
            None => found.item(None, raw, evidence),
        }
    }
    found.conclude(evidence).ok_or_else(|| refuse("holds no pods, nodes, server version or namespace kube-system"))
}

impl Found {
    fn item(&mut self, kind: Option<&str>, item: &RawValue, evidence: &mut TargetEvidence) {
        let own = || serde_json::from_str::<Document<'_>>(item.get()).map(|d| d.kind.to_string()).unwrap_or_default();
        match kind.map_or_else(own, str::to_owned).as_str() {
            "Pod" => {
                self.has_pods = true;
                self.workloads.pod_item(item);
            }
            "Node" => self.nodes.get_or_insert_default().item(item),
            kind @ ("Deployment" | "StatefulSet" | "DaemonSet" | "CronJob") => self.workloads.workload_item(kind, item),
            "Namespace" => {
                let is_it =
                    serde_json::from_str::<Named<'_>>(item.get()).is_ok_and(|n| &*n.metadata.name == "kube-system");
                if is_it {
                    self.identity = Some(parse::identity(item.get().as_bytes(), evidence));
                }
            }
            _ => {}
        }
    }

    /// The outcome of each part; `None` if none of them was held.
    fn conclude(self, evidence: &mut TargetEvidence) -> Option<()> {
        let nodes = self.nodes.map(|nodes| {
            let outcome = nodes.outcome();
            evidence.fields.extend(nodes.fields);
            outcome
        });
        let workloads = self.has_pods.then(|| {
            let failure = self.workloads.failures().into_iter().next();
            evidence.images = self.workloads.images(true);
            failure.map_or(Ok(()), Err)
        });
        let parts = [
            (Part::Server, self.server),
            (Part::Identity, self.identity),
            (Part::Nodes, nodes),
            (Part::Workloads, workloads),
        ];
        let any = parts.iter().any(|(_, read)| read.is_some());
        for (part, read) in parts {
            let outcome =
                read.map_or(Outcome::LeftOut, |read| read.map_or_else(Outcome::Failed, |()| Outcome::Complete));
            evidence.set_part(part.as_str(), outcome);
        }
        any.then_some(())
    }
}
