//! All targets at once, bounded, each within its deadline.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout_at};

use super::collector::{Clock, CollectContext, Collector};
use super::io::net::timed_out;
use super::io::silence::Silence;
use super::places::{RunSlots, Turn};
use crate::model::{EnvironmentName, Failure, FailureKind, TargetEvidence, TargetId};
use crate::wire::duration::DurationText;

/// Targets that are read at the same time.
pub const MAX_CONCURRENT: usize = 256;

/// How long past its deadline a collector may take to say so itself.
const GRACE: Duration = Duration::from_millis(250);

/// The share of its deadline within which a target must have said something if others wait.
const SILENT_SHARE: u32 = 8;

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
    start: Instant,
    /// Of what has its first turn; the report takes its time, too.
    end: Instant,
    /// Of those that were silent before.
    end_again: Instant,
    /// Of everything.
    last: Instant,
    clock: Clock,
    progress: &'p dyn Progress,
}

/// How a target left its place.
enum Left {
    Read(Vec<TargetEvidence>),
    /// It was silent, and others waited.
    Silent,
}

impl<'p> Collection<'p> {
    fn new(jobs: Vec<Job>, clock: Clock, progress: &'p dyn Progress) -> Self {
        let start = Instant::now();
        let longest = jobs.iter().map(|job| job.deadline).max().unwrap_or_default();
        let mut order: Vec<usize> = (0..jobs.len()).collect();
        let rank = |job: &Job| match (job.is_of_baseline, job.required) {
            (true, true) => 0,
            (false, true) => 1,
            (true, false) => 2,
            (false, false) => 3,
        };
        order.sort_by_key(|&index| rank(&jobs[index]));
        Self {
            results: jobs.iter().map(|_| None).collect(),
            jobs: jobs.into_iter().map(Arc::new).collect(),
            places: RunSlots::new(order, MAX_CONCURRENT),
            start,
            end: start + longest.saturating_mul(3) / 2,
            end_again: start + longest.saturating_mul(5) / 4,
            last: start + longest.saturating_mul(2),
            clock,
            progress,
        }
    }

    /// Until all are read or the time is over.
    async fn read_all(&mut self) {
        let mut tasks = JoinSet::new();
        let mut running: HashMap<Id, usize> = HashMap::new();
        loop {
            while Instant::now() < self.end_of(self.places.turn())
                && let Some((index, turn)) = self.places.next(running.len())
            {
                let task = tasks.spawn(self.reading(index, turn));
                running.insert(task.id(), index);
            }
            let Some(joined) = tasks.join_next_with_id().await else { return };
            let id = joined.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
            let Some(index) = running.remove(&id) else { continue };
            match joined {
                Ok((_, Left::Read(evidence))) => self.done(index, evidence),
                Ok((_, Left::Silent)) => self.places.put_back(index),
                Err(_) => {
                    let unread = unread_by_defect(&self.jobs[index], &self.clock);
                    self.done(index, vec![unread]);
                }
            }
        }
    }

    fn end_of(&self, turn: Turn) -> Instant {
        match turn {
            Turn::First => self.end,
            Turn::Again => self.end_again,
        }
    }

    /// One target, from when it has its place.
    fn reading(&self, index: usize, turn: Turn) -> impl Future<Output = Left> + use<> {
        let (job, clock, end) =
            (Arc::clone(&self.jobs[index]), Arc::clone(&self.clock), self.end_of(turn));
        let waiting = self.places.waiting();
        async move {
            let now = Instant::now();
            let allowed = job.deadline.min(end.saturating_duration_since(now));
            let context = context(&job, allowed, &clock);
            let silence = Silence::default();
            let work = silence.listen(job.collector.collect(&context));
            let patience = async {
                sleep(job.deadline / SILENT_SHARE).await;
                let gives_way = turn == Turn::First && silence.is_unbroken() && waiting.claim();
                if !gives_way {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                biased;
                read = timeout_at(context.deadline + GRACE, work) => Left::Read(
                    read.unwrap_or_else(|_| {
                        vec![job.collector.unread(clock(), &timed_out(allowed))]
                    }),
                ),
                () = patience => Left::Silent,
            }
        }
    }

    /// Those for which there was no place, or none any more. Files may hang as servers do: each has
    /// its grace, and all together what is left of the time.
    async fn give_up_the_rest(&mut self) {
        let all = (self.jobs.len(), self.start.elapsed());
        let last = self.last.max(Instant::now() + GRACE);
        let left: Vec<_> = self.places.left().collect();
        let giving_up = left.into_iter().map(|(index, turn)| {
            let (job, clock) = (Arc::clone(&self.jobs[index]), Arc::clone(&self.clock));
            async move {
                let failure = without_place(&job, turn, all);
                (index, given_up(&job, clock, failure, last).await)
            }
        });
        let given_up: Vec<_> = stream::iter(giving_up).buffered(STAND_INS).collect().await;
        for (index, evidence) in given_up {
            self.done(index, evidence);
        }
    }

    fn done(&mut self, index: usize, mut evidence: Vec<TargetEvidence>) {
        let job = &self.jobs[index];
        for target in &mut evidence {
            target.required = job.required;
        }
        let mut outcomes = evidence.iter().flat_map(|e| e.parts.values());
        let complete = outcomes.all(|outcome| outcome.failure().is_none());
        self.progress.finished(&job.environment, &job.collector.id(), complete);
        self.results[index] = Some(evidence);
    }
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

/// Why a target was not read to its deadline.
fn without_place(job: &Job, turn: Turn, (targets, took): (usize, Duration)) -> Failure {
    let until = DurationText(Duration::from_secs_f64((took.as_secs_f64() * 10.0).round() / 10.0));
    let message = match turn {
        Turn::First => format!(
            "it was not started within {until}: there are {targets} targets, and earlier ones \
             used up their deadlines"
        ),
        Turn::Again => format!(
            "no data within {}, while other targets were waiting",
            DurationText(job.deadline / SILENT_SHARE)
        ),
    };
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
