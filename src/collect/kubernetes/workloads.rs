//! Pods and what owns them, folded into one entry for each image of each workload. Pure.
//!
//! However many pods there are, what is kept grows with the workloads.

mod setup;
mod shared;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::objects::{ContainerStatus, Metadata, Pod, PodContainer, PodSpec, Workload};
use super::parse::{MAX_VALUE, ObjectTally, is_name};
use super::payload::Payload;
use super::pod::{
    Activity, Owner, Role, activity, is_ending, is_starting, owner, presumed, running, runtime,
    state, time, times,
};
use crate::model::{Failure, FailureKind, Glob, ImageUse, Locator, Presumed, RunState};
use setup::{Pods, Setup, WorkloadLabels, without_template};
use shared::{SeenImage, Shared};

/// What a server can make us keep, in bytes: some 20,000 pods without an owner, or as many
/// workloads as the largest clusters have.
const MAX_KEPT: usize = 16 << 20;

/// What one entry takes besides its texts: itself, its place in a tree, and what the allocator adds
/// to each text.
const ENTRY: usize = 160;

/// What the first use of an image adds: it becomes a component of its own, which takes 3 KiB until
/// it stands in a report, as a pod that is kept takes three times what it is charged.
const COMPONENT: usize = 1024;

/// How much is kept, roughly.
#[derive(Clone, Debug, Default)]
struct KeptBytes {
    bytes: usize,
    /// References that have been met; no text of them is kept.
    images: HashSet<u64>,
    hasher: RandomState,
}

impl KeptBytes {
    fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    fn add_image(&mut self, reference: &str) {
        if self.images.insert(self.hasher.hash_one(reference)) {
            self.bytes += COMPONENT;
        }
    }

    fn is_over(&self) -> bool {
        self.bytes > MAX_KEPT
    }

    fn bounded(&self) -> Result<(), Failure> {
        if !self.is_over() {
            return Ok(());
        }
        let message = format!("the cluster's workloads take more than {} MiB", MAX_KEPT >> 20);
        Err(Failure::new(FailureKind::TooLarge, message)
            .advise("name the namespaces that matter by namespaces.include, in several targets"))
    }
}

/// Which namespaces count.
#[derive(Clone, Debug, Default)]
pub(super) struct NamespaceSelection {
    /// All, if there is none.
    include: Vec<Glob>,
    exclude: Vec<Glob>,
}

impl NamespaceSelection {
    pub(super) fn new(include: Vec<Glob>, exclude: Vec<Glob>) -> Self {
        Self { include, exclude }
    }

    /// Whether patterns choose.
    pub(super) fn is_narrowed(&self) -> bool {
        !self.include.is_empty()
    }

    pub(super) fn selects(&self, namespace: &str) -> bool {
        let any = |globs: &[Glob]| globs.iter().any(|glob| glob.is_match(namespace));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }

    /// Patterns that fit none of the namespaces.
    fn without_match(&self, namespaces: &BTreeSet<String>) -> impl Iterator<Item = &str> {
        let matches = |glob: &Glob| namespaces.iter().any(|namespace| glob.is_match(namespace));
        self.include.iter().filter(move |glob| !matches(glob)).map(Glob::pattern)
    }
}

/// One image of one workload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    owner: Arc<Owner>,
    container: Arc<str>,
    image: Arc<SeenImage>,
    state: RunState,
    /// The one that the labels speak of: a pod's only container, but for those that prepare it.
    is_only: bool,
    /// Of the pod; two of one workload may differ.
    labels: Arc<WorkloadLabels>,
}

impl Use {
    /// Texts that are shared are charged as if they were not: a hostile server has none.
    fn bytes(&self) -> usize {
        let texts = self.container.len() + self.image.bytes() + self.labels.bytes();
        ENTRY + self.owner.bytes() + texts
    }
}

impl Owner {
    fn bytes(&self) -> usize {
        ENTRY + self.namespace.len() + self.kind.len() + self.name.len()
    }
}

/// What runs in a cluster, as it comes in pages.
#[derive(Clone, Debug, Default)]
pub(super) struct Workloads {
    selection: NamespaceSelection,
    /// Nodes that do not answer the control plane.
    lost: BTreeSet<String>,
    uses: BTreeSet<Use>,
    /// What starting pods are made of.
    starting: BTreeSet<Use>,
    /// What the last pod with an image ran, of those that do not run any more.
    told: BTreeMap<ContainerImage, PodStart>,
    pods: BTreeMap<Arc<Owner>, Pods>,
    /// Workloads as they are set up, with their containers.
    templates: BTreeMap<Owner, Setup>,
    left_out: BTreeSet<Owner>,
    /// Namespaces that hold something, counted or not.
    namespaces: BTreeSet<String>,
    shared: Shared,
    kept: KeptBytes,
    pod_tally: ObjectTally,
    template_tally: ObjectTally,
    newest: Option<Timestamp>,
}

/// A container of a workload, and its reference.
type ContainerImage = (Arc<Owner>, Arc<str>, String);

/// When the pod was made, its image ID and runtime.
type PodStart = (Option<Timestamp>, String, String);

impl Workloads {
    pub(super) fn new(selection: NamespaceSelection) -> Self {
        Self { selection, ..Self::default() }
    }

    /// The same for a cluster some of whose nodes are lost.
    pub(super) fn with_lost_nodes(self, lost: BTreeSet<String>) -> Self {
        Self { lost, ..self }
    }

    /// The newest time that a pod of a list of several kinds tells.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    /// One page of a PodList.
    pub(super) fn pods(&mut self, body: Payload<'_>) -> Result<(), Failure> {
        let unread = body.items(|pod: Pod<'_>| self.pod(&pod))?;
        self.pod_tally.add(0, unread);
        self.kept.bounded()
    }

    /// One page of a list of workloads of a kind.
    pub(super) fn templates(&mut self, kind: &str, body: Payload<'_>) -> Result<(), Failure> {
        let unread = body.items(|workload: Workload<'_>| self.workload(kind, &workload))?;
        self.template_tally.add(0, unread);
        self.kept.bounded()
    }

    /// One pod of a list of several kinds.
    pub(super) fn pod_item(&mut self, item: &RawValue) {
        match serde_json::from_str(item.get()) {
            Ok(pod) => {
                self.newest = self.newest.max(times(&pod).max());
                self.pod(&pod);
            }
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
    pub(super) fn merge(&mut self, other: Self) -> Result<(), Failure> {
        self.kept.add(other.kept.bytes);
        self.uses.extend(other.uses);
        self.starting.extend(other.starting);
        for (image, told) in other.told {
            self.tell(image, told);
        }
        for (owner, pods) in other.pods {
            self.pods.entry(owner).or_default().merge(pods);
        }
        self.newest = self.newest.max(other.newest);
        self.templates.extend(other.templates);
        self.left_out.extend(other.left_out);
        self.namespaces.extend(other.namespaces);
        self.pod_tally = self.pod_tally.plus(other.pod_tally);
        self.template_tally = self.template_tally.plus(other.template_tally);
        self.kept.bounded()
    }

    fn pod(&mut self, pod: &Pod<'_>) {
        let (spec, owner) = (&pod.spec, owner(&pod.metadata));
        if !is_kept(&owner, spec) {
            return self.pod_tally.add(0, 1);
        }
        self.pod_tally.add(1, 0);
        if self.kept.is_over() {
            return;
        }
        let Some(owner) = self.selected(owner) else { return };
        let owner = match self.pods.get_key_value(&owner) {
            Some((known, _)) => known.clone(),
            None => Arc::new(owner),
        };
        let labels = self.shared.labels(labels(&pod.metadata));
        let presumed = presumed(pod, self.lost.contains(&*spec.node_name));
        let is_only = spec.containers.len() == 1;
        let roles = [
            (Role::Main, &spec.containers, &pod.status.container_statuses),
            (Role::Init, &spec.init_containers, &pod.status.init_container_statuses),
            (Role::Ephemeral, &spec.ephemeral_containers, &pod.status.ephemeral_container_statuses),
        ];
        let mut uses: Vec<(Role, Use)> = Vec::new();
        for (role, containers, statuses) in roles {
            for PodContainer { name, image } in containers {
                let status = statuses.iter().find(|status| status.name == *name);
                let told =
                    |text: fn(&ContainerStatus<'_>) -> String| status.map(text).unwrap_or_default();
                let image = SeenImage {
                    reference: image.to_string(),
                    image_id: told(|status| kept(&status.image_id)),
                    runtime: told(|status| kept(runtime(&status.container_id))),
                };
                let seen = Use {
                    owner: owner.clone(),
                    container: self.shared.name(name),
                    image: self.shared.image(image),
                    state: state(pod, presumed, role, status),
                    is_only: is_only && role == Role::Main,
                    labels: labels.clone(),
                };
                uses.push((role, seen));
            }
        }
        self.add(pod, &owner, uses);
    }

    /// Takes over what a pod uses.
    fn add(&mut self, pod: &Pod<'_>, owner: &Arc<Owner>, uses: Vec<(Role, Use)>) {
        let main = uses.iter().filter(|(role, _)| *role == Role::Main);
        let states: Vec<RunState> = main.map(|(_, seen)| seen.state.clone()).collect();
        let activity = activity(pod, &states);
        // Most pods run, and tell all that there is to know.
        let runs = activity == Activity::Runs;
        let made = if runs { None } else { time(&pod.metadata.creation_timestamp) };
        if !self.pods.contains_key(owner) {
            self.kept.add(owner.bytes());
        }
        self.pods.entry(owner.clone()).or_default().add(activity);
        for (role, mut seen) in uses {
            // The pod is there, and the others of it run: this one is of what is deployed, too.
            let own = pod.status.container_statuses.iter().find(|s| *s.name == *seen.container);
            let is_awaited = runs && role == Role::Main && !is_ending(pod) && is_starting(own);
            if is_awaited && !seen.state.counts() {
                seen.state = RunState::Presumed(Presumed::RollingOut);
            }
            let bytes = seen.bytes();
            if activity == Activity::Starting
                && role != Role::Ephemeral
                && self.starting.insert(seen.clone())
            {
                self.kept.add(bytes);
            }
            if !runs {
                let SeenImage { reference, image_id, runtime } = &*seen.image;
                let image = (seen.owner.clone(), seen.container.clone(), reference.clone());
                self.tell(image, (made, image_id.clone(), runtime.clone()));
            }
            self.kept.add_image(&seen.image.reference);
            if self.uses.insert(seen) {
                self.kept.add(bytes);
            }
        }
    }

    /// Of several pods the last one counts.
    fn tell(&mut self, image: ContainerImage, told: PodStart) {
        if !told.1.is_empty() {
            let (owner, container, reference) = &image;
            let bytes = owner.bytes() + container.len() + reference.len() + told.1.len();
            let known = self.told.entry(image).or_insert_with(|| {
                self.kept.add(bytes);
                PodStart::default()
            });
            *known = std::mem::take(known).max(told);
        }
    }

    fn workload(&mut self, kind: &str, workload: &Workload<'_>) {
        let Metadata { namespace, name, .. } = &workload.metadata;
        let owner = Owner {
            namespace: namespace.to_string(),
            kind: kind.to_owned(),
            name: name.to_string(),
        };
        let Some(spec) = workload.spec.pod().filter(|spec| is_kept(&owner, spec)) else {
            return self.template_tally.add(0, 1);
        };
        self.template_tally.add(1, 0);
        if self.kept.is_over() {
            return;
        }
        let Some(owner) = self.selected(owner) else { return };
        let main = spec.containers.iter().map(|c| (c, spec.containers.len() == 1));
        let all = main.chain(spec.init_containers.iter().map(|c| (c, false)));
        let containers =
            all.map(|(c, is_only)| (c.name.to_string(), c.image.to_string(), is_only)).collect();
        let setup = Setup::new(kind, workload, labels(&workload.metadata), containers);
        self.kept.add(owner.bytes() + setup.bytes());
        self.templates.insert(owner, setup);
    }

    fn selected(&mut self, owner: Owner) -> Option<Owner> {
        if !self.namespaces.contains(&owner.namespace) {
            self.kept.add(ENTRY + owner.namespace.len());
            self.namespaces.insert(owner.namespace.clone());
        }
        if self.selection.selects(&owner.namespace) {
            return Some(owner);
        }
        let bytes = owner.bytes();
        if self.left_out.insert(owner) {
            self.kept.add(bytes);
        }
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
        let over = self.kept.bounded().err();
        unread.into_iter().flatten().chain(over).chain(self.untold()).chain(empty).collect()
    }

    /// Workloads of which nothing tells what they run but pods that nobody can tell of.
    fn untold(&self) -> Option<Failure> {
        let untold = |(owner, pods): &(&Arc<Owner>, &Pods)| {
            pods.are_only_presumed() && !self.templates.contains_key(&**owner)
        };
        let all: Vec<&Arc<Owner>> =
            self.pods.iter().filter(untold).map(|(owner, _)| owner).collect();
        let Owner { namespace, name, .. } = all.first()?.as_ref();
        let more = all.len() - 1;
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let message = format!(
            "nothing tells what {namespace}/{name}{more} runs: its pods are of unknown state or on a lost node"
        );
        Some(Failure::new(FailureKind::Unavailable, message).advise(
            "read it again when its node is back, or with the right to list what owns its pods",
        ))
    }

    /// One for each image of each workload. Where its pods do not tell, its template does, but only
    /// if all pods were seen.
    pub(super) fn images(mut self, pods_are_known: bool) -> Vec<ImageUse> {
        let (uses, starting) = (std::mem::take(&mut self.uses), std::mem::take(&mut self.starting));
        let mut others = Vec::new();
        for seen in starting {
            let pods = self.pods.get(&seen.owner).copied().unwrap_or_default();
            let state = without_template(&seen.owner, pods);
            if let Some(state) = state.filter(|_| !self.templates.contains_key(&*seen.owner)) {
                others.push(self.image(self.known(Use { state, ..seen })));
            }
        }
        for (owner, setup) in self.templates.iter().filter(|_| pods_are_known) {
            let Some(state) = setup.state(self.pods.get(owner)) else { continue };
            let (owner, labels) = (Arc::new(owner.clone()), Arc::new(setup.labels.clone()));
            for (container, reference, is_only) in setup.containers.clone() {
                let (image_id, runtime) = (String::new(), String::new());
                others.push(self.image(self.known(Use {
                    owner: owner.clone(),
                    container: container.into(),
                    image: Arc::new(SeenImage { reference, image_id, runtime }),
                    state: state.clone(),
                    is_only,
                    labels: labels.clone(),
                })));
            }
        }
        // What is not kept elsewhere is handed on, and not copied.
        self.pods = BTreeMap::new();
        let mut images: Vec<ImageUse> = uses.into_iter().map(|seen| self.image(seen)).collect();
        images.extend(others);
        images.sort_by(|a, b| {
            (&a.locator, &a.reference, &a.state).cmp(&(&b.locator, &b.reference, &b.state))
        });
        images
    }

    /// What counts without a pod of its own, with the digest that the last one had: a digest that
    /// is known only while a pod runs would tell of another build from time to time.
    fn known(&self, seen: Use) -> Use {
        let reference = seen.image.reference.clone();
        let image = (seen.owner.clone(), seen.container.clone(), reference);
        match self.told.get(&image) {
            Some((_, image_id, runtime)) if seen.state.counts() => {
                let (image_id, runtime) = (image_id.clone(), runtime.clone());
                Use { image: Arc::new(SeenImage { reference: image.2, image_id, runtime }), ..seen }
            }
            _ => seen,
        }
    }

    fn image(&self, seen: Use) -> ImageUse {
        let SeenImage { reference, image_id, runtime } = Arc::unwrap_or_clone(seen.image);
        let (image_id, repo_digests) = running(&image_id);
        // Charts mostly label a workload, and not always its pods.
        let own = self.templates.get(&*seen.owner).map(|setup| &setup.labels);
        let or_own = |of: fn(&WorkloadLabels) -> &String| match own {
            Some(own) if of(&seen.labels).is_empty() => of(own).clone(),
            _ => of(&seen.labels).clone(),
        };
        let app_version = or_own(|own| &own.app_version);
        let Owner { namespace, name, .. } = Arc::unwrap_or_clone(seen.owner);
        ImageUse {
            locator: Locator { namespace, workload: name, container: seen.container.to_string() },
            reference,
            image_id,
            repo_digests,
            repo_tags: Vec::new(),
            runtime,
            version_label: String::new(),
            ref_name: String::new(),
            app_version: if seen.is_only { app_version } else { String::new() },
            chart: or_own(|own| &own.chart),
            state: seen.state,
        }
    }
}

fn labels(metadata: &Metadata<'_>) -> WorkloadLabels {
    WorkloadLabels {
        chart: kept(&metadata.labels.chart),
        app_version: kept(&metadata.labels.app_version),
    }
}

/// What is longer than anything real says nothing.
fn kept(text: &str) -> String {
    if text.len() <= MAX_VALUE { text.to_owned() } else { String::new() }
}

/// Whether it is of a size that Kubernetes allows: what is kept must not grow by what is not one.
fn is_kept(owner: &Owner, spec: &PodSpec<'_>) -> bool {
    let PodSpec { containers, init_containers, ephemeral_containers, .. } = spec;
    let mut all = containers.iter().chain(init_containers).chain(ephemeral_containers);
    is_name(&owner.name)
        && is_name(&owner.namespace)
        && all.all(|container| is_name(&container.name) && container.image.len() <= MAX_VALUE)
}

#[cfg(test)]
mod tests;
