//! What clusters remember, by the components of today's catalogue.

use std::collections::BTreeMap;

use crate::checklist::{ClusterMemory, SeenRevision, train_of};
use crate::model::{
    Build, Class, ComponentName, EnvironmentName, Evidence, Failure, Globs, ImageUse, Locator,
    Revision, RunState, TargetEvidence, TargetId, WorkloadName,
};
use crate::normalize::Normalizer;

/// What the clusters of an environment remember; `refused` are those that did not tell.
pub(super) fn memory_of(
    normalizer: &Normalizer,
    evidence: Option<&Evidence>,
    environment: &EnvironmentName,
    refused: &[(EnvironmentName, TargetId, Failure)],
) -> ClusterMemory {
    let own = refused.iter().filter(|(of, ..)| of == environment);
    let mut memory = ClusterMemory {
        refused: own.map(|(_, target, failure)| (target.clone(), failure.clone())).collect(),
        ..ClusterMemory::default()
    };
    for target in evidence.iter().flat_map(|one| &one.targets) {
        let Some(told) = &target.revisions else { continue };
        match &told.refused {
            Some(failure) => memory.refused.push((target.id.clone(), failure.clone())),
            None => memory.told.push(target.id.clone()),
        }
        memory.healthy.push(target.id.clone());
        let workloads = told.workloads.iter().map(|one| (target.id.clone(), one.clone()));
        memory.workloads.extend(workloads);
        let mut newest: BTreeMap<&WorkloadName, Option<i64>> = BTreeMap::new();
        for one in &told.revisions {
            let number = newest.entry(&one.workload).or_default();
            *number = (*number).max(one.number);
        }
        for one in &told.revisions {
            let is_newest = newest.get(&one.workload).is_some_and(|number| *number == one.number);
            memory.revisions.push(SeenRevision {
                target: target.id.clone(),
                is_wanted: one.replicas.map_or(is_newest, |replicas| replicas > 0),
                is_newest,
                builds: builds_of_template(normalizer, environment, target, one),
                revision: one.clone(),
            });
        }
    }
    memory
}

/// The images of one template, read as if they ran.
fn builds_of_template(
    normalizer: &Normalizer,
    environment: &EnvironmentName,
    target: &TargetEvidence,
    revision: &Revision,
) -> Vec<(ComponentName, Build)> {
    let image = |(container, reference): &(String, String)| ImageUse {
        locator: Locator {
            namespace: revision.workload.namespace.clone(),
            workload: revision.workload.name.clone(),
            container: container.clone(),
        },
        reference: reference.clone(),
        image_id: String::new(),
        repo_digests: Vec::new(),
        repo_tags: Vec::new(),
        runtime: String::new(),
        version_label: String::new(),
        ref_name: String::new(),
        app_version: String::new(),
        chart: String::new(),
        state: RunState::Running,
    };
    let mut only = TargetEvidence::new(target.id.clone(), "", target.taken);
    only.parts.clone_from(&target.parts);
    only.images = revision.images.iter().map(image).collect();
    let evidence =
        Evidence { environment: environment.clone(), taken: target.taken, targets: vec![only] };
    let mut snapshot = normalizer.build_snapshot(evidence, Globs::new(&[]));
    // Every image counts here, whoever releases it.
    for component in snapshot.components.values_mut() {
        component.class = Class::Service;
    }
    let all = train_of(&snapshot).into_iter();
    all.flat_map(|(name, builds)| builds.into_iter().map(move |one| (name.clone(), one))).collect()
}
