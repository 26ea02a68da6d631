//! Everything that serving needs from whoever starts it.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use super::access::HistoryAccess;
use crate::collect::Clock;
use crate::model::{BucketLength, Secret};
use crate::notify::DeliveryTimes;
use crate::pipeline::{RunFacts, Sampler};
use crate::profile::Profiles;

/// Waits; a test's may return at once.
pub type ServeSleep = dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync;

/// Everything that serving needs.
pub struct ServeSetup {
    /// The profiles.
    pub profiles: Profiles,
    /// The history that all is kept in.
    pub history: HistoryAccess,
    /// What is known of where this runs.
    pub facts: RunFacts,
    /// What readers must show; `None` for everybody on this machine.
    pub token: Option<Secret>,
    /// The time.
    pub clock: Clock,
    /// Waits for jitter and between tries of a notice.
    pub sleep: Box<ServeSleep>,
    /// How often it is looked whether something is due.
    pub tick: Duration,
    /// How often servers are sampled.
    pub every: Duration,
    /// The grid of load; five minutes but for tests.
    pub length: BucketLength,
    /// How often a notice is tried.
    pub delivery: DeliveryTimes,
    /// Hears, a line each, what whoever runs this should know.
    pub warn: Box<dyn Fn(&str) + Send + Sync>,
}

impl ServeSetup {
    /// What is sampled.
    pub(super) fn sampler(&self) -> Sampler {
        let environments: Vec<_> = self.profiles.environments.iter().collect();
        let sampler =
            Sampler::new(&environments, &self.profiles.folder, None, Arc::clone(&self.clock));
        match &self.profiles.sample {
            Some(config) => sampler.only(|target| config.covers(target.as_str())),
            None => sampler,
        }
    }
}
