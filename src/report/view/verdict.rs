//! The verdict in a word, and what it counts.

use super::finding::tally;
use crate::model::{Audit, Purpose, ReasonKind, Severity, Verdict};

/// What stands at the top of a report, as one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Headline {
    Go,
    /// Nothing could have blocked.
    GoWithoutGate,
    NoGo,
    NoGoAndIncomplete,
    Incomplete,
    /// Of a diff, which judges nothing else.
    Complete,
}

impl Headline {
    pub(in crate::report) fn of(audit: &Audit) -> Self {
        match (audit.purpose, audit.judgement.verdict) {
            (_, Verdict::Incomplete) => Self::Incomplete,
            (Purpose::Diff, _) => Self::Complete,
            (Purpose::Audit, Verdict::NoGo) if audit.judgement.is_incomplete() => {
                Self::NoGoAndIncomplete
            }
            (Purpose::Audit, Verdict::NoGo) => Self::NoGo,
            (Purpose::Audit, Verdict::Go) if audit.gates.is_empty() => Self::GoWithoutGate,
            (Purpose::Audit, Verdict::Go) => Self::Go,
        }
    }

    /// In capitals, as on screens.
    pub(in crate::report) fn words(self) -> &'static str {
        match self {
            Self::Go => "GO",
            Self::GoWithoutGate => "GO, but no gate was judged",
            Self::NoGo => "NO-GO",
            Self::NoGoAndIncomplete => "NO-GO, and INCOMPLETE",
            Self::Incomplete => "INCOMPLETE",
            Self::Complete => "COMPLETE",
        }
    }
}

/// How many reasons of a kind the verdict has.
pub(in crate::report) fn count_reasons(audit: &Audit, kind: ReasonKind) -> usize {
    audit.judgement.reasons.iter().filter(|reason| reason.kind == kind).count()
}

/// `1 critical, 2 high`: what blocks.
pub(in crate::report) fn blocking(audit: &Audit) -> String {
    tally(&severities(audit, ReasonKind::Blocks))
}

/// `1 critical, 2 high waived`: what would block, were it not waived; every format puts it beside
/// its verdict.
pub(in crate::report) fn accepted(audit: &Audit) -> Option<String> {
    let waived = tally(&severities(audit, ReasonKind::Waived));
    (!waived.is_empty()).then(|| format!("{waived} waived"))
}

fn severities(audit: &Audit, kind: ReasonKind) -> Vec<Severity> {
    let reasons = audit.judgement.reasons.iter().filter(|reason| reason.kind == kind);
    reasons.filter_map(|reason| reason.severity).collect()
}

/// `block`, or `blocks` behind one.
pub(in crate::report) fn block_or_blocks(findings: usize) -> &'static str {
    if findings == 1 { "blocks" } else { "block" }
}
