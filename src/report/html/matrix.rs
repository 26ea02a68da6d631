//! Each component in each environment: the rows of the matrix with what they are filtered and
//! sorted by.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::cells::{self, CellShown, SAME};
use super::index::{PageIndex, join_words};
use crate::model::{Class, FindingTrend, Severity};
use crate::report::view::finding::{FindingView, waived_words};
use crate::report::view::matrix::RowView;

/// The matrix.
pub(super) struct MatrixTable<'a> {
    pub(super) columns: Vec<MatrixColumn<'a>>,
    pub(super) lines: Vec<MatrixLine<'a>>,
    /// Rows that differ somewhere, or are not known not to.
    pub(super) differ: usize,
    pub(super) platform: usize,
    pub(super) service: usize,
}

pub(super) struct MatrixColumn<'a> {
    pub(super) name: &'a str,
    /// `baseline`, `not required`, or nothing.
    pub(super) note: &'static str,
}

/// One component.
pub(super) struct MatrixLine<'a> {
    pub(super) component: &'a str,
    pub(super) class: Class,
    pub(super) owner: Option<&'a str>,
    pub(super) owner_number: String,
    pub(super) severity: Option<Severity>,
    pub(super) findings: usize,
    /// Its findings are in the card of this id.
    pub(super) first: &'a str,
    /// What is waived of it, and the id of the worst of that.
    pub(super) waived: Option<(String, &'a str)>,
    pub(super) differs: bool,
    /// What the script filters by: words and numbers, separated by spaces.
    pub(super) severities: String,
    pub(super) environments: String,
    pub(super) places: String,
    pub(super) trends: String,
    /// What the script sorts by: severity, then each environment.
    pub(super) keys: String,
    pub(super) cells: Vec<CellShown>,
}

impl MatrixLine<'_> {
    /// Below the name: `own service, owner `.
    pub(super) fn is_service(&self) -> bool {
        self.class == Class::Service
    }
}

/// All rows, the worst first.
pub(super) fn matrix_table<'a>(index: &PageIndex<'a>) -> MatrixTable<'a> {
    let mut rows: Vec<(Weight, MatrixLine<'a>)> =
        index.view.rows.iter().map(|row| matrix_line(row, index)).collect();
    rows.sort_by_key(|(weight, _)| Reverse(*weight));
    let lines: Vec<MatrixLine<'a>> = rows.into_iter().map(|(_, line)| line).collect();
    let of = |class| lines.iter().filter(|line| line.class == class).count();
    let columns = index.view.environments.iter().map(|environment| MatrixColumn {
        name: environment.name(),
        note: match (environment.is_baseline, environment.audited.required) {
            (true, _) => "baseline",
            (false, false) => "not required",
            (false, true) => "",
        },
    });
    MatrixTable {
        columns: columns.collect(),
        differ: lines.iter().filter(|line| line.differs).count(),
        platform: of(Class::Platform),
        service: of(Class::Service),
        lines,
    }
}

/// The worst severity, then the furthest cell.
type Weight = (Option<Severity>, u8);

/// From 5 for critical to 1 for info; 0 for none.
fn severity_number(severity: Option<Severity>) -> u32 {
    severity.map_or(0, |severity| severity as u32)
}

fn matrix_line<'a>(row: &RowView<'a>, index: &PageIndex<'a>) -> (Weight, MatrixLine<'a>) {
    let found = index.view.of_component(row.component());
    let (active, waived) = (&found.findings, &found.waived);
    let cells: Vec<CellShown> = row.cells.iter().map(cells::cell_shown).collect();
    let severity = active.iter().map(FindingView::severity).max();
    let furthest = cells.iter().map(|cell| cell.rank).max().unwrap_or_default();
    let differing = cells.iter().enumerate().filter(|(_, cell)| cell.rank > SAME);
    let mut concerned: BTreeSet<usize> = differing.map(|(number, _)| number).collect();
    concerned.extend(active.iter().flat_map(|finding| index.place_of(finding)));
    let places: BTreeSet<usize> =
        active.iter().filter_map(|finding| index.place_number(&index.place_of(finding))).collect();
    let severities: BTreeSet<Severity> = active.iter().map(FindingView::severity).collect();
    let trends: BTreeSet<FindingTrend> = active.iter().filter_map(|one| one.trend).collect();
    let owner = active.iter().chain(waived).find_map(FindingView::owner);
    let keys = std::iter::once(severity_number(severity) * 100 + u32::from(furthest));
    let keys = keys.chain(cells.iter().map(|cell| u32::from(cell.rank)));
    let line = MatrixLine {
        component: row.component(),
        class: row.row.class,
        owner,
        owner_number: join_words(index.owner_number(owner)),
        severity,
        findings: active.len(),
        first: active.first().map_or("", FindingView::id),
        waived: waived_words(active.len(), waived.len()).zip(waived.first().map(FindingView::id)),
        differs: severity > Some(Severity::Info) || row.differs(),
        severities: join_words(severities),
        environments: join_words(concerned),
        places: join_words(places),
        trends: join_words(trends.into_iter().map(FindingTrend::as_str)),
        keys: join_words(keys),
        cells,
    };
    ((severity, furthest), line)
}
