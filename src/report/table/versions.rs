//! `PLATFORM` and `OWN SERVICES`: the matrix, without the rows that are equal.

use super::fold::{Fold, first_lines};
use super::grid::render_grid;
use super::places;
use super::sheet::{Block, Sheet};
use crate::model::{Severity, count};
use crate::report::Purpose;
use crate::report::escape::terminal;
use crate::report::view::finding::{severity_tally, waived_words};
use crate::report::view::matrix::{CellView, Mark, RowView};
use crate::version::Level;

pub(super) fn platform_section(sheet: &Sheet<'_>, fold: &Fold) -> String {
    matrix_section("PLATFORM", &sheet.platform, fold.platform, Vec::new(), sheet)
}

pub(super) fn services_section(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let block = &sheet.services;
    // The release train at a glance: how many services are at which version.
    let counts = &sheet.trains;
    let is_train = block.all.len() > 1 && counts.iter().any(|counts| is_shared(counts));
    let mut train = Vec::new();
    if is_train {
        let mut line = vec![sheet.paint.dim("  services at")];
        line.extend(counts.iter().map(|counts| train_counts(counts, fold)));
        train.push(line);
    }
    matrix_section(
        &format!("OWN SERVICES ({})", block.all.len()),
        block,
        fold.services,
        train,
        sheet,
    )
}

/// A heading, rows that differ, and how many do not.
fn matrix_section(
    title: &str,
    block: &Block<'_>,
    shown: usize,
    lead: Vec<Vec<String>>,
    sheet: &Sheet<'_>,
) -> String {
    let Sheet { view, paint, .. } = sheet;
    if block.all.is_empty() {
        return String::new();
    }
    let shown = shown_rows(block, shown);
    let mut lines = lead;
    for row in &shown {
        lines.push(row_line(row, sheet));
        if view.unfold {
            lines.extend(places::place_lines(row, sheet));
        }
    }
    let foot = section_foot(block, shown.len(), sheet);
    let head = if lines.is_empty() { paint.bold(title) } else { String::new() };
    let foot = render_grid(vec![vec![format!("{head}  {}", paint.dim(&foot))]], view.width);
    if lines.is_empty() {
        return foot;
    }
    lines.insert(0, section_heading(title, sheet));
    format!("{}{foot}", render_grid(lines, view.width))
}

/// What is not shown, and why.
fn section_foot(block: &Block<'_>, shown: usize, sheet: &Sheet<'_>) -> String {
    let Block { all, equal, condition, folded, alone, idle, unread, .. } = block;
    let left_out = &block.severities[shown..];
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
        let severities = by_severity(left_out);
        let severities =
            if severities.is_empty() { severities } else { format!(" ({severities})") };
        foot.push_str(&format!("; {} more{severities}", left_out.len()));
    }
    let hides = folded + alone + idle + unread.len() + left_out.len() > 0 && !sheet.view.unfold;
    terminal(&foot) + if hides { " (-v)" } else { "" }
}

/// `2 medium, 12 low`: those that are worth a word.
fn by_severity(rows: &[Option<Severity>]) -> String {
    let severities = rows.iter().flatten().copied().filter(|severity| *severity > Severity::Info);
    severity_tally(&severities.collect::<Vec<_>>())
}

/// The rows that are shown, the worst first.
fn shown_rows<'a>(block: &Block<'a>, shown: usize) -> Vec<&'a RowView<'a>> {
    first_lines(block.shown.clone(), shown).0
}

/// What the symbols mean that are shown, and what profiles leave out; in a line with what else
/// there is to say.
pub(super) fn symbols_legend(sheet: &Sheet<'_>, fold: &Fold, also: Option<String>) -> String {
    let Sheet { report, view, paint, .. } = sheet;
    let shown =
        [shown_rows(&sheet.platform, fold.platform), shown_rows(&sheet.services, fold.services)]
            .concat();
    let marks: Vec<Mark> =
        shown.iter().flat_map(|row| &row.cells).map(|cell| cell.mark()).collect();
    let meant = Mark::LEGEND.into_iter().filter(|mark| marks.contains(mark));
    let symbols: Vec<String> =
        meant.map(|mark| format!("{} {}", mark.symbol(), mark.meaning())).collect();
    let left_out: usize = report.environments.iter().map(|e| e.snapshot.left_out).sum();
    let left_out =
        (left_out > 0).then(|| format!("{} left out by profiles", count(left_out, "instance")));
    let symbols = (!symbols.is_empty()).then(|| symbols.join("  "));
    let parts: Vec<String> = [symbols, left_out, also].into_iter().flatten().collect();
    let text = paint.dim(&parts.join("      "));
    if text.is_empty() { text } else { render_grid(vec![vec![format!("  {text}")]], view.width) }
}

fn section_heading(title: &str, sheet: &Sheet<'_>) -> Vec<String> {
    let Sheet { report, paint, .. } = sheet;
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

/// Whether one version stands for a fifth of the services or more. Where each service has a
/// version of its own, their numbers tell nothing.
fn is_shared(counts: &[(String, usize)]) -> bool {
    let all: usize = counts.iter().map(|(_, n)| n).sum();
    counts.first().is_some_and(|(_, most)| most * 5 >= all)
}

/// `v22: 39, v21: 2`
fn train_counts(counts: &[(String, usize)], fold: &Fold) -> String {
    let more = counts.len().saturating_sub(fold.trains);
    let mut parts: Vec<String> =
        counts.iter().take(fold.trains).map(|(version, n)| format!("{version}: {n}")).collect();
    if more > 0 {
        parts.push(format!("+{more}"));
    }
    terminal(&parts.join(", "))
}

fn row_line(row: &RowView<'_>, sheet: &Sheet<'_>) -> Vec<String> {
    let mut line = vec![format!("  {}", terminal(row.component()))];
    for cell in &row.cells {
        let symbol = cell.mark().symbol();
        let text = terminal(&cell.text());
        let text = match standing_since(cell, sheet) {
            Some(age) => format!("{text} ({age})"),
            None => text,
        };
        let text = if symbol.is_empty() { text } else { format!("{text} {symbol}") };
        line.push(if cell.is_known() { text } else { sheet.paint.yellow(&text) });
    }
    if sheet.report.purpose == Purpose::Audit {
        line.extend(row_judgement(row, sheet));
    }
    line
}

/// Where a row of ages has no room, only `-v` shows them.
const WIDE: usize = 100;

/// Since when it runs what it runs.
fn standing_since(cell: &CellView<'_>, sheet: &Sheet<'_>) -> Option<String> {
    let has_room = sheet.view.unfold || sheet.view.width.is_none_or(|width| width >= WIDE);
    cell.standing.filter(|_| has_room)?.short_words()
}

/// The severity of the row's worst finding, and what it says in a word or two; what is waived
/// beside it.
fn row_judgement(row: &RowView<'_>, sheet: &Sheet<'_>) -> [String; 2] {
    let found = sheet.shown.of_component(row.component());
    let waived = waived_words(found.findings.len(), found.waived.len());
    if let Some(worst) = sheet.worst.get(row.component()) {
        let mut words = vec![worst.brief_text(row.row)];
        words.extend((!worst.concerns_gate()).then(|| "no gate".to_owned()));
        words.extend(places::places_tally(row, worst.finding()));
        words.extend(row.has_same_content().then(|| "same content".to_owned()));
        words.extend(waived);
        return [sheet.paint.paint_severity(worst.severity()), words.join(", ")];
    }
    if let Some((covered, waived)) = sheet.waived.get(row.component()).zip(waived) {
        let until = covered.waiver.map(|judged| format!(", until {}", judged.waiver.expires));
        let words = format!("{}{}", covered.brief_text(row.row), until.unwrap_or_default());
        return [sheet.paint.dim(&waived), words];
    }
    [String::new(), nothing_found(row).to_owned()]
}

/// Beside a row that no finding is of.
fn nothing_found(row: &RowView<'_>) -> &'static str {
    let is_unproven = |level| level == Some(Level::WithinPrecision);
    if row.cells.iter().any(|cell| cell.is_unread()) {
        "not read"
    } else if row.row.cells.iter().any(|cell| is_unproven(cell.level)) {
        "not proven equal"
    } else if row.has_same_content() {
        "same content"
    } else {
        ""
    }
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
