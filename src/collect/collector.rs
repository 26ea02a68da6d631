//! What a collector is, and what it is given.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::time::Instant;

use super::io::config::TlsConfig;
use super::recorded::config::RecordedConfig;
use super::target::TargetConfig;
use crate::model::{
    CollectorKind, EnvironmentName, Failure, Field, Outcome, Revisions, TLS_UNVERIFIED,
    TargetEvidence, TargetId,
};
use crate::wire::secret::SecretReference;

/// Tells the time of an answer. Passed in, so that tests stand outside of time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a collector is given for one collection.
#[derive(Clone)]
pub struct CollectContext {
    /// Whose target it is.
    pub environment: EnvironmentName,
    /// When everything must have been said; counted from when the target gets its place.
    pub deadline: Instant,
    /// The same as a length, for messages.
    pub allowed: std::time::Duration,
    /// Tells the time of an answer.
    pub clock: Clock,
}

/// A target of a checked profile, which can be read.
pub trait Target: TargetConfig {
    /// What reads it; paths are relative to `folder`.
    ///
    /// # Panics
    /// If its address was not checked with the profile: leaving the target out would be one that
    /// nobody misses.
    fn collector(&self, folder: &Path) -> Box<dyn Collector>;

    /// The files that reading it reads: none of them may be written over. Paths of the profile are
    /// relative to `folder`.
    fn reads(&self, folder: &Path) -> Vec<PathBuf> {
        let answers = [self.file(), self.else_recorded()].into_iter().flatten();
        let secrets = self.secrets().into_iter().filter_map(SecretReference::file);
        let certificates = self.tls().into_iter().flat_map(TlsConfig::files);
        let mut files: Vec<PathBuf> =
            answers.chain(secrets).chain(certificates).map(|path| folder.join(path)).collect();
        files.extend(self.found_elsewhere(folder));
        files
    }

    /// Those of them that the profile does not name itself: what a kubeconfig names, for example.
    fn found_elsewhere(&self, _folder: &Path) -> Vec<PathBuf> {
        Vec::new()
    }

    /// What stands in where it cannot be reached.
    fn stand_in(&self) -> Option<RecordedConfig> {
        Some(RecordedConfig::in_place_of(self.name(), self.else_recorded()?))
    }
}

/// Reads one target.
pub trait Collector: Send + Sync {
    /// Leaves connections open from one collection to the next, where that is of use to a server
    /// that is asked again and again.
    fn keep_connections(&mut self) {}

    /// Which target.
    fn id(&self) -> TargetId;

    /// Its address as shown to people: without user name and password.
    fn endpoint(&self) -> String;

    /// What kind of target it is.
    fn kind(&self) -> &'static CollectorKind;

    /// What the profile itself says of it, as fields of its evidence: known without an answer.
    fn profile_facts(&self) -> &[Field] {
        &[]
    }

    /// Reads it. Mostly one piece of evidence; a recorded file may hold several.
    fn collect<'a>(&'a self, context: &'a CollectContext) -> BoxFuture<'a, Vec<TargetEvidence>>;

    /// What it remembers of what ran before, and how far its workloads are, where that is something
    /// that it can be asked. An audit never asks.
    fn remembered<'a>(
        &'a self,
        _context: &'a CollectContext,
    ) -> Option<BoxFuture<'a, Result<Revisions, Failure>>> {
        None
    }

    /// Why a recorded answer is to stand in for this one: nothing was read, and nothing could be
    /// reached.
    fn unreached(&self, evidence: &TargetEvidence) -> Option<Failure> {
        // What the profile says, and how it asks for TLS, is known without an answer.
        let is_answered =
            |field: &Field| field.name != TLS_UNVERIFIED && !self.profile_facts().contains(field);
        if evidence.fields.iter().any(is_answered) || evidence.has_complete_part() {
            return None;
        }
        let mut failures = evidence.parts.values().filter_map(Outcome::failure);
        let first = failures.next()?;
        (first.kind.is_unreached() && failures.all(|other| other.kind.is_unreached()))
            .then(|| first.clone())
    }

    /// Evidence of a target that is not read any more, for want of time: what stands in for it, if
    /// anything does.
    fn give_up<'a>(
        &'a self,
        context: &'a CollectContext,
        failure: Failure,
    ) -> BoxFuture<'a, Vec<TargetEvidence>> {
        let unread = self.unread((context.clock)(), &failure);
        Box::pin(std::future::ready(vec![unread]))
    }

    /// Evidence of a target of which nothing could be read.
    fn unread(&self, now: Timestamp, failure: &Failure) -> TargetEvidence {
        let mut evidence = TargetEvidence::new(self.id(), self.endpoint(), now);
        evidence.fields.extend_from_slice(self.profile_facts());
        for part in self.kind().always() {
            evidence.set_part(part, Outcome::Failed(failure.clone()));
        }
        evidence
    }
}
