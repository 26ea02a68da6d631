//! The only contact with what is audited: reads, never writes, and never without a deadline.
//!
//! Each collector turns one target into evidence. Whatever goes wrong becomes an outcome of that
//! target's parts; it never costs another target and is never an absence.

pub mod config;
pub mod declared;
pub mod docker;
pub mod io;
pub mod kubernetes;
mod patterns;
pub mod recorded;
pub mod redis;
mod run;

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::model::{EnvironmentName, Failure, Outcome, TargetEvidence, TargetId};

pub use run::{Collected, Job, MAX_CONCURRENT, Progress, run};

/// Tells the time of an answer. Passed in, so that tests stand outside of time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a collector is given for one collection.
#[derive(Clone)]
pub struct Context {
    /// Whose target it is.
    pub environment: EnvironmentName,
    /// When everything must have been said; counted from the start of the collection.
    pub deadline: Instant,
    /// The same as a length, for messages.
    pub allowed: std::time::Duration,
    /// Tells the time of an answer.
    pub clock: Clock,
}

/// Reads one target.
pub trait Collector: Send + Sync {
    /// Which target.
    fn id(&self) -> TargetId;

    /// Its address as shown to people: without user name and password.
    fn endpoint(&self) -> String;

    /// What of it is read, each with its own coverage.
    fn parts(&self) -> &'static [&'static str];

    /// Reads it. Mostly one piece of evidence; a recorded file may hold several.
    fn collect<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Vec<TargetEvidence>>;

    /// Evidence of a target of which nothing could be read.
    fn unread(&self, now: Timestamp, failure: &Failure) -> TargetEvidence {
        let mut evidence = TargetEvidence::new(self.id(), self.endpoint(), now);
        for part in self.parts() {
            evidence.set_part(part, Outcome::Failed(failure.clone()));
        }
        evidence
    }
}
