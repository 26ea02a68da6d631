//! The report for a comment on a pull or merge request, or a job's summary, on GitHub and GitLab.
//!
//! The first ten lines say what one has to know: with an earlier report what is new, else what blocks. Everything else is
//! folded below: reasons, findings, waived findings, what is gone, the matrix of what differs, coverage, waivers.
//!
//! GitHub takes comments of up to 65,536 characters. A report has fewer *bytes* of UTF-8 than that, and so fewer
//! characters by any count. What does not fit is dropped by whole rows, the least important first: the matrix, then
//! findings from info up; each section says how many of its rows are there. Sections are the business of
//! `sections.rs`, what fits that of `budget.rs`. Text from outside passes [`escape::markdown`](super::escape::markdown).

mod budget;
mod lines;
mod matrix;
mod sections;
#[cfg(test)]
mod tests;

use super::{Format, Purpose, RenderError, Report, View, dto};
use crate::model::count;
use crate::wire::report::{DriftReport, Reason, Since};
use lines::{list, prose, severity, shown};

/// In bytes; GitHub's limit in characters.
const LIMIT: usize = 65_536;

/// Bullets in the first lines; one more says how many there are besides.
const FIRST: usize = 5;

pub(super) struct Markdown;

impl Format for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn summary(&self) -> &'static str {
        "for a comment on a pull or merge request: what is new or blocks first, always below 65,536 characters"
    }

    fn render(&self, report: &Report, _: &View) -> Result<String, RenderError> {
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
        Some(since) => (since_lead(since), new_and_worse(report)),
        None => (lead(report, purpose), report.verdict.reasons.iter().map(reason).collect()),
    };
    let mut head = format!("## {}\n\n{lead}{}\n", title(report, purpose), partial(report));
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

fn title(report: &DriftReport, purpose: Purpose) -> &'static str {
    let is_incomplete = report.verdict.reasons.iter().any(|reason| reason.kind == "incomplete");
    match (report.verdict.is.as_str(), purpose) {
        ("go", Purpose::Audit) => "envparity: GO ✅",
        ("go", Purpose::Diff) => "envparity diff: COMPLETE",
        ("no-go", _) if is_incomplete => "envparity: NO-GO, and INCOMPLETE ❌",
        ("no-go", _) => "envparity: NO-GO ❌",
        _ => "envparity: INCOMPLETE ⚠️",
    }
}

/// What the verdict rests on, in a sentence or two.
fn lead(report: &DriftReport, purpose: Purpose) -> String {
    let of = |kind: &str| report.verdict.reasons.iter().filter(|reason| reason.kind == kind).count();
    let (blocks, gaps) = (of("blocks"), of("incomplete"));
    let verb = if blocks == 1 { "blocks" } else { "block" };
    let gates: Vec<String> = report.gates.iter().map(|[from, to]| format!("{from} -> {to}")).collect();
    let judged = match (purpose, gates.as_slice()) {
        (Purpose::Diff, _) => "A diff judges only whether everything was read.".to_owned(),
        (_, []) => "No gate was judged: only whether everything required was read.".to_owned(),
        _ if blocks > 0 => format!(
            "{} at or above {} {verb}; gate {}.",
            count(blocks, "finding"),
            prose(&report.verdict.fail_on),
            list(&gates)
        ),
        _ => format!("No finding at or above {} in the gate {}.", prose(&report.verdict.fail_on), list(&gates)),
    };
    let gaps = if gaps == 0 { String::new() } else { format!(" {} in what had to be read.", count(gaps, "gap")) };
    format!(
        "{judged}{gaps} {} targets read completely, {} components equal; baseline {}.",
        prose(&report.summary.targets),
        prose(&report.summary.equal),
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

/// Worst first; of two as bad, the new one.
fn new_and_worse(report: &DriftReport) -> Vec<String> {
    let mut found = sections::worst_first(&report.findings);
    found.retain(|finding| matches!(finding.since.as_deref(), Some("new" | "worse")));
    found.sort_by_key(|finding| (std::cmp::Reverse(lines::rank_of(&finding.severity)), finding.since.clone()));
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
        names => format!(" **Partial**: {} left out by `--env`.", list(names)),
    }
}

/// Which run this is of.
fn foot(report: &DriftReport) -> String {
    let run = &report.run;
    let mut parts = vec![prose(&run.tool), run.at.to_string(), format!("baseline {}", prose(&report.baseline))];
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
