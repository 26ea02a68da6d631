//! The load of many targets at once, by the same rules as targets: see [`super::run`].
//!
//! A source that many targets name hears from a few of them at a time, however long that takes
//! within the run: it is not to be hurt by what asks it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::collector::{Clock, CollectContext};
use super::io::net::timed_out;
use super::places::RunSlots;
use super::run::{MAX_CONCURRENT, rank};
use super::source::{LoadSource, LoadWanted};
use super::turns::{RunEnds, RunPlace, take_turns, without_place};
use crate::model::{EnvironmentName, Failure, FailureKind, Load};

/// Targets whose load one server is asked for at the same time.
const AT_ONE_SERVER: usize = 8;

/// How long past its deadline a source may take to say so itself.
const GRACE: Duration = Duration::from_millis(250);

/// The load of one target, to be read.
pub struct LoadJob {
    /// Where the target is.
    pub environment: EnvironmentName,
    /// What is asked.
    pub source: Box<dyn LoadSource>,
    /// For what.
    pub wanted: LoadWanted,
    /// How long that may take, from when it gets its place.
    pub deadline: Duration,
    /// Whether the verdict needs the target.
    pub required: bool,
    /// Whether it is one of the baseline.
    pub is_of_baseline: bool,
}

/// Reads the load of all targets, in the order of `jobs`. All ends within twice the longest
/// deadline. Dropping the future ends all reading.
pub async fn read_loads(jobs: Vec<LoadJob>, clock: &Clock) -> Vec<Result<Load, Failure>> {
    let longest = jobs.iter().map(|job| job.deadline).max().unwrap_or_default();
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|&index| rank(jobs[index].is_of_baseline, jobs[index].required));
    let mut places =
        RunSlots::new(order, MAX_CONCURRENT).at_servers(servers_of(&jobs), AT_ONE_SERVER);
    let ends = RunEnds::within(longest);
    let jobs: Vec<Arc<LoadJob>> = jobs.into_iter().map(Arc::new).collect();
    let mut results: Vec<Option<Result<Load, Failure>>> = jobs.iter().map(|_| None).collect();
    let start = |index: usize, place| reading(Arc::clone(&jobs[index]), place, clock);
    let done = |index: usize, read: Option<Result<Load, Failure>>| {
        results[index] = Some(read.unwrap_or_else(|| Err(defect())));
    };
    take_turns(&mut places, &ends, start, done).await;
    let (all, took) = (jobs.len(), ends.start.elapsed());
    for (index, turn) in places.left() {
        let message = without_place(turn, jobs[index].deadline, all, took);
        results[index] = Some(Err(Failure::new(FailureKind::Timeout, message).with_advice(
            "look why the sources of load: are slow, audit fewer targets with --env, or raise \
             deadline: of load:",
        )));
    }
    results.into_iter().map(|read| read.unwrap_or_else(|| Err(defect()))).collect()
}

/// The server of each, by a number.
fn servers_of(jobs: &[LoadJob]) -> Vec<usize> {
    let mut known = BTreeMap::new();
    let mut number = |job: &LoadJob| {
        let next = known.len();
        *known.entry(job.source.server()).or_insert(next)
    };
    jobs.iter().map(&mut number).collect()
}

/// The load of one target, from when it has its place.
fn reading(
    job: Arc<LoadJob>,
    place: RunPlace,
    clock: &Clock,
) -> impl Future<Output = Option<Result<Load, Failure>>> + use<> {
    let clock = Arc::clone(clock);
    async move {
        let allowed = place.allowed(job.deadline);
        let context = CollectContext {
            environment: job.environment.clone(),
            deadline: Instant::now() + allowed,
            allowed,
            clock,
        };
        let work = timeout_at(context.deadline + GRACE, job.source.read(&job.wanted, &context));
        let read = place.hold(job.deadline, work).await?;
        Some(read.unwrap_or_else(|_| Err(timed_out(allowed))))
    }
}

fn defect() -> Failure {
    Failure::new(
        FailureKind::Unsupported,
        "the source of load itself failed: this is a defect of envparity",
    )
    .with_advice("please report it, with the output of -vvv")
}
