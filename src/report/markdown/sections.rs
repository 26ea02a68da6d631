//! What is folded below the first lines, and what of it matters how much.

use std::cmp::Reverse;

use super::budget::{BudgetRow, FIRST, Section};
use super::lines::{
    comma_list, escape_prose, severity_text, short_id, shown_name, table_heading, table_row,
};
use super::matrix;
use crate::model::{
    Fate, Finding, FindingTrend, GoneFinding, LoadOutcome, NO_GATE_WANTED, Severity, Waiver,
    WaiverState, count,
};
use crate::report::view::coverage::GapOf;
use crate::report::view::figures::{FiguresView, SINCE_START};
use crate::report::view::finding::{
    FindingView, NOTHING_SO_FAR, severity_tally, waivers_of, waivers_sorted,
};
use crate::report::view::load::LOAD_TITLE;
use crate::report::view::standing::StandingSince;
use crate::report::view::{ReportView, worst_first};

/// Ranks: rows of a higher one are dropped first.
const REASONS: u8 = 0;
const NEEDED_GAPS: u8 = 2;
const OTHER_GAPS: u8 = 4;
const WAIVED: u8 = 5;
const GONE: u8 = 6;
const REST: u8 = 7;

fn severity_rank(severity: Severity) -> u8 {
    match severity {
        Severity::Critical | Severity::High => 1,
        Severity::Medium => 3,
        Severity::Low => 6,
        Severity::Info | Severity::Off => 7,
    }
}

/// Every section, in the order in which they are shown; those without rows are not.
pub(super) fn all_sections(view: &ReportView<'_>) -> Vec<Section> {
    let mut sections = vec![
        reasons_section(view),
        findings_section(view),
        waived_section(view),
        gone_section(view),
        matrix::matrix_section(view),
        coverage_section(view),
    ];
    sections.extend([
        load_section(view),
        figures_section(view),
        waivers_section(view),
        notes_section(view),
    ]);
    sections
}

fn reasons_section(view: &ReportView<'_>) -> Section {
    let judgement = &view.audit.judgement;
    let reasons = judgement.reasons.iter().map(|one| (REASONS, one.kind.as_str(), &one.text));
    let not_judged = judgement.not_judged.iter().map(|text| (OTHER_GAPS, "not judged", text));
    let rows = reasons.chain(not_judged).map(|(rank, kind, text)| BudgetRow {
        rank,
        text: format!("- {kind}: {}\n", escape_prose(text)),
    });
    let mut title = format!("<b>Why</b>: {}", count(judgement.reasons.len(), "reason"));
    let gaps = judgement.not_judged.iter().filter(|text| *text != NO_GATE_WANTED).count();
    if gaps > 0 {
        title.push_str(&format!(", {} not judged", count(gaps, "gap")));
    }
    if view.audit.new_only {
        title.push_str("; only what is new or worse could block");
        if !judgement.known.is_empty() {
            let known = count(judgement.known.len(), "finding");
            title.push_str(&format!(", {known} known before"));
        }
    }
    // Those that the first lines show need not be shown twice.
    let open = view.audit.since.is_some() || judgement.reasons.len() > FIRST + 1;
    let mut section = Section::new(title, String::new(), rows.collect());
    section.open = open;
    section
}

fn findings_section(view: &ReportView<'_>) -> Section {
    let has_since = view.audit.since.is_some();
    let has_history = view.audit.standing.is_some();
    let rows = worst_first(&view.findings).into_iter().map(|finding| {
        let mut cells = finding_cells(&finding);
        cells.extend([escape_prose(finding.owner().unwrap_or_default()), short_id(finding.id())]);
        if has_since {
            cells.push(finding.trend.map_or("", FindingTrend::as_str).to_owned());
        }
        if has_history {
            cells.push(finding.standing.map(StandingSince::age_words).unwrap_or_default());
        }
        BudgetRow { rank: severity_rank(finding.severity()), text: table_row(&cells) }
    });
    let mut head = vec!["Severity", "Rule", "Component", "Environments", "What", "Owner", "Id"];
    head.extend(has_since.then_some("Since then"));
    head.extend(has_history.then_some("Stands"));
    let severities: Vec<Severity> = view.findings.iter().map(FindingView::severity).collect();
    let title = format!("<b>Findings</b>: {}", severity_tally(&severities));
    Section::new(title, table_heading(&head), rows.collect())
}

/// The cells that every finding has.
fn finding_cells(view: &FindingView<'_>) -> Vec<String> {
    let Finding { rule, component, summary, .. } = view.finding();
    let place = if view.judged.in_gate { "" } else { " (no gate)" };
    vec![
        severity_text(view.severity()),
        escape_prose(rule),
        shown_name(component.as_str()),
        format!("{}{place}", comma_list(&view.environments())),
        escape_prose(summary),
    ]
}

fn waived_section(view: &ReportView<'_>) -> Section {
    let rows = worst_first(&view.waived).into_iter().map(|finding| {
        let waiver = finding.waiver.map(|judged| &judged.waiver);
        let of = |field: fn(&Waiver) -> String| waiver.map(field).unwrap_or_default();
        let mut cells = finding_cells(&finding);
        cells.extend([
            shown_name(finding.judged.waiver().unwrap_or_default()),
            escape_prose(&of(|waiver| waiver.owner.clone())),
            of(|waiver| waiver.expires.to_string()),
            escape_prose(&of(|waiver| waiver.reason.clone())),
            short_id(finding.id()),
        ]);
        BudgetRow { rank: WAIVED, text: table_row(&cells) }
    });
    let head = table_heading(&[
        "Severity", "Rule", "Component", "Environments", "What", "Waiver", "Owner", "Until",
        "Reason", "Id",
    ]);
    let waived = count(view.waived.len(), "finding");
    Section::new(format!("<b>Waived</b>: {waived}, not blocking"), head, rows.collect())
}

/// Findings of the earlier report; those of which nothing is known first.
fn gone_section(view: &ReportView<'_>) -> Section {
    let gone = view.audit.since.as_ref().map(|since| since.gone.as_slice()).unwrap_or_default();
    let mut sorted: Vec<&GoneFinding> = gone.iter().collect();
    sorted.sort_by_key(|gone| (gone.fate != Fate::Unknown, Reverse(gone.finding.severity)));
    let rows = sorted.into_iter().map(|GoneFinding { finding, fate }| {
        let environments: Vec<&str> =
            finding.environments.iter().map(|name| name.as_str()).collect();
        let text = table_row(&[
            fate.as_str().to_owned(),
            severity_text(finding.severity),
            escape_prose(&finding.rule),
            shown_name(finding.component.as_str()),
            comma_list(&environments),
            escape_prose(&finding.summary),
            short_id(finding.id.as_str()),
        ]);
        BudgetRow { rank: GONE, text }
    });
    let head = table_heading(&[
        "Now", "Severity", "Rule", "Component", "Environments", "What was said", "Id",
    ]);
    let title = format!("<b>Not active any more</b>: {}", count(gone.len(), "finding"));
    Section::new(title, head, rows.collect())
}

fn coverage_section(view: &ReportView<'_>) -> Section {
    let mut rows = Vec::new();
    for environment in &view.environments {
        for target in &environment.targets {
            let rank = if target.is_needed { NEEDED_GAPS } else { OTHER_GAPS };
            let cells = |what: String, failure: &crate::model::Failure| {
                table_row(&[
                    escape_prose(environment.name()),
                    shown_name(&target.name()),
                    what,
                    escape_prose(&failure.message),
                    escape_prose(&failure.advice),
                    (if target.is_needed { "yes" } else { "no" }).to_owned(),
                ])
            };
            for gap in target.gaps() {
                let what = escape_prose(&gap.what_unread());
                let what = if gap.of == GapOf::Time { format!("**{what}**") } else { what };
                rows.push(BudgetRow { rank, text: cells(what, &gap.failure) });
            }
            rows.extend(target.instead_of().map(|failure| {
                let path = shown_name(target.recorded_path().unwrap_or_default());
                BudgetRow { rank: REST, text: cells(format!("read from {path} instead"), failure) }
            }));
        }
    }
    let head =
        table_heading(&["Environment", "Target", "Not read", "Why", "What helps", "Required"]);
    let title =
        format!("<b>Coverage</b>: {} read completely", view.targets_read().with_noun("target"));
    Section::new(title, head, rows)
}

/// What each Redis has done in each environment.
fn figures_section(view: &ReportView<'_>) -> Section {
    let mut rows = Vec::new();
    for FiguresView { target, lines } in &view.figures {
        for (name, cells) in lines {
            let mut line = vec![shown_name(target.as_str()), escape_prose(name)];
            line.extend(cells.iter().map(|cell| escape_prose(cell)));
            rows.push(BudgetRow { rank: REST, text: table_row(&line) });
        }
    }
    let mut head = vec!["Redis".to_owned(), "Figure".to_owned()];
    head.extend(view.environments.iter().map(|environment| escape_prose(environment.name())));
    let title = format!("<b>Redis</b> {SINCE_START}");
    Section::new(title, table_heading(&head), rows)
}

/// The load of targets over time.
fn load_section(view: &ReportView<'_>) -> Section {
    let mut rows = Vec::new();
    let mut windows: Vec<&str> = Vec::new();
    for of in &view.load {
        windows.clone_from(&of.windows);
        let rank = if of.is_breached() { OTHER_GAPS } else { REST };
        for line in &of.lines {
            let mut cells = vec![shown_name(&of.name), escape_prose(line.name)];
            cells.extend(line.cells.iter().map(|cell| {
                let is_breached = cell.outcome == LoadOutcome::Breached;
                let text = escape_prose(&cell.text);
                if is_breached { format!("<b>{text}</b>") } else { text }
            }));
            cells.push(escape_prose(&line.must));
            rows.push(BudgetRow { rank, text: table_row(&cells) });
        }
        let remarks = of.remarks.iter().map(|remark| {
            let mut cells = vec![shown_name(&of.name), escape_prose(remark)];
            cells.resize(of.windows.len() + 3, String::new());
            BudgetRow { rank: REST, text: table_row(&cells) }
        });
        rows.extend(remarks);
    }
    let mut head = vec!["Target".to_owned(), "Figure".to_owned()];
    head.extend(windows.iter().map(|window| escape_prose(window)));
    head.push("must be".to_owned());
    let title = format!("<b>Redis</b> {LOAD_TITLE}");
    Section::new(title, table_heading(&head), rows)
}

fn waivers_section(view: &ReportView<'_>) -> Section {
    let rows = waivers_sorted(view.audit).into_iter().map(|judged| {
        let waiver = &judged.waiver;
        let so_far = if judged.covers_nothing_so_far() { NOTHING_SO_FAR } else { "" };
        let state = [judged.state.as_str(), so_far];
        let state: Vec<&str> = state.into_iter().filter(|word| !word.is_empty()).collect();
        let environments: Vec<&str> =
            waiver.environments.iter().map(|name| name.as_str()).collect();
        let text = table_row(&[
            state.join(", "),
            shown_name(&waiver.id),
            escape_prose(&waiver.rule),
            shown_name(waiver.component.as_str()),
            comma_list(&environments),
            escape_prose(&waiver.owner),
            waiver.expires.to_string(),
            escape_prose(&waiver.reason),
        ]);
        let is_quiet = judged.state == WaiverState::Active;
        BudgetRow { rank: if is_quiet { REST } else { OTHER_GAPS }, text }
    });
    let head = table_heading(&[
        "State", "Waiver", "Rule", "Component", "Environments", "Owner", "Until", "Reason",
    ]);
    let counts = WaiverState::ALL.into_iter().filter_map(|state| {
        let n = waivers_of(view.audit, state).count();
        (n > 0).then(|| format!("{n} {state}"))
    });
    let title = format!("<b>Waivers</b>: {}", counts.collect::<Vec<_>>().join(", "));
    Section::new(title, head, rows.collect())
}

/// What is worth knowing of how it was judged, and of single targets.
fn notes_section(view: &ReportView<'_>) -> Section {
    let mut notes: Vec<String> =
        view.audit.run.notes.iter().map(|note| escape_prose(note)).collect();
    for environment in &view.environments {
        for target in &environment.targets {
            let head =
                format!("{} {}", escape_prose(environment.name()), shown_name(&target.name()));
            let of_target = target.coverage.notes.iter();
            notes.extend(of_target.map(|note| format!("{head}: {}", escape_prose(&note.text))));
        }
    }
    let title = format!("<b>Notes</b>: {}", notes.len());
    let rows = notes.iter().map(|note| BudgetRow { rank: REST, text: format!("- {note}\n") });
    Section::new(title, String::new(), rows.collect())
}
