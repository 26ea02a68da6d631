//! The places of a component that differ, below its row.

use std::collections::BTreeMap;

use super::sheet::Sheet;
use crate::model::{Finding, PlaceChange};
use crate::report::escape::terminal;
use crate::report::view::matrix::{CellView, Mark, RowView};

/// Places that are named at most; all are counted.
const SHOWN: usize = 10;

/// `2 of 5 places differ`, in the environments of a finding.
pub(super) fn places_tally(row: &RowView<'_>, finding: &Finding) -> Option<String> {
    let is_concerned = |cell: &&CellView<'_>| finding.environments.contains(&cell.cell.environment);
    row.cells.iter().filter(is_concerned).find_map(CellView::places_differ)
}

/// A line for each place, with what each environment runs there that differs from the baseline.
pub(super) fn place_lines(row: &RowView<'_>, sheet: &Sheet<'_>) -> Vec<Vec<String>> {
    let mut order = Vec::new();
    let mut places: BTreeMap<&str, Vec<(usize, &PlaceChange)>> = BTreeMap::new();
    for (column, cell) in row.cells.iter().enumerate() {
        for place in &cell.cell.places.differing {
            let seen = places.entry(&place.place).or_default();
            if seen.is_empty() {
                order.push(place.place.as_str());
            }
            seen.push((column, place));
        }
    }
    let shown = order.iter().take(SHOWN);
    let mut lines: Vec<Vec<String>> =
        shown.map(|name| place_line(name, &places[name], row)).collect();
    let more = order.len().saturating_sub(SHOWN);
    if more > 0 {
        lines.push(vec![sheet.paint.dim(&format!("    and {more} more places"))]);
    }
    lines
}

fn place_line(name: &str, found: &[(usize, &PlaceChange)], row: &RowView<'_>) -> Vec<String> {
    let mut line = vec![format!("    {}", terminal(name))];
    for (column, cell) in row.cells.iter().enumerate() {
        let own = found.iter().find(|(other, _)| *other == column).map(|(_, place)| *place);
        line.push(if cell.is_baseline {
            join_runs(found.first().map_or(&[], |(_, place)| &place.baseline))
        } else {
            own.map_or_else(String::new, |place| {
                let symbol = Mark::of_place(place).symbol();
                format!("{} {symbol}", join_runs(&place.current)).trim_end().to_owned()
            })
        });
    }
    line
}

fn join_runs(texts: &[String]) -> String {
    if texts.is_empty() { "-".to_owned() } else { terminal(&texts.join(", ")) }
}
