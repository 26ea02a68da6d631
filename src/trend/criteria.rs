//! The criteria of load: what a window's figures must not exceed, and by what they may have risen.

use std::collections::BTreeMap;

use super::indicator::LoadIndicator;

/// What one indicator must hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadCriterion {
    /// The most that the worst five minutes of any window may be.
    pub max: Option<f64>,
    /// By what share the last 24 hours may be above the largest of the past windows.
    pub change: Option<f64>,
}

/// `load:` of the policy.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadCriteria {
    /// By indicator; what is not in it is printed and not judged.
    pub criteria: BTreeMap<LoadIndicator, LoadCriterion>,
    /// The share of a past window that must be covered.
    pub min_coverage: f64,
}

impl LoadIndicator {
    /// What does not exceed this has not risen, whatever it was before.
    pub const fn change_floor(self) -> f64 {
        match self {
            Self::WalkShare => 0.005,
            Self::Cpu => 0.05,
            Self::Ops => 50.0,
            Self::Logins => 1.0,
        }
    }
}

impl Default for LoadCriteria {
    fn default() -> Self {
        let of = |max, change| LoadCriterion { max: Some(max), change: Some(change) };
        let criteria =
            [(LoadIndicator::WalkShare, of(0.05, 0.2)), (LoadIndicator::Cpu, of(0.7, 0.2))];
        Self { criteria: criteria.into(), min_coverage: 0.95 }
    }
}
