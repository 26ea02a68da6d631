//! The outcome of an audit or a diff: what was seen, compared, found and judged.
//!
//! Plain data, before any format.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::matrix::{Cell, MatrixRow, State};
use super::{
    Comparison, ComponentName, Coverage, EnvironmentName, FindingId, Gate, JudgedFinding,
    JudgedLoad, JudgedWaiver, Judgement, Places, Severity, Since, Snapshot, Standing, TargetId,
    check_staleness,
};

/// The result of an audit or a diff, before any format.
#[derive(Debug)]
pub struct Audit {
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
    /// Whether one pair alone was asked for: else `--env` left them out.
    pub is_of_pair: bool,
    /// How much each gate compared.
    pub compared: Vec<GateCompared>,
    /// Whether the profiles ask for no verdict (`gates: []`): the exit code does not tell of it.
    pub reports_only: bool,
    /// What was seen, in promotion order.
    pub environments: Vec<AuditedEnvironment>,
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
    /// Since when things stand, if there is a history.
    pub standing: Option<Standing>,
    /// The load of targets, where a source of it is named.
    pub load: Vec<JudgedLoad>,
    /// Each component in each environment.
    pub matrix: Vec<MatrixRow>,
    /// Findings in a gate at or above this block.
    pub fail_on: Severity,
    /// Where the profiles say what it is about; empty for a diff.
    pub places: Places,
    /// What changes from run to run.
    pub run: Run,
}

impl Audit {
    /// Since when a finding stands, if there is a history.
    pub fn first_seen(&self, id: &FindingId) -> Option<Timestamp> {
        self.standing.as_ref()?.of_finding(id, self.run.at)
    }

    /// Since when an environment runs what it runs, if there is a history.
    pub fn runs_since(&self, cell: &Cell, component: &ComponentName) -> Option<Timestamp> {
        if cell.state != State::Present {
            return None;
        }
        self.standing.as_ref()?.of_running(&cell.environment, component, self.run.at)
    }
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
pub struct AuditedEnvironment {
    /// What was seen.
    pub snapshot: Snapshot,
    /// Whether the verdict needs it.
    pub required: bool,
    /// Older evidence does not count.
    pub max_age: Duration,
    /// For each part that was not read, by target and part: components that it hides.
    pub hides: BTreeMap<(String, String), usize>,
}

impl AuditedEnvironment {
    /// Whether everything that the profile asks of a target was read, and still counts at that
    /// time.
    pub fn counts(&self, target: &Coverage, at: Timestamp) -> bool {
        target.is_complete() && check_staleness(target, self.max_age, at).is_none()
    }

    /// Whether what is known of a component comes from a target that does not count any more at
    /// that time.
    pub fn is_stale(&self, component: &ComponentName, at: Timestamp) -> bool {
        let coverage = self.snapshot.coverage.iter();
        let mut stale = coverage
            .filter(|target| check_staleness(target, self.max_age, at).is_some())
            .peekable();
        if stale.peek().is_none() {
            return false;
        }
        let known = self.snapshot.components.get(component);
        let targets: BTreeSet<&TargetId> =
            known.iter().flat_map(|c| &c.instances).map(|i| &i.target).collect();
        stale.any(|target| targets.contains(&target.target))
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
    /// What it became in the history; `None` if it was not stored.
    pub history: Option<StoredRun>,
}

/// A run in a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRun {
    /// Counts from 1.
    pub run: i64,
    /// Its digest, which stands for all runs before it too.
    pub digest: String,
}

/// How much of an environment a gate compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateCompared {
    /// The gate.
    pub gate: Gate,
    /// Components of its later side that run on the earlier side too.
    pub with_counterpart: usize,
    /// Components that run on its later side, without those that the profiles or the catalogue
    /// keep out of the earlier one.
    pub of: usize,
    /// Those that do not run on the earlier side.
    pub without: Vec<ComponentName>,
}
