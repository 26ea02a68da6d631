//! Reports: one format a file, one line each in `list.rs`.
//!
//! A format turns a finished audit into text. It decides nothing, reads no clock and opens no
//! file; text that came from outside is escaped for its reader here and nowhere else.

mod csv;
mod dto;
pub mod escape;
mod html;
mod json;
mod junit;
mod list;
mod markdown;
mod openmetrics;
mod sarif;
mod table;
mod yaml;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::compare::Row;
use crate::model::{
    Comparison, ComponentName, Coverage, EnvironmentName, Gate, JudgedFinding, JudgedWaiver,
    Judgement, Places, Severity, Since, Snapshot, TargetId,
};
use crate::policy::staleness;

pub use list::{FORMATS, by_name};

/// The program that makes the report.
pub const PROGRAM: &str = concat!("envparity ", env!("CARGO_PKG_VERSION"));

/// The result of an audit or a diff, before any format.
#[derive(Debug)]
pub struct Report {
    /// What it is the result of.
    pub purpose: Purpose,
    /// The verdict.
    pub judgement: Judgement,
    /// The environment that all are compared with.
    pub baseline: EnvironmentName,
    /// Pairs that may block a release.
    pub gates: Vec<Gate>,
    /// Environments that this audit left out.
    pub left_out: Vec<EnvironmentName>,
    /// What was seen, in promotion order.
    pub environments: Vec<Environment>,
    /// Each compared pair.
    pub comparisons: Vec<Comparison>,
    /// What rules found, by component and rule: what counts, what is waived and what is switched
    /// off.
    pub findings: Vec<JudgedFinding>,
    /// Waivers, in the order of their file.
    pub waivers: Vec<JudgedWaiver>,
    /// What became of findings since an earlier report, if one was given.
    pub since: Option<Since>,
    /// Whether only what is new or worse since then could block.
    pub new_only: bool,
    /// Each component in each environment.
    pub matrix: Vec<Row>,
    /// Findings in a gate at or above this block.
    pub fail_on: Severity,
    /// Where the profiles say what it is about; empty for a diff.
    pub places: Places,
    /// What changes from run to run.
    pub run: Run,
}

impl Purpose {
    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Diff => "diff",
        }
    }
}

/// What a report is the result of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An audit: findings and coverage are judged.
    Audit,
    /// Two pieces of evidence: only coverage is judged.
    Diff,
}

/// One environment in a report.
#[derive(Debug)]
pub struct Environment {
    /// What was seen.
    pub snapshot: Snapshot,
    /// Whether the verdict needs it.
    pub required: bool,
    /// Older evidence does not count.
    pub max_age: Duration,
    /// For each part that was not read, by target and part: components that it hides.
    pub hides: std::collections::BTreeMap<(String, String), usize>,
}

impl Environment {
    /// Whether everything that the profile asks of a target was read, and still counts at that
    /// time.
    pub fn counts(&self, target: &Coverage, at: Timestamp) -> bool {
        target.is_complete() && staleness(target, self.max_age, at).is_none()
    }

    /// Whether what is known of a component comes from a target that does not count any more at
    /// that time.
    pub fn is_stale(&self, component: &ComponentName, at: Timestamp) -> bool {
        let known = self.snapshot.components.get(component);
        let targets: BTreeSet<&TargetId> =
            known.iter().flat_map(|c| &c.instances).map(|i| &i.target).collect();
        let is_stale = |target: &&Coverage| staleness(target, self.max_age, at).is_some();
        self.snapshot
            .coverage
            .iter()
            .filter(is_stale)
            .any(|target| targets.contains(&target.target))
    }
}

/// What changes from run to run.
#[derive(Clone, Debug)]
pub struct Run {
    /// When the run ended.
    pub at: Timestamp,
    /// How long collecting took; `None` if the time was given.
    pub duration: Option<Duration>,
    /// The machine that ran it.
    pub host: String,
    /// Digest of the profile files.
    pub profiles: String,
    /// Digest of what the policy says.
    pub policy: String,
    /// What is worth knowing of how it was judged.
    pub notes: Vec<String>,
    /// Commit of the repository that holds the profiles.
    pub commit: Option<String>,
    /// For showing times to people.
    pub timezone: TimeZone,
}

/// How a report is to look.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Columns that fit; `None` for no limit.
    pub width: Option<usize>,
    /// Whether colours may be used.
    pub color: bool,
    /// Whether to show what is folded by default.
    pub unfold: bool,
    /// The exit code, for the last line.
    pub exit: u8,
    /// Whether the exit code was asked not to tell of the verdict.
    pub report_only: bool,
}

/// A way to write a report.
pub trait Format: Sync {
    /// Its name behind `-o`.
    fn name(&self) -> &'static str;

    /// What it is for, in a line.
    fn summary(&self) -> &'static str;

    /// The report as text.
    ///
    /// # Errors
    /// If the report has no form in this format.
    fn render(&self, report: &Report, view: &View) -> Result<String, RenderError>;
}

/// A report has no form in a format: a defect, never the report's fault.
#[derive(Debug, thiserror::Error)]
#[error("render the report as {format}: {message}")]
pub struct RenderError {
    /// The format.
    pub format: &'static str,
    /// What its library says.
    pub message: String,
}
