//! The verdict with its reasons, and what changed since an earlier report.

use jiff::Timestamp;
use serde::Serialize;

use super::index::{Index, SEVERITIES, severity_rank, weight};
use crate::model::{Fate, FindingTrend, Verdict, count};
use crate::report::Purpose;
use crate::report::view::compared::{NAMES, sentences};
use crate::report::view::verdict::accepted;
use crate::wire::report::{Finding, GoneFinding, Since};

/// What stands at the top.
#[derive(Serialize)]
pub(super) struct Banner<'a> {
    /// `Drift report` or `Differences`.
    what: &'static str,
    /// In capitals, as on screens.
    word: &'static str,
    /// A class of the style, and the shape beside the word.
    tone: &'static str,
    /// One sentence.
    line: String,
    /// What would block, were it not waived.
    accepted: Option<String>,
    /// How much each gate compared.
    compared: Vec<String>,
    blocks: Vec<Reason<'a>>,
    gaps: Vec<&'a str>,
    not_judged: &'a [String],
    partial: &'a [String],
    at: String,
    at_utc: String,
    baseline: &'a str,
    gates: &'a [[String; 2]],
}

/// A reason that blocks.
#[derive(Serialize)]
struct Reason<'a> {
    text: &'a str,
    /// The finding that it speaks of.
    id: Option<&'a str>,
}

pub(super) fn banner<'a>(index: &Index<'a>) -> Banner<'a> {
    let (dto, report) = (index.dto, index.report);
    let of =
        |kind: &'static str| dto.verdict.reasons.iter().filter(move |reason| reason.kind == kind);
    let blocks = of("blocks").map(|r| Reason { text: &r.text, id: r.finding.as_deref() });
    let gaps: Vec<&str> = of("incomplete").map(|reason| reason.text.as_str()).collect();
    let (word, tone) = match (report.purpose, report.judgement.verdict) {
        (_, Verdict::Incomplete) => ("INCOMPLETE", "incomplete"),
        (Purpose::Diff, _) => ("COMPLETE", "neutral"),
        (Purpose::Audit, Verdict::NoGo) if gaps.is_empty() => ("NO-GO", "no-go"),
        (Purpose::Audit, Verdict::NoGo) => ("NO-GO, and INCOMPLETE", "no-go"),
        // Nothing could have blocked: no colour and no shape of a go.
        (Purpose::Audit, Verdict::Go) if dto.gates.is_empty() => {
            ("GO, but no gate was judged", "neutral")
        }
        (Purpose::Audit, Verdict::Go) => ("GO", "go"),
    };
    Banner {
        what: if report.purpose == Purpose::Audit {
            "Drift report"
        } else {
            "Differences of two pieces of evidence"
        },
        word,
        tone,
        line: line(index, gaps.len()),
        accepted: accepted(report),
        compared: sentences(report, NAMES),
        blocks: blocks.collect(),
        gaps,
        not_judged: &dto.verdict.not_judged,
        partial: &dto.left_out,
        at: local(index, report.run.at),
        at_utc: report.run.at.to_string(),
        baseline: &dto.baseline,
        gates: &dto.gates,
    }
}

/// The verdict in a sentence.
fn line(index: &Index<'_>, gaps: usize) -> String {
    let (dto, report) = (index.dto, index.report);
    let fail_on = &dto.verdict.fail_on;
    let unread = || format!("{} in what the verdict needs", count(gaps, "gap"));
    match (report.purpose, report.judgement.verdict) {
        (_, Verdict::Incomplete) => {
            format!("{}: what was not read is not known to be the same.", unread())
        }
        (Purpose::Diff, _) => {
            "Everything in the evidence was read. Differences are shown, not judged.".to_owned()
        }
        (_, Verdict::NoGo) => {
            let blocks = dto.verdict.reasons.iter().filter(|one| one.kind == "blocks").count();
            let new = if dto.verdict.new_only { "new or worse, and " } else { "" };
            let and = if gaps > 0 { format!("; {}", unread()) } else { String::new() };
            format!("{} {new}at or above {fail_on}{and}.", blocking(blocks))
        }
        (_, Verdict::Go) if dto.gates.is_empty() => {
            "Judged was only whether everything required was read.".to_owned()
        }
        (_, Verdict::Go) => {
            let new = if dto.verdict.new_only { " is new or worse" } else { "" };
            let known = match dto.verdict.known.len() {
                0 => String::new(),
                n => format!(
                    " {} at or above it {} known before.",
                    count(n, "finding"),
                    if n == 1 { "was" } else { "were" }
                ),
            };
            format!(
                "Nothing at or above {fail_on} in a gate{new}, and everything required was read.{known}"
            )
        }
    }
}

fn blocking(number: usize) -> String {
    format!("{} {}", count(number, "finding"), if number == 1 { "blocks:" } else { "block:" })
}

/// In the time zone of the profiles: `Mon 2026-11-23 01:06 +01:00`.
pub(super) fn local(index: &Index<'_>, at: Timestamp) -> String {
    at.to_zoned(index.report.run.timezone.clone()).strftime("%a %Y-%m-%d %H:%M %:z").to_string()
}

/// What became of findings since an earlier report.
#[derive(Serialize)]
pub(super) struct Changes<'a> {
    at: String,
    changed: &'a [String],
    /// Each word with its count: first what is active, then what is gone.
    trends: Vec<Tally>,
    fates: Vec<Tally>,
    /// Findings that are new or worse, worst first.
    rising: Vec<&'a Finding>,
    /// Findings that are not active any more: what is merely unread first.
    gone: Vec<&'a GoneFinding>,
    has_unknown: bool,
}

#[derive(Serialize)]
struct Tally {
    word: &'static str,
    count: usize,
    /// What the word means.
    title: &'static str,
}

pub(super) fn since<'a>(index: &Index<'a>, since: &'a Since) -> Changes<'a> {
    let tally = |(word, title)| Tally {
        word,
        count: since.summary.get(word).copied().unwrap_or_default(),
        title,
    };
    let is_rising = |f: &&Finding| matches!(f.since.as_deref(), Some("new" | "worse"));
    let mut rising: Vec<&Finding> = index.dto.findings.iter().filter(is_rising).collect();
    rising.sort_by_key(|finding| std::cmp::Reverse(weight(finding)));
    let mut gone: Vec<&GoneFinding> = since.gone.iter().collect();
    let fate = |gone: &GoneFinding| Fate::ALL.iter().position(|fate| fate.as_str() == gone.fate);
    gone.sort_by_key(|gone| {
        (fate(gone), SEVERITIES.len() - usize::from(severity_rank(&gone.severity)))
    });
    Changes {
        at: local(index, since.at),
        changed: &since.changed,
        trends: FindingTrend::ALL
            .into_iter()
            .map(|trend| tally((trend.as_str(), told(trend))))
            .collect(),
        fates: Fate::ALL.into_iter().map(|fate| tally((fate.as_str(), told_of(fate)))).collect(),
        rising,
        has_unknown: gone.iter().any(|gone| gone.fate == Fate::Unknown.as_str()),
        gone,
    }
}

fn told(trend: FindingTrend) -> &'static str {
    match trend {
        FindingTrend::New => "was not there, or was waived",
        FindingTrend::Worse => "was less severe, or the sides were closer",
        FindingTrend::Better => "was more severe, or the sides were further apart",
        FindingTrend::Unchanged => "as it was",
    }
}

fn told_of(fate: Fate) -> &'static str {
    match fate {
        Fate::Unknown => "not there, but not everything that could show it was read",
        Fate::Resolved => "everything that could show it was read, and it is not there",
        Fate::Waived => "a waiver covers it now",
        Fate::Off => "the policy switches it off now",
    }
}
