//! What every section needs: the report, how it is to look, and its rows and findings in the order
//! of what matters.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::grid::Paint;
use crate::model::matrix::{Row, State};
use crate::model::{Class, ComponentName, FindingTrend, JudgedFinding, ReasonKind, Severity};
use crate::policy;
use crate::report::{Audit, AuditedEnvironment, View, equal};

/// The worst of each component's findings.
pub(super) type Worst<'a> = BTreeMap<&'a ComponentName, &'a JudgedFinding>;

pub(super) struct Sheet<'a> {
    pub(super) report: &'a Audit,
    pub(super) view: &'a View,
    pub(super) paint: Paint,
    /// Findings that count, the one to look at first in front.
    pub(super) active: Vec<&'a JudgedFinding>,
    /// Of each component that has any.
    pub(super) worst: Worst<'a>,
    /// Of each component, what a waiver covers.
    pub(super) waived: Worst<'a>,
    pub(super) platform: Block<'a>,
    pub(super) services: Block<'a>,
}

/// Rows of one class.
#[derive(Default)]
pub(super) struct Block<'a> {
    /// All of them, by name.
    pub(super) all: Vec<&'a Row>,
    /// Those that are not folded, the worst first.
    pub(super) shown: Vec<&'a Row>,
    /// Equal wherever they were read, shown or not.
    pub(super) equal: usize,
    /// Equal wherever they are, and not shown.
    pub(super) folded: usize,
    /// In one environment only.
    pub(super) alone: usize,
    /// Running nowhere.
    pub(super) idle: usize,
    /// Of no interest but that some environment was not read: by environment and what was not read
    /// there.
    pub(super) unread: BTreeMap<(usize, String), usize>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(report: &'a Audit, view: &'a View) -> Self {
        let counted = || report.findings.iter().filter(|judged| judged.is_active());
        let mut active: Vec<&JudgedFinding> = counted().collect();
        let worst = worst(counted());
        active.sort_by_cached_key(|judged| order(judged, &worst, report));
        let waived = worst_waived(report);
        let of = |class| Block::new(report, view, class, &worst, &waived);
        let (platform, services) = (of(Class::Platform), of(Class::Service));
        Self { report, view, paint: Paint(view.color), active, worst, waived, platform, services }
    }
}

/// Whether it could block: in a gate, or by a rule that blocks anywhere.
pub(super) fn concerns_gate(judged: &JudgedFinding) -> bool {
    judged.in_gate || policy::blocks_anywhere(judged.finding.rule)
}

/// Whether it makes the verdict No-Go, as the policy tells it.
pub(super) fn blocks(judged: &JudgedFinding, report: &Audit) -> bool {
    report.judgement.reasons.iter().any(|reason| {
        reason.kind == ReasonKind::Blocks && reason.finding.as_ref() == Some(&judged.id)
    })
}

pub(super) fn trend(judged: &JudgedFinding, report: &Audit) -> Option<FindingTrend> {
    report.since.as_ref()?.trends.get(&judged.id).copied()
}

/// Severe ones first, then those in a gate, then what is new, then of components that no worse
/// finding names, then those that can be worse than they are.
fn order<'a>(judged: &'a JudgedFinding, worst: &Worst<'_>, report: &Audit) -> impl Ord + use<'a> {
    let gravity = policy::meta(judged.finding.rule)
        .and_then(|meta| meta.defaults.iter().map(|(_, defaults)| defaults.in_gate).max());
    let trend = trend(judged, report).unwrap_or(FindingTrend::Unchanged);
    let is_first =
        worst.get(&judged.finding.component).is_none_or(|worst| worst.severity == judged.severity);
    let rank = (judged.severity, concerns_gate(judged), Reverse(trend), is_first, gravity);
    (Reverse(rank), &judged.finding.component, judged.finding.rule)
}

fn worst<'a>(findings: impl Iterator<Item = &'a JudgedFinding>) -> Worst<'a> {
    let mut found = Worst::new();
    for judged in findings {
        let worst = found.entry(&judged.finding.component).or_insert(judged);
        if (judged.severity, concerns_gate(judged)) > (worst.severity, concerns_gate(worst)) {
            *worst = judged;
        }
    }
    found
}

fn worst_waived(report: &Audit) -> Worst<'_> {
    worst(report.findings.iter().filter(|judged| judged.waiver().is_some()))
}

impl<'a> Block<'a> {
    fn new(
        report: &'a Audit,
        view: &View,
        class: Class,
        worst: &Worst<'a>,
        waived: &Worst<'a>,
    ) -> Self {
        let mut block = Self {
            all: report.matrix.iter().filter(|row| row.class == class).collect(),
            ..Self::default()
        };
        for row in &block.all {
            block.equal += usize::from(equal::is_equal(row, report));
            let silent =
                worst.get(&row.component).is_none_or(|judged| judged.severity <= Severity::Info)
                    && !waived.contains_key(&row.component);
            let folded = match silent {
                true if row.is_equal() => Some(&mut block.folded),
                true if row.is_alone() => Some(&mut block.alone),
                true if row.is_idle() => Some(&mut block.idle),
                true if is_merely_unread(row) => {
                    unread(row, report).map(|place| block.unread.entry(place).or_default())
                }
                _ => None,
            };
            match folded {
                Some(count) => *count += 1,
                None => block.shown.push(row),
            }
        }
        if view.unfold {
            block.shown.clone_from(&block.all);
        }
        block.shown.sort_by_key(|row| {
            let judged = worst.get(&row.component);
            let severity = judged.map(|judged| (judged.severity, concerns_gate(judged)));
            Reverse((severity, waived.contains_key(&row.component)))
        });
        block
    }
}

/// Whether all that was read of it is equal.
fn is_merely_unread(row: &Row) -> bool {
    let is_read = |cell: &&crate::model::matrix::Cell| cell.state != State::Unobserved;
    if row.cells.iter().all(|cell| is_read(&cell)) {
        return false;
    }
    let read = Row { cells: row.cells.iter().filter(is_read).cloned().collect(), ..row.clone() };
    read.is_equal() || read.is_alone() || read.is_idle()
}

/// The first environment that might have it and was not read, and what of that environment was not.
fn unread(row: &Row, report: &Audit) -> Option<(usize, String)> {
    let index = row.cells.iter().position(|cell| cell.state == State::Unobserved)?;
    let AuditedEnvironment { snapshot, .. } = report.environments.get(index)?;
    let parts = snapshot
        .coverage
        .iter()
        .flat_map(|target| target.parts.iter().map(move |(part, outcome)| (target, part, outcome)));
    let (target, part, _) = parts
        .filter(|(target, part, _)| target.could_hold(part, &row.component))
        .find(|(.., outcome)| outcome.failure().is_some())?;
    Some((index, format!("{} {part}", target.target)))
}
