//! The verdict in a word and in a sentence, which every format shows, and what it counts.

use jiff::Timestamp;

use super::finding::severity_tally;
use crate::model::{Audit, Purpose, ReasonKind, Severity, Verdict, count};

/// What a go without a gate is worth.
pub(in crate::report) const ONLY_READ: &str =
    "everything required was read, and nothing else was judged";

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
    pub(in crate::report) fn from_audit(audit: &Audit) -> Self {
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
    pub(in crate::report) fn verdict_words(self) -> &'static str {
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

/// `NO-GO, and INCOMPLETE: 2 high; qualif redis/cache not read: connection refused`: the verdict as
/// every format words it. A format that has little room shortens what a server said.
pub(in crate::report) fn verdict_sentence(
    audit: &Audit,
    shorten: impl Fn(&str) -> String,
) -> String {
    format!("{}: {}", Headline::from_audit(audit).verdict_words(), verdict_reasons(audit, shorten))
}

/// The sentence without its headline, for a format that shows it as a title.
pub(in crate::report) fn verdict_reasons(
    audit: &Audit,
    shorten: impl Fn(&str) -> String,
) -> String {
    let gaps = reason_texts(audit, ReasonKind::Incomplete);
    let mut parts = match Headline::from_audit(audit) {
        Headline::Go => vec![nothing_found(audit)],
        Headline::GoWithoutGate => vec![ONLY_READ.to_owned()],
        Headline::NoGo => vec![blocking_tally(audit)],
        Headline::NoGoAndIncomplete => vec![blocking_tally(audit), first_of(&gaps, &shorten)],
        Headline::Incomplete => vec![first_of(&gaps, &shorten)],
        Headline::Complete => vec![
            "everything in the evidence was read".to_owned(),
            "differences are shown, not judged".to_owned(),
        ],
    };
    parts.extend(waived_tally(audit));
    let optional = audit.judgement.optional_gaps();
    if !optional.is_empty() {
        let first = first_of(&optional, &shorten);
        parts.push(format!("not judged (not required or left out): {first}"));
    }
    parts.extend(new_only(audit));
    parts.join("; ")
}

fn nothing_found(audit: &Audit) -> String {
    let new = if audit.new_only { " that is new or worse" } else { "" };
    let fail_on = audit.fail_on;
    format!("nothing{new} at or above {fail_on} in a gate, and everything required was read")
}

fn reason_texts(audit: &Audit, kind: ReasonKind) -> Vec<&str> {
    let reasons = audit.judgement.reasons.iter().filter(|reason| reason.kind == kind);
    reasons.map(|reason| reason.text.as_str()).collect()
}

/// The first gap, and how many more there are.
fn first_of(gaps: &[&str], shorten: impl Fn(&str) -> String) -> String {
    let Some((first, others)) = gaps.split_first() else { return String::new() };
    let more = match others.len() {
        0 => String::new(),
        n => format!(", and {}", count(n, "more gap")),
    };
    format!("{}{more}", shorten(first))
}

/// That only what is new or worse could block, where that was asked for.
fn new_only(audit: &Audit) -> Option<String> {
    let since = audit.since.as_ref().filter(|_| audit.new_only)?;
    let known = match audit.judgement.known.len() {
        0 => String::new(),
        n => format!(", {} known before", count(n, "finding")),
    };
    let at = local_time(audit, since.at);
    Some(format!("only what is new or worse since {at} could block{known}"))
}

/// A time as people read it where they are: `Mon 2026-11-23 01:06 +01:00`.
pub(super) fn local_time(audit: &Audit, at: Timestamp) -> String {
    let there = at.to_zoned(audit.run.timezone.clone());
    there.strftime("%a %Y-%m-%d %H:%M %:z").to_string()
}

/// How many reasons of a kind the verdict has.
pub(in crate::report) fn count_reasons(audit: &Audit, kind: ReasonKind) -> usize {
    audit.judgement.reasons.iter().filter(|reason| reason.kind == kind).count()
}

/// `1 critical, 2 high`: what blocks.
fn blocking_tally(audit: &Audit) -> String {
    let told = severity_tally(&reason_severities(audit, ReasonKind::Blocks));
    match reason_texts(audit, ReasonKind::Blocks).len() {
        n if told.is_empty() => count(n, "finding"),
        _ => told,
    }
}

/// `1 critical, 2 high waived`: what would block, were it not waived.
fn waived_tally(audit: &Audit) -> Option<String> {
    let waived = severity_tally(&reason_severities(audit, ReasonKind::Waived));
    (!waived.is_empty()).then(|| format!("{waived} waived"))
}

fn reason_severities(audit: &Audit, kind: ReasonKind) -> Vec<Severity> {
    let reasons = audit.judgement.reasons.iter().filter(|reason| reason.kind == kind);
    reasons.filter_map(|reason| reason.severity).collect()
}

/// `block`, or `blocks` behind one.
pub(in crate::report) fn block_or_blocks(findings: usize) -> &'static str {
    if findings == 1 { "blocks" } else { "block" }
}
