//! What targets remember of what ran before: asked beside their evidence, by checklists alone.

use std::time::Duration;

use futures::stream::{self, StreamExt};
use tokio::time::{Instant, timeout_at};

use super::collector::{Clock, CollectContext};
use super::run::Job;
use crate::model::{EnvironmentName, Failure, FailureKind, Revisions, TargetId};

/// Clusters that are asked at the same time.
const AT_ONCE: usize = 8;

/// Time beyond its deadline in which a target tells itself why it did not answer.
const GRACE: Duration = Duration::from_secs(2);

/// What one target remembers, or why it does not tell.
pub type Remembered = (EnvironmentName, TargetId, Result<Revisions, Failure>);

/// What each target remembers that can be asked, within its own deadline.
pub async fn remembered(jobs: Vec<Job>, clock: Clock) -> Vec<Remembered> {
    let asking = jobs.into_iter().map(|job| {
        let clock = clock.clone();
        async move {
            let context = CollectContext {
                environment: job.environment.clone(),
                deadline: Instant::now() + job.deadline,
                allowed: job.deadline,
                clock,
            };
            let asked = job.collector.remembered(&context)?;
            let told = timeout_at(context.deadline + GRACE, asked).await;
            let told = told.unwrap_or_else(|_| {
                let message = format!("no whole answer within {} s", job.deadline.as_secs());
                Err(Failure::new(FailureKind::Timeout, message))
            });
            Some((job.environment, job.collector.id(), told))
        }
    });
    stream::iter(asking).buffered(AT_ONCE).filter_map(std::future::ready).collect().await
}
