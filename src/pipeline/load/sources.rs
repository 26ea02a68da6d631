//! The criteria over all sources of a target: each window by its own source, and a certain breach
//! whichever source tells it. Pure.
//!
//! Counters never tell too much. What one source missed another may have seen, so that a window
//! that the first source covers without a breach is none where a second one has it.

use super::told::{SourceLoad, TargetLoad};
use crate::trend::{
    CriterionJudged, CriterionOutcome, CriterionTest, LoadCriteria, TargetWindows, WindowKind,
    judge_windows,
};

/// Judges the windows of a target by all of its sources.
pub(super) fn judge_sources(load: &TargetLoad, criteria: &LoadCriteria) -> Vec<CriterionJudged> {
    let mut judged = judge_windows(&load.windows, criteria);
    if load.sources.len() < 2 {
        return judged;
    }
    for (index, SourceLoad { label, windows, .. }) in load.sources.iter().enumerate() {
        let Some(own) = windows else { continue };
        let alone = judge_windows(own, criteria);
        let risen = judge_windows(&with_day_of(&load.windows, own), criteria);
        for one in &mut judged {
            let is_own = load.by_source.get(&one.window) == Some(&index);
            if is_own || is_breached(one) {
                continue;
            }
            let found = match one.test {
                CriterionTest::Max => find_same(&alone, one),
                CriterionTest::Change => find_same(&risen, one)
                    .filter(|found| exceeds_own(found, find_same(&alone, one))),
            };
            if let Some(found) = found.filter(|found| is_breached(found)) {
                *one = CriterionJudged { by: Some(label.clone()), ..found.clone() };
            }
        }
    }
    judged
}

fn is_breached(judged: &CriterionJudged) -> bool {
    judged.outcome == CriterionOutcome::Breached
}

fn find_same<'a>(
    all: &'a [CriterionJudged],
    wanted: &CriterionJudged,
) -> Option<&'a CriterionJudged> {
    let key = |one: &CriterionJudged| (one.indicator, one.test, one.window);
    all.iter().find(|one| key(one) == key(wanted))
}

/// Whether a figure has risen by what its own source knows of the past, too.
fn exceeds_own(found: &CriterionJudged, alone: Option<&CriterionJudged>) -> bool {
    let limit = alone.and_then(|alone| alone.limit);
    let value = found.peak.map_or(0.0, |peak| peak.value);
    limit.is_none_or(|limit| value > limit)
}

/// The last 24 hours of one source over the past of all.
fn with_day_of(all: &TargetWindows, own: &TargetWindows) -> TargetWindows {
    let mut made = all.clone();
    for reads in made.places.values_mut() {
        reads.retain(|read| read.window.kind != WindowKind::Day);
    }
    for (place, reads) in &own.places {
        let day = reads.iter().filter(|read| read.window.kind == WindowKind::Day).cloned();
        made.places.entry(place.clone()).or_default().extend(day);
    }
    made
}
