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

use super::view::compared::gate_sentence;
use super::view::finding::FindingView;
use super::view::verdict::{Headline, verdict_reasons};
use super::view::{ReportView, where_read, worst_first};
use super::{Audit, Format, PROGRAM, RenderError, RenderOptions};
use crate::model::{Fate, FindingTrend, Gate, Reason, ReasonKind, Since, count};
use budget::FIRST;
use lines::{comma_list, escape_prose, severity_text, shown_name};

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
        Ok(render_comment(&ReportView::new(report)))
    }
}

fn render_comment(view: &ReportView<'_>) -> String {
    let head = head_lines(view);
    let foot = foot_line(view.audit);
    // With what is said of dropped rows.
    let said = head.len() + foot.len() + 200;
    let (body, dropped) =
        budget::fit_sections(&sections::all_sections(view), LIMIT - 1 - said.min(LIMIT - 1));
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
fn head_lines(view: &ReportView<'_>) -> String {
    let audit = view.audit;
    let (lead, bullets) = match &audit.since {
        Some(since) => (since_lead(since), since_bullets(view)),
        None => (rests_on(view), audit.judgement.reasons.iter().map(reason_line).collect()),
    };
    let verdict = escape_prose(&verdict_reasons(audit, str::to_owned));
    let mut head = format!(
        "## {}\n\n{}{verdict}. {lead}{}\n",
        report_title(audit),
        partial_note(audit),
        compared_lines(audit)
    );
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

/// How much each gate compared.
fn compared_lines(audit: &Audit) -> String {
    let gates = &audit.compared;
    let mut told: String = gates
        .iter()
        .take(FIRST)
        .map(|one| format!(" {}.", escape_prose(&gate_sentence(one, 3))))
        .collect();
    if gates.len() > FIRST {
        let more = count(gates.len() - FIRST, "more gate");
        told.push_str(&format!(" {more} in the other formats."));
    }
    told
}

fn report_title(audit: &Audit) -> String {
    let headline = Headline::from_audit(audit);
    let (program, sign) = match headline {
        Headline::Go => ("envparity", " ✅"),
        Headline::NoGo | Headline::NoGoAndIncomplete => ("envparity", " ❌"),
        Headline::Incomplete => ("envparity", " ⚠️"),
        // Nothing was asked that a green mark could answer.
        Headline::GoWithoutGate => ("envparity", ""),
        Headline::Complete => ("envparity diff", ""),
    };
    format!("{program}: {}{sign}", headline.verdict_words())
}

/// What the verdict rests on, in a sentence.
fn rests_on(view: &ReportView<'_>) -> String {
    let gates: Vec<String> = view.audit.gates.iter().map(Gate::to_string).collect();
    let gates = match gates.as_slice() {
        [] => String::new(),
        [gate] => format!(", gate {}", escape_prose(gate)),
        gates => format!(", gates {}", comma_list(gates)),
    };
    format!(
        "{} read completely, {} equal{}; baseline {}{gates}.",
        view.targets_read().with_noun("target"),
        view.components_equal().with_noun("component"),
        where_read(&view.rows),
        escape_prose(view.audit.baseline.as_str())
    )
}

fn since_lead(since: &Since) -> String {
    use FindingTrend::{Better, New, Unchanged, Worse};
    let gone = |fate| since.count_gone(fate);
    let mut lead = format!(
        "Since {}: **{} new, {} worse**, {} better, {} resolved, {} unknown, {} unchanged.",
        since.at,
        since.count_trend(New),
        since.count_trend(Worse),
        since.count_trend(Better),
        gone(Fate::Resolved),
        gone(Fate::Unknown),
        since.count_trend(Unchanged)
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
        lead.push_str(&format!(" Changed as well: {}.", comma_list(&since.changed)));
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
            severity_text(one.severity()),
            escape_prose(one.finding().rule),
            shown_name(one.component()),
            escape_prose(&one.finding().summary)
        )
    });
    told.collect()
}

fn reason_line(reason: &Reason) -> String {
    format!("{}: {}", reason.kind.as_str(), escape_prose(&reason.text))
}

fn partial_note(audit: &Audit) -> String {
    let names: Vec<&str> = audit.left_out.iter().map(|name| name.as_str()).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!("**Partial**: {} left out of this audit. ", comma_list(names)),
    }
}

/// Which run this is of.
fn foot_line(audit: &Audit) -> String {
    let run = &audit.run;
    let baseline = format!("baseline {}", escape_prose(audit.baseline.as_str()));
    let mut parts = vec![escape_prose(PROGRAM), run.at.to_string(), baseline];
    for (word, digest) in [
        ("profiles", run.profiles.as_str()),
        ("policy", run.policy.as_str()),
        ("commit", run.commit.as_deref().unwrap_or_default()),
    ] {
        if !digest.is_empty() {
            parts.push(format!("{word} {}", shown_name(digest)));
        }
    }
    format!("\n{}\n", parts.join(" · "))
}
