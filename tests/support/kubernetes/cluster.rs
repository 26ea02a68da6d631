//! What a cluster consists of: the recorded objects, as many copies of them as wanted, and what a
//! test adds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::list::{RESOURCES, Store};
use super::objects::{Layout, Object, Template, sha256};

/// Describes a cluster, of the size of the recording unless it is told otherwise.
pub(crate) struct Cluster {
    recorded: bool,
    layout: Layout,
    counts: BTreeMap<&'static str, usize>,
    git_version: Option<String>,
    kubelet_version: Option<String>,
    uid: Option<String>,
    images: Vec<(String, String)>,
    added: Vec<(&'static str, Value)>,
}

impl Cluster {
    /// 100 pods on 10 nodes, and 20 each of Deployments, StatefulSets, DaemonSets and CronJobs, as
    /// they were recorded.
    pub(crate) fn recorded() -> Self {
        Self {
            recorded: true,
            layout: Layout::Indented,
            counts: BTreeMap::new(),
            git_version: None,
            kubelet_version: None,
            uid: None,
            images: Vec::new(),
            added: Vec::new(),
        }
    }

    /// Nothing but the namespaces every cluster has, for a test to fill.
    pub(crate) fn empty() -> Self {
        Self { recorded: false, ..Self::recorded() }
    }

    /// So many pods on 200 nodes, of 3,000 Deployments, 600 StatefulSets, 400 DaemonSets and 500
    /// CronJobs.
    pub(crate) fn large(pods: usize) -> Self {
        Self::recorded()
            .count("pods", pods)
            .count("nodes", 200)
            .count("deployments", 3_000)
            .count("statefulsets", 600)
            .count("daemonsets", 400)
            .count("cronjobs", 500)
    }

    /// Makes so many of `pods`, `nodes`, `deployments`, `statefulsets`, `daemonsets` or `cronjobs`
    /// of those recorded. Pods belong to what there is: they are none if there is no workload for
    /// them.
    pub(crate) fn count(mut self, resource: &'static str, count: usize) -> Self {
        self.counts.insert(resource, count);
        self
    }

    /// The server's version, such as `v1.36.2`.
    pub(crate) fn git_version(mut self, version: &str) -> Self {
        self.git_version = Some(version.to_owned());
        self
    }

    /// The kubelet's version on every recorded node.
    pub(crate) fn kubelet_version(mut self, version: &str) -> Self {
        self.kubelet_version = Some(version.to_owned());
        self
    }

    /// The UID of the namespace kube-system.
    pub(crate) fn uid(mut self, uid: &str) -> Self {
        self.uid = Some(uid.to_owned());
        self
    }

    /// Every recorded object that uses exactly this image uses that one, and its digest is another.
    pub(crate) fn image(mut self, from: &str, to: &str) -> Self {
        self.images.push((from.to_owned(), to.to_owned()));
        self
    }

    /// Adds an object as it is; it needs no UID, and its `kind` and `apiVersion` are left out of
    /// lists as a real server does.
    pub(crate) fn add(mut self, resource: &'static str, object: Value) -> Self {
        assert!(RESOURCES.iter().any(|known| known.name == resource), "no list of {resource}");
        self.added.push((resource, object));
        self
    }

    /// Answers in one line, as to every client but `curl`; a pod is 4.5 KB then and not 8.4.
    pub(crate) fn compact(mut self) -> Self {
        self.layout = Layout::Compact;
        self
    }

    pub(super) fn build(self) -> Store {
        let mut lists: BTreeMap<&'static str, Vec<Object>> =
            RESOURCES.iter().map(|resource| (resource.name, Vec::new())).collect();
        if self.recorded {
            self.multiply(&mut lists);
        }
        for (resource, object) in &self.added {
            let template = Arc::new(Template::new(object.clone(), self.layout, false));
            lists.get_mut(resource).expect("checked in add").push(Object::of(&template));
        }
        self.add_namespaces(&mut lists);
        for list in lists.values_mut() {
            list.sort_by(|a, b| a.key.cmp(&b.key));
        }
        Store { lists, layout: self.layout, version: self.version() }
    }

    fn version(&self) -> Value {
        let mut version = fixture("version");
        if let Some(git_version) = &self.git_version {
            let mut numbers = git_version.trim_start_matches('v').split('.');
            version["major"] = json!(numbers.next());
            version["minor"] = json!(numbers.next());
            version["gitVersion"] = json!(git_version);
        }
        version
    }

    fn add_namespaces(&self, lists: &mut BTreeMap<&'static str, Vec<Object>>) {
        let mut recorded = fixture("namespace-kube-system");
        if let Some(uid) = &self.uid {
            recorded["metadata"]["uid"] = json!(uid);
        }
        let template = Arc::new(Template::new(recorded, self.layout, true));
        let used = lists.values().flatten().map(|object| object.namespace().to_owned());
        let added: BTreeSet<String> =
            lists["namespaces"].iter().map(|object| object.name().to_owned()).collect();
        let mut names: BTreeSet<String> = used.filter(|name| !name.is_empty()).collect();
        names.extend(["default", "kube-node-lease", "kube-public"].map(str::to_owned));
        names.remove("kube-system");
        // first, for the UID as it was given
        let names = std::iter::once("kube-system".to_owned())
            .chain(names)
            .filter(|name| !added.contains(name));
        let made =
            names.enumerate().map(|(turn, name)| Object::copy(&template, "", &name, turn, 0));
        let made: Vec<Object> = made.collect();
        lists.get_mut("namespaces").expect("every resource has a list").extend(made);
    }

    /// The items of recorded lists, changed as wanted.
    fn items(&self, files: &[&str]) -> Vec<Value> {
        let lists = files.iter().map(|file| fixture(file)["items"].take());
        let mut items: Vec<Value> =
            lists.flat_map(|items| items.as_array().expect("a list has items").clone()).collect();
        for item in &mut items {
            self.substitute(item);
            if let (Some(version), Some(info)) =
                (&self.kubelet_version, item.pointer_mut("/status/nodeInfo"))
            {
                info["kubeletVersion"] = json!(version);
                info["kubeProxyVersion"] = json!(version);
            }
        }
        items
    }

    fn substitute(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.substitute(item)),
            Value::Object(fields) => {
                let image = fields.get("image").and_then(Value::as_str);
                if let Some((_, to)) =
                    self.images.iter().find(|(from, _)| Some(from.as_str()) == image)
                {
                    fields.insert("image".to_owned(), json!(to));
                    if let Some(id) = fields.get_mut("imageID") {
                        let name = to.rsplit_once(':').map_or(to.as_str(), |(name, _)| name);
                        *id = json!(format!("{name}@sha256:{}", sha256(to)));
                    }
                }
                fields.values_mut().for_each(|field| self.substitute(field));
            }
            _ => {}
        }
    }

    fn multiply(&self, lists: &mut BTreeMap<&'static str, Vec<Object>>) {
        let pods = self.items(&["pods-page1", "pods-page2"]);
        let mut owners = Owners::default();
        for (resource, file) in [
            ("deployments", "deployments-page1"),
            ("statefulsets", "statefulsets-page1"),
            ("daemonsets", "daemonsets-page1"),
            ("cronjobs", "cronjobs-page1"),
        ] {
            let items = self.items(&[file]);
            let count = self.counts.get(resource).copied().unwrap_or(items.len());
            if resource == "deployments" {
                let sets = items.iter().enumerate().filter_map(|(index, deployment)| {
                    Some((replica_set(deployment, &pods)?, copies(index, items.len(), count)))
                });
                let made = sets.flat_map(|(set, count)| self.repeat(vec![set], count)).collect();
                lists.insert("replicasets", made);
            }
            let total = items.len();
            owners.add(resource, &items, |index| copies(index, total, count));
            lists.insert(resource, self.repeat(items, count));
        }
        lists.insert("nodes", self.nodes());
        let made = self.pods(pods, &owners, &lists["nodes"]);
        lists.insert("pods", made);
    }

    /// So many copies, each round of them in namespaces of its own.
    fn repeat(&self, items: Vec<Value>, count: usize) -> Vec<Object> {
        let templates: Vec<_> = items
            .into_iter()
            .map(|item| Arc::new(Template::new(item, self.layout, false)))
            .collect();
        let copy = |index: usize| {
            let (template, turn) = (&templates[index % templates.len()], index / templates.len());
            Object::copy(
                template,
                &namespace(&template.namespace, turn),
                &template.name,
                turn,
                turn,
            )
        };
        (0..count).map(copy).collect()
    }

    fn nodes(&self) -> Vec<Object> {
        let items = self.items(&["nodes"]);
        let count = self.counts.get("nodes").copied().unwrap_or(items.len());
        let templates: Vec<_> = items
            .into_iter()
            .map(|item| Arc::new(Template::new(item, self.layout, true)))
            .collect();
        let copy = |index: usize| match templates.get(index) {
            Some(recorded) => Object::of(recorded),
            None => {
                // the first is the control plane's
                let workers = templates.len() - 1;
                let template = &templates[1 + (index - templates.len()) % workers];
                Object::copy(template, "", &format!("worker-{:03}", index + 1), index, 0)
            }
        };
        (0..count).map(copy).collect()
    }

    fn pods(&self, items: Vec<Value>, owners: &Owners, nodes: &[Object]) -> Vec<Object> {
        let templates =
            items.into_iter().map(|item| Arc::new(Template::new(item, self.layout, false)));
        let templates: Vec<_> = templates.filter(|template| owners.of(template) > 0).collect();
        if templates.is_empty() {
            return Vec::new();
        }
        let count = self.counts.get("pods").copied().unwrap_or(templates.len());
        let copy = |index: usize| {
            let (at, round) = (index % templates.len(), index / templates.len());
            let (template, owners) = (&templates[at], owners.of(&templates[at]));
            let (turn, again) = (round % owners, round / owners);
            let name = pod_name(template, again, again * templates.len() + at);
            let pod =
                Object::copy(template, &namespace(&template.namespace, turn), &name, round, turn);
            let scheduled = !template.node.is_empty() && !nodes.is_empty();
            let there = round == 0 && nodes.iter().any(|node| node.name() == template.node);
            if !scheduled || there {
                return pod;
            }
            // a prime, so that the pods of one template do not meet on one node
            pod.on_node(nodes[(index * 7_919) % nodes.len()].name())
        };
        (0..count).map(copy).collect()
    }
}

/// How many of the items of one recorded list there are when `total` of them have been repeated to
/// `count`.
fn copies(index: usize, total: usize, count: usize) -> usize {
    (count + total - 1 - index) / total
}

fn namespace(recorded: &str, turn: usize) -> String {
    if turn == 0 { recorded.to_owned() } else { format!("{recorded}-{turn}") }
}

/// How many copies there are of each workload, by kind, namespace and name as recorded.
#[derive(Default)]
struct Owners(BTreeMap<(&'static str, String, String), usize>);

impl Owners {
    fn add(&mut self, resource: &'static str, items: &[Value], copies: impl Fn(usize) -> usize) {
        for (index, item) in items.iter().enumerate() {
            let text = |field: &str| item["metadata"][field].as_str().expect("recorded").to_owned();
            self.0.insert((resource, text("namespace"), text("name")), copies(index));
        }
    }

    /// A pod that nothing owns may be in any number of namespaces.
    fn of(&self, pod: &Template) -> usize {
        let Some(owner) = &pod.owner else { return usize::MAX };
        let (resource, name) = match owner.kind.as_str() {
            "ReplicaSet" => (
                "deployments",
                owner.name.rsplit_once('-').map_or("", |(deployment, _)| deployment),
            ),
            "StatefulSet" => ("statefulsets", owner.name.as_str()),
            "DaemonSet" => ("daemonsets", owner.name.as_str()),
            _ => return 0,
        };
        self.0.get(&(resource, pod.namespace.clone(), name.to_owned())).copied().unwrap_or(0)
    }
}

/// None of hexadecimal, of which the recorded suffixes are: none of them can be met again.
const LETTERS: &[u8; 16] = b"ghjklmnpqrstvwxz";

/// The recorded name, unless its workload has had that pod already. `number` is not another pod's
/// of the template's owner.
fn pod_name(template: &Template, again: usize, number: usize) -> String {
    let Some(owner) = template.owner.as_ref().filter(|_| again > 0) else {
        return template.name.clone();
    };
    if owner.kind == "StatefulSet" {
        let ordinal: usize =
            template.name.rsplit_once('-').and_then(|(_, n)| n.parse().ok()).expect("recorded so");
        // no recorded StatefulSet has ten
        return format!("{}-{}", owner.name, ordinal + 10 * again);
    }
    // odd, so that every number has another suffix
    let scattered = number.wrapping_mul(654_323) & 0xf_ffff;
    let suffix = (0..5).map(|digit| char::from(LETTERS[(scattered >> (4 * digit)) & 0xf]));
    format!("{}-{}", owner.name, suffix.collect::<String>())
}

/// The ReplicaSet that recorded pods of this Deployment name as their owner. Such a list was not
/// recorded.
fn replica_set(deployment: &Value, pods: &[Value]) -> Option<Value> {
    let (of, spec) = (&deployment["metadata"], &deployment["spec"]);
    let (owner, hash) = pods.iter().find_map(|pod| {
        let (owner, hash) = (
            &pod["metadata"]["ownerReferences"][0],
            &pod["metadata"]["labels"]["pod-template-hash"],
        );
        let name = format!("{}-{}", of["name"].as_str()?, hash.as_str()?);
        (pod["metadata"]["namespace"] == of["namespace"] && owner["name"] == name)
            .then_some((owner, hash))
    })?;
    let mut labels = of["labels"].clone();
    labels["pod-template-hash"] = hash.clone();
    Some(json!({
        "metadata": {
            "name": owner["name"], "namespace": of["namespace"], "uid": owner["uid"], "generation": 1,
            "resourceVersion": of["resourceVersion"], "creationTimestamp": of["creationTimestamp"], "labels": labels,
            "annotations": of["annotations"],
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "Deployment", "name": of["name"], "uid": of["uid"],
                "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": {"replicas": spec["replicas"], "selector": spec["selector"], "template": spec["template"]},
        "status": {"replicas": spec["replicas"], "observedGeneration": 1},
    }))
}

/// A recorded answer.
pub(super) fn fixture(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/kubernetes/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}
