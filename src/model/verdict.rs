//! The verdict and what it rests on.

use std::fmt;

use super::{EnvironmentName, FindingId, Severity};

/// An ordered pair of environments that may block a release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gate {
    /// Where a release comes from.
    pub from: EnvironmentName,
    /// Where it goes to.
    pub to: EnvironmentName,
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.from, self.to)
    }
}

/// Go, No-Go, or not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything needed was read, and nothing blocks.
    Go,
    /// A finding blocks.
    NoGo,
    /// Nothing blocks, but not everything needed was read.
    Incomplete,
}

impl Verdict {
    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::NoGo => "no-go",
            Self::Incomplete => "incomplete",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.as_str().to_uppercase())
    }
}

/// What stands among what was not judged where the profiles want no gate: it is not a gap.
pub const NO_GATE_WANTED: &str = "any gate: the profiles say gates: []";

/// A verdict with its reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is not `go`, and what would block, were it not waived; a no-go on incomplete evidence
    /// has reasons of both kinds.
    pub reasons: Vec<Reason>,
    /// What did not count, because the profile does not require it.
    pub not_judged: Vec<String>,
    /// Findings that would block, were they not known from the earlier report (`--fail-on-new`).
    pub known: Vec<FindingId>,
}

impl Judgement {
    /// What was not read and did not count.
    pub fn optional_gaps(&self) -> Vec<&str> {
        let texts = self.not_judged.iter().map(String::as_str);
        texts.filter(|text| *text != NO_GATE_WANTED).collect()
    }

    /// Whether evidence that the verdict needs is missing.
    pub fn is_incomplete(&self) -> bool {
        self.reasons.iter().any(|reason| reason.kind == ReasonKind::Incomplete)
    }
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What it makes the verdict.
    pub kind: ReasonKind,
    /// The finding that blocks or is waived.
    pub finding: Option<FindingId>,
    /// How severe, of a finding.
    pub severity: Option<Severity>,
    /// Whether it is about a target that was not read or is too old: coverage tells the same, and
    /// `required: false` leaves it out.
    pub is_of_target: bool,
    /// In words (untrusted).
    pub text: String,
}

/// What a reason makes the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasonKind {
    /// A finding at or above `fail-on`.
    Blocks,
    /// Evidence that is missing, too old, or proves nothing.
    Incomplete,
    /// A finding at or above `fail-on` that somebody accepts: it does not block.
    Waived,
}

impl ReasonKind {
    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Incomplete => "incomplete",
            Self::Waived => "waived",
        }
    }
}
