//! The matrix of what differs: a row for each component that is not the same everywhere, or that
//! something is said of.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::budget::{self, MATRIX, Section};
use super::lines::{heading, list, prose, rank_of, row, severity, shown};
use crate::model::{Severity, with_product};
use crate::report::equal;
use crate::wire::report::{Cell, DriftReport, Reading, Row};

pub(super) fn section(report: &DriftReport) -> Section {
    let mut worst = BTreeMap::<&str, Severity>::new();
    for finding in &report.findings {
        let found = worst.entry(&finding.component).or_insert(Severity::Off);
        *found = rank_of(&finding.severity).max(*found);
    }
    let of = |row: &Row| worst.get(row.component.as_str()).copied().unwrap_or(Severity::Off);
    let mut rows: Vec<&Row> =
        report.matrix.iter().filter(|row| differs(row) || of(row) > Severity::Info).collect();
    rows.sort_by_key(|row| Reverse(of(row)));
    let rows = rows
        .into_iter()
        .map(|row| budget::Row { rank: MATRIX, text: line(row, of(row)) })
        .collect();
    let environments = report.environments.iter().map(|environment| {
        let baseline = if environment.name == report.baseline { " (baseline)" } else { "" };
        format!("{}{baseline}", prose(&environment.name))
    });
    let mut titles = vec!["Component".to_owned()];
    titles.extend(environments);
    titles.push("Worst".to_owned());
    let title = format!(
        "<b>Matrix</b> of what differs; {} equal{}",
        prose(&equal::shared(&report.summary.equal, "component")),
        equal::condition(report)
    );
    Section::new(title, heading(&titles), rows)
}

/// Whether not all that have or could have it are known to run the same.
fn differs(row: &Row) -> bool {
    let is = |cell: &Cell, state: &str| cell.state == state;
    // What is set up and runs nowhere has nothing to compare.
    if row.cells.iter().all(|cell| is(cell, "not-running") || is(cell, "not-applicable")) {
        return false;
    }
    let told = |cell: &Cell| {
        cell.readings.iter().map(|r| (r.product.clone(), r.version.clone())).collect::<Vec<_>>()
    };
    let mut present = row.cells.iter().filter(|cell| is(cell, "present"));
    let without_level = present.clone().all(|cell| cell.level.is_none());
    let first = present.next().map(told);
    let is_alike = !without_level || present.all(|cell| Some(told(cell)) == first);
    !is_alike
        || row.cells.iter().any(|cell| match cell.state.as_str() {
            "present" => {
                let is_equal = cell.level.as_deref().is_none_or(|level| level == "equal");
                !is_equal
                    || cell.stale
                    || cell.other_product
                    || cell.other_variant
                    || cell.readings.len() > 1
            }
            state => state != "not-applicable",
        })
}

fn line(component: &Row, worst: Severity) -> String {
    let mut cells = vec![shown(&component.component)];
    let with_product = shows_product(component);
    cells.extend(component.cells.iter().map(|cell| text(cell, with_product)));
    cells.push(if worst == Severity::Off { String::new() } else { severity(worst.as_str()) });
    row(&cells)
}

/// Where the name does not tell the product already, or a row has more than one.
fn shows_product(row: &Row) -> bool {
    let last = row.component.rsplit('/').next();
    let mut products = row
        .cells
        .iter()
        .flat_map(|cell| &cell.readings)
        .filter_map(|reading| reading.product.as_deref());
    products.any(|product| Some(product) != last)
}

fn text(cell: &Cell, with_product: bool) -> String {
    match cell.state.as_str() {
        "present" => {
            let several = cell.readings.len() > 1;
            let readings: Vec<String> =
                cell.readings.iter().map(|r| reading(r, with_product, several)).collect();
            let relation = relation(cell);
            let gap = if relation.is_empty() { "" } else { ": " };
            let old = if cell.stale { " **too old**" } else { "" };
            format!("{}{gap}{relation}{old}", list(&readings))
        }
        "not-running" => {
            let words: Vec<String> =
                cell.not_running.iter().map(|(word, n)| format!("{n} {word}")).collect();
            format!("not running ({})", list(&words))
        }
        "unobserved" => "**not read**".to_owned(),
        "not-applicable" => "-".to_owned(),
        state => prose(state),
    }
}

fn reading(reading: &Reading, shows_product: bool, several: bool) -> String {
    let version = if reading.version.is_empty() { "by digest" } else { &reading.version };
    let product = reading.product.as_deref().filter(|_| shows_product);
    let mut text = with_product(product, version);
    if reading.source == "declared" {
        text.push_str(" declared");
    }
    if let Some(tag) = &reading.contradicted_by {
        text.push_str(&format!(" (tag {tag})"));
    }
    if several {
        text.push_str(&format!(" ({})", reading.instances));
    }
    text
}

/// Where it stands, seen from the baseline, in words.
fn relation(cell: &Cell) -> String {
    let level = match cell.level.as_deref() {
        None | Some("equal") => "",
        Some("within-precision") => "same as far as told",
        Some("incomparable") => "no order",
        Some(level) => level,
    };
    let distance = format!("{level} {}", cell.direction.as_deref().unwrap_or_default());
    let places = cell.places.as_ref().map(|places| {
        let differ = if places.differ == 1 { "differs" } else { "differ" };
        format!("{} of {} places {differ}", places.differ, places.of)
    });
    let places = places.unwrap_or_default();
    let parts = [
        if cell.other_product { "other product" } else { "" },
        if cell.other_variant { "other variant" } else { "" },
        if cell.same_content { "same content" } else { "" },
        distance.trim(),
        &places,
    ];
    let parts = parts.into_iter().filter(|part| !part.is_empty()).map(prose);
    parts.collect::<Vec<_>>().join(", ")
}
