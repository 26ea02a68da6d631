//! Each component in each environment: the rows of the matrix with what they are filtered and
//! sorted by.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde::Serialize;

use super::cells::{self, SAME};
use super::index::{Index, joined, severity_rank};
use crate::model::matrix;
use crate::wire::report::{Finding, Row};

/// The matrix.
#[derive(Serialize)]
pub(super) struct Matrix<'a> {
    environments: Vec<Column<'a>>,
    rows: Vec<Line<'a>>,
    /// Rows that differ somewhere, or are not known not to.
    differ: usize,
    platform: usize,
    service: usize,
}

#[derive(Serialize)]
struct Column<'a> {
    name: &'a str,
    is_baseline: bool,
    required: bool,
}

/// One component.
#[derive(Serialize)]
struct Line<'a> {
    component: &'a str,
    class: &'a str,
    owner: Option<&'a str>,
    owner_number: Option<usize>,
    severity: &'a str,
    findings: usize,
    waived: usize,
    /// Its findings are in the card of this id.
    first: &'a str,
    differs: bool,
    /// What the script filters by: words and numbers, separated by spaces.
    severities: String,
    environments: String,
    places: String,
    trends: String,
    /// What the script sorts by: severity, then each environment.
    keys: String,
    cells: Vec<cells::Shown>,
}

/// All rows, the worst first.
pub(super) fn matrix<'a>(index: &Index<'a>) -> Matrix<'a> {
    let waived =
        index.dto.waived.iter().fold(std::collections::BTreeMap::new(), |mut found, finding| {
            found.entry(finding.component.as_str()).or_insert_with(Vec::new).push(finding);
            found
        });
    // The public report is made of these rows, in their order.
    let rows = index.dto.matrix.iter().zip(&index.report.matrix);
    let mut rows: Vec<(Reverse<(u8, u8)>, Line<'a>)> = rows
        .map(|(row, compared)| {
            let waived = waived.get(row.component.as_str()).map(Vec::as_slice).unwrap_or_default();
            line(row, compared, waived, index)
        })
        .collect();
    rows.sort_by_key(|(weight, _)| *weight);
    let rows: Vec<Line<'a>> = rows.into_iter().map(|(_, line)| line).collect();
    let of = |class: &str| rows.iter().filter(|row| row.class == class).count();
    let columns = index.dto.environments.iter().map(|environment| Column {
        name: &environment.name,
        is_baseline: environment.name == index.dto.baseline,
        required: environment.required,
    });
    Matrix {
        environments: columns.collect(),
        differ: rows.iter().filter(|row| row.differs).count(),
        platform: of("platform"),
        service: of("service"),
        rows,
    }
}

fn line<'a>(
    row: &'a Row,
    compared: &matrix::Row,
    waived: &[&'a Finding],
    index: &Index<'a>,
) -> (Reverse<(u8, u8)>, Line<'a>) {
    let found = index.findings.get(row.component.as_str()).map(Vec::as_slice).unwrap_or_default();
    let with_product = cells::shows_product(row);
    let baseline = index.dto.baseline.as_str();
    let builds = compared.cells.iter().map(|cell| cell.builds);
    let cells: Vec<cells::Shown> = row
        .cells
        .iter()
        .zip(builds)
        .map(|(cell, builds)| cells::shown(cell, baseline, with_product, builds))
        .collect();
    let worst = found.first();
    let severity = worst.map_or("", |finding| finding.severity.as_str());
    let rank = severity_rank(severity);
    let furthest = cells.iter().map(|cell| cell.rank).max().unwrap_or_default();
    let concerned =
        cells.iter().enumerate().filter(|(_, cell)| cell.rank > SAME).map(|(number, _)| number);
    let concerned: BTreeSet<usize> =
        concerned.chain(found.iter().flat_map(|f| index.place(f))).collect();
    let places: BTreeSet<usize> =
        found.iter().filter_map(|f| index.place_number(&index.place(f))).collect();
    let words = |of: fn(&Finding) -> &str| found.iter().map(|f| of(f)).collect::<BTreeSet<_>>();
    let owner = found.iter().chain(waived).find_map(|finding| finding.owner.as_deref());
    let keys = std::iter::once(u32::from(rank) * 100 + u32::from(furthest));
    let line = Line {
        component: &row.component,
        class: &row.class,
        owner,
        owner_number: index.owner_number(owner),
        severity,
        findings: found.len(),
        waived: waived.len(),
        first: worst.map_or("", |finding| finding.id.as_str()),
        differs: rank > 1 || !(compared.is_equal() || compared.is_alone() || compared.is_idle()),
        severities: joined(words(|f| &f.severity)),
        environments: joined(concerned),
        places: joined(places),
        trends: joined(words(|f| f.since.as_deref().unwrap_or_default())),
        keys: joined(keys.chain(cells.iter().map(|cell| u32::from(cell.rank)))),
        cells,
    };
    (Reverse((rank, furthest)), line)
}
