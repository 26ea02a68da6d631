//! The criteria, judged: met, breached, or not known. Pure.
//!
//! A breach is one even where something is missing, since what is missing only adds, and where a
//! clock is wrong, since it happened all the same; not so where what was read may be another
//! server's. All else that is not known is INCOMPLETE, with its reasons.

use std::collections::BTreeSet;

use super::criteria::{LoadCriteria, LoadCriterion};
use super::indicator::{LoadIndicator, LoadPeak};
use super::reading::{TargetWindows, WindowRead};
use super::unknown::Unknown;
use super::window::WindowKind;

/// What of a criterion was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CriterionTest {
    /// The worst five minutes against the most that is allowed.
    Max,
    /// The last 24 hours against the largest of the past windows.
    Change,
}

/// How a criterion came out.
#[derive(Clone, Debug, PartialEq)]
pub enum CriterionOutcome {
    /// It holds.
    Met,
    /// It does not.
    Breached,
    /// It may or may not. Never empty.
    Unknown(Vec<Unknown>),
}

/// What a figure was judged by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ComparedBase {
    /// The largest worst bucket of the past windows that could be judged.
    pub value: f64,
    /// Whose.
    pub window: WindowKind,
}

/// One criterion of one window, over all servers of a target.
#[derive(Clone, Debug, PartialEq)]
pub struct CriterionJudged {
    /// Of what.
    pub indicator: LoadIndicator,
    /// Against what.
    pub test: CriterionTest,
    /// Which window.
    pub window: WindowKind,
    /// The server that decided: the worst.
    pub place: String,
    /// How many other servers do not hold it either.
    pub others: usize,
    /// How many servers there are in the window.
    pub servers: usize,
    /// What tells it, if that is not the source that the window is by.
    pub by: Option<String>,
    /// The figure judged, and its moment; `None` if nothing is known.
    pub peak: Option<LoadPeak>,
    /// The most that was allowed; `None` if that is not known.
    pub limit: Option<f64>,
    /// What it is compared with; a value of 0 says that it is new.
    pub base: Option<ComparedBase>,
    /// How it came out.
    pub outcome: CriterionOutcome,
}

/// What one server comes to.
struct PlaceOutcome {
    peak: Option<LoadPeak>,
    limit: Option<f64>,
    base: Option<ComparedBase>,
    outcome: CriterionOutcome,
}

/// Judges all criteria in all windows that were read. A target without servers is not known.
pub fn judge_windows(target: &TargetWindows, criteria: &LoadCriteria) -> Vec<CriterionJudged> {
    let all = target.places.values().flatten();
    let mut kinds: BTreeSet<WindowKind> = all.map(|read| read.window.kind).collect();
    if kinds.is_empty() {
        kinds.insert(WindowKind::Day);
    }
    let mut judged = Vec::new();
    for (indicator, criterion) in &criteria.criteria {
        for kind in &kinds {
            if let Some(max) = criterion.max {
                let of_place = |windows: &[WindowRead]| {
                    judge_max(windows, *kind, *indicator, max, criteria.min_coverage)
                };
                judged.push(worst_place(target, *indicator, CriterionTest::Max, *kind, of_place));
            }
            if let Some(change) = change_of(criterion, *kind) {
                let of_place = |windows: &[WindowRead]| {
                    judge_change(windows, *kind, *indicator, change, criteria.min_coverage)
                };
                let test = CriterionTest::Change;
                judged.push(worst_place(target, *indicator, test, *kind, of_place));
            }
        }
    }
    judged
}

fn change_of(criterion: &LoadCriterion, kind: WindowKind) -> Option<f64> {
    criterion.change.filter(|_| kind == WindowKind::Day)
}

/// The server that decides: a breach before what is not known before what holds, and of these the
/// one with the highest figure.
fn worst_place(
    target: &TargetWindows,
    indicator: LoadIndicator,
    test: CriterionTest,
    window: WindowKind,
    of_place: impl Fn(&[WindowRead]) -> PlaceOutcome,
) -> CriterionJudged {
    let mut worst: Option<(String, PlaceOutcome)> = None;
    let mut failing = 0;
    let is_asked = |windows: &[WindowRead]| find_window(windows, window).is_some();
    let servers = target.places.values().filter(|windows| is_asked(windows)).count();
    for (name, windows) in target.places.iter().filter(|(_, windows)| is_asked(windows)) {
        let found = of_place(windows);
        failing += usize::from(found.outcome != CriterionOutcome::Met);
        if worst.as_ref().is_none_or(|(_, worst)| outcome_order(&found) > outcome_order(worst)) {
            worst = Some((name.clone(), found));
        }
    }
    let (place, found) = worst.unwrap_or_else(|| {
        let outcome = CriterionOutcome::Unknown(vec![Unknown::NoServers]);
        (String::new(), PlaceOutcome { peak: None, limit: None, base: None, outcome })
    });
    let PlaceOutcome { peak, limit, base, outcome } = found;
    let others = failing.saturating_sub(usize::from(outcome != CriterionOutcome::Met));
    let by = None;
    CriterionJudged {
        indicator,
        test,
        window,
        place,
        others,
        servers,
        by,
        peak,
        limit,
        base,
        outcome,
    }
}

fn outcome_order(found: &PlaceOutcome) -> (u8, f64) {
    let rank = match found.outcome {
        CriterionOutcome::Breached => 2,
        CriterionOutcome::Unknown(_) => 1,
        CriterionOutcome::Met => 0,
    };
    (rank, found.peak.map_or(0.0, |peak| peak.value))
}

/// Why an indicator of a window is not known.
pub fn unknown_of_indicator(
    read: &WindowRead,
    indicator: LoadIndicator,
    min_coverage: f64,
) -> Vec<Unknown> {
    let mut found = read.unknown.clone();
    let Some(statistic) = read.statistics.get(&indicator) else {
        found.push(Unknown::NoSamples);
        return found;
    };
    found.extend(statistic.no_list.map(Unknown::NoWalkHours));
    let unproven = statistic.unproven.map(|unproven| Unknown::Unproven {
        first: unproven.first,
        count: unproven.count,
        cause: unproven.cause,
    });
    if read.window.kind.is_past() {
        let coverage = &read.coverage;
        let proven = (coverage.covered - statistic.unproven_seconds).max(0.0);
        let covered = if coverage.wanted > 0.0 { proven / coverage.wanted } else { 1.0 };
        if covered < min_coverage && !coverage.is_empty() {
            found.push(Unknown::LowCoverage { covered, wanted: min_coverage });
            found.extend(unproven);
        }
    } else {
        found.extend(unproven);
    }
    found
}

fn find_window(windows: &[WindowRead], kind: WindowKind) -> Option<&WindowRead> {
    windows.iter().find(|read| read.window.kind == kind)
}

fn judge_max(
    windows: &[WindowRead],
    kind: WindowKind,
    indicator: LoadIndicator,
    max: f64,
    min_coverage: f64,
) -> PlaceOutcome {
    let limit = Some(max);
    let Some(read) = find_window(windows, kind) else {
        let outcome = CriterionOutcome::Unknown(vec![Unknown::NoSamples]);
        return PlaceOutcome { peak: None, limit, base: None, outcome };
    };
    let mut reasons = unknown_of_indicator(read, indicator, min_coverage);
    let statistic = read.statistics.get(&indicator);
    let peak = statistic.and_then(|of| higher_peak(of.worst, of.sliding));
    let is_trusted = !reasons.iter().any(Unknown::is_distrust);
    if is_trusted && peak.is_some_and(|peak| peak.value > max) {
        let outcome = CriterionOutcome::Breached;
        return PlaceOutcome { peak, limit, base: None, outcome };
    }
    let possible = statistic.and_then(|of| of.possible).filter(|possible| possible.value > max);
    reasons.extend(possible.map(|at| Unknown::GapMayHide { at: at.at, possible: at.value }));
    PlaceOutcome { peak, limit, base: None, outcome: outcome_of(reasons) }
}

fn outcome_of(reasons: Vec<Unknown>) -> CriterionOutcome {
    if reasons.is_empty() { CriterionOutcome::Met } else { CriterionOutcome::Unknown(reasons) }
}

fn higher_peak(one: Option<LoadPeak>, other: Option<LoadPeak>) -> Option<LoadPeak> {
    match (one, other) {
        (Some(one), Some(other)) if other.value > one.value => Some(other),
        (Some(one), _) => Some(one),
        (None, other) => other,
    }
}

/// The largest of the past windows that can be judged: its certain and its possible worst.
fn largest_past(
    windows: &[WindowRead],
    indicator: LoadIndicator,
    min_coverage: f64,
) -> Option<(ComparedBase, f64)> {
    let mut base: Option<(ComparedBase, f64)> = None;
    for read in windows.iter().filter(|read| read.window.kind.is_past()) {
        if !unknown_of_indicator(read, indicator, min_coverage).is_empty() {
            continue;
        }
        let statistic = read.statistics.get(&indicator);
        let Some(worst) = statistic.and_then(|of| of.worst) else { continue };
        let possible = statistic.and_then(|of| of.possible).map_or(worst.value, |peak| peak.value);
        let own = ComparedBase { value: worst.value, window: read.window.kind };
        base = Some(match base {
            Some((base, most)) if base.value >= own.value => (base, most.max(possible)),
            Some((_, most)) => (own, most.max(possible)),
            None => (own, possible),
        });
    }
    base
}

/// Buckets aligned to the grid on both sides: what slides by sample is higher by up to a factor of
/// two, and the past has no samples any more.
fn judge_change(
    windows: &[WindowRead],
    kind: WindowKind,
    indicator: LoadIndicator,
    change: f64,
    min_coverage: f64,
) -> PlaceOutcome {
    let base = largest_past(windows, indicator, min_coverage);
    let limit_of = |value: f64| (value * (1.0 + change)).max(indicator.change_floor());
    let limit = base.map(|(base, _)| limit_of(base.value));
    let compared = base.map(|(base, _)| base);
    let Some(read) = find_window(windows, kind) else {
        let outcome = CriterionOutcome::Unknown(vec![Unknown::NoSamples]);
        return PlaceOutcome { peak: None, limit, base: compared, outcome };
    };
    let mut reasons = unknown_of_indicator(read, indicator, min_coverage);
    let statistic = read.statistics.get(&indicator);
    let peak = statistic.and_then(|of| of.worst);
    let possible = statistic.and_then(|of| of.possible);
    let certain = peak.map_or(0.0, |peak| peak.value);
    // Yesterday's may be taken for today's where a clock is wrong.
    let is_doubt = |why: &Unknown| why.is_distrust() || matches!(why, Unknown::Clock { .. });
    let is_trusted = !reasons.iter().any(is_doubt);
    // What does not exceed the floor has not risen, and needs no past.
    let lowest = limit.unwrap_or(indicator.change_floor());
    let most = base.map(|(_, most)| limit_of(most));
    if is_trusted && most.is_some_and(|most| certain > most) {
        let outcome = CriterionOutcome::Breached;
        return PlaceOutcome { peak, limit, base: compared, outcome };
    }
    if certain > lowest {
        reasons.push(match base {
            Some((_, possible)) => Unknown::PastMayBeHigher { possible },
            None => Unknown::NothingToCompare,
        });
    } else if let Some(peak) = possible.filter(|peak| peak.value > lowest) {
        reasons.push(Unknown::GapMayHide { at: peak.at, possible: peak.value });
    }
    PlaceOutcome { peak, limit, base: compared, outcome: outcome_of(reasons) }
}
