//! Load that is kept outside of the history: asked for while targets are read.

use super::asked::{LoadAsked, span_of};
use crate::collect::prometheus::Prometheus;
use crate::collect::prometheus::config::PrometheusConfig;
use crate::collect::{Clock, LoadJob, LoadSource, LoadWanted, read_loads};
use crate::model::{Failure, FailureKind, Load, LoadSpan};

/// A Prometheus that keeps more is not asked for all of it at once. What is older is kept by the
/// history alone.
const MOST_SECONDS: i64 = 35 * 24 * 3600;

/// What a source outside told of a target.
#[derive(Clone, Debug)]
pub struct OutsideLoad {
    /// `prometheus https://prom/base`.
    pub label: String,
    /// Raw counters, or why there are none.
    pub told: Result<Load, Failure>,
}

/// Asks the source that the profile names for the load of each target, all at once and within twice
/// the longest deadline. In the order of `wanted`. What servers say of themselves is not needed yet.
pub async fn read_all_outside(wanted: &[OutsideAsked<'_>], clock: &Clock) -> Vec<OutsideLoad> {
    let (mut jobs, mut told) = (Vec::new(), Vec::new());
    for one in wanted {
        let (label, job) = load_job(one);
        let job = job.map(|job| {
            jobs.push(job);
            jobs.len() - 1
        });
        told.push((label, job));
    }
    let mut read: Vec<_> = read_loads(jobs, clock).await.into_iter().map(Some).collect();
    let found = told.into_iter().map(|(label, job)| {
        let told = job.and_then(|index| read[index].take().unwrap_or_else(|| Err(not_asked())));
        OutsideLoad { label, told }
    });
    found.collect()
}

/// The same for one target.
pub async fn read_outside(
    asked: &LoadAsked<'_>,
    source: &PrometheusConfig,
    clock: &Clock,
) -> OutsideLoad {
    let wanted = [OutsideAsked::equal(asked.clone(), source)];
    let label = "prometheus".to_owned();
    let read = read_all_outside(&wanted, clock).await.pop();
    read.unwrap_or_else(|| OutsideLoad { label, told: Err(not_asked()) })
}

/// What is asked of a source outside.
pub struct OutsideAsked<'a> {
    /// For what.
    pub asked: LoadAsked<'a>,
    /// The source.
    pub source: &'a PrometheusConfig,
    /// Whether the verdict needs the target.
    pub required: bool,
    /// Whether it is one of the baseline, whose load is read first.
    pub is_of_baseline: bool,
}

impl<'a> OutsideAsked<'a> {
    /// Of one of several that are all wanted as much.
    pub fn equal(asked: LoadAsked<'a>, source: &'a PrometheusConfig) -> Self {
        Self { asked, source, required: true, is_of_baseline: false }
    }
}

fn not_asked() -> Failure {
    Failure::new(FailureKind::NothingSelected, "no window was asked for")
}

/// The name of the source, and how it is asked.
fn load_job(one: &OutsideAsked<'_>) -> (String, Result<LoadJob, Failure>) {
    let OutsideAsked { asked, source: config, required, is_of_baseline } = one;
    let source = match Prometheus::new(config, asked.folder) {
        Ok(source) => source,
        Err(problem) => {
            let failure = Failure::new(FailureKind::NothingSelected, problem.message.clone());
            return ("prometheus".to_owned(), Err(failure));
        }
    };
    let label = source.name();
    let Some(span) = span_of(asked.windows) else { return (label, Err(not_asked())) };
    let span = LoadSpan { from: span.from.max(span.to - MOST_SECONDS), to: span.to };
    let wanted = LoadWanted {
        target: asked.target.clone(),
        span,
        length: asked.length,
        live: asked.live.servers.clone(),
    };
    let job = LoadJob {
        environment: asked.environment.clone(),
        source: Box::new(source),
        wanted,
        deadline: asked.deadline.unwrap_or_else(|| config.allowed()),
        required: *required,
        is_of_baseline: *is_of_baseline,
    };
    (label, Ok(job))
}
