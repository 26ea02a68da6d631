//! What every section needs: the report, how it is to look, and its rows and findings in the order
//! of what matters.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::counted::Counted;
use super::grid::Paint;
use super::read_summary::ReadSummary;
use crate::model::{Class, FindingTrend, Severity};
use crate::policy;
use crate::report::view::finding::FindingView;
use crate::report::view::matrix::{RowStanding, RowView, version_text};
use crate::report::view::{ReportView, where_read};
use crate::report::{Audit, RenderOptions};

/// The worst of each component's findings.
pub(super) type Worst<'a> = BTreeMap<&'a str, FindingView<'a>>;

pub(super) struct Sheet<'a> {
    pub(super) report: &'a Audit,
    /// What every format shows of it.
    pub(super) shown: &'a ReportView<'a>,
    pub(super) view: &'a RenderOptions,
    pub(super) paint: Paint,
    /// Findings that count, the one to look at first in front.
    pub(super) active: Vec<FindingView<'a>>,
    /// What is counted of these.
    pub(super) counted: Counted<'a>,
    /// Of each component that has any.
    pub(super) worst: Worst<'a>,
    /// Of each component, what a waiver covers.
    pub(super) waived: Worst<'a>,
    pub(super) platform: Block<'a>,
    pub(super) services: Block<'a>,
    /// Of each environment, how many own services run each version, the most frequent first.
    pub(super) trains: Vec<Vec<(String, usize)>>,
    /// Of each environment, what there is to say of its targets.
    pub(super) told: Vec<ReadSummary<'a>>,
}

/// Rows of one class.
#[derive(Default)]
pub(super) struct Block<'a> {
    /// All of them, by name.
    pub(super) all: Vec<&'a RowView<'a>>,
    /// Those that are not folded, the worst first.
    pub(super) shown: Vec<&'a RowView<'a>>,
    /// Of each of these the worst that is found of it.
    pub(super) severities: Vec<Option<Severity>>,
    /// Equal wherever they were read, shown or not.
    pub(super) equal: usize,
    /// What stands behind that number where some were not read.
    pub(super) condition: &'static str,
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
    pub(super) fn new(shown: &'a ReportView<'a>, view: &'a RenderOptions) -> Self {
        let worst = worst_of(&shown.findings);
        let waived = worst_of(&shown.waived);
        let mut active = shown.findings.clone();
        active.sort_by_cached_key(|finding| finding_order(finding, &worst));
        let of = |class| Block::new(shown, view, class, &worst, &waived);
        let (platform, services) = (of(Class::Platform), of(Class::Service));
        let environments = shown.environments.iter();
        Self {
            report: shown.audit,
            shown,
            view,
            paint: Paint(view.color),
            counted: Counted::new(shown.audit, &active, view.unfold),
            active,
            trains: environments
                .clone()
                .enumerate()
                .map(|(index, _)| count_versions(&services.all, index))
                .collect(),
            told: environments.map(|one| ReadSummary::new(one, shown.audit, view)).collect(),
            worst,
            waived,
            platform,
            services,
        }
    }
}

/// Severe ones first, then those in a gate, then what is new, then of components that no worse
/// finding names, then those that can be worse than they are.
fn finding_order<'a>(finding: &FindingView<'a>, worst: &Worst<'_>) -> impl Ord + use<'a> {
    let rule = finding.finding().rule;
    let gravity = policy::rule_meta(rule)
        .and_then(|meta| meta.defaults.iter().map(|(_, defaults)| defaults.in_gate).max());
    let trend = finding.trend.unwrap_or(FindingTrend::Unchanged);
    let severity = finding.severity();
    let is_first = worst.get(finding.component()).is_none_or(|one| one.severity() == severity);
    let rank = (severity, finding.concerns_gate(), Reverse(trend), is_first, gravity);
    (Reverse(rank), finding.component(), rule)
}

fn finding_gravity(finding: &FindingView<'_>) -> (Severity, bool) {
    (finding.severity(), finding.concerns_gate())
}

fn worst_of<'a>(findings: &[FindingView<'a>]) -> Worst<'a> {
    let mut found = Worst::new();
    for finding in findings {
        let worst = found.entry(finding.component()).or_insert(*finding);
        if finding_gravity(finding) > finding_gravity(worst) {
            *worst = *finding;
        }
    }
    found
}

impl<'a> Block<'a> {
    fn new(
        shown: &'a ReportView<'a>,
        view: &RenderOptions,
        class: Class,
        worst: &Worst<'a>,
        waived: &Worst<'a>,
    ) -> Self {
        let all: Vec<_> = shown.rows.iter().filter(|row| row.row.class == class).collect();
        let mut block = Self { condition: where_read(all.iter().copied()), all, ..Self::default() };
        for row in block.all.clone() {
            block.equal += usize::from(row.is_equal());
            let name = row.component();
            let is_silent = worst.get(name).is_none_or(|one| one.severity() <= Severity::Info)
                && !waived.contains_key(name);
            let is_folded = is_silent && block.fold_row(row, shown.audit);
            if !is_folded || view.unfold {
                block.shown.push(row);
            }
        }
        block.shown.sort_by_cached_key(|row| {
            let name = row.component();
            Reverse((worst.get(name).map(finding_gravity), waived.contains_key(name)))
        });
        let severity = |row: &&RowView<'_>| worst.get(row.component()).map(FindingView::severity);
        block.severities = block.shown.iter().map(severity).collect();
        block
    }

    /// Counts a row that nothing is found of, if it need not be shown.
    fn fold_row(&mut self, row: &RowView<'_>, audit: &Audit) -> bool {
        let count = match row.standing {
            RowStanding::Equal => &mut self.folded,
            RowStanding::Alone => &mut self.alone,
            RowStanding::Idle => &mut self.idle,
            RowStanding::Differs if is_merely_unread(row) => {
                let Some(place) = first_unread(row, audit) else { return false };
                self.unread.entry(place).or_default()
            }
            RowStanding::Differs => return false,
        };
        *count += 1;
        true
    }
}

/// How many of the rows are at each version in an environment, the most frequent first.
fn count_versions(rows: &[&RowView<'_>], index: usize) -> Vec<(String, usize)> {
    let mut counts = BTreeMap::<String, usize>::new();
    for reading in
        rows.iter().filter_map(|row| row.row.cells.get(index)).flat_map(|cell| &cell.readings)
    {
        *counts.entry(version_text(reading, false)).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| b.0.cmp(&a.0)));
    counts
}

/// Whether all that was read of it is equal.
fn is_merely_unread(row: &RowView<'_>) -> bool {
    let is_unread = row.cells.iter().any(|cell| cell.is_unread());
    is_unread && row.standing_where_read != RowStanding::Differs
}

/// The first environment that might have it and was not read, and what of that environment was not.
fn first_unread(row: &RowView<'_>, audit: &Audit) -> Option<(usize, String)> {
    let index = row.cells.iter().position(|cell| cell.is_unread())?;
    let snapshot = &audit.environments.get(index)?.snapshot;
    for target in &snapshot.coverage {
        for (part, outcome) in &target.parts {
            if outcome.failure().is_some() && target.could_hold(part, &row.row.component) {
                return Some((index, format!("{} {part}", target.target)));
            }
        }
    }
    None
}
