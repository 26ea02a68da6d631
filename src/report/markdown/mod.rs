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

use super::accepted::tally_of;
use super::compared::sentence;
use super::{Audit, Format, Purpose, RenderError, View, dto, equal};
use crate::model::count;
use crate::wire::report::{DriftReport, Finding, Reason, Since};
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
        "for a comment on a pull or merge request: what is new or blocks first, always below 65,536 characters"
    }

    fn render(&self, report: &Audit, _: &View) -> Result<String, RenderError> {
        Ok(comment(&dto::report(report), report.purpose))
    }
}

fn comment(report: &DriftReport, purpose: Purpose) -> String {
    let head = head(report, purpose);
    let foot = foot(report);
    // With what is said of dropped rows.
    let said = head.len() + foot.len() + 200;
    let (body, dropped) = budget::fit(&sections::all(report), LIMIT - 1 - said.min(LIMIT - 1));
    let dropped = match dropped {
        0 => String::new(),
        n => format!(
            "\n**{} left out for length**, the least important first. The whole is in the other formats of the same run: \
             `-o html=FILE`, `-o yaml=FILE`.\n",
            count(n, "row")
        ),
    };
    head + &body + &dropped + &foot
}

/// Ten lines at most.
fn head(report: &DriftReport, purpose: Purpose) -> String {
    let (lead, bullets) = match &report.since {
        Some(since) => (format!("{}{}", why(report), since_lead(since)), since_bullets(report)),
        None => (lead(report, purpose), report.verdict.reasons.iter().map(reason).collect()),
    };
    let accepted = tally_of(report).map(|told| format!("**{told}**. ")).unwrap_or_default();
    let mut head = format!(
        "## {}\n\n{}{accepted}{lead}{}\n",
        title(report, purpose),
        partial(report),
        compared(report)
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

/// How much each gate compared; the lead says so where there is none.
fn compared(report: &DriftReport) -> String {
    let gates = &report.verdict.compared;
    let mut told: String =
        gates.iter().take(FIRST).map(|one| format!(" {}.", prose(&sentence(one, 3)))).collect();
    if gates.len() > FIRST {
        told.push_str(&format!(
            " {} in the other formats.",
            count(gates.len() - FIRST, "more gate")
        ));
    }
    told
}

fn title(report: &DriftReport, purpose: Purpose) -> &'static str {
    let is_incomplete = number(report, "incomplete") > 0;
    match (report.verdict.is.as_str(), purpose) {
        // Nothing was asked that a green mark could answer.
        ("go", Purpose::Audit) if report.gates.is_empty() => {
            "envparity: GO, but no gate was judged"
        }
        ("go", Purpose::Audit) => "envparity: GO ✅",
        ("go", Purpose::Diff) => "envparity diff: COMPLETE",
        ("no-go", _) if is_incomplete => "envparity: NO-GO, and INCOMPLETE ❌",
        ("no-go", _) => "envparity: NO-GO ❌",
        _ => "envparity: INCOMPLETE ⚠️",
    }
}

/// Reasons of that kind.
fn number(report: &DriftReport, kind: &str) -> usize {
    report.verdict.reasons.iter().filter(|reason| reason.kind == kind).count()
}

/// `2 findings block, 1 gap in what had to be read. `: why it is not a go, where the rest tells
/// what is new.
fn why(report: &DriftReport) -> String {
    let (blocks, gaps) = (number(report, "blocks"), number(report, "incomplete"));
    let verb = if blocks == 1 { "blocks" } else { "block" };
    let blocking = (blocks > 0).then(|| format!("{} {verb}", count(blocks, "finding")));
    let unread = (gaps > 0).then(|| format!("{} in what had to be read", count(gaps, "gap")));
    let parts: Vec<String> = blocking.into_iter().chain(unread).collect();
    if parts.is_empty() { String::new() } else { format!("{}. ", parts.join(", ")) }
}

/// What the verdict rests on, in a sentence or two: gaps first, so that nothing comforts before
/// them.
fn lead(report: &DriftReport, purpose: Purpose) -> String {
    let (blocks, gaps) = (number(report, "blocks"), number(report, "incomplete"));
    let verb = if blocks == 1 { "blocks" } else { "block" };
    let gates: Vec<String> =
        report.gates.iter().map(|[from, to]| format!("{from} -> {to}")).collect();
    let fail_on = prose(&report.verdict.fail_on);
    let found = match (blocks, gaps) {
        (0, 0) => "No finding".to_owned(),
        (0, _) => "nothing".to_owned(),
        _ => count(blocks, "finding"),
    };
    let judged = match (purpose, gates.as_slice()) {
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
    };
    let of_it = if purpose == Purpose::Audit && (blocks > 0 || !gates.is_empty()) {
        "of what was read, "
    } else {
        ""
    };
    let unread = match gaps {
        0 => String::new(),
        _ => format!("{} in what had to be read; {of_it}", count(gaps, "gap")),
    };
    format!(
        "{unread}{judged} {} read completely, {} equal{}; baseline {}.",
        prose(&equal::shared(&report.summary.targets, "target")),
        prose(&equal::shared(&report.summary.equal, "component")),
        equal::condition(report),
        prose(&report.baseline)
    )
}

fn since_lead(since: &Since) -> String {
    let of = |word: &str| since.summary.get(word).copied().unwrap_or_default();
    let mut lead = format!(
        "Since {}: **{} new, {} worse**, {} better, {} resolved, {} unknown, {} unchanged.",
        since.at,
        of("new"),
        of("worse"),
        of("better"),
        of("resolved"),
        of("unknown"),
        of("unchanged")
    );
    for (word, said) in [("waived", "waived now"), ("off", "switched off now")] {
        if of(word) > 0 {
            lead.push_str(&format!(" {} {said}.", of(word)));
        }
    }
    if of("unknown") > 0 {
        lead.push_str(" Unknown: not everything that could show it was read.");
    }
    if !since.changed.is_empty() {
        lead.push_str(&format!(" Changed as well: {}.", list(&since.changed)));
    }
    lead
}

/// The worst reason of the verdict, then what is new or worse.
fn since_bullets(report: &DriftReport) -> Vec<String> {
    let rank = |reason: &Reason| {
        let of = |id: &str| report.findings.iter().find(|finding| finding.id == id);
        let finding = reason.finding.as_deref().and_then(of);
        (reason.kind == "blocks", finding.map(|finding| lines::rank_of(&finding.severity)))
    };
    let counted = report.verdict.reasons.iter().filter(|reason| reason.kind != "waived");
    let worst = counted.min_by_key(|one| std::cmp::Reverse(rank(one)));
    let is_told = |finding: &Finding| {
        worst.is_some_and(|w| w.finding.as_deref() == Some(finding.id.as_str()))
    };
    let mut bullets: Vec<String> = Vec::new();
    // What blocks and is new as well is told once.
    let trend = report
        .findings
        .iter()
        .find(|f| is_told(f))
        .and_then(|f| f.since.as_deref())
        .filter(is_rising);
    bullets.extend(worst.map(|worst| match trend {
        Some(trend) => format!("{}, {}", prose(trend), reason(worst)),
        None => reason(worst),
    }));
    bullets.extend(new_and_worse(report, is_told));
    bullets
}

fn is_rising(trend: &&str) -> bool {
    matches!(*trend, "new" | "worse")
}

/// Worst first; of two as bad, the new one. Without what is told already.
fn new_and_worse(report: &DriftReport, is_told: impl Fn(&Finding) -> bool) -> Vec<String> {
    let mut found = sections::worst_first(&report.findings);
    found.retain(|finding| {
        finding.since.as_deref().is_some_and(|trend| is_rising(&trend)) && !is_told(finding)
    });
    found.sort_by_key(|finding| {
        (std::cmp::Reverse(lines::rank_of(&finding.severity)), finding.since.clone())
    });
    let told = found.iter().map(|finding| {
        format!(
            "{}: {} {} {}: {}",
            prose(finding.since.as_deref().unwrap_or_default()),
            severity(&finding.severity),
            prose(&finding.rule),
            shown(&finding.component),
            prose(&finding.summary)
        )
    });
    told.collect()
}

fn reason(reason: &Reason) -> String {
    format!("{}: {}", prose(&reason.kind), prose(&reason.text))
}

fn partial(report: &DriftReport) -> String {
    match report.left_out.as_slice() {
        [] => String::new(),
        names => format!("**Partial**: {} left out of this audit. ", list(names)),
    }
}

/// Which run this is of.
fn foot(report: &DriftReport) -> String {
    let run = &report.run;
    let mut parts =
        vec![prose(&run.tool), run.at.to_string(), format!("baseline {}", prose(&report.baseline))];
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
