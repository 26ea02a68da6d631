//! What a Kubernetes API server answers. Pure; opens no socket.
//!
//! An item of a list that cannot be read costs itself, and is counted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::objects::{NamedObject, Node, NodeCondition, Text};
use super::payload::{Payload, Unreadable};
use super::pod::time;
use crate::collect::texts::MAX_FACT;
use crate::model::{Failure, FailureKind, Field, TargetEvidence};

/// `/version`: of the control plane.
pub(super) fn version(body: Payload<'_>, evidence: &mut TargetEvidence) -> Result<(), Failure> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct PageAnswer<'a> {
        #[serde(borrow)]
        git_version: Text<'a>,
        #[serde(default, borrow)]
        major: Text<'a>,
        #[serde(default, borrow)]
        minor: Text<'a>,
        #[serde(default, borrow)]
        platform: Text<'a>,
    }
    let refuse = |what: &str| {
        Err(Failure::new(FailureKind::Protocol, format!("the answer to GET /version {what}")))
    };
    match body.object::<PageAnswer<'_>>() {
        Ok(PageAnswer { git_version, major, minor, platform })
            if [&git_version, &major, &minor, &platform].iter().any(|t| t.len() > MAX_FACT) =>
        {
            refuse("is longer than any version")
        }
        Ok(answer) if !answer.git_version.trim().is_empty() => {
            let PageAnswer { git_version, major, minor, platform } = answer;
            let named = [
                ("git_version", git_version),
                ("major", major),
                ("minor", minor),
                ("platform", platform),
            ];
            let told = named.into_iter().filter(|(_, value)| !value.is_empty());
            evidence.fields.extend(told.map(|(name, value)| Field::of_target(name, &*value)));
            Ok(())
        }
        Ok(_) => refuse("names no version"),
        Err(Unreadable::OtherShape) => refuse("is not what an API server says"),
        Err(Unreadable::Malformed(encoding)) => refuse(&format!("is not {}", encoding.name())),
    }
}

/// The namespace `kube-system`: its UID tells one cluster from another.
pub(super) fn identity(body: Payload<'_>, evidence: &mut TargetEvidence) -> Result<(), Failure> {
    let uid = match body.object::<NamedObject<'_>>() {
        Ok(namespace) => namespace.metadata.uid.to_string(),
        Err(Unreadable::OtherShape) => String::new(),
        Err(Unreadable::Malformed(encoding)) => {
            let message = format!("the namespace kube-system is not {}", encoding.name());
            return Err(Failure::new(FailureKind::Protocol, message));
        }
    };
    if uid.is_empty() || uid.len() > MAX_FACT {
        return Err(Failure::new(FailureKind::Protocol, "the namespace kube-system has no UID"));
    }
    evidence.fields.push(Field::of_target("uid", uid));
    Ok(())
}

/// What to look at where objects are of another shape.
pub(super) const IS_THERE_A_PROXY: &str =
    "they are not what Kubernetes writes: is there a proxy or another server in between?";

/// How many items were read, and how many could not be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ObjectTally {
    read: usize,
    unread: usize,
}

impl ObjectTally {
    pub(super) fn add(&mut self, read: usize, unread: usize) {
        self.read += read;
        self.unread += unread;
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self { read: self.read + other.read, unread: self.unread + other.unread }
    }

    pub(super) fn is_empty(self) -> bool {
        self.read + self.unread == 0
    }

    /// What could not be read, if anything.
    pub(super) fn failure(self, what: &str) -> Option<Failure> {
        let Self { read, unread } = self;
        let message = || format!("{unread} of {} {what} could not be read", read + unread);
        (unread > 0)
            .then(|| Failure::new(FailureKind::Protocol, message()).with_advice(IS_THERE_A_PROXY))
    }
}

/// Facts of nodes, as they come in pages.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    pub(super) fields: Vec<Field>,
    /// Those that do not answer the control plane.
    pub(super) lost: BTreeSet<String>,
    /// The last heartbeat of any.
    pub(super) newest: Option<Timestamp>,
    tally: ObjectTally,
    /// Of what is kept.
    bytes: usize,
    /// Those that do not tell a fact that every node has, by what it is called.
    silent: BTreeMap<&'static str, Vec<String>>,
}

/// What each of them is called that tells nothing of itself.
const EVERYTHING: &str = "version of its kubelet, runtime, kernel or system";

impl Nodes {
    /// Four times what Kubernetes is made for.
    const MAX: usize = 20_000;
    /// Of names and facts.
    const MAX_BYTES: usize = 4 << 20;

    /// One page of a NodeList.
    pub(super) fn page(&mut self, body: Payload<'_>) -> Result<(), Failure> {
        let unread = body.items(|node: Node<'_>| self.add(&node))?;
        self.tally.add(0, unread);
        if self.tally.read <= Self::MAX && self.bytes <= Self::MAX_BYTES {
            return Ok(());
        }
        let message = if self.tally.read > Self::MAX {
            format!("the cluster has more than {} nodes", Self::MAX)
        } else {
            format!("the nodes tell more than {} MiB", Self::MAX_BYTES >> 20)
        };
        Err(Failure::new(FailureKind::TooLarge, message))
    }

    /// One node of a list of several kinds.
    pub(super) fn item(&mut self, item: &RawValue) {
        match serde_json::from_str(item.get()) {
            Ok(node) => self.add(&node),
            Err(_) => self.tally.add(0, 1),
        }
    }

    fn add(&mut self, node: &Node<'_>) {
        let info = &node.status.node_info;
        let facts = [
            ("kubelet", &info.kubelet_version),
            ("runtime", &info.container_runtime_version),
            ("kernel", &info.kernel_version),
            ("os", &info.os_image),
            ("architecture", &info.architecture),
        ];
        let told: Vec<_> =
            facts.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect();
        let name = &node.metadata.name;
        if !is_name(name) || told.iter().any(|(_, value)| value.len() > MAX_FACT) {
            return self.tally.add(0, 1);
        }
        self.tally.add(1, 0);
        // When one page is over the bound, the rest of it adds nothing.
        self.bytes += told.iter().map(|(_, value)| name.len() + value.len()).sum::<usize>();
        if self.bytes > Self::MAX_BYTES {
            return;
        }
        let conditions = &node.status.conditions;
        let heartbeats = conditions.iter().filter_map(|c| time(&c.last_heartbeat_time));
        self.newest = self.newest.max(heartbeats.max());
        // What its kubelet last said is not news while nobody hears of it.
        if conditions.iter().any(|c| &*c.kind == "Ready" && &*c.status == "Unknown") {
            self.lost.insert(name.to_string());
        }
        for what in unsaid(node) {
            self.bytes += name.len();
            self.silent.entry(what).or_default().push(name.to_string());
        }
        let field = |(fact, value): (&str, &Text<'_>)| Field {
            place: name.to_string(),
            name: fact.to_owned(),
            value: value.to_string(),
        };
        self.fields.extend(told.into_iter().map(field));
    }

    /// Whether all were read. A cluster has at least one node.
    pub(super) fn outcome(&self) -> Result<(), Failure> {
        if self.tally.is_empty() {
            return Err(Failure::new(
                FailureKind::Protocol,
                "the cluster says that it has no node",
            )
            .with_advice("if it is to have none, leave nodes out of read: in the profile"));
        }
        let told = self.tally.failure("nodes").into_iter().chain(self.silences());
        told.reduce(both).map_or(Ok(()), Err)
    }

    /// Nodes that do not tell what every node has.
    fn silences(&self) -> impl Iterator<Item = Failure> {
        self.silent.iter().filter_map(|(what, nodes)| {
            let (first, more) = nodes.split_first()?;
            let message = match more.len() {
                _ if *what == EVERYTHING && more.is_empty() => {
                    format!("node {first} tells no {what}")
                }
                _ if *what == EVERYTHING => {
                    format!("node {first} and {} more tell no {what}", more.len())
                }
                0 => format!("node {first} does not tell its {what}"),
                n => format!("node {first} and {n} more do not tell their {what}"),
            };
            Some(Failure::new(FailureKind::Unavailable, message).with_advice(
                "a node that has just joined tells it within a minute: read it again; for a \
                 virtual node that never does, leave nodes out of read: in the profile",
            ))
        })
    }
}

/// What a node does not tell that every node has. A virtual node, whose kubelet is a program that
/// forwards pods elsewhere, has none of it; only a kubelet on Linux that is well tells its kernel.
fn unsaid(node: &Node<'_>) -> Vec<&'static str> {
    let info = &node.status.node_info;
    let is_empty = |text: &Text<'_>| text.trim().is_empty();
    let [kubelet, runtime, kernel, os] = [
        &info.kubelet_version,
        &info.container_runtime_version,
        &info.kernel_version,
        &info.os_image,
    ]
    .map(is_empty);
    if kubelet && runtime && kernel && os {
        return vec![EVERYTHING];
    }
    if is_virtual(node) {
        return Vec::new();
    }
    let is_unwell = |c: &NodeCondition<'_>| &*c.kind == "Ready" && &*c.status != "True";
    let is_well = !node.status.conditions.iter().any(is_unwell);
    let is_windows = info.operating_system.eq_ignore_ascii_case("windows")
        || info.os_image.starts_with("Windows");
    let is_linux = is_well && !is_windows;
    let checked = [
        (kubelet, "kubelet version"),
        (runtime, "runtime version"),
        (kernel && is_linux, "kernel version"),
        (os && is_linux, "operating system"),
    ];
    checked.into_iter().filter(|(is_unsaid, _)| *is_unsaid).map(|(_, what)| what).collect()
}

/// Whether no machine of its own stands behind a node.
fn is_virtual(node: &Node<'_>) -> bool {
    let kind = &node.metadata.labels.node_type;
    matches!(&**kind, "virtual-kubelet" | "virtual-node")
        || node.status.node_info.kubelet_version.contains("-vk-")
        || node.spec.taints.iter().any(|taint| taint.key.starts_with("virtual-kubelet.io/"))
}

/// One failure of two; each says what it lacks.
pub(super) fn both(first: Failure, second: Failure) -> Failure {
    let join = |a: String, b: String| if a.contains(&b) { a } else { format!("{a}; {b}") };
    Failure {
        kind: first.kind,
        message: join(first.message, second.message),
        advice: join(first.advice, second.advice),
    }
}

/// Longer than any version or reference to an image.
pub(super) const MAX_VALUE: usize = 1024;

/// As Kubernetes limits names of objects.
pub(super) fn is_name(text: &str) -> bool {
    (1..=253).contains(&text.len())
}

#[cfg(test)]
mod tests {
    use super::super::objects::{Pod, Workload};
    use super::*;
    use jiff::Timestamp;

    fn fixture(name: &str) -> Vec<u8> {
        std::fs::read(format!(
            "{}/tests/fixtures/kubernetes/{name}.json",
            env!("CARGO_MANIFEST_DIR")
        ))
        .unwrap()
    }

    #[test]
    fn what_a_real_cluster_says_is_read_whole() {
        let mut evidence = TargetEvidence::new("kubernetes/mks".into(), "", Timestamp::UNIX_EPOCH);
        version(Payload::json(&fixture("version")), &mut evidence).unwrap();
        identity(Payload::json(&fixture("namespace-kube-system")), &mut evidence).unwrap();
        assert_eq!(evidence.field("git_version"), Some("v1.36.2"));
        assert_eq!(evidence.field("uid"), Some("99e935d5-efc8-4cc1-b9b3-732ca0083954"));
        let mut nodes = Nodes::default();
        nodes.page(Payload::json(&fixture("nodes"))).unwrap();
        nodes.outcome().unwrap();
        assert_eq!(nodes.fields.len(), 50);
        let runtime = nodes.fields.iter().find(|f| f.name == "runtime").unwrap();
        assert!(runtime.value.starts_with("containerd://"), "{runtime:?}");
        let (page, mut pods) = (fixture("pods-page1"), 0);
        assert_eq!(
            Payload::json(&page).items(|_: Pod<'_>| pods += 1).map_err(|e| e.to_string()),
            Ok(0)
        );
        assert_eq!(pods, 50);
        for list in ["deployments", "statefulsets", "daemonsets", "cronjobs"] {
            let body = fixture(&format!("{list}-page1"));
            let mut read = 0;
            let unread = Payload::json(&body).items(|workload: Workload<'_>| {
                read += 1;
                assert!(workload.spec.pod().is_some_and(|pod| !pod.containers.is_empty()));
            });
            assert_eq!((read, unread.ok()), (20, Some(0)), "{list}");
        }
    }

    #[test]
    fn what_is_not_told_is_no_answer() {
        let mut evidence = TargetEvidence::new("kubernetes/mks".into(), "", Timestamp::UNIX_EPOCH);
        for body in ["{}", r#"{"gitVersion": " "}"#, "[]", "<html>"] {
            assert!(version(Payload::json(body.as_bytes()), &mut evidence).is_err(), "{body}");
            assert!(identity(Payload::json(body.as_bytes()), &mut evidence).is_err(), "{body}");
        }
        let read = |body: &[u8]| {
            let mut names = Vec::new();
            let unread =
                Payload::json(body).items(|pod: Pod<'_>| names.push(pod.metadata.name.to_string()));
            unread.map(|unread| (names, unread)).map_err(|failure| failure.message)
        };
        for none in [r#"{"kind": "PodList"}"#, "[]", "{", r#"{"items": {}}"#, r#"{"items": []} 1"#]
        {
            assert!(read(none.as_bytes()).is_err(), "{none}");
        }
        assert_eq!(read(br#"{"items": null}"#), Ok((Vec::new(), 0)));
        let pod = |name: &str| {
            format!(r#"{{"metadata": {{"name": "{name}"}}, "spec": {{"containers": []}}}}"#)
        };
        let mixed = format!(r#"{{"items": [{}, 0, {{}}, {}, null]}}"#, pod("a"), pod("b"));
        assert_eq!(read(mixed.as_bytes()), Ok((vec!["a".to_owned(), "b".to_owned()], 3)));
        assert!(Nodes::default().outcome().is_err());
    }
}
