//! Load that is kept outside of the history: asked for while targets are read.

use tokio::time::Instant;

use super::asked::{LoadAsked, span_of};
use crate::collect::prometheus::Prometheus;
use crate::collect::prometheus::config::PrometheusConfig;
use crate::collect::{Clock, CollectContext, LoadSource, LoadWanted};
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

/// Asks the source that the profile names, within its own deadline. What servers say of themselves
/// is not needed yet.
pub async fn read_outside(
    asked: &LoadAsked<'_>,
    config: &PrometheusConfig,
    clock: Clock,
) -> OutsideLoad {
    let source = match Prometheus::new(config, asked.folder) {
        Ok(source) => source,
        Err(problem) => {
            let failure = Failure::new(FailureKind::NothingSelected, problem.message.clone());
            return OutsideLoad { label: "prometheus".to_owned(), told: Err(failure) };
        }
    };
    let label = source.name();
    let Some(span) = span_of(asked.windows) else {
        let failure = Failure::new(FailureKind::NothingSelected, "no window was asked for");
        return OutsideLoad { label, told: Err(failure) };
    };
    let span = LoadSpan { from: span.from.max(span.to - MOST_SECONDS), to: span.to };
    let wanted = LoadWanted {
        target: asked.target.clone(),
        span,
        length: asked.length,
        live: asked.live.servers.clone(),
    };
    let allowed = asked.deadline.unwrap_or_else(|| config.allowed());
    let context = CollectContext {
        environment: asked.environment.clone(),
        deadline: Instant::now() + allowed,
        allowed,
        clock,
    };
    let told = source.read(&wanted, &context).await;
    OutsideLoad { label, told }
}
