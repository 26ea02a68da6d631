//! The verdict with its reasons, and what changed since an earlier report.

use std::cmp::Reverse;

use super::folded::Folded;
use crate::model::{
    Fate, FindingTrend, Gate, GoneFinding, Purpose, Reason, ReasonKind, Since, count,
};
use crate::report::view::compared::{NAMES, sentences};
use crate::report::view::finding::{FindingView, fate_meaning, trend_meaning};
use crate::report::view::verdict::{Headline, accepted, block_or_blocks, count_reasons};
use crate::report::view::{ReportView, worst_first};

/// What stands at the top.
pub(super) struct Banner<'a> {
    /// `Drift report against prod`: of the window.
    pub(super) title: String,
    /// `Drift report`.
    pub(super) what: &'static str,
    pub(super) headline: Headline,
    /// One sentence.
    pub(super) line: String,
    /// What would block, were it not waived.
    pub(super) accepted: Option<String>,
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
    /// A class of the style, and the shape beside the word. What could not have blocked has no
    /// colour and no shape of a go.
    pub(super) fn tone(&self) -> &'static str {
        match self.headline {
            Headline::Go => "go",
            Headline::NoGo | Headline::NoGoAndIncomplete => "no-go",
            Headline::Incomplete => "incomplete",
            Headline::GoWithoutGate | Headline::Complete => "neutral",
        }
    }
}

pub(super) fn banner<'a>(view: &ReportView<'a>) -> Banner<'a> {
    let audit = view.audit;
    let headline = Headline::of(audit);
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
        line: sentence(view, headline),
        accepted: accepted(audit),
        compared: sentences(audit, NAMES),
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

/// The verdict in a sentence.
fn sentence(view: &ReportView<'_>, headline: Headline) -> String {
    let audit = view.audit;
    let fail_on = audit.fail_on;
    let gaps = count_reasons(audit, ReasonKind::Incomplete);
    let unread = format!("{} in what the verdict needs", count(gaps, "gap"));
    let blocks = count_reasons(audit, ReasonKind::Blocks);
    let blocking = format!("{} {}", count(blocks, "finding"), block_or_blocks(blocks));
    let news = if audit.new_only { "new or worse, and " } else { "" };
    match headline {
        Headline::Incomplete => {
            format!("{unread}: what was not read is not known to be the same.")
        }
        Headline::Complete => {
            "Everything in the evidence was read. Differences are shown, not judged.".to_owned()
        }
        Headline::NoGo => format!("{blocking}: {news}at or above {fail_on}."),
        Headline::NoGoAndIncomplete => {
            format!("{blocking}: {news}at or above {fail_on}; {unread}.")
        }
        Headline::GoWithoutGate => {
            "Judged was only whether everything required was read.".to_owned()
        }
        Headline::Go => {
            let news = if audit.new_only { " is new or worse" } else { "" };
            let known = match audit.judgement.known.len() {
                0 => String::new(),
                1 => " 1 finding at or above it was known before.".to_owned(),
                n => format!(" {n} findings at or above it were known before."),
            };
            format!(
                "Nothing at or above {fail_on} in a gate{news}, \
                 and everything required was read.{known}"
            )
        }
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

pub(super) fn changes<'a>(view: &ReportView<'a>, since: &'a Since) -> Changes<'a> {
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
