//! Profiles become jobs, and jobs evidence.

use std::path::Path;
use std::time::Duration;

use crate::collect::{self, Clock, Job, Progress, Target, or_recorded};
use crate::model::{EnvironmentName, Evidence, TargetEvidence};
use crate::profile::Environment;

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
) -> Vec<Job> {
    let job = |target: &dyn Target| {
        let own = target.deadline().map(|text| text.0);
        let default = target.kind().deadline;
        Job {
            environment: environment.name.clone(),
            collector: or_recorded(target.collector(folder), target.stand_in().as_ref(), folder),
            deadline: deadline.or(own).or(environment.deadline).unwrap_or(default),
            required: target.required().unwrap_or(needed),
        }
    };
    environment.targets.all().map(job).collect()
}

/// Reads all targets of all environments (each with whether the verdict needs it) at once. The
/// result has one piece of evidence for each of `environments`, in their order, whatever was read.
pub async fn collect(
    environments: &[(&Environment, bool)],
    folder: &Path,
    deadline: Option<Duration>,
    clock: Clock,
    progress: &dyn Progress,
) -> Vec<Evidence> {
    let all = environments
        .iter()
        .flat_map(|(environment, required)| jobs(environment, folder, deadline, *required))
        .collect();
    let collected = collect::run(all, clock.clone(), progress).await;
    let taken = clock();
    let of = |name: &EnvironmentName| {
        let mut targets: Vec<TargetEvidence> = collected
            .iter()
            .filter(|c| c.environment == *name)
            .flat_map(|c| c.evidence.clone())
            .collect();
        targets.sort_by(|a, b| a.id.cmp(&b.id));
        Evidence { environment: name.clone(), taken, targets }
    };
    environments.iter().map(|(environment, _)| of(&environment.name)).collect()
}
