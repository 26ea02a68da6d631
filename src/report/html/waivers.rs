//! Findings that somebody accepts, and what became of each waiver.

use std::collections::BTreeSet;

use super::index::PageIndex;
use crate::model::{JudgedWaiver, Waiver};
use crate::report::view::finding::{FindingView, waivers_sorted};
use crate::report::view::worst_first;

/// A finding that a waiver covers.
pub(super) struct WaivedLine<'a> {
    pub(super) finding: FindingView<'a>,
    pub(super) place: String,
    /// The waiver, unless the report does not describe it.
    pub(super) waiver: Option<&'a Waiver>,
}

/// A waiver.
pub(super) struct WaiverLine<'a> {
    pub(super) judged: &'a JudgedWaiver,
    pub(super) place: String,
    pub(super) findings: Vec<Covered<'a>>,
}

/// A finding that a waiver covers, or would cover.
pub(super) struct Covered<'a> {
    pub(super) id: &'a str,
    /// Whether it stands on the page.
    pub(super) shown: bool,
}

/// The most severe first.
pub(super) fn waived_lines<'a>(index: &PageIndex<'a>) -> Vec<WaivedLine<'a>> {
    let line = |finding: FindingView<'a>| WaivedLine {
        place: index.place_name(&index.place_of(&finding)),
        waiver: finding.waiver.map(|judged| &judged.waiver),
        finding,
    };
    worst_first(&index.view.waived).into_iter().map(line).collect()
}

/// The ones that need somebody first.
pub(super) fn waiver_lines<'a>(index: &PageIndex<'a>) -> Vec<WaiverLine<'a>> {
    let view = index.view;
    let shown: BTreeSet<&str> =
        view.findings.iter().chain(&view.waived).map(FindingView::id).collect();
    let line = |judged: &'a JudgedWaiver| {
        let names: Vec<&str> =
            judged.waiver.environments.iter().map(|name| name.as_str()).collect();
        let covered = judged.covers.iter().map(|id| id.as_str());
        WaiverLine {
            judged,
            place: names.join(", "),
            findings: covered.map(|id| Covered { id, shown: shown.contains(id) }).collect(),
        }
    };
    waivers_sorted(view.audit).into_iter().map(line).collect()
}
