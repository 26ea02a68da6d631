//! What the caller says about an audit.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::{Cycles, EarlierReport, EnvironmentName, Gate, Severity};

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
pub struct RunFacts {
    /// Name of this machine.
    pub host: String,
    /// Commit of the repository that holds the profiles.
    pub commit: Option<String>,
}
