//! The audit: every environment against the baseline, judged.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::assess::assess;
use super::scope::{Scope, ScopeError};
use crate::collect::{Clock, Progress};
use crate::model::{Audit, Cycles, EarlierReport, EnvironmentName, Gate, Severity};
use crate::profile::Profiles;

/// What the command line says of an audit.
#[derive(Clone, Debug, Default)]
pub struct AuditOptions {
    /// Only these environments, and always the baseline; empty for all.
    pub only: Vec<EnvironmentName>,
    /// Another baseline than the profile's.
    pub baseline: Option<EnvironmentName>,
    /// This pair alone, whatever gates the profiles have: its later side is the baseline.
    pub gate: Option<Gate>,
    /// Another threshold than the policy's.
    pub fail_on: Option<Severity>,
    /// Another deadline for every target.
    pub deadline: Option<Duration>,
    /// The time of the run; else the clock's when everything is collected.
    pub at: Option<Timestamp>,
    /// The report of an earlier audit, to tell what is new.
    pub since: Option<EarlierReport>,
    /// Whether only what is new or worse since then blocks.
    pub fail_on_new: bool,
    /// Support cycles over those that ship with the program, each with the name of its file.
    pub end_of_life: Vec<(String, Cycles)>,
}

/// What the caller knows of where the audit runs.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Name of this machine.
    pub host: String,
    /// Commit of the repository that holds the profiles.
    pub commit: Option<String>,
}

/// Collects and judges.
///
/// # Errors
/// If the options name an unknown environment. What cannot be read is no error but a part of
/// the audit.
pub async fn audit(
    profiles: &Profiles,
    options: &AuditOptions,
    facts: Facts,
    clock: Clock,
    progress: &dyn Progress,
) -> Result<Audit, ScopeError> {
    let environments = Scope::new(profiles, options)?.environments;
    let folder = &profiles.folder;
    let start = Instant::now();
    let deadline = options.deadline;
    let evidence = super::collect(&environments, folder, deadline, clock.clone(), progress).await;
    let duration = start.elapsed();
    let now = options.at.unwrap_or_else(|| clock());
    let mut audit = assess(profiles, options, evidence, facts, now)?;
    audit.run.duration = options.at.is_none().then_some(duration);
    Ok(audit)
}
