//! The audit: every environment against the baseline, judged.

use std::time::Instant;

use super::assess::assess;
use super::options::{AuditOptions, RunFacts};
use super::scope::{ProfileScope, ScopeError};
use crate::collect::{Clock, Progress};
use crate::model::{Audit, Evidence};
use crate::profile::Profiles;

/// Collects and judges, and keeps nothing of the evidence.
///
/// # Errors
/// As [`audit_and_keep`].
pub async fn audit(
    profiles: &Profiles,
    options: &AuditOptions,
    facts: RunFacts,
    clock: Clock,
    progress: &dyn Progress,
) -> Result<Audit, ScopeError> {
    run(profiles, options, facts, clock, progress, false).await.map(|(audit, _)| audit)
}

/// Collects and judges; the evidence is handed over too, to be stored.
///
/// # Errors
/// If the options name an unknown environment. What cannot be read is not an error but a part of
/// the audit.
pub async fn audit_and_keep(
    profiles: &Profiles,
    options: &AuditOptions,
    facts: RunFacts,
    clock: Clock,
    progress: &dyn Progress,
) -> Result<(Audit, Vec<Evidence>), ScopeError> {
    run(profiles, options, facts, clock, progress, true).await
}

async fn run(
    profiles: &Profiles,
    options: &AuditOptions,
    facts: RunFacts,
    clock: Clock,
    progress: &dyn Progress,
    keeps: bool,
) -> Result<(Audit, Vec<Evidence>), ScopeError> {
    let ProfileScope { environments, baseline, .. } = ProfileScope::new(profiles, options)?;
    let folder = &profiles.folder;
    let start = Instant::now();
    let deadline = options.deadline;
    let first = Some(&baseline);
    let evidence =
        super::collect(&environments, first, folder, deadline, clock.clone(), progress).await;
    let duration = start.elapsed();
    let now = options.at.unwrap_or_else(|| clock());
    let kept = if keeps { evidence.clone() } else { Vec::new() };
    let mut audit = assess(profiles, options, evidence, facts, now)?;
    audit.run.duration = options.at.is_none().then_some(duration);
    Ok((audit, kept))
}
