//! What the clusters of an environment remember, as items of a checklist see it.

use jiff::Timestamp;

use crate::model::{
    Build, ComponentName, Coverage, Facts, Failure, Revision, Snapshot, TargetId, WorkloadHealth,
};

/// What the clusters of one environment remember.
#[derive(Clone, Debug, Default)]
pub struct ClusterMemory {
    /// Every revision that is kept.
    pub revisions: Vec<SeenRevision>,
    /// How far each workload is.
    pub workloads: Vec<(TargetId, WorkloadHealth)>,
    /// Clusters whose revisions are told.
    pub told: Vec<TargetId>,
    /// Clusters whose workloads are told.
    pub healthy: Vec<TargetId>,
    /// What was not told, and why.
    pub refused: Vec<(TargetId, Failure)>,
}

/// One template, and the builds in it by component.
#[derive(Clone, Debug)]
pub struct SeenRevision {
    /// The cluster.
    pub target: TargetId,
    /// As the cluster told it.
    pub revision: Revision,
    /// Whether pods of it are wanted now.
    pub is_wanted: bool,
    /// Whether it is the newest rollout of its workload.
    pub is_newest: bool,
    /// Component and build of each image: the digest is known only where the template names it.
    pub builds: Vec<(ComponentName, Build)>,
}

impl ClusterMemory {
    /// Whether all that can run images there is a cluster that tells its revisions.
    pub fn covers(&self, snapshot: &Snapshot) -> bool {
        let mut holding = snapshot.coverage.iter().filter(|target| super::holds_images(target));
        let is_told = |target: &Coverage| {
            target.kind.facts == Facts::Cluster && self.told.contains(&target.target)
        };
        let mut all = holding.clone().filter(|target| target.required);
        holding.any(|target| target.required) && all.all(is_told)
    }

    /// Revisions with a build of a component.
    pub fn of<'a>(
        &'a self,
        component: &'a ComponentName,
    ) -> impl Iterator<Item = (&'a SeenRevision, &'a Build)> {
        self.revisions.iter().flat_map(move |one| {
            let builds = one.builds.iter().filter(move |(name, _)| name == component);
            builds.map(move |(_, build)| (one, build))
        })
    }

    /// When the template was made with which a build runs now, as far as its time says so: a
    /// template that was rolled out again is older than that. The first and the last of several.
    pub fn made(&self, component: &ComponentName, build: &Build) -> Option<(Timestamp, Timestamp)> {
        let mut times = Vec::new();
        for (one, own) in self.of(component).filter(|(one, _)| one.is_wanted) {
            if is_same(own, build) {
                times.push((!one.revision.is_reused).then_some(one.revision.created).flatten()?);
            }
        }
        Some((*times.iter().min()?, *times.iter().max()?))
    }
}

/// Whether a template's image is that build: by digest where it names one, else by its tag.
pub(super) fn is_same(of_template: &Build, build: &Build) -> bool {
    let by_tag = || of_template.version == build.version;
    of_template.same_content(build).unwrap_or_else(by_tag)
}
