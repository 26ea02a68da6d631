//! What `kubectl get … -o json` and `kubectl version -o json` printed, one or several in a file, as
//! evidence. Pure; opens no file. What was printed as YAML is made JSON before.
//!
//! Parts that the file holds nothing of count as left out: it does not say whether there was
//! nothing, or nobody asked. Without pods nothing is known of what runs.

mod listed;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::config::KubernetesPart as Part;
use super::objects::{ListMeta, NamedObject, Said, Text};
use super::parse::{self, MAX_VALUE, Nodes};
use super::payload::Payload;
use super::scope::ClusterScope;
use super::stray;
use super::workloads::Workloads;
use crate::model::{Failure, FailureKind, Field, Outcome, Source, TargetEvidence, TimeSource};
use listed::{ListedItems, SeenObjects, api_version};

pub(in crate::collect) const ADVICE: &str = "record it again: kubectl get pods,deployments,statefulsets,daemonsets,cronjobs,nodes,namespaces -A -o json";

/// An object or a list of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KubectlDocument<'a> {
    #[serde(default, borrow)]
    kind: Text<'a>,
    #[serde(default, borrow)]
    metadata: Option<ListMeta<'a>>,
    #[serde(default, borrow)]
    items: Option<ListedItems<'a>>,
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
    let is_ours = || api_version(text).is_some_and(|version| version.starts_with("envparity/"));
    text.trim_start().starts_with('{') && !is_ours()
}

/// The objects of the file, as parts of a cluster.
///
/// # Errors
/// If it is not JSON of Kubernetes, or holds nothing that is compared.
pub(in crate::collect) fn parse_kubectl(
    text: &str,
    scope: &ClusterScope,
    evidence: &mut TargetEvidence,
) -> Result<(), Failure> {
    let mut found = FoundObjects {
        workloads: Workloads::new(scope.selection.clone()),
        ..FoundObjects::default()
    };
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<KubectlDocument<'_>>();
    loop {
        let begun = documents.byte_offset();
        let Some(document) = documents.next() else { break };
        let document = document.map_err(|_| wrong(text.get(begun..).unwrap_or_default()))?;
        let raw = text.get(begun..documents.byte_offset()).unwrap_or_default();
        found.document(&document, raw, evidence)?;
    }
    found.conclude(scope, evidence)
}

/// Why what begins there is no document.
fn wrong(rest: &str) -> Failure {
    match serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>().next() {
        Some(Err(e)) if e.is_eof() => refuse("broke off: the JSON is incomplete"),
        Some(Err(_)) => around(rest),
        _ => refuse("is JSON, but not what kubectl prints"),
    }
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

/// Nobody who recorded a file can check a port, or a proxy: what is broken is to be recorded anew.
fn in_a_file(failure: Failure) -> Failure {
    let of_server = [FailureKind::Protocol.advice(), parse::IS_THERE_A_PROXY];
    if !of_server.iter().any(|advice| failure.advice.contains(advice)) {
        return failure;
    }
    let mut pieces: Vec<String> = Vec::new();
    for piece in failure.advice.split("; ") {
        let piece = if of_server.contains(&piece) { ADVICE } else { piece };
        if !pieces.iter().any(|known| known == piece) {
            pieces.push(piece.to_owned());
        }
    }
    Failure { kind: FailureKind::File, advice: pieces.join("; "), ..failure }
}

/// What is found, part by part.
#[derive(Default)]
struct FoundObjects<'a> {
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
    /// Whether a list of kinds that it does not name holds nothing.
    has_empty_list: bool,
    /// Kinds whose last page asks for another.
    unfinished: BTreeSet<String>,
    seen: SeenObjects,
}

impl<'a> FoundObjects<'a> {
    fn document(
        &mut self,
        document: &KubectlDocument<'a>,
        raw: &'a str,
        evidence: &mut TargetEvidence,
    ) -> Result<(), Failure> {
        if let Some(version) = document.server_version {
            if self.server.is_some() {
                return Err(refuse(
                    "holds two server versions: record each cluster in a file of its own",
                ));
            }
            self.server = Some(parse::version(Payload::json(version.get().as_bytes()), evidence));
            let openshift = &document.openshift_version;
            if (1..=MAX_VALUE).contains(&openshift.len()) {
                evidence.fields.push(Field::of_target("openshift_version", &**openshift));
            }
            return Ok(());
        }
        if document.client_version.is_some() {
            return Ok(());
        }
        let is_list = document.kind.ends_with("List");
        // `null` is an empty list, as Go writes it.
        let no_items = ListedItems::default();
        let items = document.items.as_ref().or(is_list.then_some(&no_items));
        self.seen.count(items)?;
        let Some(ListedItems(items)) = items else {
            // One object tells nothing of the others.
            if KINDS.contains(&&*document.kind) {
                self.fail(refuse(&format!("holds one {} and no list", &*document.kind)));
            }
            let whole = serde_json::from_str(raw);
            let raw = whole.map_err(|_| refuse("is JSON, but not what kubectl prints"))?;
            return self.item(&document.kind, raw, evidence);
        };
        // `kubectl get --raw` names the kind once, for all items, and brings one page.
        let kind = document.kind.strip_suffix("List").unwrap_or_default();
        self.announce(kind);
        self.has_empty_list |= kind.is_empty() && items.is_empty();
        self.unfinished.remove(kind);
        if document.metadata.as_ref().is_some_and(ListMeta::is_page) {
            self.unfinished.insert(kind.to_owned());
        }
        for item in items {
            self.item(kind, item, evidence)?;
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

    /// An object of that kind, or of the kind that it names itself.
    fn item(
        &mut self,
        kind: &str,
        item: &'a RawValue,
        evidence: &mut TargetEvidence,
    ) -> Result<(), Failure> {
        let said = Said::by(item);
        let kind = if kind.is_empty() { &*said.kind } else { kind };
        self.announce(kind);
        // Nothing is in a cluster twice: what is in a file twice was recorded twice.
        if let Some(metadata) = &said.metadata
            && KINDS.contains(&kind)
        {
            self.seen.meet([kind, &metadata.namespace, &metadata.name]);
        }
        match kind {
            "Pod" => self.pods.push(item),
            "Node" => self.nodes.get_or_insert_default().item(item),
            "Deployment" | "StatefulSet" | "DaemonSet" | "CronJob" => {
                self.workloads.workload_item(kind, item)
            }
            "Namespace" => self.namespace(item, evidence)?,
            "" => self.fail(refuse("holds an object without a kind")),
            _ => {}
        }
        Ok(())
    }

    /// Once for all objects that are wrong in one way.
    fn fail(&mut self, failure: Failure) {
        if !self.failures.contains(&failure) {
            self.failures.push(failure);
        }
    }

    /// What says that two recordings are in the file, which cannot both be true.
    fn repeated(&self) -> Option<Failure> {
        let (first, again) = self.seen.twice()?;
        let more = if again > 1 { format!(" and {} more", again - 1) } else { String::new() };
        let message = format!("the file holds {first}{more} twice: two recordings are in it");
        let advice =
            "record each cluster in a file of its own, and anew each time (> in place of >>)";
        Some(Failure::new(FailureKind::File, message).advise(advice))
    }

    fn namespace(&mut self, item: &RawValue, evidence: &mut TargetEvidence) -> Result<(), Failure> {
        let Ok(NamedObject { metadata }) = serde_json::from_str(item.get()) else { return Ok(()) };
        if &*metadata.name != "kube-system" || !self.uids.insert(metadata.uid.to_string()) {
            return Ok(());
        }
        if self.uids.len() > 1 {
            return Err(refuse("holds two clusters: record each in a file of its own"));
        }
        self.identity = Some(parse::identity(Payload::json(item.get().as_bytes()), evidence));
        Ok(())
    }

    /// The outcome of each part.
    fn conclude(
        mut self,
        scope: &ClusterScope,
        evidence: &mut TargetEvidence,
    ) -> Result<(), Failure> {
        // Of two recordings neither is known to be true of anything.
        let is_one = self.seen.twice().is_none();
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
        // Neither pods nor their templates are in the file: nobody knows whether they were asked
        // for.
        let is_silent = self.has_empty_list && !self.has_pods && !self.has_templates;
        let wants = |part| scope.parts.contains(&part);
        let nodes = self.nodes.map(|nodes| {
            let outcome = nodes.outcome();
            if wants(Part::Nodes) && is_one {
                evidence.fields.extend(nodes.fields);
            }
            whole.clone().and(outcome)
        });
        let workloads = if is_silent {
            let what = "holds a list without objects, which does not tell what was asked for";
            Some(Err(refuse(what)))
        } else {
            (self.has_pods || self.has_templates).then_some(whole)
        };
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
                Some(Err(failure)) => Outcome::Failed(in_a_file(failure)),
            };
            evidence.set_part(part.as_str(), outcome);
        }
        Ok(())
    }
}
