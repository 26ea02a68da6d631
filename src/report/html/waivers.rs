//! Findings that somebody accepts, and what became of each waiver.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::index::{Index, severity_rank};
use crate::model::WaiverState;
use crate::wire::report::{Finding, Waiver};

/// A finding that a waiver covers.
#[derive(Serialize)]
pub(super) struct Waived<'a> {
    finding: &'a Finding,
    place: String,
    /// The waiver, unless the report does not describe it.
    waiver: Option<&'a Waiver>,
}

/// A waiver.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    waiver: &'a Waiver,
    place: String,
    findings: Vec<Covered<'a>>,
}

/// A finding that a waiver covers, or would cover.
#[derive(Serialize)]
struct Covered<'a> {
    id: &'a str,
    /// Whether it stands on the page.
    shown: bool,
}

/// The most severe first.
pub(super) fn waived<'a>(index: &Index<'a>) -> Vec<Waived<'a>> {
    let by_id: BTreeMap<&str, &Waiver> =
        index.dto.waivers.iter().map(|w| (w.id.as_str(), w)).collect();
    let mut findings: Vec<&Finding> = index.dto.waived.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(severity_rank(&finding.severity)));
    let line = |finding: &'a Finding| Waived {
        finding,
        place: index.place_name(&index.place(finding)),
        waiver: finding.waiver.as_deref().and_then(|id| by_id.get(id)).copied(),
    };
    findings.into_iter().map(line).collect()
}

/// The ones that need somebody first.
pub(super) fn waivers<'a>(index: &Index<'a>) -> Vec<Line<'a>> {
    let shown: BTreeSet<&str> = index
        .dto
        .findings
        .iter()
        .chain(&index.dto.waived)
        .map(|finding| finding.id.as_str())
        .collect();
    let mut waivers: Vec<&Waiver> = index.dto.waivers.iter().collect();
    waivers.sort_by_key(|waiver| {
        WaiverState::ALL.iter().position(|state| state.as_str() == waiver.state)
    });
    let line = |waiver: &'a Waiver| Line {
        waiver,
        place: waiver.environments.join(", "),
        findings: waiver
            .findings
            .iter()
            .map(|id| Covered { id, shown: shown.contains(id.as_str()) })
            .collect(),
    };
    waivers.into_iter().map(line).collect()
}
