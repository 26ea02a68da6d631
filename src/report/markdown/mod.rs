//! The report for a comment on a pull or merge request, or a job's summary, on GitHub and GitLab.
//!
//! The first ten lines say what one has to know: with an earlier report what is new, else what
//! blocks. Everything else is folded below: reasons, findings, waived findings, what is gone, the
//! matrix of what differs, coverage, waivers.
//!
//! GitHub takes comments of up to 65,536 characters. A report has fewer *bytes* of UTF-8 than that,
//! and so fewer characters by any count. What does not fit is dropped by whole rows, the least
//! important first: the matrix, then findings from info up; each section says how many of its rows
//! are there. Sections are the business of `sections.rs`, what fits that of `budget.rs`. Text from
//! outside passes [`escape::markdown`](super::escape::markdown).

mod budget;
mod lines;
mod matrix;
mod sections;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use super::view::compared::sentence;
use super::view::finding::FindingView;
use super::view::verdict::{Headline, accepted, block_or_blocks, count_reasons};
use super::view::{ReportView, where_read, worst_first};
use super::{Audit, Format, PROGRAM, Purpose, RenderError, RenderOptions};
use crate::model::{Fate, FindingTrend, Gate, Reason, ReasonKind, Since, count};
use budget::FIRST;
use lines::{list, prose, severity, shown};

/// In bytes; GitHub's limit in characters.
const LIMIT: usize = 65_536;

pub(super) struct Markdown;

impl Format for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn summary(&self) -> &'static str {
        "for a comment on a pull or merge request: what is new or blocks first, always below \
         65,536 characters"
    }

    fn render(&self, report: &Audit, _: &RenderOptions) -> Result<String, RenderError> {
        Ok(comment(&ReportView::new(report)))
    }
}

fn comment(view: &ReportView<'_>) -> String {
    let head = head(view);
    let foot = foot(view.audit);
    // With what is said of dropped rows.
    let said = head.len() + foot.len() + 200;
    let (body, dropped) = budget::fit(&sections::all(view), LIMIT - 1 - said.min(LIMIT - 1));
    let dropped = match dropped {
        0 => String::new(),
        n => format!(
            "\n**{} left out for length**, the least important first. \
             The whole is in the other formats of the same run: `-o html=FILE`, `-o yaml=FILE`.\n",
            count(n, "row")
        ),
    };
    head + &body + &dropped + &foot
}

/// Ten lines at most.
fn head(view: &ReportView<'_>) -> String {
    let audit = view.audit;
    let (lead, bullets) = match &audit.since {
        Some(since) => (format!("{}{}", why(audit), since_lead(since)), since_bullets(view)),
        None => (lead(view), audit.judgement.reasons.iter().map(reason_line).collect()),
    };
    let accepted = accepted(audit).map(|told| format!("**{told}**. ")).unwrap_or_default();
    let mut head =
        format!("## {}\n\n{}{accepted}{lead}{}\n", title(audit), partial(audit), compared(audit));
    if !bullets.is_empty() {
        let shown = if bullets.len() > FIRST + 1 { FIRST } else { bullets.len() };
        head.push('\n');
        head.extend(bullets.iter().take(shown).map(|bullet| format!("- {bullet}\n")));
        if shown < bullets.len() {
            head.push_str(&format!("- and {} more, below\n", bullets.len() - shown));
        }
    }
    head
}

/// How much each gate compared; the lead says so where there is none.
fn compared(audit: &Audit) -> String {
    let gates = &audit.compared;
    let mut told: String =
        gates.iter().take(FIRST).map(|one| format!(" {}.", prose(&sentence(one, 3)))).collect();
    if gates.len() > FIRST {
        let more = count(gates.len() - FIRST, "more gate");
        told.push_str(&format!(" {more} in the other formats."));
    }
    told
}

fn title(audit: &Audit) -> String {
    let headline = Headline::of(audit);
    let (program, sign) = match headline {
        Headline::Go => ("envparity", " ✅"),
        Headline::NoGo | Headline::NoGoAndIncomplete => ("envparity", " ❌"),
        Headline::Incomplete => ("envparity", " ⚠️"),
        // Nothing was asked that a green mark could answer.
        Headline::GoWithoutGate => ("envparity", ""),
        Headline::Complete => ("envparity diff", ""),
    };
    format!("{program}: {}{sign}", headline.words())
}

/// `2 findings block, 1 gap in what had to be read. `: why it is not a go, where the rest tells
/// what is new.
fn why(audit: &Audit) -> String {
    let blocks = count_reasons(audit, ReasonKind::Blocks);
    let gaps = count_reasons(audit, ReasonKind::Incomplete);
    let blocking =
        (blocks > 0).then(|| format!("{} {}", count(blocks, "finding"), block_or_blocks(blocks)));
    let unread = (gaps > 0).then(|| format!("{} in what had to be read", count(gaps, "gap")));
    let parts: Vec<String> = blocking.into_iter().chain(unread).collect();
    if parts.is_empty() { String::new() } else { format!("{}. ", parts.join(", ")) }
}

/// What the verdict rests on, in a sentence or two: gaps first, so that nothing comforts before
/// them.
fn lead(view: &ReportView<'_>) -> String {
    let audit = view.audit;
    let blocks = count_reasons(audit, ReasonKind::Blocks);
    let gaps = count_reasons(audit, ReasonKind::Incomplete);
    let of_what_was_read =
        audit.purpose == Purpose::Audit && (blocks > 0 || !audit.gates.is_empty());
    let of_it = if of_what_was_read { "of what was read, " } else { "" };
    let unread = match gaps {
        0 => String::new(),
        _ => format!("{} in what had to be read; {of_it}", count(gaps, "gap")),
    };
    format!(
        "{unread}{} {} read completely, {} equal{}; baseline {}.",
        judged(audit, blocks, gaps),
        view.targets_read().with_noun("target"),
        view.components_equal().with_noun("component"),
        where_read(&view.rows),
        prose(audit.baseline.as_str())
    )
}

/// What was judged and found, behind the gaps if there are any.
fn judged(audit: &Audit, blocks: usize, gaps: usize) -> String {
    let verb = block_or_blocks(blocks);
    let gates: Vec<String> = audit.gates.iter().map(Gate::to_string).collect();
    let fail_on = audit.fail_on;
    let found = match (blocks, gaps) {
        (0, 0) => "No finding".to_owned(),
        (0, _) => "nothing".to_owned(),
        _ => count(blocks, "finding"),
    };
    match (audit.purpose, gates.as_slice()) {
        (Purpose::Diff, _) if gaps > 0 => "a diff judges nothing else.".to_owned(),
        (Purpose::Diff, _) => "A diff judges only whether everything was read.".to_owned(),
        // Some rules block without a gate.
        (_, []) if blocks > 0 => format!("{found} at or above {fail_on} {verb}; there is no gate."),
        (_, []) if gaps > 0 => "no gate was judged.".to_owned(),
        (_, []) => "Judged was only whether everything required was read.".to_owned(),
        (_, gates) if blocks > 0 => {
            format!("{found} at or above {fail_on} {verb}; gate {}.", list(gates))
        }
        (_, gates) => format!("{found} at or above {fail_on} in the gate {}.", list(gates)),
    }
}

fn since_lead(since: &Since) -> String {
    use FindingTrend::{Better, New, Unchanged, Worse};
    let gone = |fate| since.gone(fate);
    let mut lead = format!(
        "Since {}: **{} new, {} worse**, {} better, {} resolved, {} unknown, {} unchanged.",
        since.at,
        since.count(New),
        since.count(Worse),
        since.count(Better),
        gone(Fate::Resolved),
        gone(Fate::Unknown),
        since.count(Unchanged)
    );
    for (fate, said) in [(Fate::Waived, "waived now"), (Fate::Off, "switched off now")] {
        if gone(fate) > 0 {
            lead.push_str(&format!(" {} {said}.", gone(fate)));
        }
    }
    if gone(Fate::Unknown) > 0 {
        lead.push_str(" Unknown: not everything that could show it was read.");
    }
    if !since.changed.is_empty() {
        lead.push_str(&format!(" Changed as well: {}.", list(&since.changed)));
    }
    lead
}

/// The worst reason of the verdict, then what is new or worse.
fn since_bullets(view: &ReportView<'_>) -> Vec<String> {
    let reasons = view.audit.judgement.reasons.iter();
    let counted = reasons.filter(|reason| reason.kind != ReasonKind::Waived);
    let rank = |reason: &&Reason| (reason.kind == ReasonKind::Blocks, reason.severity);
    let worst = counted.min_by_key(|reason| Reverse(rank(reason)));
    let told = worst.and_then(|reason| reason.finding.as_ref());
    let is_told = |finding: &FindingView<'_>| told == Some(&finding.judged.id);
    // What blocks and is new as well is told once.
    let news = view.findings.iter().find(|one| is_told(one) && one.is_news());
    let mut bullets: Vec<String> = Vec::new();
    bullets.extend(worst.map(|reason| match news.and_then(|one| one.trend) {
        Some(trend) => format!("{}, {}", trend.as_str(), reason_line(reason)),
        None => reason_line(reason),
    }));
    bullets.extend(new_and_worse(view, is_told));
    bullets
}

/// Worst first; of two as bad, the new one. Without what is told already.
fn new_and_worse(view: &ReportView<'_>, is_told: impl Fn(&FindingView<'_>) -> bool) -> Vec<String> {
    let mut found = worst_first(&view.findings);
    found.retain(|finding| finding.is_news() && !is_told(finding));
    found.sort_by_key(|finding| (Reverse(finding.severity()), finding.trend));
    let told = found.iter().map(|one| {
        format!(
            "{}: {} {} {}: {}",
            one.trend.map(FindingTrend::as_str).unwrap_or_default(),
            severity(one.severity()),
            prose(one.finding().rule),
            shown(one.component()),
            prose(&one.finding().summary)
        )
    });
    told.collect()
}

fn reason_line(reason: &Reason) -> String {
    format!("{}: {}", reason.kind.as_str(), prose(&reason.text))
}

fn partial(audit: &Audit) -> String {
    let names: Vec<&str> = audit.left_out.iter().map(|name| name.as_str()).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!("**Partial**: {} left out of this audit. ", list(names)),
    }
}

/// Which run this is of.
fn foot(audit: &Audit) -> String {
    let run = &audit.run;
    let baseline = format!("baseline {}", prose(audit.baseline.as_str()));
    let mut parts = vec![prose(PROGRAM), run.at.to_string(), baseline];
    for (word, digest) in [
        ("profiles", run.profiles.as_str()),
        ("policy", run.policy.as_str()),
        ("commit", run.commit.as_deref().unwrap_or_default()),
    ] {
        if !digest.is_empty() {
            parts.push(format!("{word} {}", shown(digest)));
        }
    }
    format!("\n{}\n", parts.join(" · "))
}
