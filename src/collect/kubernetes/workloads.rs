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
        if self.uses.len() + self.owners.len() + self.templates.len() + self.left_out.len()
            <= MAX_KEPT
        {
            return Ok(());
        }
        Err(Failure::new(
            FailureKind::TooLarge,
            format!("the cluster holds more than {MAX_KEPT} workloads"),
        ))
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
                let told =
                    |text: fn(&ContainerStatus<'_>) -> String| status.map(text).unwrap_or_default();
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
        let owner = Owner {
            namespace: namespace.to_string(),
            kind: kind.to_owned(),
            name: name.to_string(),
        };
        let Some(spec) = workload.spec.pod().filter(|spec| is_kept(&owner, spec)) else {
            return self.template_tally.add(0, 1);
        };
        self.template_tally.add(1, 0);
        let Some(owner) = self.selected(owner) else { return };
        let main = spec.containers.iter().map(|c| (c, spec.containers.len() == 1));
        let all = main.chain(spec.init_containers.iter().map(|c| (c, false)));
        let containers =
            all.map(|(c, is_only)| (c.name.to_string(), c.image.to_string(), is_only)).collect();
        let not = |word: &str| RunState::NotRunning(word.to_owned());
        let idle = match (kind, workload.spec.replicas, workload.spec.suspend) {
            ("CronJob", _, true) => not("suspended"),
            ("CronJob", ..) => RunState::Scheduled,
            (_, Some(0), _) => not("scaled-to-zero"),
            _ => not("no-pod"),
        };
        self.templates
            .insert(owner, Setup { labels: labels(&workload.metadata), containers, idle });
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

    /// One for each image of each workload. A workload without a pod is told by its template, but
    /// only if all pods were seen.
    pub(super) fn images(mut self, pods_are_known: bool) -> Vec<ImageUse> {
        let uses = std::mem::take(&mut self.uses);
        let mut images: Vec<ImageUse> = uses.into_iter().map(|seen| self.image(seen)).collect();
        let idle = self
            .templates
            .iter()
            .filter(|(owner, _)| pods_are_known && !self.owners.contains(*owner));
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
        images.sort_by(|a, b| {
            (&a.locator, &a.reference, &a.state).cmp(&(&b.locator, &b.reference, &b.state))
        });
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
            locator: Locator {
                namespace: seen.owner.namespace,
                workload: seen.owner.name,
                container: seen.container,
            },
            reference: seen.reference,
            image_id,
            repo_digests,
            repo_tags: Vec::new(),
            runtime: seen.runtime,
            version_label: String::new(),
            ref_name: String::new(),
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
mod tests;
