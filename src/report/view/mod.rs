//! What every format shows of an audit: typed data, and each thing worded once.
//!
//! A view borrows what the audit says, adds what follows from it, and has the words for both.
//! Formats decide on layout, order and escaping: what stands here is not escaped.

pub(super) mod checklist;
pub(super) mod compared;
pub(super) mod coverage;
pub(super) mod figures;
pub(super) mod finding;
pub(super) mod load;
pub(super) mod matrix;
pub(super) mod spark;
pub(super) mod standing;
#[cfg(test)]
pub(super) mod testing;
pub(super) mod verdict;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Audit;
use crate::model::Disposition;
use coverage::{EnvironmentView, Proportion};
use figures::FiguresView;
use finding::FindingView;
use load::LoadView;
use matrix::RowView;

/// An audit as every format shows it.
#[derive(Debug)]
pub(super) struct ReportView<'a> {
    pub(super) audit: &'a Audit,
    /// In promotion order.
    pub(super) environments: Vec<EnvironmentView<'a>>,
    /// Findings that count, by component and rule.
    pub(super) findings: Vec<FindingView<'a>>,
    /// Findings that a waiver covers: they block nothing.
    pub(super) waived: Vec<FindingView<'a>>,
    /// The matrix, by component.
    pub(super) rows: Vec<RowView<'a>>,
    /// What each Redis has done.
    pub(super) figures: Vec<FiguresView<'a>>,
    /// The load of targets over time.
    pub(super) load: Vec<LoadView<'a>>,
    by_component: BTreeMap<&'a str, OfComponent<'a>>,
}

/// What was found of one component, worst first.
#[derive(Debug, Default)]
pub(super) struct OfComponent<'a> {
    pub(super) findings: Vec<FindingView<'a>>,
    pub(super) waived: Vec<FindingView<'a>>,
}

static NOTHING_FOUND: OfComponent<'static> =
    OfComponent { findings: Vec::new(), waived: Vec::new() };

impl<'a> ReportView<'a> {
    pub(super) fn new(audit: &'a Audit) -> Self {
        let index = finding::FindingIndex::from_audit(audit);
        let (mut findings, mut waived) = (Vec::new(), Vec::new());
        for (position, judged) in audit.findings.iter().enumerate() {
            let finding = FindingView::new(position, judged, &index);
            match judged.disposition {
                Disposition::Active => findings.push(finding),
                Disposition::Waived(_) => waived.push(finding),
                Disposition::Off => {}
            }
        }
        let mut by_component = BTreeMap::<&'a str, OfComponent<'a>>::new();
        for finding in worst_first(&findings) {
            by_component.entry(finding.component()).or_default().findings.push(finding);
        }
        for finding in worst_first(&waived) {
            by_component.entry(finding.component()).or_default().waived.push(finding);
        }
        let environments = audit.environments.iter();
        Self {
            audit,
            environments: environments.map(|one| EnvironmentView::new(one, audit)).collect(),
            findings,
            waived,
            rows: audit.matrix.iter().map(|row| RowView::new(row, audit)).collect(),
            figures: figures::of_targets(audit),
            load: load::of_targets(audit),
            by_component,
        }
    }

    /// What was found of a component.
    pub(super) fn of_component(&self, component: &str) -> &OfComponent<'a> {
        self.by_component.get(component).unwrap_or(&NOTHING_FOUND)
    }

    /// The figures of a target, or of the component that a target is.
    pub(super) fn figures_of(&self, target: &str) -> Option<&FiguresView<'a>> {
        self.figures.iter().find(|of| of.target.as_str() == target)
    }

    /// What the policy switches off: counted, not shown.
    pub(super) fn switched_off(&self) -> usize {
        self.audit.findings.len() - self.findings.len() - self.waived.len()
    }

    /// Targets that were read completely and still count.
    pub(super) fn targets_read(&self) -> Proportion {
        let all = self.environments.iter().map(EnvironmentView::complete_targets);
        all.fold(Proportion { count: 0, of: 0 }, |sum, one| Proportion {
            count: sum.count + one.count,
            of: sum.of + one.of,
        })
    }

    /// Components that are equal where they were read.
    pub(super) fn components_equal(&self) -> Proportion {
        let count = self.rows.iter().filter(|row| row.is_equal()).count();
        Proportion { count, of: self.rows.len() }
    }

    /// A time as people read it where they are: `Mon 2026-11-23 01:06 +01:00`.
    pub(super) fn local_time(&self, at: Timestamp) -> String {
        verdict::local_time(self.audit, at)
    }
}

/// What stands behind `n of m equal`: ` where read` if some environment's state of a component is
/// not known.
pub(super) fn where_read<'b, 'a: 'b>(
    rows: impl IntoIterator<Item = &'b RowView<'a>>,
) -> &'static str {
    let mut cells = rows.into_iter().flat_map(|row| &row.cells);
    if cells.any(|cell| !cell.is_known()) { " where read" } else { "" }
}

/// By severity, those in a gate first, then by rule and place.
pub(super) fn worst_first<'a>(findings: &[FindingView<'a>]) -> Vec<FindingView<'a>> {
    let mut sorted = findings.to_vec();
    sorted.sort_by_key(|one| Reverse((one.severity(), one.judged.in_gate)));
    sorted
}
