//! Findings, one card for each component, the worst first, with what each environment runs beside
//! them.

use std::collections::BTreeSet;

use serde::Serialize;

use super::cells::{self, not_running, shown};
use super::index::{Index, joined, severity_rank};
use crate::policy;
use crate::wire::report::{Finding, PlaceChange, Reading, Row};

/// A component and what was found of it.
#[derive(Serialize)]
pub(super) struct Card<'a> {
    component: &'a str,
    class: &'a str,
    owner: Option<&'a str>,
    owner_number: Option<usize>,
    severity: &'a str,
    /// Whether it is shown unfolded.
    open: bool,
    /// Whether any of its findings makes the verdict.
    blocks: bool,
    findings: Vec<Shown<'a>>,
    rules: Vec<RuleText<'a>>,
    evidence: Vec<Side<'a>>,
}

/// A finding.
#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    rule: &'a str,
    severity: &'a str,
    summary: &'a str,
    subject: &'a str,
    place: String,
    place_number: Option<usize>,
    environments: String,
    in_gate: bool,
    blocks: bool,
    distance: String,
    controls: &'a [String],
    since: Option<&'a str>,
}

/// What a rule says of itself.
#[derive(Serialize)]
struct RuleText<'a> {
    id: &'a str,
    /// Whether this program knows the rule.
    known: bool,
    summary: &'static str,
    why: &'static str,
    fix: &'static str,
}

/// What one environment runs of a component.
#[derive(Serialize)]
struct Side<'a> {
    environment: &'a str,
    is_baseline: bool,
    state: &'a str,
    not_running: String,
    cell: cells::Shown,
    readings: Vec<Told<'a>>,
    places: &'a [PlaceChange],
    /// How many places differ besides.
    more_places: usize,
}

/// A reading with where it comes from.
#[derive(Serialize)]
struct Told<'a> {
    version: String,
    source: &'a str,
    contradicted_by: Option<&'a str>,
    instances: usize,
    digests: &'a [String],
}

/// Cards, the worst first.
pub(super) fn cards<'a>(index: &Index<'a>) -> Vec<Card<'a>> {
    let blocking = index.blocking();
    let mut cards: Vec<Card<'a>> = index
        .findings
        .iter()
        .map(|(component, found)| card(component, found, index, &blocking))
        .collect();
    cards.sort_by_key(|card| {
        let in_gate = card.findings.iter().any(|f| f.in_gate && f.severity == card.severity);
        std::cmp::Reverse((card.blocks, severity_rank(card.severity), in_gate))
    });
    cards
}

fn card<'a>(
    component: &'a str,
    found: &[&'a Finding],
    index: &Index<'a>,
    blocking: &BTreeSet<&str>,
) -> Card<'a> {
    let row = index.rows.get(component).copied();
    let owner = found.iter().find_map(|finding| finding.owner.as_deref());
    let severity = found.first().map_or("", |worst| worst.severity.as_str());
    let concerned: BTreeSet<usize> =
        found.iter().flat_map(|finding| index.place(finding)).collect();
    let ids: BTreeSet<&str> = found.iter().map(|finding| finding.rule.as_str()).collect();
    Card {
        component,
        class: row.map_or("", |row| row.class.as_str()),
        owner,
        owner_number: index.owner_number(owner),
        severity,
        open: severity_rank(severity) >= OPEN,
        blocks: found.iter().any(|finding| blocking.contains(finding.id.as_str())),
        findings: found.iter().map(|finding| line(finding, index, blocking)).collect(),
        rules: ids.into_iter().map(rule).collect(),
        evidence: row.map(|row| evidence(row, &concerned, index)).unwrap_or_default(),
    }
}

/// Medium and above are unfolded.
const OPEN: u8 = 3;

fn line<'a>(finding: &'a Finding, index: &Index<'a>, blocking: &BTreeSet<&str>) -> Shown<'a> {
    let place = index.place(finding);
    let words = [finding.level.as_deref(), finding.direction.as_deref()];
    Shown {
        id: &finding.id,
        rule: &finding.rule,
        severity: &finding.severity,
        summary: &finding.summary,
        subject: &finding.subject,
        place: index.place_name(&place),
        place_number: index.place_number(&place),
        environments: joined(&place),
        in_gate: finding.in_gate,
        blocks: blocking.contains(finding.id.as_str()),
        distance: words.into_iter().flatten().collect::<Vec<_>>().join(" "),
        controls: &finding.controls,
        since: finding.since.as_deref(),
    }
}

fn rule(id: &str) -> RuleText<'_> {
    match policy::meta(id) {
        Some(meta) => {
            RuleText { id, known: true, summary: meta.summary, why: meta.why, fix: meta.fix }
        }
        None => RuleText { id, known: false, summary: "", why: "", fix: "" },
    }
}

/// What the environments run that findings concern, and the baseline, in promotion order.
fn evidence<'a>(row: &'a Row, concerned: &BTreeSet<usize>, index: &Index<'a>) -> Vec<Side<'a>> {
    let with_product = cells::shows_product(row);
    let baseline = index.dto.baseline.as_str();
    let cells = row.cells.iter().enumerate();
    let cells =
        cells.filter(|(number, cell)| concerned.contains(number) || cell.environment == baseline);
    let sides = cells.map(|(_, cell)| Side {
        environment: &cell.environment,
        is_baseline: cell.environment == baseline,
        state: &cell.state,
        not_running: not_running(cell),
        cell: shown(cell, baseline, with_product, 0),
        readings: cell.readings.iter().map(told).collect(),
        places: cell.places.as_ref().map(|places| places.worst.as_slice()).unwrap_or_default(),
        more_places: cell
            .places
            .as_ref()
            .map_or(0, |places| places.differ.saturating_sub(places.worst.len())),
    });
    sides.collect()
}

fn told(reading: &Reading) -> Told<'_> {
    Told {
        version: cells::version(reading, true),
        source: &reading.source,
        contradicted_by: reading.contradicted_by.as_deref(),
        instances: reading.instances,
        digests: &reading.digests,
    }
}
