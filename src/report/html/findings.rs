//! Findings, one card for each component, the worst first, with what each environment runs beside
//! them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::cells::{self, CellShown};
use super::folded::Folded;
use super::index::{PageIndex, join_words};
use crate::model::matrix::State;
use crate::model::{Class, PlaceChange, Severity};
use crate::policy;
use crate::report::view::finding::FindingView;
use crate::report::view::matrix::{RowView, distance_words, place_distance, version_text};
use crate::rules::RuleMeta;

/// A component and what was found of it.
pub(super) struct Card<'a> {
    pub(super) component: &'a str,
    pub(super) class: &'static str,
    pub(super) owner: Option<&'a str>,
    pub(super) owner_number: String,
    pub(super) severity: Severity,
    /// Whether it is shown unfolded.
    pub(super) open: bool,
    /// Whether any of its findings makes the verdict.
    pub(super) blocks: bool,
    pub(super) findings: Vec<FindingLine<'a>>,
    pub(super) rules: Vec<(&'static str, Option<&'static RuleMeta>)>,
    pub(super) sides: Vec<FindingSide<'a>>,
}

/// A finding.
pub(super) struct FindingLine<'a> {
    pub(super) view: FindingView<'a>,
    pub(super) place: String,
    pub(super) place_number: String,
    pub(super) environments: String,
    /// How far apart, for rules that say so.
    pub(super) distance: Option<String>,
}

/// What one environment runs of a component.
pub(super) struct FindingSide<'a> {
    pub(super) environment: &'a str,
    pub(super) is_baseline: bool,
    pub(super) is_applicable: bool,
    pub(super) cell: CellShown,
    pub(super) readings: Vec<ReadingLine<'a>>,
    /// The worst places that differ.
    pub(super) places: Vec<DifferingPlace<'a>>,
    /// How many places differ besides.
    pub(super) more_places: usize,
}

/// A reading with where it comes from.
pub(super) struct ReadingLine<'a> {
    pub(super) version: String,
    pub(super) source: &'static str,
    pub(super) contradicted_by: Option<String>,
    pub(super) instances: usize,
    pub(super) digests: Folded<&'a str>,
}

/// A place that differs.
pub(super) struct DifferingPlace<'a> {
    pub(super) place: &'a str,
    /// What both sides run there; empty for nothing.
    pub(super) current: String,
    pub(super) baseline: String,
    pub(super) distance: Option<String>,
}

/// Cards, the worst first.
pub(super) fn finding_cards<'a>(index: &PageIndex<'a>) -> Vec<Card<'a>> {
    let rows: BTreeMap<&str, &RowView<'a>> =
        index.view.rows.iter().map(|row| (row.component(), row)).collect();
    let components: BTreeSet<&'a str> =
        index.view.findings.iter().map(FindingView::component).collect();
    let mut cards: Vec<Card<'a>> = components
        .into_iter()
        .map(|component| component_card(component, rows.get(component).copied(), index))
        .collect();
    cards.sort_by_key(|card| {
        let is_worst = |line: &FindingLine<'_>| line.view.severity() == card.severity;
        let in_gate = card.findings.iter().any(|line| line.view.judged.in_gate && is_worst(line));
        Reverse((card.blocks, card.severity, in_gate))
    });
    cards
}

fn component_card<'a>(
    component: &'a str,
    row: Option<&RowView<'a>>,
    index: &PageIndex<'a>,
) -> Card<'a> {
    let found = &index.view.of_component(component).findings;
    let owner = found.iter().find_map(FindingView::owner);
    let severity = found.iter().map(FindingView::severity).max().unwrap_or(Severity::Off);
    let concerned: BTreeSet<usize> =
        found.iter().flat_map(|finding| index.place_of(finding)).collect();
    let ids: BTreeSet<&'static str> = found.iter().map(|one| one.finding().rule).collect();
    Card {
        component,
        class: row.map_or("", |row| row.row.class.as_str()),
        owner,
        owner_number: join_words(index.owner_number(owner)),
        severity,
        open: severity >= Severity::Medium,
        blocks: found.iter().any(|finding| finding.blocks),
        findings: found.iter().map(|finding| finding_line(*finding, index)).collect(),
        rules: ids.into_iter().map(|id| (id, policy::rule_meta(id))).collect(),
        sides: row.map(|row| finding_sides(row, &concerned)).unwrap_or_default(),
    }
}

impl Card<'_> {
    pub(super) fn is_service(&self) -> bool {
        self.class == Class::Service.as_str()
    }
}

fn finding_line<'a>(view: FindingView<'a>, index: &PageIndex<'a>) -> FindingLine<'a> {
    let place = index.place_of(&view);
    let finding = view.finding();
    FindingLine {
        place: index.place_name(&place),
        place_number: join_words(index.place_number(&place)),
        environments: join_words(&place),
        distance: distance_words(finding.level, finding.direction),
        view,
    }
}

/// Places that are named at most; all are counted.
const PLACES: usize = 10;

/// Digests that are not folded.
const DIGESTS: usize = 3;

/// What the environments run that findings concern, and the baseline, in promotion order.
fn finding_sides<'a>(row: &RowView<'a>, concerned: &BTreeSet<usize>) -> Vec<FindingSide<'a>> {
    let mut sides = Vec::new();
    for (number, view) in row.cells.iter().enumerate() {
        if !concerned.contains(&number) && !view.is_baseline {
            continue;
        }
        let readings = view.cell.readings.iter().map(|reading| ReadingLine {
            version: version_text(reading, true),
            source: reading.source.as_str(),
            contradicted_by: reading.contradicted_by.as_ref().map(ToString::to_string),
            instances: reading.instances,
            digests: Folded::new(reading.digests.iter().map(String::as_str), DIGESTS),
        });
        let differing = &view.cell.places.differing;
        sides.push(FindingSide {
            environment: view.environment(),
            is_baseline: view.is_baseline,
            is_applicable: view.cell.state != State::NotApplicable,
            cell: cells::cell_shown(view),
            readings: readings.collect(),
            places: differing.iter().take(PLACES).map(differing_place).collect(),
            more_places: differing.len().saturating_sub(PLACES),
        });
    }
    sides
}

fn differing_place(place: &PlaceChange) -> DifferingPlace<'_> {
    DifferingPlace {
        place: &place.place,
        current: place.current.join(", "),
        baseline: place.baseline.join(", "),
        distance: place_distance(place),
    }
}
