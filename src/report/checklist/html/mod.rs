//! The checklist as one HTML file for who reviews a release: it needs no network and has no script.
//!
//! A policy in the head allows the one style of this file, by its digest, and nothing else. Text
//! from outside is escaped on its way into the page, wherever it stands.

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::model::{Checklist, ChecklistItem, ItemFigure, ItemOutcome, ItemSection};
use crate::report::PROGRAM;
use crate::report::view::checklist as words;

const STYLE: &str = include_str!("checklist.css");

#[derive(Template)]
#[template(path = "checklist.html", config = "src/report/checklist/html/askama.toml")]
struct ChecklistPage {
    policy: String,
    style: &'static str,
    title: String,
    tone: &'static str,
    headline: String,
    subject: String,
    judged: String,
    at: String,
    at_utc: String,
    from: String,
    to: String,
    overridden: Vec<String>,
    blocking: Vec<(usize, String)>,
    open: Vec<(usize, String)>,
    steps: Vec<Step>,
    sections: Vec<PageSection>,
    run: Vec<(&'static str, String)>,
}

/// Something to do.
struct Step {
    command: String,
    items: String,
    takes: String,
}

/// Items that are shown together.
struct PageSection {
    anchor: &'static str,
    short: &'static str,
    heading: String,
    rows: Vec<ItemRow>,
}

/// One item.
struct ItemRow {
    number: usize,
    id: String,
    tone: &'static str,
    outcome: String,
    lines: Vec<SeenLine>,
    figures: Vec<FigureLine>,
}

/// One thing that an item saw.
struct SeenLine {
    tone: &'static str,
    outcome: String,
    seen: String,
    must: String,
}

/// A figure, in full precision.
struct FigureLine {
    name: String,
    value: String,
    limit: String,
    baseline: String,
    source: String,
}

/// The checklist as a page.
pub(super) fn render_page(checklist: &Checklist) -> Result<String, String> {
    let numbered = words::number_items(checklist);
    let with = |outcome: ItemOutcome| {
        let items = numbered.iter().filter(|(_, item)| item.outcome() == outcome);
        items.map(|(number, item)| (*number, item.id.clone())).collect()
    };
    let steps = words::next_steps(checklist).into_iter().map(|(settle, items)| Step {
        command: settle.command.clone(),
        items: items.join(", "),
        takes: settle.takes.clone(),
    });
    let page = ChecklistPage {
        policy: content_policy(),
        style: STYLE,
        title: words::summary_sentence(checklist),
        tone: checklist.verdict.as_str(),
        headline: format!("{} {}", checklist.verdict, checklist.release.name),
        subject: words::subject_words(checklist),
        judged: words::judged_by(checklist),
        at: words::local_time(checklist, checklist.run.at),
        at_utc: checklist.run.at.to_string(),
        from: checklist.gate.from.to_string(),
        to: checklist.gate.to.to_string(),
        overridden: words::override_lines(checklist),
        blocking: with(ItemOutcome::NoGo),
        open: with(ItemOutcome::Incomplete),
        steps: steps.collect(),
        sections: page_sections(checklist, &numbered),
        run: run_facts(checklist),
    };
    page.render().map_err(|error| error.to_string())
}

/// What a browser may load of the page: its own style, and an empty icon.
fn content_policy() -> String {
    let digest = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; \
         form-action 'none'"
    )
}

fn page_sections(checklist: &Checklist, numbered: &[(usize, &ChecklistItem)]) -> Vec<PageSection> {
    let of = |section: ItemSection| {
        let items = numbered.iter().filter(|(_, item)| item.section == section);
        PageSection {
            anchor: section.as_str(),
            short: words::section_name(section),
            heading: words::section_heading(section, checklist),
            rows: items.map(|(number, item)| item_row(*number, item)).collect(),
        }
    };
    let all = ItemSection::ALL.into_iter().map(of);
    all.filter(|section| !section.rows.is_empty()).collect()
}

fn item_row(number: usize, item: &ChecklistItem) -> ItemRow {
    let mut before = "";
    let mut lines = Vec::new();
    for line in &item.lines {
        // As in the table: once for lines that follow each other.
        let must = if line.must == before { String::new() } else { line.must.clone() };
        before = &line.must;
        lines.push(SeenLine {
            tone: outcome_tone(line.outcome),
            outcome: words::outcome_words(line.outcome),
            seen: line.seen.clone(),
            must,
        });
    }
    let outcome = item.outcome();
    ItemRow {
        number,
        id: item.id.clone(),
        tone: outcome_tone(outcome),
        outcome: words::outcome_words(outcome),
        lines,
        figures: item.figures.iter().map(figure_line).collect(),
    }
}

fn outcome_tone(outcome: ItemOutcome) -> &'static str {
    match outcome {
        ItemOutcome::NotApplicable => "none",
        other => other.as_str(),
    }
}

fn figure_line(figure: &ItemFigure) -> FigureLine {
    let told = |value: Option<f64>| {
        value.map_or_else(String::new, |value| format!("{value} {}", figure.unit))
    };
    let value = told(figure.value);
    FigureLine {
        name: figure.name.clone(),
        value: if value.is_empty() { "not known".to_owned() } else { value },
        limit: told(figure.limit),
        baseline: told(figure.baseline),
        source: figure.source.clone(),
    }
}

fn run_facts(checklist: &Checklist) -> Vec<(&'static str, String)> {
    let run = &checklist.run;
    let (number, digest) = match &run.history {
        Some(stored) => (stored.run.to_string(), stored.digest.clone()),
        None => ("not kept".to_owned(), String::new()),
    };
    let all = [
        ("Release", checklist.release.name.clone()),
        ("Digest of its builds", checklist.release.digest.clone()),
        ("Time", run.at.to_string()),
        ("Machine", run.host.clone()),
        ("Program", PROGRAM.to_owned()),
        ("Profiles", run.profiles.clone()),
        ("Policy", run.policy.clone()),
        ("Commit", run.commit.clone().unwrap_or_default()),
        ("Run of the history", number),
        ("Its digest", digest),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}
