//! Sampling: the Redis targets of environments asked once, and what they said kept as load.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::load::keep_samples;
use crate::collect::{self, Clock, Job, Progress};
use crate::history::{HistoryError, Store};
use crate::model::{BucketLength, EnvironmentName, Evidence, Facts, TargetEvidence};
use crate::profile::Environment;

/// What one round of samples came to.
#[derive(Clone, Debug)]
pub struct Sampled {
    /// What targets answered, by environment.
    pub evidence: Vec<Evidence>,
    /// Samples that were taken.
    pub samples: usize,
}

/// Asks every target that counts what it does, once. Nothing else is asked.
pub async fn sample(
    environments: &[&Environment],
    folder: &Path,
    deadline: Option<Duration>,
    clock: Clock,
    progress: &dyn Progress,
) -> Sampled {
    let jobs: Vec<Job> = environments
        .iter()
        .flat_map(|environment| super::jobs(environment, folder, deadline, true, false))
        .filter(|job| job.collector.kind().facts == Facts::Info)
        .collect();
    let collected = collect::run(jobs, clock.clone(), progress).await;
    let taken = clock();
    let mut evidence: Vec<Evidence> = environments
        .iter()
        .map(|environment| Evidence {
            environment: environment.name.clone(),
            taken,
            targets: Vec::new(),
        })
        .collect();
    for one in collected {
        if let Some(own) = of_environment(&mut evidence, &one.environment) {
            own.targets.extend(one.evidence);
        }
    }
    let targets = evidence.iter().flat_map(|one| &one.targets);
    let samples = targets.map(|target: &TargetEvidence| target.samples.len()).sum();
    Sampled { evidence, samples }
}

fn of_environment<'a>(
    evidence: &'a mut [Evidence],
    name: &EnvironmentName,
) -> Option<&'a mut Evidence> {
    evidence.iter_mut().find(|one| one.environment == *name)
}

impl Sampled {
    /// Keeps the samples, and closes the buckets that are over.
    ///
    /// # Errors
    /// If the history may not or cannot be written.
    pub fn keep(
        &self,
        history: &mut Store,
        now: Timestamp,
        length: BucketLength,
    ) -> Result<(), HistoryError> {
        keep_samples(history, &self.evidence, now, length)
    }
}
