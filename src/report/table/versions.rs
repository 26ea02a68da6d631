//! `PLATFORM` and `OWN SERVICES`: the matrix, without the rows that are equal.

use std::collections::BTreeMap;

use super::grid::{Paint, grid};
use crate::compare::{Cell, CellReading, Row, State};
use crate::model::{Class, ComponentName, JudgedFinding, Severity, count};
use crate::report::escape::terminal;
use crate::report::{Purpose, Report, View};
use crate::version::{Body, Direction, Level};

const LEGEND: &str = "▲ ahead  ▼ behind  ↕ both  ~ same as far as told  ≈ variant or build  ≠ product  ? unknown";

pub(super) fn platform(report: &Report, view: &View, paint: Paint) -> String {
    block("PLATFORM", &rows(report, Class::Platform), Vec::new(), &Sheet { report, view, paint })
}

pub(super) fn services(report: &Report, view: &View, paint: Paint) -> String {
    let rows = rows(report, Class::Service);
    // The release train at a glance: how many services are at which version.
    let mut train = vec![paint.dim("  services at")];
    train.extend((0..report.environments.len()).map(|index| trains(&rows, index)));
    let train = if rows.len() > 1 { vec![train] } else { Vec::new() };
    block(&format!("OWN SERVICES ({})", rows.len()), &rows, train, &Sheet { report, view, paint })
}

fn rows(report: &Report, class: Class) -> Vec<&Row> {
    report.matrix.iter().filter(|row| row.class == class).collect()
}

/// What every line needs.
struct Sheet<'a> {
    report: &'a Report,
    view: &'a View,
    paint: Paint,
}

/// A heading, rows that differ, and how many do not.
fn block(title: &str, rows: &[&Row], lead: Vec<Vec<String>>, sheet: &Sheet<'_>) -> String {
    let Sheet { report, view, paint } = sheet;
    if rows.is_empty() {
        return String::new();
    }
    let mut lines = lead;
    let findings = by_component(report);
    let shown = rows.iter().filter(|row| view.unfold || !is_folded(row, &findings));
    lines.extend(shown.map(|row| line(row, report, &findings, *paint)));
    let foot = paint.dim(&foot(rows, &findings, view));
    if lines.is_empty() {
        return format!("{}  {foot}\n", paint.bold(title));
    }
    lines.insert(0, heading(title, report, *paint));
    format!("{}  {foot}\n", grid(lines, view.width))
}

/// The worst finding of each component; of two as bad, the one in a gate.
type Findings<'a> = BTreeMap<&'a ComponentName, &'a JudgedFinding>;

fn by_component(report: &Report) -> Findings<'_> {
    let mut found = Findings::new();
    for judged in report.findings.iter().filter(|judged| judged.severity > Severity::Off) {
        let worst = found.entry(&judged.finding.component).or_insert(judged);
        if (judged.severity, judged.in_gate) > (worst.severity, worst.in_gate) {
            *worst = judged;
        }
    }
    found
}

/// Equal, alone or idle, and nothing more than info to say of it.
fn is_folded(row: &Row, findings: &Findings<'_>) -> bool {
    let silent = findings.get(&row.component).is_none_or(|judged| judged.severity <= Severity::Info);
    silent && (row.is_equal() || row.is_alone() || row.is_idle())
}

fn foot(rows: &[&Row], findings: &Findings<'_>, view: &View) -> String {
    let folded = |is: fn(&Row) -> bool| rows.iter().filter(|row| is_folded(row, findings) && is(row)).count();
    let (equal, alone, idle) = (folded(Row::is_equal), folded(Row::is_alone), folded(Row::is_idle));
    let mut foot = format!("{equal} of {} equal", rows.len());
    for (rows, are) in [(alone, "in one environment only"), (idle, "running nowhere")] {
        if rows > 0 {
            foot.push_str(&format!(", {rows} {are}"));
        }
    }
    if equal + alone + idle > 0 && !view.unfold {
        foot.push_str(" (-v)");
    }
    foot
}

/// What the symbols mean, if any is shown.
pub(super) fn legend(report: &Report, view: &View, paint: Paint) -> String {
    let findings = by_component(report);
    let shown = report.matrix.iter().any(|row| view.unfold || !is_folded(row, &findings));
    let left_out: usize = report.environments.iter().map(|e| e.snapshot.left_out).sum();
    let mut text = if shown { LEGEND.to_owned() } else { String::new() };
    if left_out > 0 {
        let gap = if text.is_empty() { "" } else { "      " };
        text.push_str(&format!("{gap}{} left out by profiles", count(left_out, "instance")));
    }
    if text.is_empty() { text } else { grid(vec![vec![format!("  {}", paint.dim(&text))]], view.width) }
}

fn heading(title: &str, report: &Report, paint: Paint) -> Vec<String> {
    let mut heading = vec![paint.bold(title)];
    heading.extend(report.environments.iter().map(|e| paint.bold(&terminal(e.snapshot.environment.as_str()))));
    if report.purpose == Purpose::Audit {
        heading.push(paint.bold("severity"));
        heading.push(String::new());
    }
    heading
}

/// `v22: 39, v21: 2`, the most frequent first, four at most.
fn trains(rows: &[&Row], index: usize) -> String {
    let mut counts = BTreeMap::<String, usize>::new();
    for reading in rows.iter().filter_map(|row| row.cells.get(index)).flat_map(|cell| &cell.readings) {
        *counts.entry(text(reading)).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| b.0.cmp(&a.0)));
    let more = counts.len().saturating_sub(4);
    let mut parts: Vec<String> = counts.iter().take(4).map(|(version, n)| format!("{version}: {n}")).collect();
    if more > 0 {
        parts.push(format!("+{more}"));
    }
    terminal(&parts.join(", "))
}

fn line(row: &Row, report: &Report, findings: &Findings<'_>, paint: Paint) -> Vec<String> {
    let with_product = shows_product(row);
    let mut line = vec![format!("  {}", terminal(row.component.as_str()))];
    for cell in &row.cells {
        let symbol = if cell.environment == report.baseline { "" } else { symbol(cell) };
        let text = terminal(&cell_text(cell, with_product));
        let text = if symbol.is_empty() { text } else { format!("{text} {symbol}") };
        line.push(if matches!(cell.state, State::Unobserved) { paint.yellow(&text) } else { text });
    }
    if report.purpose == Purpose::Audit {
        let (severity, words) = judged(row, findings);
        line.push(severity.map(|s| paint.severity(s)).unwrap_or_default());
        line.push(words);
    }
    line
}

/// Where the name does not tell the product already, or a row has more than one.
fn shows_product(row: &Row) -> bool {
    let mut products: Vec<&str> =
        row.cells.iter().flat_map(|cell| &cell.readings).filter_map(|r| r.product.as_deref()).collect();
    products.sort_unstable();
    products.dedup();
    let last = row.component.as_str().rsplit('/').next().unwrap_or_default();
    products.len() > 1 || products.iter().any(|product| *product != last)
}

fn cell_text(cell: &Cell, with_product: bool) -> String {
    match cell.state {
        State::Present => {
            let several = cell.readings.len() > 1;
            let texts = cell.readings.iter().map(|reading| {
                let text = text(reading);
                let text = reading.contradicted_by.as_ref().map_or(text.clone(), |tag| format!("{text} (tag {tag})"));
                let product =
                    reading.product.as_deref().filter(|p| with_product && !text.to_lowercase().starts_with(*p));
                let text = product.map_or(text.clone(), |product| format!("{product} {text}"));
                if several { format!("{text} ({})", reading.instances) } else { text }
            });
            let text = texts.collect::<Vec<_>>().join(", ");
            if cell.builds > 1 { format!("{text}, {} builds", cell.builds) } else { text }
        }
        State::NotRunning => {
            let words: Vec<String> = cell.not_running.iter().map(|(word, n)| format!("{n} {word}")).collect();
            format!("not running ({})", words.join(", "))
        }
        State::Missing => "missing".to_owned(),
        State::Unobserved => "not read".to_owned(),
        State::NotApplicable => "-".to_owned(),
    }
}

/// The version as it was said, with who said it where that is a person.
fn text(reading: &CellReading) -> String {
    let text = reading.reading.to_string();
    match reading.source {
        _ if text.is_empty() => "by digest".to_owned(),
        crate::model::ReadingSource::Declared => format!("{text} declared"),
        _ => text,
    }
}

fn symbol(cell: &Cell) -> &'static str {
    if cell.state == State::Unobserved {
        return "?";
    }
    if cell.other_product {
        return "≠";
    }
    match (cell.level, cell.direction) {
        (None | Some(Level::Equal), _) if cell.other_variant => "≈",
        (None | Some(Level::Equal), _) => "",
        (Some(Level::WithinPrecision), _) => "~",
        (Some(Level::Incomparable(_)), _) => "?",
        (_, Some(Direction::Ahead)) => "▲",
        (_, Some(Direction::Behind)) => "▼",
        (_, Some(Direction::Mixed)) => "↕",
        (Some(_), None) => "≈",
    }
}

/// The worst finding of the row, and what it says of it in a word or two.
fn judged(row: &Row, findings: &Findings<'_>) -> (Option<Severity>, String) {
    let Some(judged) = findings.get(&row.component) else {
        let unread = row.cells.iter().any(|cell| cell.state == State::Unobserved);
        let unproven = row.cells.iter().any(|cell| cell.level == Some(Level::WithinPrecision));
        let words = if unread {
            "not read"
        } else if unproven {
            "not proven equal"
        } else {
            ""
        };
        return (None, words.to_owned());
    };
    // A shared instance blocks wherever it is.
    let place = if judged.in_gate || judged.finding.rule == "shared-instance" { "" } else { ", no gate" };
    let finding = &judged.finding;
    let level = finding.level.map(Level::as_str).unwrap_or_default();
    let direction = finding.direction.map(Direction::as_str).unwrap_or_default();
    let words = match finding.rule {
        "version-skew" if row.class == Class::Service => direction.to_owned(),
        "version-skew" => format!("{level} {direction}"),
        "product-differs" => format!("other product, {level} {direction}"),
        rule => rule.replace('-', " "),
    };
    let floats = row.cells.iter().flat_map(|c| &c.readings).any(|r| *r.reading.body() == Body::Floating);
    let words = if floats && finding.rule == "incomparable-version" { "tag moves".to_owned() } else { words };
    (Some(judged.severity), format!("{}{place}", words.trim()))
}
