//! Profiles become jobs, and jobs evidence.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::options::AuditOptions;
use super::scope::ProfileScope;
use crate::collect::{self, Clock, Job, Progress, Remembered, Target, hiding, or_recorded};
use crate::model::{EnvironmentName, Evidence, TargetEvidence};
use crate::profile::{Environment, Profiles};

/// One job for each target of an environment, which the verdict needs or not. `deadline` replaces
/// all others.
///
/// # Panics
/// If an address was not checked with the profile: leaving the job out would be a target that
/// nobody misses.
pub fn jobs(
    environment: &Environment,
    folder: &Path,
    deadline: Option<Duration>,
    needed: bool,
    is_of_baseline: bool,
) -> Vec<Job> {
    let job = |target: &dyn Target| Job {
        environment: environment.name.clone(),
        collector: hiding(or_recorded(
            target.collector(folder),
            target.stand_in().as_ref(),
            folder,
        )),
        deadline: deadline_of(environment, target, deadline),
        required: target.required().unwrap_or(needed),
        is_of_baseline,
    };
    environment.targets.all().map(job).collect()
}

/// The same for what only a live target can tell: nothing recorded stands in for it.
pub(super) fn live_jobs(
    environment: &Environment,
    folder: &Path,
    deadline: Option<Duration>,
) -> Vec<Job> {
    let job = |target: &dyn Target| Job {
        environment: environment.name.clone(),
        collector: hiding(target.collector(folder)),
        deadline: deadline_of(environment, target, deadline),
        required: target.required().unwrap_or(true),
        is_of_baseline: false,
    };
    environment.targets.all().map(job).collect()
}

fn deadline_of(
    environment: &Environment,
    target: &dyn Target,
    asked: Option<Duration>,
) -> Duration {
    let own = target.deadline().map(|text| text.0);
    asked.or(own).or(environment.deadline).unwrap_or(target.kind().deadline)
}

/// What the targets of the environments remember of what ran before.
pub(super) async fn remember(
    scope: &ProfileScope<'_>,
    profiles: &Profiles,
    options: &AuditOptions,
    clock: &Clock,
) -> Vec<Remembered> {
    let environments = scope.environments.iter();
    let all = environments.flat_map(|(environment, required)| {
        jobs(environment, &profiles.folder, options.deadline, *required, false)
    });
    collect::remembered(all.collect(), clock.clone()).await
}

/// Reads all targets of all environments (each with whether the verdict needs it) at once, those
/// of the baseline first. The
/// result has one piece of evidence for each of `environments`, in their order, whatever was read.
pub async fn collect(
    environments: &[(&Environment, bool)],
    baseline: Option<&EnvironmentName>,
    folder: &Path,
    deadline: Option<Duration>,
    clock: Clock,
    progress: &dyn Progress,
) -> Vec<Evidence> {
    let all = environments
        .iter()
        .flat_map(|(environment, required)| {
            let is_of_baseline = baseline == Some(&environment.name);
            jobs(environment, folder, deadline, *required, is_of_baseline)
        })
        .collect();
    let collected = collect::run(all, clock.clone(), progress).await;
    let taken = clock();
    let mut read: BTreeMap<EnvironmentName, Vec<TargetEvidence>> = BTreeMap::new();
    for one in collected {
        read.entry(one.environment).or_default().extend(one.evidence);
    }
    let mut of = |name: &EnvironmentName| {
        let mut targets = read.remove(name).unwrap_or_default();
        targets.sort_by(|a, b| a.id.cmp(&b.id));
        Evidence { environment: name.clone(), taken, targets }
    };
    environments.iter().map(|(environment, _)| of(&environment.name)).collect()
}
