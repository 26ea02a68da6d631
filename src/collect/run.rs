//! All targets at once, bounded, each within its deadline.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::collector::{Clock, CollectContext, Collector};
use super::io::net::timed_out;
use super::io::silence::Silence;
use super::places::RunSlots;
use super::turns::{RunEnds, RunPlace, take_turns, without_place};
use crate::model::{EnvironmentName, Failure, FailureKind, TargetEvidence, TargetId};

/// Targets that are read at the same time.
pub const MAX_CONCURRENT: usize = 256;

/// How long past its deadline a collector may take to say so itself.
const GRACE: Duration = Duration::from_millis(250);

/// What stands in for targets that never got a place is read from so many files at once.
const STAND_INS: usize = 16;

/// One target to read.
pub struct Job {
    /// Whose it is.
    pub environment: EnvironmentName,
    /// What reads it.
    pub collector: Box<dyn Collector>,
    /// How long that may take, from when it gets its place.
    pub deadline: Duration,
    /// Whether the verdict needs it.
    pub required: bool,
    /// Whether its environment is the one that all others are compared with: without it nothing is
    /// judged, so that it is read first.
    pub is_of_baseline: bool,
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

/// Reads all targets at once, [`MAX_CONCURRENT`] at most, the baseline's and required ones first.
/// The result is in the order of `jobs`, whatever the order of the answers. Dropping the future
/// ends all reading.
///
/// While others wait, a target that has said nothing after an eighth of its deadline gives up its
/// place; it gets another when nobody waits any more. All ends within twice the longest deadline:
/// what stands in for the targets that never got a place is read for the rest of that time.
pub async fn run(jobs: Vec<Job>, clock: Clock, progress: &dyn Progress) -> Vec<Collected> {
    progress.started(jobs.len());
    let mut collection = Collection::new(jobs, clock, progress);
    collection.read_all().await;
    collection.give_up_the_rest().await;
    let Collection { jobs, results, .. } = collection;
    let named = jobs.iter().zip(results).filter_map(|(job, evidence)| Some((job, evidence?)));
    named
        .map(|(job, evidence)| Collected { environment: job.environment.clone(), evidence })
        .collect()
}

/// Reads one target within its deadline, whatever becomes of others. Dropping the future ends that.
pub async fn run_alone(job: &Arc<Job>, clock: &Clock) -> Vec<TargetEvidence> {
    let (own, at) = (Arc::clone(job), Arc::clone(clock));
    let mut reading = JoinSet::new();
    reading.spawn(async move {
        let context = context(&own, own.deadline, &at);
        let silence = Silence::default();
        let work = silence.listen(own.collector.collect(&context));
        let read = timeout_at(context.deadline + GRACE, work).await;
        read.unwrap_or_else(|_| vec![own.collector.unread(at(), &timed_out(own.deadline))])
    });
    match reading.join_next().await {
        Some(Ok(read)) => read,
        _ => vec![unread_by_defect(job, clock)],
    }
}

fn unread_by_defect(job: &Job, clock: &Clock) -> TargetEvidence {
    let told = "the collector itself failed: this is a defect of envparity";
    let failure = Failure::new(FailureKind::Unsupported, told)
        .with_advice("please report it, with the output of -vvv");
    job.collector.unread(clock(), &failure)
}

/// A run under way.
struct Collection<'p> {
    jobs: Vec<Arc<Job>>,
    results: Vec<Option<Vec<TargetEvidence>>>,
    places: RunSlots,
    ends: RunEnds,
    clock: Clock,
    progress: &'p dyn Progress,
}

/// In which order targets get their places: the lowest first.
pub(super) fn rank(is_of_baseline: bool, required: bool) -> u8 {
    match (is_of_baseline, required) {
        (true, true) => 0,
        (false, true) => 1,
        (true, false) => 2,
        (false, false) => 3,
    }
}

impl<'p> Collection<'p> {
    fn new(jobs: Vec<Job>, clock: Clock, progress: &'p dyn Progress) -> Self {
        let longest = jobs.iter().map(|job| job.deadline).max().unwrap_or_default();
        let mut order: Vec<usize> = (0..jobs.len()).collect();
        order.sort_by_key(|&index| rank(jobs[index].is_of_baseline, jobs[index].required));
        Self {
            results: jobs.iter().map(|_| None).collect(),
            jobs: jobs.into_iter().map(Arc::new).collect(),
            places: RunSlots::new(order, MAX_CONCURRENT),
            ends: RunEnds::within(longest),
            clock,
            progress,
        }
    }

    /// Until all are read or the time is over.
    async fn read_all(&mut self) {
        let Self { jobs, results, places, ends, clock, progress } = self;
        let start = |index: usize, place| reading(Arc::clone(&jobs[index]), place, clock);
        let done = |index: usize, read: Option<Vec<TargetEvidence>>| {
            let job = &jobs[index];
            let read = read.unwrap_or_else(|| vec![unread_by_defect(job, clock)]);
            results[index] = Some(finished(job, read, *progress));
        };
        take_turns(places, ends, start, done).await;
    }

    /// Those for which there was no place, or none any more. Files may hang as servers do: each has
    /// its grace, and all together what is left of the time.
    async fn give_up_the_rest(&mut self) {
        let (all, took) = (self.jobs.len(), self.ends.start.elapsed());
        let last = self.ends.last.max(Instant::now() + GRACE);
        let left: Vec<_> = self.places.left().collect();
        let giving_up = left.into_iter().map(|(index, turn)| {
            let (job, clock) = (Arc::clone(&self.jobs[index]), Arc::clone(&self.clock));
            async move {
                let failure = not_in_time(without_place(turn, job.deadline, all, took));
                (index, given_up(&job, clock, failure, last).await)
            }
        });
        let given_up: Vec<_> = stream::iter(giving_up).buffered(STAND_INS).collect().await;
        for (index, evidence) in given_up {
            self.results[index] = Some(finished(&self.jobs[index], evidence, self.progress));
        }
    }
}

/// One target, from when it has its place.
fn reading(
    job: Arc<Job>,
    place: RunPlace,
    clock: &Clock,
) -> impl Future<Output = Option<Vec<TargetEvidence>>> + use<> {
    let clock = Arc::clone(clock);
    async move {
        let allowed = place.allowed(job.deadline);
        let context = context(&job, allowed, &clock);
        let work = timeout_at(context.deadline + GRACE, job.collector.collect(&context));
        let read = place.hold(job.deadline, work).await?;
        Some(read.unwrap_or_else(|_| vec![job.collector.unread(clock(), &timed_out(allowed))]))
    }
}

/// What one target yielded, once everybody has heard of it.
fn finished(
    job: &Job,
    mut evidence: Vec<TargetEvidence>,
    progress: &dyn Progress,
) -> Vec<TargetEvidence> {
    for target in &mut evidence {
        target.required = job.required;
    }
    let mut outcomes = evidence.iter().flat_map(|e| e.parts.values());
    let complete = outcomes.all(|outcome| outcome.failure().is_none());
    progress.finished(&job.environment, &job.collector.id(), complete);
    evidence
}

/// What stands in for a target, as far as it can be read until `last`.
async fn given_up(job: &Job, clock: Clock, failure: Failure, last: Instant) -> Vec<TargetEvidence> {
    let unread = || vec![job.collector.unread(clock(), &failure)];
    let now = Instant::now();
    if now >= last {
        // Not even begun: each file that hangs holds up a thread.
        return unread();
    }
    let context = context(job, Duration::ZERO, &clock);
    let told = job.collector.give_up(&context, failure.clone());
    timeout_at(last.min(now + GRACE), told).await.unwrap_or_else(|_| unread())
}

fn context(job: &Job, allowed: Duration, clock: &Clock) -> CollectContext {
    CollectContext {
        environment: job.environment.clone(),
        deadline: Instant::now() + allowed,
        allowed,
        clock: Arc::clone(clock),
    }
}

fn not_in_time(message: String) -> Failure {
    Failure::new(FailureKind::Timeout, message).with_advice(
        "remove targets that are gone from the profiles, audit fewer with --env, or raise \
         deadline:",
    )
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use futures::future::BoxFuture;
    use jiff::Timestamp;

    use super::*;
    use crate::collect::config::COLLECTORS;
    use crate::model::CollectorKind;

    /// A target that never answers, and whose file hangs, as one on a lost mount does.
    struct Hung(usize);

    impl Collector for Hung {
        fn id(&self) -> TargetId {
            TargetId::new("redis", &format!("cache-{}", self.0))
        }

        fn endpoint(&self) -> String {
            String::new()
        }

        fn kind(&self) -> &'static CollectorKind {
            COLLECTORS.kind_of(&self.id())
        }

        fn collect<'a>(&'a self, _: &'a CollectContext) -> BoxFuture<'a, Vec<TargetEvidence>> {
            std::future::pending().boxed()
        }

        fn give_up<'a>(
            &'a self,
            _: &'a CollectContext,
            _: Failure,
        ) -> BoxFuture<'a, Vec<TargetEvidence>> {
            std::future::pending().boxed()
        }
    }

    struct Unseen;

    impl Progress for Unseen {
        fn started(&self, _: usize) {}
        fn finished(&self, _: &EnvironmentName, _: &TargetId, _: bool) {}
    }

    #[tokio::test]
    async fn a_thousand_files_that_hang_take_the_rest_of_the_time_together() {
        const DEADLINE: Duration = Duration::from_millis(800);
        let jobs = (0..1_000).map(|n| Job {
            environment: "production".into(),
            collector: Box::new(Hung(n)),
            deadline: DEADLINE,
            required: true,
            is_of_baseline: true,
        });
        let start = Instant::now();
        let clock: Clock = Arc::new(|| Timestamp::UNIX_EPOCH);
        let collected = run(jobs.collect(), clock, &Unseen).await;
        let took = start.elapsed();
        // One after another they would take a quarter of a second for each sixteen: ten seconds.
        assert!(took < 2 * DEADLINE + Duration::from_secs(1), "{took:?}");
        assert_eq!(collected.len(), 1_000);
        for Collected { evidence, .. } in &collected {
            let parts = evidence.iter().flat_map(|target| target.parts.values());
            let mut failures = parts.map(|outcome| outcome.failure().map(|failure| failure.kind));
            assert!(failures.all(|kind| kind == Some(FailureKind::Timeout)));
        }
    }
}
