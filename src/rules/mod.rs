//! The rules: one file each, one line each in `list.rs`.
//!
//! A rule says what it sees and how much that matters by default. It knows no policy, waives
//! nothing and prints nothing. To add one: a file whose name is the id with `_` for `-`, and a
//! line in the list; a test fails if either is missing, or if the rule has no fixture that
//! fires and one that stays silent.

mod digest_mismatch;
mod end_of_life;
mod floating_tag;
mod incomparable_version;
mod list;
mod missing_component;
mod out_of_range;
mod product_differs;
mod promotion_inversion;
mod scale_gap;
mod setting_drift;
mod shared_instance;
mod source_disagreement;
#[cfg(test)]
mod testing;
mod unexpected_component;
mod unreleased_build;
mod variant_differs;
mod version_skew;
mod version_split;

use std::time::Duration;

use jiff::Timestamp;

use crate::model::{
    Comparison, ComponentName, Cycles, Defaults, EnvironmentName, Finding, Gate, Glob, RangeRow,
    Severity, Snapshot,
};
use crate::version::{Direction, Level};

pub use end_of_life::{has_subject, stale_data};
pub use list::{RULES, by_id, check};
pub use out_of_range::idle;

/// What rules may know besides the snapshots.
#[derive(Debug)]
pub struct Context<'a> {
    /// Environments in promotion order.
    pub order: &'a [EnvironmentName],
    /// The environment that all are compared with.
    pub baseline: &'a EnvironmentName,
    /// Pairs that may block.
    pub gates: &'a [Gate],
    /// Targets that several environments share on purpose.
    pub shared: &'a [Glob],
    /// What the policy wants to run.
    pub ranges: &'a [RangeRow],
    /// The time of the run.
    pub now: Timestamp,
    /// Until when versions are supported.
    pub end_of_life: &'a Cycles,
    /// How long before it the end of support is told.
    pub lookahead: Duration,
}

/// One thing to look for. Each method sees more than the one before; all default to silence.
pub trait Rule: Sync {
    /// What people read about it.
    fn meta(&self) -> &'static RuleMeta;

    /// Looks at one environment.
    fn check_environment(&self, _context: &Context<'_>, _snapshot: &Snapshot) -> Vec<Finding> {
        Vec::new()
    }

    /// Looks at a baseline and a current environment.
    fn check_pair(&self, _context: &Context<'_>, _comparison: &Comparison) -> Vec<Finding> {
        Vec::new()
    }

    /// Looks at all environments at once.
    fn check_all(&self, _context: &Context<'_>, _snapshots: &[Snapshot]) -> Vec<Finding> {
        Vec::new()
    }
}

/// What people read about a rule.
#[derive(Debug)]
pub struct RuleMeta {
    /// Reads well after "waive …"; never renamed.
    pub id: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Why that is bad.
    pub why: &'static str,
    /// How to fix it.
    pub fix: &'static str,
    /// What it looks at.
    pub hooks: &'static [Hook],
    /// Rules whose finding on the same component and environments says less than this one's.
    pub subsumes: &'static [&'static str],
    /// Severities by default: what of it, and how much that matters.
    pub defaults: &'static [(&'static str, Defaults)],
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// One environment.
    Environment,
    /// Two environments.
    Pair,
    /// All environments at once.
    All,
}

impl Hook {
    /// The word in documentation.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Pair => "pair",
            Self::All => "all",
        }
    }
}

/// A finding of a pair; the two are named in the order of their names.
fn of_pair(
    meta: &'static RuleMeta,
    comparison: &Comparison,
    component: &ComponentName,
    defaults: Defaults,
    summary: String,
) -> Finding {
    let mut environments = vec![comparison.baseline.clone(), comparison.current.clone()];
    environments.sort();
    environments.dedup();
    finding(meta, component, environments, defaults, summary)
}

/// A finding without subject and level.
fn finding(
    meta: &'static RuleMeta,
    component: &ComponentName,
    environments: Vec<EnvironmentName>,
    defaults: Defaults,
    summary: String,
) -> Finding {
    let component = component.clone();
    Finding {
        rule: meta.id,
        component,
        environments,
        subject: String::new(),
        summary,
        level: None,
        direction: None,
        defaults,
    }
}

/// Kernels and operating systems are nobody's release: differences are told and judge nothing.
fn unless_host(component: &ComponentName, defaults: Defaults) -> Defaults {
    if component.as_str().starts_with("host/") { INFO } else { defaults }
}

/// `a minor behind`, `a patch ahead of`: fits between the current side and the baseline.
fn distance(level: Level, direction: Option<Direction>) -> String {
    let direction = match direction {
        Some(Direction::Ahead) => "ahead of",
        Some(Direction::Behind) => "behind",
        Some(Direction::Mixed) => "ahead of and behind",
        None => "away from",
    };
    format!("a {} {direction}", level.as_str())
}

/// High in a gate, low elsewhere: the most common defaults.
const HIGH: Defaults = Defaults::gate(Severity::High, Severity::Low);
/// Low everywhere.
const LOW: Defaults = Defaults::everywhere(Severity::Low);
/// Shown when asked for.
const INFO: Defaults = Defaults::everywhere(Severity::Info);
