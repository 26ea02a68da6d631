//! The places of a component that differ, below its row.

use std::collections::BTreeMap;

use super::sheet::Sheet;
use crate::model::matrix::{Cell, Row};
use crate::model::{JudgedFinding, PlaceChange};
use crate::report::escape::terminal;
use crate::version::{Direction, Level};

/// Places that are named at most; all are counted.
const SHOWN: usize = 10;

/// `2 of 5 places differ`, in the environments of a finding.
pub(super) fn tally(row: &Row, judged: &JudgedFinding) -> Option<String> {
    let environments = &judged.finding.environments;
    let is_concerned = |cell: &&Cell| environments.contains(&cell.environment);
    let mut cells = row.cells.iter().filter(is_concerned);
    let places = &cells.find(|cell| !cell.places.differing.is_empty())?.places;
    let differing = places.differing.len();
    let differ = if differing == 1 { "differs" } else { "differ" };
    Some(format!("{differing} of {} places {differ}", places.of))
}

/// A line for each place, with what each environment runs there that differs from the baseline.
pub(super) fn lines(row: &Row, sheet: &Sheet<'_>) -> Vec<Vec<String>> {
    let mut order = Vec::new();
    let mut places: BTreeMap<&str, Vec<(usize, &PlaceChange)>> = BTreeMap::new();
    for (column, cell) in row.cells.iter().enumerate() {
        for place in &cell.places.differing {
            let seen = places.entry(&place.place).or_default();
            if seen.is_empty() {
                order.push(place.place.as_str());
            }
            seen.push((column, place));
        }
    }
    let shown = order.iter().take(SHOWN);
    let mut lines: Vec<Vec<String>> =
        shown.map(|name| line(name, &places[name], row, sheet)).collect();
    let more = order.len().saturating_sub(SHOWN);
    if more > 0 {
        lines.push(vec![sheet.paint.dim(&format!("    and {more} more places"))]);
    }
    lines
}

fn line(name: &str, found: &[(usize, &PlaceChange)], row: &Row, sheet: &Sheet<'_>) -> Vec<String> {
    let mut line = vec![format!("    {}", terminal(name))];
    for (column, cell) in row.cells.iter().enumerate() {
        let own = found.iter().find(|(other, _)| *other == column).map(|(_, place)| *place);
        line.push(if cell.environment == sheet.report.baseline {
            runs(found.first().map_or(&[], |(_, place)| &place.baseline))
        } else {
            own.map_or_else(String::new, |place| {
                format!("{} {}", runs(&place.current), symbol(place)).trim_end().to_owned()
            })
        });
    }
    line
}

fn runs(texts: &[String]) -> String {
    if texts.is_empty() { "-".to_owned() } else { terminal(&texts.join(", ")) }
}

fn symbol(place: &PlaceChange) -> &'static str {
    match (place.level, place.direction) {
        _ if place.other_product => "≠",
        (None | Some(Level::Equal), _) => "",
        (Some(Level::Incomparable(_)), _) => "?",
        (_, Some(Direction::Ahead)) => "▲",
        (_, Some(Direction::Behind)) => "▼",
        (_, Some(Direction::Mixed)) => "↕",
        (Some(_), None) => "≈",
    }
}
