//! The report at a glance: how much was read and is equal, and where findings are, by severity.

use std::collections::BTreeSet;

use super::index::{PageIndex, PlaceNumbers, SEVERITIES};
use crate::model::Severity;
use crate::report::view::coverage::Proportion;
use crate::report::view::where_read;

/// What people look at before they read.
pub(super) struct Glance {
    pub(super) targets: Proportion,
    pub(super) equal: Proportion,
    /// What stands behind it.
    pub(super) equal_condition: &'static str,
    pub(super) findings: usize,
    /// Active findings by severity, worst first.
    pub(super) severities: Vec<BarSegment>,
    pub(super) waived: usize,
    pub(super) off: usize,
    /// One line for each place.
    pub(super) places: Vec<PlaceLine>,
}

/// A part of a bar of 1000 units.
pub(super) struct BarSegment {
    pub(super) severity: Severity,
    pub(super) x: usize,
    pub(super) width: usize,
}

/// Findings of one place.
pub(super) struct PlaceLine {
    pub(super) name: String,
    pub(super) gate: bool,
    /// No gate, but a finding there may block: that of a single environment, for one.
    pub(super) in_gate: bool,
    pub(super) counts: Vec<Shade>,
}

/// How many findings of a severity a place has.
pub(super) struct Shade {
    pub(super) severity: Severity,
    pub(super) number: usize,
    /// How strong its colour is: 0 to 3.
    pub(super) strength: u8,
}

pub(super) fn build_glance(index: &PageIndex<'_>) -> Glance {
    let view = index.view;
    Glance {
        targets: view.targets_read(),
        equal: view.components_equal(),
        equal_condition: where_read(&view.rows),
        findings: view.findings.len(),
        severities: severity_bars(index),
        waived: view.waived.len(),
        off: view.switched_off(),
        places: place_lines(index),
    }
}

fn severity_bars(index: &PageIndex<'_>) -> Vec<BarSegment> {
    let findings = &index.view.findings;
    let edge = |n: usize| (n * 1000).checked_div(findings.len()).unwrap_or(0);
    let mut before = 0;
    let mut bars = Vec::new();
    for severity in SEVERITIES {
        let x = edge(before);
        before += findings.iter().filter(|one| one.severity() == severity).count();
        bars.push(BarSegment { severity, x, width: edge(before) - x });
    }
    bars
}

fn place_lines(index: &PageIndex<'_>) -> Vec<PlaceLine> {
    let mut counts = vec![[0; SEVERITIES.len()]; index.places.len()];
    let mut in_gate: BTreeSet<PlaceNumbers> = BTreeSet::new();
    for finding in &index.view.findings {
        let place = index.place_of(finding);
        let column = SEVERITIES.iter().position(|severity| *severity == finding.severity());
        let row = index.place_number(&place).and_then(|row| counts.get_mut(row));
        if let Some(cell) = row.zip(column).and_then(|(row, column)| row.get_mut(column)) {
            *cell += 1;
        }
        if finding.judged.in_gate {
            in_gate.insert(place);
        }
    }
    let line = |(place, counts): (&PlaceNumbers, [usize; SEVERITIES.len()])| PlaceLine {
        name: index.place_name(place),
        gate: index.is_gate(place),
        in_gate: in_gate.contains(place),
        counts: SEVERITIES
            .into_iter()
            .zip(counts)
            .map(|(severity, n)| severity_shade(severity, n))
            .collect(),
    };
    index.places.iter().zip(counts).map(line).collect()
}

fn severity_shade(severity: Severity, number: usize) -> Shade {
    let strength = match number {
        0 => 0,
        1 => 1,
        2..=9 => 2,
        _ => 3,
    };
    Shade { severity, number, strength }
}
