//! Sampling: Redis targets asked once or again and again, and what they said kept as load.
//!
//! Each target is asked at its own pace: one that hangs or is gone delays no other, and is asked
//! less often until it answers again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::collect::live_jobs;
use crate::collect::{self, Clock, Job, MAX_CONCURRENT};
use crate::model::{EnvironmentName, Evidence, Facts, TargetEvidence, TargetId};
use crate::profile::Environment;

/// A target that does not answer is asked this often at least, or at each interval where that is
/// longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Answers that wait to be kept.
const WAITING: usize = 1_024;

/// The Redis targets of environments.
pub struct Sampler {
    jobs: Vec<Arc<Job>>,
    clock: Clock,
}

/// What one target answered once.
#[derive(Clone, Debug)]
pub struct Sampled {
    /// The environment.
    pub environment: EnvironmentName,
    /// The target.
    pub target: TargetId,
    /// What it answered, or why it did not.
    pub answers: Vec<TargetEvidence>,
}

impl Sampled {
    /// Samples in the answer.
    pub fn count_samples(&self) -> usize {
        self.answers.iter().map(|answer| answer.samples.len()).sum()
    }

    /// The answer as evidence, as it is kept.
    pub fn into_evidence(self, clock: &Clock) -> Evidence {
        Evidence { environment: self.environment, taken: clock(), targets: self.answers }
    }
}

/// When targets are asked.
#[derive(Clone, Copy, Debug)]
struct Pace {
    start: Instant,
    every: Duration,
    until: Instant,
}

impl Sampler {
    /// Every target of the environments that counts what it does; other ones are not asked.
    pub fn new(
        environments: &[&Environment],
        folder: &Path,
        deadline: Option<Duration>,
        clock: Clock,
    ) -> Self {
        let jobs = environments
            .iter()
            .flat_map(|environment| live_jobs(environment, folder, deadline))
            .filter(|job| job.collector.kind().facts == Facts::Info)
            .map(|mut job| {
                job.collector.keep_connections();
                Arc::new(job)
            });
        Self { jobs: jobs.collect(), clock }
    }

    /// Those of its targets that are wanted.
    #[must_use]
    pub fn only(mut self, is_wanted: impl Fn(&TargetId) -> bool) -> Self {
        self.jobs.retain(|job| is_wanted(&job.collector.id()));
        self
    }

    /// The targets, and whether a sample of each is required.
    pub fn targets(&self) -> impl Iterator<Item = (EnvironmentName, TargetId, bool)> {
        self.jobs.iter().map(|job| (job.environment.clone(), job.collector.id(), job.required))
    }

    /// Asks each target once.
    pub async fn ask_once(self) -> Vec<Sampled> {
        let now = Instant::now();
        let pace = Pace { start: now, every: LONGEST_PAUSE, until: now };
        let (mut told, _asking) = self.start_asking(pace);
        let mut all = Vec::new();
        while let Some(sampled) = told.recv().await {
            all.push(sampled);
        }
        all
    }

    /// Asks each target every so often, for so long. Dropping the second of the result ends that.
    pub fn ask_often(
        self,
        every: Duration,
        lasting: Duration,
    ) -> (mpsc::Receiver<Sampled>, JoinSet<()>) {
        let start = Instant::now();
        self.start_asking(Pace { start, every, until: start + lasting })
    }

    fn start_asking(self, pace: Pace) -> (mpsc::Receiver<Sampled>, JoinSet<()>) {
        let (to, told) = mpsc::channel(WAITING);
        let turns = Arc::new(Semaphore::new(MAX_CONCURRENT));
        let mut asking = JoinSet::new();
        for job in self.jobs {
            let (clock, turns, to) = (Arc::clone(&self.clock), Arc::clone(&turns), to.clone());
            asking.spawn(ask_target(job, pace, clock, turns, to));
        }
        (told, asking)
    }
}

/// Asks one target until its time is over, or nobody hears what it says.
async fn ask_target(
    job: Arc<Job>,
    pace: Pace,
    clock: Clock,
    turns: Arc<Semaphore>,
    to: mpsc::Sender<Sampled>,
) {
    let (mut due, mut failures) = (pace.start, 0_u32);
    loop {
        sleep_until(due).await;
        let answers = {
            // It is never closed.
            let _turn = turns.acquire().await;
            collect::run_alone(&job, &clock).await
        };
        let (environment, target) = (job.environment.clone(), job.collector.id());
        let sampled = Sampled { environment, target, answers };
        failures = if sampled.count_samples() == 0 { failures.saturating_add(1) } else { 0 };
        if to.send(sampled).await.is_err() {
            return;
        }
        due = pace.next_turn(Instant::now(), failures);
        if due > pace.until {
            return;
        }
    }
}

impl Pace {
    /// When a target is asked next that has not answered for so many times: always a whole number
    /// of intervals after the start, so that samples stay evenly apart.
    fn next_turn(&self, now: Instant, failures: u32) -> Instant {
        let every = self.every.as_nanos().max(1);
        let earliest = now + self.pause_after(failures);
        let passed = earliest.saturating_duration_since(self.start).as_nanos();
        let ticks = passed / every + 1;
        let after = u64::try_from(ticks.saturating_mul(every)).unwrap_or(u64::MAX);
        self.start + Duration::from_nanos(after)
    }

    /// What is left out after failures in a row: nothing after the first, then ever more.
    fn pause_after(&self, failures: u32) -> Duration {
        let doubled = match failures {
            0 | 1 => return Duration::ZERO,
            more => 2_u32.saturating_pow(more - 1) - 1,
        };
        self.every.saturating_mul(doubled).min(LONGEST_PAUSE.saturating_sub(self.every))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(every: u64) -> Pace {
        let start = Instant::now();
        Pace { start, every: Duration::from_secs(every), until: start + LONGEST_PAUSE * 100 }
    }

    /// Seconds after the start at which a target is asked that never answers, and takes a moment to
    /// say so.
    fn asked(every: u64, times: u32) -> Vec<u64> {
        let pace = pace(every);
        let mut at = pace.start;
        let mut all = vec![0];
        for failures in 1..times {
            at = pace.next_turn(at + Duration::from_millis(10), failures);
            all.push((at - pace.start).as_secs());
        }
        all
    }

    #[test]
    fn a_target_that_is_gone_is_asked_ever_less_often() {
        assert_eq!(asked(1, 9), [0, 1, 3, 7, 15, 31, 63, 123, 183]);
        assert_eq!(asked(10, 6), [0, 10, 30, 70, 130, 190]);
        assert_eq!(asked(60, 4), [0, 60, 120, 180]);
        assert_eq!(asked(600, 4), [0, 600, 1200, 1800]);
    }

    #[test]
    fn a_target_that_answers_is_asked_at_each_interval_and_never_twice_in_one() {
        let pace = pace(10);
        let at =
            |millis| pace.next_turn(pace.start + Duration::from_millis(millis), 0) - pace.start;
        for (answered, next) in [(0, 10), (9_999, 10), (10_001, 20), (34_000, 40)] {
            assert_eq!(at(answered), Duration::from_secs(next), "{answered}");
        }
    }
}
