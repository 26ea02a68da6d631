//! `PLATFORM` and `OWN SERVICES`: the matrix, without the rows that are equal.

use std::collections::BTreeMap;

use super::fold::{Fold, first};
use super::grid::grid;
use super::places;
use super::sheet::{Block, Sheet, concerns_gate};
use crate::model;
use crate::model::matrix::{Cell, CellReading, Row, State};
use crate::model::{JudgedFinding, Severity, count};
use crate::report::escape::terminal;
use crate::report::{Audit, Purpose, equal};
use crate::rules;
use crate::version::{Direction, Level};

/// What stands behind a version that is not the baseline's.
const SYMBOLS: [(&str, &str); 7] = [
    ("▲", "ahead"),
    ("▼", "behind"),
    ("↕", "both"),
    ("~", "same as far as told"),
    ("≈", "variant or build"),
    ("≠", "product"),
    ("?", "unknown"),
];

pub(super) fn platform(sheet: &Sheet<'_>, fold: &Fold) -> String {
    section("PLATFORM", &sheet.platform, fold.platform, Vec::new(), sheet)
}

pub(super) fn services(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let block = &sheet.services;
    // The release train at a glance: how many services are at which version.
    let environments = 0..sheet.report.environments.len();
    let counts: Vec<_> = environments.map(|index| count_versions(&block.all, index)).collect();
    let is_train = block.all.len() > 1 && counts.iter().any(|counts| is_shared(counts));
    let mut train = Vec::new();
    if is_train {
        let mut line = vec![sheet.paint.dim("  services at")];
        line.extend(counts.iter().map(|counts| trains(counts, fold)));
        train.push(line);
    }
    section(&format!("OWN SERVICES ({})", block.all.len()), block, fold.services, train, sheet)
}

/// A heading, rows that differ, and how many do not.
fn section(
    title: &str,
    block: &Block<'_>,
    shown: usize,
    lead: Vec<Vec<String>>,
    sheet: &Sheet<'_>,
) -> String {
    let Sheet { report, view, paint, .. } = sheet;
    if block.all.is_empty() {
        return String::new();
    }
    let shown = rows(block, shown);
    let mut lines = lead;
    for row in &shown {
        lines.push(line(row, sheet));
        if view.unfold {
            lines.extend(places::lines(row, sheet));
        }
    }
    let foot = foot(block, &block.shown[shown.len()..], sheet);
    let head = if lines.is_empty() { paint.bold(title) } else { String::new() };
    let foot = grid(vec![vec![format!("{head}  {}", paint.dim(&foot))]], view.width);
    if lines.is_empty() {
        return foot;
    }
    lines.insert(0, heading(title, report, sheet));
    format!("{}{foot}", grid(lines, view.width))
}

/// What is not shown, and why.
fn foot(block: &Block<'_>, left_out: &[&Row], sheet: &Sheet<'_>) -> String {
    let Block { all, equal, folded, alone, idle, unread, .. } = block;
    let condition = equal::condition_of(all, sheet.report);
    let mut foot = format!("{equal} of {} equal{condition}", all.len());
    for (rows, are) in [(*alone, "in one environment only"), (*idle, "running nowhere")] {
        if rows > 0 {
            foot.push_str(&format!(", {rows} {are}"));
        }
    }
    for ((index, what), rows) in unread {
        let name =
            sheet.report.environments.get(*index).map_or("", |e| e.snapshot.environment.as_str());
        foot.push_str(&format!(", {rows} not read in {name} ({what})"));
    }
    if !left_out.is_empty() {
        let severities = by_severity(left_out, sheet);
        let severities =
            if severities.is_empty() { severities } else { format!(" ({severities})") };
        foot.push_str(&format!("; {} more{severities}", left_out.len()));
    }
    let hides = folded + alone + idle + unread.len() + left_out.len() > 0 && !sheet.view.unfold;
    terminal(&foot) + if hides { " (-v)" } else { "" }
}

/// `2 medium, 12 low`: those that are worth a word.
fn by_severity(rows: &[&Row], sheet: &Sheet<'_>) -> String {
    let severity = |row: &&&Row| sheet.worst.get(&row.component).map(|judged| judged.severity);
    let named = Severity::ALL.into_iter().filter(|severity| *severity > Severity::Info).filter_map(
        |wanted| {
            let n = rows.iter().filter(|row| severity(row) == Some(wanted)).count();
            (n > 0).then(|| format!("{n} {wanted}"))
        },
    );
    named.collect::<Vec<_>>().join(", ")
}

/// The rows that are shown, the worst first.
fn rows<'a>(block: &Block<'a>, shown: usize) -> Vec<&'a Row> {
    first(block.shown.clone(), shown).0
}

/// What the symbols mean that are shown, and what profiles leave out; in a line with what else
/// there is to say.
pub(super) fn legend(sheet: &Sheet<'_>, fold: &Fold, also: Option<String>) -> String {
    let Sheet { report, view, paint, .. } = sheet;
    let shown =
        [rows(&sheet.platform, fold.platform), rows(&sheet.services, fold.services)].concat();
    let cells = || {
        shown.iter().flat_map(|row| &row.cells).filter(|cell| cell.environment != report.baseline)
    };
    let symbols = SYMBOLS.iter().filter(|(wanted, _)| cells().any(|cell| symbol(cell) == *wanted));
    let symbols: Vec<String> = symbols.map(|(symbol, word)| format!("{symbol} {word}")).collect();
    let left_out: usize = report.environments.iter().map(|e| e.snapshot.left_out).sum();
    let left_out =
        (left_out > 0).then(|| format!("{} left out by profiles", count(left_out, "instance")));
    let symbols = (!symbols.is_empty()).then(|| symbols.join("  "));
    let parts: Vec<String> = [symbols, left_out, also].into_iter().flatten().collect();
    let text = paint.dim(&parts.join("      "));
    if text.is_empty() { text } else { grid(vec![vec![format!("  {text}")]], view.width) }
}

fn heading(title: &str, report: &Audit, sheet: &Sheet<'_>) -> Vec<String> {
    let paint = sheet.paint;
    let mut heading = vec![paint.bold(title)];
    heading.extend(
        report.environments.iter().map(|e| paint.bold(&terminal(e.snapshot.environment.as_str()))),
    );
    if report.purpose == Purpose::Audit {
        heading.push(paint.bold("severity"));
        heading.push(String::new());
    }
    heading
}

/// How many services are at each version, the most frequent first.
fn count_versions(rows: &[&Row], index: usize) -> Vec<(String, usize)> {
    let mut counts = BTreeMap::<String, usize>::new();
    for reading in
        rows.iter().filter_map(|row| row.cells.get(index)).flat_map(|cell| &cell.readings)
    {
        *counts.entry(text(reading)).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| b.0.cmp(&a.0)));
    counts
}

/// Whether one version stands for a fifth of the services or more. Where each service has a
/// version of its own, their numbers tell nothing.
fn is_shared(counts: &[(String, usize)]) -> bool {
    let all: usize = counts.iter().map(|(_, n)| n).sum();
    counts.first().is_some_and(|(_, most)| most * 5 >= all)
}

/// `v22: 39, v21: 2`
fn trains(counts: &[(String, usize)], fold: &Fold) -> String {
    let more = counts.len().saturating_sub(fold.trains);
    let mut parts: Vec<String> =
        counts.iter().take(fold.trains).map(|(version, n)| format!("{version}: {n}")).collect();
    if more > 0 {
        parts.push(format!("+{more}"));
    }
    terminal(&parts.join(", "))
}

fn line(row: &Row, sheet: &Sheet<'_>) -> Vec<String> {
    let Sheet { report, paint, .. } = sheet;
    let with_product = shows_product(row);
    let mut line = vec![format!("  {}", terminal(row.component.as_str()))];
    for cell in &row.cells {
        let symbol = if cell.environment == report.baseline { "" } else { symbol(cell) };
        let text = terminal(&cell_text(cell, with_product));
        let text = if symbol.is_empty() { text } else { format!("{text} {symbol}") };
        line.push(if matches!(cell.state, State::Unobserved) { paint.yellow(&text) } else { text });
    }
    if report.purpose == Purpose::Audit {
        line.extend(judgement(row, sheet));
    }
    line
}

/// Where the name does not tell the product already, or a row has more than one.
fn shows_product(row: &Row) -> bool {
    let mut products: Vec<&str> = row
        .cells
        .iter()
        .flat_map(|cell| &cell.readings)
        .filter_map(|r| r.product.as_deref())
        .collect();
    products.sort_unstable();
    products.dedup();
    let is_named = |product: &&str| row.component.as_str().split('/').any(|part| part == *product);
    products.len() > 1 || !products.iter().all(is_named)
}

fn cell_text(cell: &Cell, with_product: bool) -> String {
    match cell.state {
        State::Present => {
            let several = cell.readings.len() > 1;
            let texts = cell.readings.iter().map(|reading| {
                let text = text(reading);
                let text = reading
                    .contradicted_by
                    .as_ref()
                    .map_or(text.clone(), |tag| format!("{text} (tag {tag})"));
                let product = reading.product.as_deref().filter(|_| with_product);
                let text = model::with_product(product, &text);
                if several { format!("{text} ({})", reading.instances) } else { text }
            });
            let text = texts.collect::<Vec<_>>().join(", ");
            if cell.builds > 1 { format!("{text}, {} builds", cell.builds) } else { text }
        }
        State::NotRunning => {
            let words: Vec<String> =
                cell.not_running.iter().map(|(word, n)| format!("{n} {word}")).collect();
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

/// The severity of the row's worst finding, and what it says in a word or two.
fn judgement(row: &Row, sheet: &Sheet<'_>) -> [String; 2] {
    if let Some(judged) = sheet.worst.get(&row.component) {
        let place = if concerns_gate(judged) { "" } else { ", no gate" };
        let differ =
            places::tally(row, judged).map_or_else(String::new, |text| format!(", {text}"));
        let content = if is_same_content(row) { ", same content" } else { "" };
        let words = format!("{}{place}{differ}{content}", words(row, judged));
        return [sheet.paint.severity(judged.severity), words];
    }
    if let Some(judged) = sheet.waived.get(&row.component) {
        return [sheet.paint.dim("waived"), words(row, judged)];
    }
    let unread = row.cells.iter().any(|cell| cell.state == State::Unobserved);
    let unproven = row.cells.iter().any(|cell| cell.level == Some(Level::WithinPrecision));
    let words = match (unread, unproven, is_same_content(row)) {
        (true, _, _) => "not read",
        (_, true, _) => "not proven equal",
        (_, _, true) => "same content",
        _ => "",
    };
    [String::new(), words.to_owned()]
}

/// Whether tags that are written differently stand for one build somewhere.
fn is_same_content(row: &Row) -> bool {
    row.cells.iter().any(|cell| cell.same_content)
}

fn words(row: &Row, judged: &JudgedFinding) -> String {
    let finding = &judged.finding;
    let brief = rules::by_id(finding.rule).and_then(|rule| rule.in_brief(finding, row));
    brief.unwrap_or_else(|| finding.rule.replace('-', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_train_is_a_version_that_many_share() {
        let counts = |numbers: &[usize]| -> Vec<(String, usize)> {
            numbers.iter().enumerate().map(|(i, n)| (format!("v{i}"), *n)).collect()
        };
        for train in [&[39, 2][..], &[11, 1], &[1, 1], &[4, 1, 1, 1, 1, 1, 1, 1, 1, 1]] {
            assert!(is_shared(&counts(train)), "{train:?}");
        }
        assert!(!is_shared(&counts(&[2; 20])));
        assert!(!is_shared(&counts(&[1; 40])));
        assert!(!is_shared(&[]));
    }
}
