//! The verdict with its reasons, and what changed since an earlier report.

use std::cmp::Reverse;

use super::folded::Folded;
use crate::model::{
    Audit, Fate, FindingTrend, Gate, GoneFinding, Purpose, Reason, ReasonKind, Since,
};
use crate::report::view::compared::{NAMES, gate_sentences};
use crate::report::view::finding::{FindingView, fate_meaning, trend_meaning};
use crate::report::view::verdict::{Headline, verdict_reasons};
use crate::report::view::{ReportView, worst_first};

/// What stands at the top.
pub(super) struct Banner<'a> {
    /// `Drift report against prod`: of the window.
    pub(super) title: String,
    /// `Drift report`.
    pub(super) what: &'static str,
    pub(super) headline: Headline,
    /// The sentence of every format, behind its headline.
    pub(super) line: String,
    /// How much each gate compared.
    pub(super) compared: Vec<String>,
    pub(super) blocks: Folded<&'a Reason>,
    pub(super) gaps: Folded<&'a str>,
    pub(super) not_judged: Folded<&'a str>,
    /// Environments that the audit left out.
    pub(super) partial: String,
    pub(super) at: String,
    pub(super) at_utc: String,
    pub(super) baseline: &'a str,
    pub(super) gates: &'a [Gate],
}

/// Reasons of a kind that are not folded.
const REASONS: usize = 8;

impl Banner<'_> {
    pub(super) fn tone(&self) -> &'static str {
        tone_of(self.headline)
    }
}

/// A class of the style, and the shape beside the word. What could not have blocked has no colour
/// and no shape of a go.
fn tone_of(headline: Headline) -> &'static str {
    match headline {
        Headline::Go => "go",
        Headline::NoGo | Headline::NoGoAndIncomplete => "no-go",
        Headline::Incomplete => "incomplete",
        Headline::GoWithoutGate | Headline::Complete => "neutral",
    }
}

/// The verdict of an audit, for a page that links to it.
#[derive(Debug)]
pub(crate) struct VerdictLine {
    /// A class of the style: `go`, `no-go`, `incomplete`, `neutral`.
    pub(crate) tone: &'static str,
    /// `NO-GO, and INCOMPLETE`.
    pub(crate) headline: &'static str,
    /// The sentence behind it (untrusted).
    pub(crate) sentence: String,
    /// The gates that were judged.
    pub(crate) gates: Vec<Gate>,
}

pub(crate) fn verdict_line(audit: &Audit) -> VerdictLine {
    let headline = Headline::from_audit(audit);
    VerdictLine {
        tone: tone_of(headline),
        headline: headline.words(),
        sentence: verdict_reasons(audit, str::to_owned),
        gates: audit.gates.clone(),
    }
}

pub(super) fn verdict_banner<'a>(view: &ReportView<'a>) -> Banner<'a> {
    let audit = view.audit;
    let headline = Headline::from_audit(audit);
    let reasons = |kind| audit.judgement.reasons.iter().filter(move |one| one.kind == kind);
    let texts = reasons(ReasonKind::Incomplete).map(|reason| reason.text.as_str());
    let left_out: Vec<&str> = audit.left_out.iter().map(|name| name.as_str()).collect();
    let at = view.local_time(audit.run.at);
    let (what, lower) = match audit.purpose {
        Purpose::Audit => ("Drift report", "drift report"),
        Purpose::Diff => {
            ("Differences of two pieces of evidence", "differences of two pieces of evidence")
        }
    };
    Banner {
        title: format!("{}: {lower} against {}, {at}", headline.words(), audit.baseline),
        what,
        headline,
        line: verdict_reasons(audit, str::to_owned),
        compared: gate_sentences(audit, NAMES),
        blocks: Folded::new(reasons(ReasonKind::Blocks), REASONS),
        gaps: Folded::new(texts, REASONS),
        not_judged: Folded::new(audit.judgement.not_judged.iter().map(String::as_str), REASONS),
        partial: left_out.join(", "),
        at,
        at_utc: audit.run.at.to_string(),
        baseline: audit.baseline.as_str(),
        gates: &audit.gates,
    }
}

/// What became of findings since an earlier report.
pub(super) struct Changes<'a> {
    pub(super) at: String,
    pub(super) changed: &'a [String],
    /// Each word with its count: first what is active, then what is gone.
    pub(super) trends: Vec<FindingTally>,
    pub(super) fates: Vec<FindingTally>,
    /// Findings that are new or worse, worst first.
    pub(super) rising: Folded<FindingView<'a>>,
    /// Findings that are not active any more: what is merely unread first.
    pub(super) gone: Folded<&'a GoneFinding>,
    pub(super) has_unknown: bool,
}

/// How many findings have a trend or a fate.
pub(super) struct FindingTally {
    pub(super) word: &'static str,
    pub(super) count: usize,
    /// What the word means.
    pub(super) title: &'static str,
    /// Whether the word alone would say something else of what is gone.
    pub(super) is_now: bool,
}

/// Findings of a list that are not folded.
const SHOWN: usize = 12;

pub(super) fn changes_since<'a>(view: &ReportView<'a>, since: &'a Since) -> Changes<'a> {
    let mut rising = worst_first(&view.findings);
    rising.retain(FindingView::is_news);
    let mut gone: Vec<&GoneFinding> = since.gone.iter().collect();
    gone.sort_by_key(|gone| (gone.fate, Reverse(gone.finding.severity)));
    let trend = |trend: FindingTrend| FindingTally {
        word: trend.as_str(),
        count: since.count(trend),
        title: trend_meaning(trend),
        is_now: false,
    };
    let fate = |fate: Fate| FindingTally {
        word: fate.as_str(),
        count: since.gone(fate),
        title: fate_meaning(fate),
        is_now: matches!(fate, Fate::Waived | Fate::Off),
    };
    Changes {
        at: view.local_time(since.at),
        changed: &since.changed,
        trends: FindingTrend::ALL.into_iter().map(trend).collect(),
        fates: Fate::ALL.into_iter().map(fate).collect(),
        rising: Folded::new(rising, SHOWN),
        has_unknown: since.gone(Fate::Unknown) > 0,
        gone: Folded::new(gone, SHOWN),
    }
}
