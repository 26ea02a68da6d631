//! Profiles become jobs, and jobs evidence.

use std::path::Path;
use std::time::Duration;

use crate::collect::{self, Clock, Collector, Job, Progress, or_recorded};
use crate::collect::{declared, docker, kubernetes, recorded, redis};
use crate::model::{EnvironmentName, Evidence, TargetEvidence};
use crate::profile::Environment;
use crate::wire::duration::DurationText;

/// How long a collector may take, unless the profile says otherwise.
const REDIS: Duration = Duration::from_secs(5);
const DOCKER: Duration = Duration::from_secs(15);
const KUBERNETES: Duration = Duration::from_secs(60);
const FILES: Duration = Duration::from_secs(15);

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
    let mut jobs = Vec::new();
    let mut add = |collector: Box<dyn Collector>,
                   required: Option<bool>,
                   own: Option<DurationText>,
                   default: Duration| {
        let own = own.map(|text| text.0);
        jobs.push(Job {
            environment: environment.name.clone(),
            collector,
            deadline: deadline.or(own).or(environment.deadline).unwrap_or(default),
            required: needed && required.unwrap_or(true),
        });
    };
    let targets = &environment.targets;
    for config in &targets.docker {
        let live = docker::Docker::new(config, folder).expect("a checked profile has an address");
        let collector = or_recorded(Box::new(live), config.stand_in().as_ref(), folder);
        add(collector, config.required, config.deadline, DOCKER);
    }
    for config in &targets.redis {
        let live = redis::Redis::new(config, folder).expect("a checked profile has an address");
        let collector = or_recorded(Box::new(live), config.stand_in().as_ref(), folder);
        add(collector, config.required, config.deadline, REDIS);
    }
    for config in &targets.kubernetes {
        let live = kubernetes::Kubernetes::new(config, folder);
        let collector = or_recorded(Box::new(live), config.stand_in().as_ref(), folder);
        add(collector, config.required, config.deadline, KUBERNETES);
    }
    for config in &targets.recorded {
        add(Box::new(recorded::Recorded::new(config, folder)), config.required, None, FILES);
    }
    for config in &targets.declared {
        add(Box::new(declared::Declared::new(config)), config.required, None, FILES);
    }
    jobs
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
