//! Which components are equal: one answer for every format, by versions and contents alone.
//!
//! Findings on a component and waivers do not count here, and neither does what was not read or is
//! too old: it is told of apart.

use super::Audit;
use crate::model::matrix::{Cell, Row, State};
use crate::wire::report::DriftReport;

/// Whether several environments have it, and all of which it is known run the same.
pub(super) fn is_equal(row: &Row, report: &Audit) -> bool {
    let cells = row.cells.iter().zip(&report.environments);
    let known = cells.filter(|(cell, environment)| {
        is_read(cell) && !environment.is_stale(&row.component, report.run.at)
    });
    let cells: Vec<Cell> = known.map(|(cell, _)| cell.clone()).collect();
    if cells.len() == row.cells.len() {
        return row.is_equal();
    }
    Row { cells, ..row.clone() }.is_equal()
}

/// What stands behind `n of m equal`: ` where read` if some environment's state of a component is
/// not known.
pub(super) fn condition(report: &DriftReport) -> &'static str {
    let mut cells = report.matrix.iter().flat_map(|row| &row.cells);
    worded(cells.any(|cell| cell.stale || cell.state == State::Unobserved.as_str()))
}

/// The same of some rows.
pub(super) fn condition_of(rows: &[&Row], report: &Audit) -> &'static str {
    worded(rows.iter().any(|row| {
        let mut cells = row.cells.iter().zip(&report.environments);
        cells.any(|(cell, environment)| {
            !is_read(cell) || environment.is_stale(&row.component, report.run.at)
        })
    }))
}

fn is_read(cell: &Cell) -> bool {
    cell.state != State::Unobserved
}

fn worded(is_partial: bool) -> &'static str {
    if is_partial { " where read" } else { "" }
}

/// `29 of 30 components`: a share with its noun.
pub(super) fn shared(share: &str, noun: &str) -> String {
    let plural = if share.ends_with(" of 1") { "" } else { "s" };
    format!("{share} {noun}{plural}")
}
