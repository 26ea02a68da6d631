//! Components, their versions and how far they are from the baseline: the only families that grow
//! with the audited.

use std::cmp::Reverse;

use super::family::Family;
use crate::model::matrix::{MatrixRow, State};
use crate::report::view::ReportView;
use crate::report::view::matrix::{CellView, NO_ORDER, OTHER_PRODUCT, RowView};
use crate::version::Level;

/// Series of both families at most: those of 800 components in three environments.
pub(super) const MAX_SERIES: usize = 4_000;

/// Not everything that could tell was read, here or in the baseline.
const UNOBSERVED: i64 = -2;
/// The two have no order.
const INCOMPARABLE: i64 = -1;
/// Whatever its version.
const ANOTHER: i64 = 7;

/// The number of a level: it grows with the distance, and is negative where none is known.
fn level_number(level: Level) -> i64 {
    match level {
        Level::Equal => 0,
        Level::WithinPrecision => 1,
        Level::Build => 2,
        Level::Prerelease => 3,
        Level::Patch => 4,
        Level::Minor => 5,
        Level::Major => 6,
        Level::Incomparable(_) => INCOMPARABLE,
    }
}

/// `envparity_component_info`, `envparity_drift_level` and `envparity_series_dropped`.
pub(super) fn component_families(view: &ReportView<'_>) -> [Family; 3] {
    let mut info = Family::new(
        "envparity_component_info",
        "Always 1: what runs where, with its version as it was said and what told it (program, \
         label, tag, workload-label or declared); one series for each distinct reading.",
    );
    let mut drift = Family::new(
        "envparity_drift_level",
        format!(
            "How far from the baseline: 0 equal, 1 within the precision of a short tag, 2 build, \
             3 prerelease, 4 patch, 5 minor, 6 major, 7 {OTHER_PRODUCT}; -1 {NO_ORDER}, -2 not \
             observed here or in the baseline. No series where the environment or the baseline \
             does not run it."
        ),
    );
    let rows: Vec<RowSeries<'_>> = view.rows.iter().map(RowSeries::new).collect();
    let all = (
        rows.iter().map(|row| row.info).sum::<usize>(),
        rows.iter().map(|row| row.drift.len()).sum::<usize>(),
    );
    let mut told = (0, 0);
    for row in within_bounds(rows) {
        let lost = row.write_series(&mut info, &mut drift);
        told = (told.0 + row.info, told.1 + row.drift.len() - lost);
    }
    let mut dropped = Family::new(
        "envparity_series_dropped",
        "Series of a family that were left out because there are too many: first components that \
         are equal everywhere, then what differs least.",
    );
    for (family, all, told) in [("component_info", all.0, told.0), ("drift_level", all.1, told.1)] {
        dropped.set_sample(&[("family", family)], i64::try_from(all - told).unwrap_or(i64::MAX));
    }
    [info, drift, dropped]
}

/// What a row would add.
struct RowSeries<'a> {
    row: &'a MatrixRow,
    /// Series of readings.
    info: usize,
    /// Each environment with its number.
    drift: Vec<(&'a str, i64)>,
}

impl<'a> RowSeries<'a> {
    fn new(view: &RowView<'a>) -> Self {
        let baseline = view.cells.iter().find(|cell| cell.is_baseline);
        let mut drift = Vec::new();
        for cell in view.cells.iter().filter(|cell| !cell.is_baseline) {
            let number = baseline.and_then(|baseline| of_cell(cell, baseline));
            drift.extend(number.map(|number| (cell.environment(), number)));
        }
        Self {
            row: view.row,
            info: view.row.cells.iter().map(|cell| cell.readings.len()).sum(),
            drift,
        }
    }

    fn len(&self) -> usize {
        self.info + self.drift.len()
    }

    /// Platform before own services, whose releases differ every day; then what is furthest apart.
    fn keep_rank(&self) -> impl Ord + use<'a> {
        let worst = self.drift.iter().map(|(_, number)| *number).max();
        (self.row.class, Reverse(worst), &self.row.component)
    }

    /// How many of the levels could not be told apart from another component's, since names are
    /// cut.
    fn write_series(&self, info: &mut Family, drift: &mut Family) -> usize {
        let component = ("component", self.row.component.as_str());
        for cell in &self.row.cells {
            for reading in &cell.readings {
                let labels = [
                    component,
                    ("class", self.row.class.as_str()),
                    ("environment", cell.environment.as_str()),
                    ("product", reading.product.as_deref().unwrap_or_default()),
                    ("version", &reading.reading.to_string()),
                    ("source", reading.source.as_str()),
                ];
                info.set_sample(&labels, 1);
            }
        }
        let told = self
            .drift
            .iter()
            .map(|(name, number)| drift.set_sample(&[component, ("environment", name)], *number));
        told.filter(|told| !told).count()
    }
}

/// What is stale proves nothing of now.
fn of_cell(view: &CellView<'_>, baseline: &CellView<'_>) -> Option<i64> {
    let either = |state| view.cell.state == state || baseline.cell.state == state;
    let told = match view.cell.level {
        _ if view.cell.other_product => Some(ANOTHER),
        Some(level) => Some(level_number(level)),
        None if either(State::Unobserved) && !either(State::NotApplicable) => Some(UNOBSERVED),
        None => None,
    };
    let is_stale = view.is_stale || baseline.is_stale;
    told.map(|number| if is_stale { UNOBSERVED } else { number })
}

/// All rows, or those that matter most of too many.
fn within_bounds(rows: Vec<RowSeries<'_>>) -> Vec<RowSeries<'_>> {
    if rows.iter().map(RowSeries::len).sum::<usize>() <= MAX_SERIES {
        return rows;
    }
    let mut differing: Vec<RowSeries<'_>> =
        rows.into_iter().filter(|row| !row.row.is_equal()).collect();
    differing.sort_by(|a, b| a.keep_rank().cmp(&b.keep_rank()));
    let mut room = MAX_SERIES;
    differing.retain(|row| {
        let fits = row.len() <= room;
        room -= if fits { row.len() } else { 0 };
        fits
    });
    differing
}
