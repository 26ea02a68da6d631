//! The rules: one file each, one line each in `list.rs`.
//!
//! A rule says what it sees and how much that matters by default. It knows no policy, waives
//! nothing and prints nothing. To add one: a file whose name is the id with `_` for `-`, and a
//! line in the list; a test fails if either is missing, or if the rule has no fixture that
//! fires and one that stays silent.

mod digest_mismatch;
mod end_of_life;
mod estate_differs;
mod floating_tag;
mod incomparable_version;
mod list;
mod load_regression;
mod missing_component;
mod out_of_range;
mod product_differs;
mod promotion_inversion;
mod scale_gap;
mod setting_drift;
mod shared_data;
mod shared_instance;
mod source_disagreement;
#[cfg(test)]
mod testing;
mod unexpected_component;
mod unmapped_mirror;
mod unreleased_build;
mod variant_differs;
mod version_skew;
mod version_split;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::compare::Alike;
use crate::model::matrix::MatrixRow;
use crate::model::{
    AheadPair, Comparison, ComponentName, Cycles, Defaults, EnvironmentName, Finding, Gate,
    Presence, RangeRow, Severity, Sharing, Snapshot, TargetId, Whereabouts, first_three,
};
use crate::trend::CriterionJudged;
use crate::version::{Direction, Level};

pub use end_of_life::{has_subject, stale_data};
pub use estate_differs::DEFAULT_MIN_SHARE;
pub use list::{RULES, by_id, check};
pub use out_of_range::idle;

/// What rules may know besides the snapshots.
#[derive(Debug)]
pub struct RuleContext<'a> {
    /// Environments in promotion order.
    pub order: &'a [EnvironmentName],
    /// The environment that all are compared with.
    pub baseline: &'a EnvironmentName,
    /// Pairs that may block a release.
    pub gates: &'a [Gate],
    /// The environments that are compared, the baseline of each pair first.
    pub pairs: &'a [(EnvironmentName, EnvironmentName)],
    /// What environments share on purpose.
    pub shared: &'a [Sharing],
    /// What the policy wants to run.
    pub ranges: &'a [RangeRow],
    /// The time of the run.
    pub now: Timestamp,
    /// Until when versions are supported.
    pub end_of_life: &'a Cycles,
    /// How long before it the end of support is told.
    pub lookahead: Duration,
    /// Pairs that are ahead for longer than the policy lets them, by the history, and since when.
    pub long_ahead: &'a BTreeMap<AheadPair, Timestamp>,
    /// The share of the baseline's components, from 0 to 1, that an environment must have to
    /// stand for it.
    pub min_share: f64,
}

/// The load of one target, held against the policy's criteria.
#[derive(Clone, Copy, Debug)]
pub struct LoadSeries<'a> {
    /// Where it is.
    pub environment: &'a EnvironmentName,
    /// Which.
    pub target: &'a TargetId,
    /// How each criterion came out in each window.
    pub judged: &'a [CriterionJudged],
}

/// One thing to look for. Each method sees more than the one before; all default to silence.
pub trait Rule: Sync {
    /// What it is, and what people read about it.
    fn meta(&self) -> &'static RuleMeta;

    /// A finding in a word or two, beside its row of the matrix; `None` for the words of the id.
    fn in_brief(&self, _finding: &Finding, _row: &MatrixRow) -> Option<String> {
        None
    }

    /// Looks at one environment.
    fn check_environment(&self, _context: &RuleContext<'_>, _snapshot: &Snapshot) -> Vec<Finding> {
        Vec::new()
    }

    /// Looks at a baseline and a current environment.
    fn check_pair(&self, _context: &RuleContext<'_>, _comparison: &Comparison) -> Vec<Finding> {
        Vec::new()
    }

    /// Looks at the load of one target over time.
    fn check_series(&self, _context: &RuleContext<'_>, _series: &LoadSeries<'_>) -> Vec<Finding> {
        Vec::new()
    }

    /// Looks at all environments at once.
    fn check_all(&self, _context: &RuleContext<'_>, _snapshots: &[Snapshot]) -> Vec<Finding> {
        Vec::new()
    }
}

/// What a rule is, and what people read about it. What other stages must know of a rule stands
/// here, so that none of them names one.
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
    /// Rules whose finding on the same component and environments is not resolved while this one
    /// has a finding: the two differ in another way.
    pub supersedes: &'static [&'static str],
    /// Severities by default: what of it, and how much that matters.
    pub defaults: &'static [(&'static str, Defaults)],
    /// Whether its findings may block outside of gates too.
    pub blocks_anywhere: bool,
    /// Whether a waiver names versions, so that a new drift opens it again.
    pub on_versions: bool,
    /// Whether its findings may be waived.
    pub waivable: bool,
    /// What makes its finding on two environments.
    pub made_by: MadeBy,
    /// What must have been read before its silence says anything.
    pub reads: Reads,
    /// How a finding on several environments concerns them.
    pub concerns: Concerns,
    /// The levels that its findings can have.
    pub levels: RuleLevels,
    /// The directions that its findings can have.
    pub directions: Directions,
    /// What of its judgement rests on a history, and the key of the policy that asks for it.
    pub history: Option<HistoryUse>,
}

/// What of a rule's judgement rests on a history.
#[derive(Clone, Copy, Debug)]
pub struct HistoryUse {
    /// The key of the policy that asks for it.
    pub key: HistoryKey,
    /// Which findings, in words.
    pub what: &'static str,
    /// What they are at least in a gate then.
    pub at_least: Severity,
}

/// Keys of the policy that need a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryKey {
    /// How long an environment may be ahead.
    AllowAhead,
}

impl HistoryKey {
    /// As it is written in the policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AllowAhead => "allow-ahead",
        }
    }
}

impl RuleMeta {
    /// What holds for most rules; each says its own id and texts.
    pub const PLAIN: Self = Self {
        id: "",
        summary: "",
        why: "",
        fix: "",
        hooks: &[],
        subsumes: &[],
        supersedes: &[],
        defaults: &[],
        blocks_anywhere: false,
        on_versions: false,
        waivable: true,
        made_by: MadeBy::Versions,
        reads: Reads::Component,
        concerns: Concerns::Together,
        levels: RuleLevels::None,
        directions: Directions::None,
        history: None,
    };

    /// Whether it compares environments, so that no finding of it is about one alone.
    pub fn compares(&self) -> bool {
        self.hooks == [Hook::Pair]
    }
}

/// What of two environments makes a finding: a waiver is bound to that, and to nothing else that
/// runs there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeBy {
    /// The versions that differ.
    Versions,
    /// The products that differ.
    Products,
}

/// What a rule looks at in an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// What could hold the component.
    Component,
    /// Identities, which any target may tell.
    Identities,
    /// The component's load over time.
    Load,
}

/// How a finding on several environments concerns them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concerns {
    /// All together: it concerns a gate if both its sides are among them.
    Together,
    /// Each by itself: it concerns a gate as soon as one of its sides is among them.
    Each,
}

/// The levels that findings of a rule can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleLevels {
    /// They have none.
    None,
    /// Those of versions that have an order.
    Ordered,
    /// Only that versions have no order.
    Incomparable,
    /// All.
    Any,
}

impl RuleLevels {
    /// Whether a finding can have the level of that word.
    pub fn contains(self, level: &str) -> bool {
        match self {
            Self::None => false,
            Self::Ordered => level != "incomparable",
            Self::Incomparable => level == "incomparable",
            Self::Any => true,
        }
    }
}

/// The directions that findings of a rule can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directions {
    /// They have none.
    None,
    /// All.
    Any,
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
    /// The load of one target over time.
    Series,
}

impl Hook {
    /// The word in documentation.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Pair => "pair",
            Self::All => "all",
            Self::Series => "series",
        }
    }
}

/// The snapshots that are compared, baseline first.
fn pairs<'a>(
    context: &RuleContext<'a>,
    snapshots: &'a [Snapshot],
) -> impl Iterator<Item = (&'a Snapshot, &'a Snapshot)> {
    let of = |name: &EnvironmentName| snapshots.iter().find(|s| s.environment == *name);
    context.pairs.iter().filter_map(move |(baseline, current)| Some((of(baseline)?, of(current)?)))
}

/// A finding of a pair; the two are named in the order of their names.
fn of_pair(
    meta: &'static RuleMeta,
    comparison: &Comparison,
    component: &ComponentName,
    defaults: Defaults,
    summary: String,
) -> Finding {
    let environments = environments_of(&comparison.baseline, &comparison.current);
    finding(meta, component, environments, defaults, summary)
}

/// The environments of a finding on two, or on one at two times, in the order of their names.
fn environments_of(one: &EnvironmentName, other: &EnvironmentName) -> Vec<EnvironmentName> {
    let mut environments = vec![one.clone(), other.clone()];
    environments.sort();
    environments.dedup();
    environments
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
        values: std::collections::BTreeSet::new(),
        places: std::collections::BTreeMap::new(),
        at_least: None,
        defaults,
    }
}

/// Kernels and operating systems are nobody's release: differences are told and judge nothing.
fn unless_host(component: &ComponentName, defaults: Defaults) -> Defaults {
    if is_host(component) { INFO } else { defaults }
}

fn is_host(component: &ComponentName) -> bool {
    component.as_str().starts_with("host/")
}

/// `a minor behind`, `a patch ahead of`, `another build than`: fits between the current side and
/// the baseline.
fn distance(level: Level, direction: Option<Direction>) -> String {
    let direction = match direction {
        Some(Direction::Ahead) => "ahead of",
        Some(Direction::Behind) => "behind",
        Some(Direction::Mixed) => "ahead of and behind",
        None => return format!("another {} than", level.as_str()),
    };
    format!("a {} {direction}", level.as_str())
}

/// ` in shop/web/app, and 3 more places`, behind what is said of the worst; nothing where places
/// are not told apart.
fn in_place(at: Option<&Whereabouts>) -> String {
    let Some(Whereabouts { place, more }) = at else { return String::new() };
    match more {
        0 => format!(" in {place}"),
        1 => format!(" in {place}, and 1 more place"),
        more => format!(" in {place}, and {more} more places"),
    }
}

/// ` (shop/web/app, and 3 more places)`: the same, behind a sentence that has environments with
/// `in` already.
fn of_place(at: Option<&Whereabouts>) -> String {
    let text = in_place(at);
    text.strip_prefix(" in ").map_or_else(String::new, |text| format!(" ({text})"))
}

/// `redis 7.2.4 and redis 7.2.5`, and how many more.
fn listed<S: AsRef<str>>(runs: impl IntoIterator<Item = S>) -> String {
    first_three(runs, " and ")
}

/// ` (near: redis/main)`: names that the side which lacks a component has instead.
fn hint(alike: &Alike<'_>, lacked: &ComponentName) -> String {
    let names = alike.nearest_names(lacked);
    if names.is_empty() { String::new() } else { format!(" (near: {})", names.join(", ")) }
}

/// What of a component one side alone runs, as findings with the product as subject.
fn products_alone(
    meta: &'static RuleMeta,
    comparison: &Comparison,
    side: Presence,
    defaults: fn(&ComponentName) -> Defaults,
) -> Vec<Finding> {
    let (here, there) = match side {
        Presence::Missing => (&comparison.baseline, &comparison.current),
        _ => (&comparison.current, &comparison.baseline),
    };
    let mut found = Vec::new();
    for change in &comparison.changes {
        for alone in change.alone.iter().filter(|alone| alone.side == side) {
            let runs = listed(&alone.runs);
            let summary = format!("{here} runs {runs}, {there} no {}", alone.product);
            let defaults = defaults(&change.component);
            let finding = of_pair(meta, comparison, &change.component, defaults, summary);
            found.push(Finding { subject: alone.product.clone(), ..finding });
        }
    }
    found
}

/// `sha256:0123456789ab`, as engines abbreviate.
fn short(digest: &str) -> String {
    digest.chars().take("sha256:".len() + 12).collect()
}

/// What two digests may be instead of two builds, where a reference is pinned: nothing in a
/// digest tells of which kind it is.
const TWO_DIGESTS: &str = ", unless one is an index and the other its manifest for one platform, \
                           which are two digests of one image";

/// High in a gate, low elsewhere: the most common defaults.
const HIGH: Defaults = Defaults::by_gate(Severity::High, Severity::Low);
/// Low everywhere.
const LOW: Defaults = Defaults::same_everywhere(Severity::Low);
/// Shown when asked for.
const INFO: Defaults = Defaults::same_everywhere(Severity::Info);
