//! The matrix of what differs: a row for each component that is not the same everywhere, or that
//! something is said of.

use std::cmp::Reverse;

use super::budget::{self, MATRIX, Section};
use super::lines::{comma_list, escape_prose, severity_text, shown_name, table_heading, table_row};
use crate::model::Severity;
use crate::report::view::finding::{FindingView, waived_words};
use crate::report::view::matrix::{CellView, RowView};
use crate::report::view::standing::StandingSince;
use crate::report::view::{ReportView, where_read};

pub(super) fn matrix_section(view: &ReportView<'_>) -> Section {
    let worst = |row: &RowView<'_>| {
        let found = view.of_component(row.component());
        found.findings.iter().map(FindingView::severity).max()
    };
    let is_waived = |row: &RowView<'_>| !view.of_component(row.component()).waived.is_empty();
    let is_shown =
        |row: &&RowView<'_>| row.differs() || worst(row) > Some(Severity::Info) || is_waived(row);
    let mut shown: Vec<&RowView<'_>> = view.rows.iter().filter(is_shown).collect();
    shown.sort_by_key(|row| Reverse(worst(row)));
    let line = |row: &RowView<'_>| budget::BudgetRow {
        rank: MATRIX,
        text: matrix_row(row, worst(row), view),
    };
    let rows = shown.into_iter().map(line).collect();
    let mut titles = vec!["Component".to_owned()];
    for environment in &view.environments {
        let baseline = if environment.is_baseline { " (baseline)" } else { "" };
        titles.push(format!("{}{baseline}", escape_prose(environment.name())));
    }
    titles.push("Worst".to_owned());
    let title = format!(
        "<b>Matrix</b> of what differs; {} equal{}",
        view.components_equal().with_noun("component"),
        where_read(&view.rows)
    );
    Section::new(title, table_heading(&titles), rows)
}

fn matrix_row(component: &RowView<'_>, worst: Option<Severity>, view: &ReportView<'_>) -> String {
    let found = view.of_component(component.component());
    let waived = waived_words(found.findings.len(), found.waived.len());
    let judged: Vec<String> = worst.map(severity_text).into_iter().chain(waived).collect();
    let mut cells = vec![shown_name(component.component())];
    cells.extend(component.cells.iter().map(cell_text));
    cells.push(judged.join(", "));
    table_row(&cells)
}

/// What runs there, and in words how that stands to the baseline. What is not known is strong.
fn cell_text(cell: &CellView<'_>) -> String {
    let text = escape_prose(&cell.text());
    let text = if cell.is_known() { text } else { format!("**{text}**") };
    let mut relation = cell.relation();
    relation.extend(cell.places_differ());
    relation.extend(cell.standing.map(StandingSince::age_words));
    let gap = if relation.is_empty() { "" } else { ": " };
    format!("{text}{gap}{}", comma_list(&relation))
}
