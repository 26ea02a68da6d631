//! Pods and what owns them, folded into one entry for each image of each workload. Pure.
//!
//! However many pods there are, what is kept grows with the workloads.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use super::objects::{Container, ContainerStatus, Metadata, Pod, PodSpec, Workload};
use super::parse::{self, MAX_VALUE, Tally, is_name};
use super::pod::{Owner, Role, owner, running, runtime, state};
use crate::model::{Failure, FailureKind, Glob, ImageUse, Locator, RunState};

/// More than the largest clusters have, and what a hostile server can make us keep.
const MAX_KEPT: usize = 100_000;

/// Which namespaces count.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    /// All, if there is none.
    include: Vec<Glob>,
    exclude: Vec<Glob>,
}

impl Selection {
    pub(super) fn new(include: Vec<Glob>, exclude: Vec<Glob>) -> Self {
        Self { include, exclude }
    }

    fn selects(&self, namespace: &str) -> bool {
        let any = |globs: &[Glob]| globs.iter().any(|glob| glob.is_match(namespace));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }

    /// Patterns that fit none of the namespaces.
    fn without_match(&self, namespaces: &BTreeSet<String>) -> impl Iterator<Item = &str> {
        let matches = |glob: &Glob| namespaces.iter().any(|namespace| glob.is_match(namespace));
        self.include.iter().filter(move |glob| !matches(glob)).map(Glob::pattern)
    }
}

/// What the standard labels say of a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Labels {
    chart: String,
    app_version: String,
}

/// One image of one workload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    owner: Owner,
    container: String,
    reference: String,
    /// As the node says what it runs.
    image_id: String,
    runtime: String,
    state: RunState,
    /// The one that the labels speak of: a pod's only container, but for those that prepare it.
    is_only: bool,
    /// Of the pod; two of one workload may differ.
    labels: Labels,
}

/// What runs in a cluster, as it comes in pages.
#[derive(Clone, Debug, Default)]
pub(super) struct Workloads {
    selection: Selection,
    uses: BTreeSet<Use>,
    /// Workloads with a pod that is not done.
    owners: BTreeSet<Owner>,
    /// Workloads as they are set up, with their containers.
    templates: BTreeMap<Owner, Setup>,
    left_out: BTreeSet<Owner>,
    /// Namespaces that hold something, counted or not.
    namespaces: BTreeSet<String>,
    pod_tally: Tally,
    template_tally: Tally,
}

/// A workload's template.
#[derive(Clone, Debug)]
struct Setup {
    labels: Labels,
    containers: Vec<(String, String, bool)>,
    /// What it is without a pod.
    idle: RunState,
}

impl Workloads {
    pub(super) fn new(selection: Selection) -> Self {
        Self { selection, ..Self::default() }
    }

    /// One page of a PodList.
    pub(super) fn pods(&mut self, body: &[u8]) -> Result<(), Failure> {
        let (pods, unread) = parse::items::<Pod<'_>>(body)?;
        self.pod_tally.add(0, unread);
        pods.iter().for_each(|pod| self.pod(pod));
        self.bounded()
    }

    /// One page of a list of workloads of a kind.
    pub(super) fn templates(&mut self, kind: &str, body: &[u8]) -> Result<(), Failure> {
        let (workloads, unread) = parse::items::<Workload<'_>>(body)?;
        self.template_tally.add(0, unread);
        workloads.iter().for_each(|workload| self.workload(kind, workload));
        self.bounded()
    }

    /// One pod of a list of several kinds.
    pub(super) fn pod_item(&mut self, item: &RawValue) {
        match serde_json::from_str(item.get()) {
            Ok(pod) => self.pod(&pod),
            Err(_) => self.pod_tally.add(0, 1),
        }
    }

    /// One workload of a list of several kinds.
    pub(super) fn workload_item(&mut self, kind: &str, item: &RawValue) {
        match serde_json::from_str(item.get()) {
            Ok(workload) => self.workload(kind, &workload),
            Err(_) => self.template_tally.add(0, 1),
        }
    }

    /// Takes over what another has seen of the same cluster.
    pub(super) fn merge(&mut self, other: Self) {
        self.uses.extend(other.uses);
        self.owners.extend(other.owners);
        self.templates.extend(other.templates);
        self.left_out.extend(other.left_out);
        self.namespaces.extend(other.namespaces);
        self.pod_tally = self.pod_tally.plus(other.pod_tally);
        self.template_tally = self.template_tally.plus(other.template_tally);
    }

    fn bounded(&self) -> Result<(), Failure> {
        if self.uses.len() + self.owners.len() + self.templates.len() + self.left_out.len() <= MAX_KEPT {
            return Ok(());
        }
        Err(Failure::new(FailureKind::TooLarge, format!("the cluster holds more than {MAX_KEPT} workloads")))
    }

    fn pod(&mut self, pod: &Pod<'_>) {
        let (spec, owner) = (&pod.spec, owner(&pod.metadata));
        if !is_kept(&owner, spec) {
            return self.pod_tally.add(0, 1);
        }
        self.pod_tally.add(1, 0);
        let Some(owner) = self.selected(owner) else { return };
        let is_only = spec.containers.len() == 1;
        let roles = [
            (Role::Main, &spec.containers, &pod.status.container_statuses),
            (Role::Init, &spec.init_containers, &pod.status.init_container_statuses),
            (Role::Ephemeral, &spec.ephemeral_containers, &pod.status.ephemeral_container_statuses),
        ];
        for (role, containers, statuses) in roles {
            for Container { name, image } in containers {
                let status = statuses.iter().find(|status| status.name == *name);
                let told = |text: fn(&ContainerStatus<'_>) -> String| status.map(text).unwrap_or_default();
                self.uses.insert(Use {
                    owner: owner.clone(),
                    container: name.to_string(),
                    reference: image.to_string(),
                    image_id: told(|status| kept(&status.image_id)),
                    runtime: told(|status| kept(runtime(&status.container_id))),
                    state: state(pod, role, status),
                    is_only: is_only && role == Role::Main,
                    labels: labels(&pod.metadata),
                });
            }
        }
        // What a job has left behind says what ran, not what will run next.
        if !matches!(&*pod.status.phase, "Succeeded" | "Failed") {
            self.owners.insert(owner);
        }
    }

    fn workload(&mut self, kind: &str, workload: &Workload<'_>) {
        let Metadata { namespace, name, .. } = &workload.metadata;
        let owner = Owner { namespace: namespace.to_string(), kind: kind.to_owned(), name: name.to_string() };
        let Some(spec) = workload.spec.pod().filter(|spec| is_kept(&owner, spec)) else {
            return self.template_tally.add(0, 1);
        };
        self.template_tally.add(1, 0);
        let Some(owner) = self.selected(owner) else { return };
        let main = spec.containers.iter().map(|c| (c, spec.containers.len() == 1));
        let all = main.chain(spec.init_containers.iter().map(|c| (c, false)));
        let containers = all.map(|(c, is_only)| (c.name.to_string(), c.image.to_string(), is_only)).collect();
        let not = |word: &str| RunState::NotRunning(word.to_owned());
        let idle = match (kind, workload.spec.replicas, workload.spec.suspend) {
            ("CronJob", _, true) => not("suspended"),
            ("CronJob", ..) => RunState::Scheduled,
            (_, Some(0), _) => not("scaled-to-zero"),
            _ => not("no-pod"),
        };
        self.templates.insert(owner, Setup { labels: labels(&workload.metadata), containers, idle });
    }

    fn selected(&mut self, owner: Owner) -> Option<Owner> {
        if !self.namespaces.contains(&owner.namespace) {
            self.namespaces.insert(owner.namespace.clone());
        }
        if self.selection.selects(&owner.namespace) {
            return Some(owner);
        }
        self.left_out.insert(owner);
        None
    }

    /// How many workloads the profile leaves out.
    pub(super) fn left_out(&self) -> usize {
        self.left_out.len()
    }

    /// What could not be read of what was listed.
    pub(super) fn failures(&self) -> Vec<Failure> {
        let unread = [self.pod_tally.failure("pods"), self.template_tally.failure("workloads")];
        let empty = self.selection.without_match(&self.namespaces).map(|pattern| {
            Failure::new(FailureKind::Protocol, format!("nothing is in a namespace {pattern}")).advise(
                "check the name: a namespace that does not exist answers as an empty one; if nothing is \
                 meant to run there, take it out of namespaces.include in the profile",
            )
        });
        unread.into_iter().flatten().chain(empty).collect()
    }

    /// One for each image of each workload. A workload without a pod is told by its template, but only if
    /// all pods were seen.
    pub(super) fn images(mut self, pods_are_known: bool) -> Vec<ImageUse> {
        let uses = std::mem::take(&mut self.uses);
        let mut images: Vec<ImageUse> = uses.into_iter().map(|seen| self.image(seen)).collect();
        let idle = self.templates.iter().filter(|(owner, _)| pods_are_known && !self.owners.contains(*owner));
        for (owner, Setup { labels, containers, idle }) in idle {
            for (container, reference, is_only) in containers.clone() {
                images.push(self.image(Use {
                    owner: owner.clone(),
                    container,
                    reference,
                    image_id: String::new(),
                    runtime: String::new(),
                    state: idle.clone(),
                    is_only,
                    labels: labels.clone(),
                }));
            }
        }
        images.sort_by(|a, b| (&a.locator, &a.reference, &a.state).cmp(&(&b.locator, &b.reference, &b.state)));
        images
    }

    fn image(&self, seen: Use) -> ImageUse {
        let (image_id, repo_digests) = running(&seen.image_id);
        // Charts mostly label a workload, and not always its pods.
        let own = self.templates.get(&seen.owner).map(|setup| &setup.labels);
        let or_own = |text: String, of: fn(&Labels) -> &String| match own {
            Some(own) if text.is_empty() => of(own).clone(),
            _ => text,
        };
        let app_version = or_own(seen.labels.app_version, |own| &own.app_version);
        ImageUse {
            locator: Locator { namespace: seen.owner.namespace, workload: seen.owner.name, container: seen.container },
            reference: seen.reference,
            image_id,
            repo_digests,
            runtime: seen.runtime,
            version_label: String::new(),
            app_version: if seen.is_only { app_version } else { String::new() },
            chart: or_own(seen.labels.chart, |own| &own.chart),
            state: seen.state,
        }
    }
}

fn labels(metadata: &Metadata<'_>) -> Labels {
    Labels { chart: kept(&metadata.labels.chart), app_version: kept(&metadata.labels.app_version) }
}

/// What is longer than anything real says nothing.
fn kept(text: &str) -> String {
    if text.len() <= MAX_VALUE { text.to_owned() } else { String::new() }
}

/// Whether it is of a size that Kubernetes allows: what is kept must not grow by what is none.
fn is_kept(owner: &Owner, spec: &PodSpec<'_>) -> bool {
    let PodSpec { containers, init_containers, ephemeral_containers, .. } = spec;
    let mut all = containers.iter().chain(init_containers).chain(ephemeral_containers);
    is_name(&owner.name)
        && is_name(&owner.namespace)
        && all.all(|container| is_name(&container.name) && container.image.len() <= MAX_VALUE)
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let mut workloads = Workloads::new(Selection::default());
        workloads.pods(json!({"kind": "PodList", "items": pods}).to_string().as_bytes()).unwrap();
        workloads
    }

    fn workload_of(pod: Value) -> String {
        seen(&[pod]).images(true).remove(0).locator.workload
    }

    #[test]
    fn a_pod_is_named_by_what_made_it() {
        let running = json!({"running": {}});
        let named = |name: &str, owner: Value, labels: Value| workload_of(pod(name, owner, labels, running.clone()));
        let hash = json!({"pod-template-hash": "5d8f"});
        assert_eq!(named("api-5d8f-x1", owned("ReplicaSet", "api-5d8f"), hash.clone()), "api");
        assert_eq!(
            named("api-5d8f-x1", owned("ReplicaSet", "api-5d8f"), json!({"rollouts-pod-template-hash": "5d8f"})),
            "api"
        );
        // A ReplicaSet of its own, and a label that does not fit.
        assert_eq!(named("api-x1", owned("ReplicaSet", "api"), json!(null)), "api");
        assert_eq!(named("api-x1", owned("ReplicaSet", "api-77"), hash), "api-77");
        assert_eq!(named("backup-29012345-abcde", owned("Job", "backup-29012345"), json!({})), "backup");
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
                pod(&format!("api-5d8f-{i}"), owned("ReplicaSet", "api-5d8f"), labels, json!({"running": {}}))
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
        let state =
            |state: Value| move |pod: &mut Value| pod["status"]["containerStatuses"][0]["state"] = state.clone();
        assert_eq!(state_of("Running", |_| {}), RunState::Running);
        assert_eq!(state_of("Running", state(json!({"waiting": {"reason": "CrashLoopBackOff"}}))), RunState::Running);
        assert_eq!(
            state_of("Pending", state(json!({"waiting": {"reason": "ImagePullBackOff"}}))),
            not("ImagePullBackOff")
        );
        assert_eq!(state_of("Running", state(json!({}))), not("waiting"));
        // About to be started again; a job's is not.
        assert_eq!(state_of("Running", state(json!({"terminated": {"reason": "Error"}}))), RunState::Running);
        let ended = |pod: &mut Value| {
            pod["spec"]["restartPolicy"] = json!("OnFailure");
            pod["status"]["containerStatuses"][0]["state"] = json!({"terminated": {"reason": "Completed"}});
        };
        assert_eq!(state_of("Running", ended), not("Completed"));
        assert_eq!(state_of("Succeeded", |_| {}), not("Succeeded"));
        assert_eq!(state_of("Failed", |pod| pod["status"]["reason"] = json!("Evicted")), not("Evicted"));
        assert_eq!(state_of("Pending", |pod| pod["status"]["containerStatuses"] = json!(null)), not("Pending"));
        assert_eq!(state_of("Running", |pod| pod["status"]["containerStatuses"] = json!(null)), not("not-reported"));
    }

    #[test]
    fn init_and_ephemeral_containers_are_seen() {
        let mut pod = pod("x", json!(null), json!({"app.kubernetes.io/version": "9"}), json!({"running": {}}));
        pod["spec"]["initContainers"] = json!([{"name": "prepare", "image": "busybox:1.36"}]);
        pod["status"]["initContainerStatuses"] =
            json!([{"name": "prepare", "state": {"terminated": {"reason": "Completed"}}}]);
        pod["spec"]["ephemeralContainers"] = json!([{"name": "debug", "image": "alpine:3.20"}]);
        pod["status"]["ephemeralContainerStatuses"] =
            json!([{"name": "debug", "state": {"terminated": {"reason": "Error"}}}]);
        let images = seen(&[pod]).images(true);
        let found: Vec<_> = images.iter().map(|i| (i.reference.as_str(), &i.state, i.app_version.as_str())).collect();
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

    fn template(kind: &str, spec: &Value) -> Workloads {
        let mut workloads = seen(&[]);
        let labels = json!({"helm.sh/chart": "shop-1.2.3"});
        let item = json!({"metadata": {"name": "api", "namespace": "shop", "labels": labels}, "spec": spec});
        workloads.templates(kind, json!({"items": [item]}).to_string().as_bytes()).unwrap();
        workloads
    }

    #[test]
    fn a_workload_without_a_pod_is_told_by_its_template() {
        let pod = json!({"spec": {"containers": [{"name": "app", "image": "shop/app:v1"}]}});
        let told = |kind: &str, spec: Value| template(kind, &spec).images(true).remove(0);
        let idle = |kind: &str, spec: Value| told(kind, spec).state;
        let not = |word: &str| RunState::NotRunning(word.to_owned());
        assert_eq!(idle("Deployment", json!({"replicas": 0, "template": pod})), not("scaled-to-zero"));
        assert_eq!(idle("DaemonSet", json!({"template": pod})), not("no-pod"));
        let job = json!({"suspend": true, "jobTemplate": {"spec": {"template": pod}}});
        assert_eq!(idle("CronJob", job), not("suspended"));
        assert_eq!(idle("CronJob", json!({"jobTemplate": {"spec": {"template": pod}}})), RunState::Scheduled);
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
        assert_eq!(running(&format!("docker-pullable://redis@{digest}")), in_repository(&format!("redis@{digest}")));
        for id in [format!("docker://{digest}"), digest.clone(), hex] {
            assert_eq!(running(&id), (digest.clone(), Vec::new()));
        }
        assert_eq!(running(""), (String::new(), Vec::new()));
    }

    #[test]
    fn namespaces_count_by_pattern_and_one_that_holds_nothing_is_said() {
        let globs = |patterns: &[&str]| patterns.iter().map(|p| Glob::new(p).unwrap()).collect();
        let mut workloads = Workloads::new(Selection::new(globs(&["sh*", "typo"]), globs(&["shop-test"])));
        let mut other = pod("b", json!(null), json!({}), json!({"running": {}}));
        other["metadata"]["namespace"] = json!("shop-test");
        let pods = [pod("a", json!(null), json!({}), json!({"running": {}})), other];
        workloads.pods(json!({"items": pods}).to_string().as_bytes()).unwrap();
        assert_eq!(workloads.left_out(), 1);
        let failures = workloads.failures();
        assert_eq!(failures.iter().map(|f| f.message.as_str()).collect::<Vec<_>>(), ["nothing is in a namespace typo"]);
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
}
