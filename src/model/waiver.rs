//! Waivers: findings that somebody accepts for a while, with a reason.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;

use super::{ComponentName, EnvironmentName, FindingId, Requirement};

/// What somebody accepts, and until when.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// Its name in the file.
    pub id: String,
    /// Id of the rule.
    pub rule: String,
    /// The component.
    pub component: ComponentName,
    /// Exactly where, sorted by name and without repetition.
    pub environments: Vec<EnvironmentName>,
    /// What of the rule's findings on the component; `None` for all of them.
    pub subject: Option<String>,
    /// What runs in each of the environments; for version rules only.
    pub versions: BTreeMap<EnvironmentName, Requirement>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it counts, in UTC.
    pub expires: Date,
}

/// A waiver in an audit.
#[derive(Clone, Debug)]
pub struct JudgedWaiver {
    /// What it says.
    pub waiver: Waiver,
    /// What became of it.
    pub state: WaiverState,
    /// The findings that it covers; those that it would cover, of an expired one.
    pub covers: Vec<FindingId>,
}

impl JudgedWaiver {
    /// Whether it counts and there is nothing that it covers, though not everything that could show
    /// it was read.
    pub fn covers_nothing_so_far(&self) -> bool {
        matches!(self.state, WaiverState::Active | WaiverState::Expiring) && self.covers.is_empty()
    }
}

/// What became of a waiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaiverState {
    /// Its last day has passed: it covers nothing.
    Expired,
    /// It covers nothing, and everything that could show what it is about was read.
    Unused,
    /// It counts, for 14 days more at most.
    Expiring,
    /// It counts.
    Active,
}

impl WaiverState {
    /// All states, the one that needs somebody first.
    pub const ALL: [Self; 4] = [Self::Expired, Self::Unused, Self::Expiring, Self::Active];

    /// The word used in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Unused => "unused",
            Self::Expiring => "expiring",
            Self::Active => "active",
        }
    }
}

impl fmt::Display for WaiverState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
