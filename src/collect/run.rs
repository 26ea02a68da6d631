//! All targets at once, bounded, each within its deadline.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::collector::{Clock, Collector, Context};
use crate::model::{EnvironmentName, Failure, FailureKind, TargetEvidence, TargetId};

/// Targets that are read at the same time.
pub const MAX_CONCURRENT: usize = 256;

/// How long past its deadline a collector may take to say so itself.
const GRACE: Duration = Duration::from_millis(250);

/// One target to read.
pub struct Job {
    /// Whose it is.
    pub environment: EnvironmentName,
    /// What reads it.
    pub collector: Box<dyn Collector>,
    /// How long that may take, from the start of the collection.
    pub deadline: Duration,
    /// Whether the verdict needs it.
    pub required: bool,
}

/// What one job yielded.
pub struct Collected {
    /// Whose it is.
    pub environment: EnvironmentName,
    /// Mostly one.
    pub evidence: Vec<TargetEvidence>,
}

/// Hears of each target as it is done.
pub trait Progress: Send + Sync {
    /// All targets are known.
    fn started(&self, targets: usize);
    /// One target is done, completely or not.
    fn finished(&self, environment: &EnvironmentName, target: &TargetId, complete: bool);
}

/// Reads all targets at once, [`MAX_CONCURRENT`] at most. The result is in the order of `jobs`,
/// whatever the order of the answers. Dropping the future ends all reading.
pub async fn run(jobs: Vec<Job>, clock: Clock, progress: &dyn Progress) -> Vec<Collected> {
    progress.started(jobs.len());
    let start = Instant::now();
    let slots = Arc::new(Semaphore::new(MAX_CONCURRENT));
    let mut tasks = JoinSet::new();
    let mut results: Vec<Option<Collected>> = Vec::new();
    let mut running = std::collections::HashMap::new();
    for (index, job) in jobs.into_iter().enumerate() {
        results.push(None);
        let job = Arc::new(job);
        let (slots, clock) = (Arc::clone(&slots), Arc::clone(&clock));
        let task = tasks.spawn({
            let job = Arc::clone(&job);
            async move { (index, read(&job, start, &slots, clock).await) }
        });
        running.insert(task.id(), (index, job));
    }
    while let Some(joined) = tasks.join_next_with_id().await {
        let (id, done) = match joined {
            Ok((id, (_, evidence))) => (id, Ok(evidence)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some((index, job)) = running.remove(&id) else { continue };
        let mut evidence = done.unwrap_or_else(|_| {
            let failure = Failure::new(
                FailureKind::Unsupported,
                "the collector itself failed: this is a defect of envparity",
            )
            .advise("please report it, with the output of -vvv");
            vec![job.collector.unread(clock(), &failure)]
        });
        for target in &mut evidence {
            target.required = job.required;
        }
        let complete =
            evidence.iter().all(|e| e.parts.values().all(|outcome| outcome.failure().is_none()));
        progress.finished(&job.environment, &job.collector.id(), complete);
        results[index] = Some(Collected { environment: job.environment.clone(), evidence });
    }
    results.into_iter().flatten().collect()
}

async fn read(job: &Job, start: Instant, slots: &Semaphore, clock: Clock) -> Vec<TargetEvidence> {
    let deadline = start + job.deadline;
    let context = Context {
        environment: job.environment.clone(),
        deadline,
        allowed: job.deadline,
        clock: Arc::clone(&clock),
    };
    let work = async {
        // The semaphore is never closed; were it, reading unbounded is better than not at all.
        let _slot = slots.acquire().await.ok();
        job.collector.collect(&context).await
    };
    match tokio::time::timeout_at(deadline + GRACE, work).await {
        Ok(evidence) => evidence,
        Err(_) => vec![job.collector.unread(clock(), &super::io::net::timed_out(job.deadline))],
    }
}
