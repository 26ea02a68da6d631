//! What is folded below the first lines, and what of it matters how much.

use std::collections::BTreeMap;

use super::budget::{FIRST, Row, Section};
use super::lines::{heading, list, prose, rank_of, row, severity, short_id, shown};
use super::matrix;
use crate::model::{NO_GATE_WANTED, Severity, WaiverState, count};
use crate::wire::report::{DriftReport, Failure, Finding, Target, Waiver};

/// Ranks: rows of a higher one are dropped first.
const REASONS: u8 = 0;
const NEEDED_GAPS: u8 = 2;
const OTHER_GAPS: u8 = 4;
const WAIVED: u8 = 5;
const GONE: u8 = 6;
const REST: u8 = 7;

fn rank(word: &str) -> u8 {
    match rank_of(word) {
        Severity::Critical | Severity::High => 1,
        Severity::Medium => 3,
        Severity::Low => 6,
        Severity::Info | Severity::Off => 7,
    }
}

/// Every section, in the order in which they are shown; those without rows are not.
pub(super) fn all(report: &DriftReport) -> Vec<Section> {
    let sections = [
        reasons(report),
        findings(report),
        waived(report),
        gone(report),
        matrix::section(report),
        coverage(report),
    ];
    sections.into_iter().chain([waivers(report), notes(report)]).collect()
}

fn titles(words: &[&str]) -> String {
    heading(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
}

fn reasons(report: &DriftReport) -> Section {
    let verdict = &report.verdict;
    let reasons =
        verdict.reasons.iter().map(|reason| (REASONS, reason.kind.as_str(), &reason.text));
    let not_judged = verdict.not_judged.iter().map(|text| (OTHER_GAPS, "not judged", text));
    let rows = reasons.chain(not_judged).map(|(rank, kind, text)| Row {
        rank,
        text: format!("- {}: {}\n", prose(kind), prose(text)),
    });
    let mut title = format!("<b>Why</b>: {}", count(verdict.reasons.len(), "reason"));
    let gaps = verdict.not_judged.iter().filter(|text| *text != NO_GATE_WANTED).count();
    if gaps > 0 {
        title.push_str(&format!(", {} not judged", count(gaps, "gap")));
    }
    if verdict.new_only {
        title.push_str("; only what is new or worse could block");
        if !verdict.known.is_empty() {
            title.push_str(&format!(", {} known before", count(verdict.known.len(), "finding")));
        }
    }
    // Those that the first lines show need not be shown twice.
    let open = report.since.is_some() || verdict.reasons.len() > FIRST + 1;
    let mut section = Section::new(title, String::new(), rows.collect());
    section.open = open;
    section
}

/// By severity, those in a gate first, then by component and rule as they were.
pub(super) fn worst_first(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse((rank_of(&finding.severity), finding.in_gate)));
    sorted
}

/// `2 high, 14 low`.
fn tally(findings: &[Finding]) -> String {
    let counts = Severity::ALL.into_iter().filter_map(|severity| {
        let n = findings.iter().filter(|finding| finding.severity == severity.as_str()).count();
        (n > 0).then(|| format!("{n} {severity}"))
    });
    counts.collect::<Vec<_>>().join(", ")
}

fn findings(report: &DriftReport) -> Section {
    let has_since = report.since.is_some();
    let rows = worst_first(&report.findings).into_iter().map(|finding| {
        let mut cells = what(finding);
        cells.extend([prose(finding.owner.as_deref().unwrap_or_default()), short_id(&finding.id)]);
        if has_since {
            cells.push(prose(finding.since.as_deref().unwrap_or_default()));
        }
        Row { rank: rank(&finding.severity), text: row(&cells) }
    });
    let mut head = vec!["Severity", "Rule", "Component", "Environments", "What", "Owner", "Id"];
    head.extend(has_since.then_some("Since then"));
    Section::new(
        format!("<b>Findings</b>: {}", tally(&report.findings)),
        titles(&head),
        rows.collect(),
    )
}

/// The cells that every finding has.
fn what(finding: &Finding) -> Vec<String> {
    let place = if finding.in_gate { "" } else { " (no gate)" };
    vec![
        severity(&finding.severity),
        prose(&finding.rule),
        shown(&finding.component),
        format!("{}{place}", list(&finding.environments)),
        prose(&finding.summary),
    ]
}

fn waived(report: &DriftReport) -> Section {
    let waivers: BTreeMap<&str, &Waiver> =
        report.waivers.iter().map(|waiver| (waiver.id.as_str(), waiver)).collect();
    let rows = worst_first(&report.waived).into_iter().map(|finding| {
        let waiver = finding.waiver.as_deref().and_then(|id| waivers.get(id));
        let of = |field: fn(&Waiver) -> &str| {
            waiver.map(|waiver| prose(field(waiver))).unwrap_or_default()
        };
        let mut cells = what(finding);
        cells.extend([
            shown(finding.waiver.as_deref().unwrap_or_default()),
            of(|w| &w.owner),
            of(|w| &w.expires),
            of(|w| &w.reason),
            short_id(&finding.id),
        ]);
        Row { rank: WAIVED, text: row(&cells) }
    });
    let head = titles(&[
        "Severity", "Rule", "Component", "Environments", "What", "Waiver", "Owner", "Until",
        "Reason", "Id",
    ]);
    let title =
        format!("<b>Waived</b>: {}, which block nothing", count(report.waived.len(), "finding"));
    Section::new(title, head, rows.collect())
}

/// Findings of the earlier report; those of which nothing is known first.
fn gone(report: &DriftReport) -> Section {
    let gone = report.since.as_ref().map(|since| since.gone.as_slice()).unwrap_or_default();
    let mut sorted: Vec<_> = gone.iter().collect();
    sorted.sort_by_key(|gone| (gone.fate != "unknown", std::cmp::Reverse(rank_of(&gone.severity))));
    let rows = sorted.into_iter().map(|gone| Row {
        rank: GONE,
        text: row(&[
            prose(&gone.fate),
            severity(&gone.severity),
            prose(&gone.rule),
            shown(&gone.component),
            list(&gone.environments),
            prose(&gone.summary),
            short_id(&gone.id),
        ]),
    });
    let head =
        titles(&["Now", "Severity", "Rule", "Component", "Environments", "What was said", "Id"]);
    Section::new(
        format!("<b>Not active any more</b>: {}", count(gone.len(), "finding")),
        head,
        rows.collect(),
    )
}

fn coverage(report: &DriftReport) -> Section {
    let mut rows = Vec::new();
    for environment in &report.environments {
        for target in &environment.targets {
            let is_needed = environment.required && target.required;
            let rank = if is_needed { NEEDED_GAPS } else { OTHER_GAPS };
            let cells = |what: String, failure: &Failure| Row {
                rank,
                text: row(&[
                    prose(&environment.name),
                    shown(&target.target),
                    what,
                    prose(&failure.message),
                    prose(&failure.advice),
                    (if is_needed { "yes" } else { "no" }).to_owned(),
                ]),
            };
            rows.extend(gaps(target).map(|(what, failure)| cells(what, failure)));
            rows.extend(target.instead_of.as_ref().map(|failure| {
                let path = shown(target.path.as_deref().unwrap_or_default());
                Row { rank: REST, ..cells(format!("read from {path} instead"), failure) }
            }));
        }
    }
    let head = titles(&["Environment", "Target", "Not read", "Why", "What helps", "Required"]);
    let title =
        format!("<b>Coverage</b>: {} targets read completely", prose(&report.summary.targets));
    Section::new(title, head, rows)
}

/// What of a target does not count, and why.
fn gaps(target: &Target) -> impl Iterator<Item = (String, &Failure)> {
    let parts = target.parts.iter().filter_map(|part| {
        let hides =
            part.hides.map(|n| format!(", hides {}", count(n, "component"))).unwrap_or_default();
        Some((format!("{}{hides}", prose(&part.part)), part.failure.as_ref()?))
    });
    parts.chain(target.stale.iter().map(|failure| ("of another time".to_owned(), failure)))
}

fn waivers(report: &DriftReport) -> Section {
    let place = |state: &str| WaiverState::ALL.iter().position(|known| known.as_str() == state);
    let mut sorted: Vec<&Waiver> = report.waivers.iter().collect();
    sorted.sort_by_key(|waiver| place(&waiver.state));
    let rows = sorted.into_iter().map(|waiver| Row {
        rank: if waiver.state == "active" { REST } else { OTHER_GAPS },
        text: row(&[
            state(waiver),
            shown(&waiver.id),
            prose(&waiver.rule),
            shown(&waiver.component),
            list(&waiver.environments),
            prose(&waiver.owner),
            prose(&waiver.expires),
            prose(&waiver.reason),
        ]),
    });
    let head = titles(&[
        "State", "Waiver", "Rule", "Component", "Environments", "Owner", "Until", "Reason",
    ]);
    let counts = WaiverState::ALL.into_iter().filter_map(|state| {
        let n = report.waivers.iter().filter(|waiver| waiver.state == state.as_str()).count();
        (n > 0).then(|| format!("{n} {state}"))
    });
    Section::new(
        format!("<b>Waivers</b>: {}", counts.collect::<Vec<_>>().join(", ")),
        head,
        rows.collect(),
    )
}

/// `active, covers nothing so far`
fn state(waiver: &Waiver) -> String {
    let counts = matches!(waiver.state.as_str(), "active" | "expiring");
    let so_far = if counts && waiver.findings.is_empty() { ", covers nothing so far" } else { "" };
    format!("{}{so_far}", prose(&waiver.state))
}

/// What is worth knowing of how it was judged, and of single targets.
fn notes(report: &DriftReport) -> Section {
    let of_targets = report.environments.iter().flat_map(|environment| {
        let targets = environment.targets.iter();
        let name = prose(&environment.name);
        targets.flat_map(move |t| {
            let head = format!("{name} {}", shown(&t.target));
            t.notes.iter().map(move |note| format!("{head}: {}", prose(note)))
        })
    });
    let of_run = report.run.notes.iter().map(|note| prose(note));
    let all = of_run.chain(of_targets);
    let rows: Vec<Row> = all.map(|note| Row { rank: REST, text: format!("- {note}\n") }).collect();
    Section::new(format!("<b>Notes</b>: {}", rows.len()), String::new(), rows)
}
