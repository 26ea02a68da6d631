//! The report at a glance: how much was read and is equal, and where findings are, by severity.

use serde::Serialize;

use super::index::{Index, SEVERITIES};
use crate::report::view::{ReportView, where_read};

/// What people look at before they read.
#[derive(Serialize)]
pub(super) struct Summary<'a> {
    targets: Share<'a>,
    equal: Share<'a>,
    /// What stands behind it.
    equal_condition: &'static str,
    findings: usize,
    /// Active findings by severity, worst first.
    severities: Vec<Bar>,
    waived: usize,
    off: usize,
    /// One line for each place.
    places: Vec<PlaceLine>,
}

/// `7 of 9`, and how much of the whole that is.
#[derive(Serialize)]
struct Share<'a> {
    text: &'a str,
    percent: usize,
}

/// A part of a bar of 100 units.
#[derive(Serialize)]
struct Bar {
    severity: &'static str,
    count: usize,
    x: usize,
    width: usize,
}

/// Findings of one place.
#[derive(Serialize)]
struct PlaceLine {
    name: String,
    gate: bool,
    /// No gate, but a finding there may block: that of a single environment, for one.
    in_gate: bool,
    counts: Vec<Count>,
}

#[derive(Serialize)]
struct Count {
    severity: &'static str,
    number: usize,
    /// How strong its colour is: 0 to 3.
    strength: u8,
}

pub(super) fn summary<'a>(index: &Index<'a>) -> Summary<'a> {
    let summary = &index.dto.summary;
    Summary {
        targets: share(&summary.targets),
        equal: share(&summary.equal),
        equal_condition: where_read(&ReportView::new(index.report).rows),
        findings: index.dto.findings.len(),
        severities: bars(index),
        waived: summary.waived,
        off: summary.off,
        places: places(index),
    }
}

/// The numbers of `n of m`.
fn share(text: &str) -> Share<'_> {
    let numbers =
        text.split_once(" of ").and_then(|(n, m)| Some((n.parse().ok()?, m.parse().ok()?)));
    let (n, m): (usize, usize) = numbers.unwrap_or_default();
    Share { text, percent: (n * 100).checked_div(m).unwrap_or(0) }
}

fn bars(index: &Index<'_>) -> Vec<Bar> {
    let all = index.dto.findings.len();
    let mut before = 0;
    let bar = |severity: crate::model::Severity| {
        let count = index.dto.summary.findings.get(severity.as_str()).copied().unwrap_or_default();
        let edge = |n: usize| (n * 1000).checked_div(all).unwrap_or(0);
        let x = edge(before);
        before += count;
        Bar { severity: severity.as_str(), count, x, width: edge(before) - x }
    };
    SEVERITIES.into_iter().map(bar).collect()
}

fn places(index: &Index<'_>) -> Vec<PlaceLine> {
    let mut counts = vec![[0; SEVERITIES.len()]; index.places.len()];
    for finding in &index.dto.findings {
        let column = SEVERITIES.iter().position(|severity| severity.as_str() == finding.severity);
        let row = index.place_number(&index.place(finding)).and_then(|row| counts.get_mut(row));
        if let Some(cell) = row.zip(column).and_then(|(row, column)| row.get_mut(column)) {
            *cell += 1;
        }
    }
    let in_gate: std::collections::BTreeSet<_> = index
        .dto
        .findings
        .iter()
        .filter(|finding| finding.in_gate)
        .map(|finding| index.place(finding))
        .collect();
    let line = |(place, counts): (&Vec<usize>, [usize; SEVERITIES.len()])| PlaceLine {
        name: index.place_name(place),
        gate: index.is_gate(place),
        in_gate: in_gate.contains(place),
        counts: SEVERITIES
            .iter()
            .zip(counts)
            .map(|(severity, count)| shade(severity.as_str(), count))
            .collect(),
    };
    index.places.iter().zip(counts).map(line).collect()
}

fn shade(severity: &'static str, count: usize) -> Count {
    let strength = match count {
        0 => 0,
        1 => 1,
        2..=9 => 2,
        _ => 3,
    };
    Count { severity, number: count, strength }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_share_of_nothing_is_nothing() {
        assert_eq!(
            (share("7 of 9").percent, share("0 of 0").percent, share("9 of 9").percent),
            (77, 0, 100)
        );
    }
}
