//! The rules: one file each, one line each in [`RULES`].
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

use std::time::Duration;

use jiff::Timestamp;

use crate::model::{
    Comparison, ComponentName, Cycles, Defaults, EnvironmentName, Finding, Gate, Presence,
    RangeRow, Severity, Sharing, Snapshot, Whereabouts,
};
use crate::version::{Direction, Level};

pub use end_of_life::{has_subject, stale_data};
pub use estate_differs::DEFAULT_MIN_SHARE;
pub use out_of_range::idle;

/// Every rule, in the order of their ids.
pub const RULES: &[&dyn Rule] = &[
    &digest_mismatch::DigestMismatch,
    &end_of_life::EndOfLife,
    &estate_differs::EstateDiffers,
    &floating_tag::FloatingTag,
    &incomparable_version::IncomparableVersion,
    &missing_component::MissingComponent,
    &out_of_range::OutOfRange,
    &product_differs::ProductDiffers,
    &promotion_inversion::PromotionInversion,
    &scale_gap::ScaleGap,
    &setting_drift::SettingDrift,
    &shared_data::SharedData,
    &shared_instance::SharedInstance,
    &source_disagreement::SourceDisagreement,
    &unexpected_component::UnexpectedComponent,
    &unmapped_mirror::UnmappedMirror,
    &unreleased_build::UnreleasedBuild,
    &variant_differs::VariantDiffers,
    &version_skew::VersionSkew,
    &version_split::VersionSplit,
];

/// What rules may know besides the snapshots.
#[derive(Debug)]
pub struct Context<'a> {
    /// Environments in promotion order.
    pub order: &'a [EnvironmentName],
    /// The environment that all are compared with.
    pub baseline: &'a EnvironmentName,
    /// Pairs that may block.
    pub gates: &'a [Gate],
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
    /// The share of the baseline's components, from 0 to 1, that an environment must have to
    /// stand for it.
    pub min_share: f64,
}

/// One thing to look for. Each method sees more than the one before; all default to silence.
pub trait Rule: Sync {
    /// What people read about it.
    fn meta(&self) -> &'static RuleMeta;

    /// Whether a finding on several environments is of each of them by itself: it concerns a gate
    /// as soon as one of them does.
    fn is_of_each_environment(&self) -> bool {
        false
    }

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

/// Whether a finding of that rule may say that level, by its word.
pub fn may_say(rule: &str, level: &str) -> bool {
    match rule {
        "incomparable-version" => level == "incomparable",
        "promotion-inversion" | "source-disagreement" | "version-skew" => level != "incomparable",
        "product-differs" | "version-split" => true,
        _ => false,
    }
}

/// The rule of that id.
pub fn by_id(id: &str) -> Option<&'static dyn Rule> {
    RULES.iter().copied().find(|rule| rule.meta().id == id)
}

/// Everything that the rules say, by component and rule: also what another finding subsumes, since
/// a policy may switch that one off.
pub fn check(
    context: &Context<'_>,
    snapshots: &[Snapshot],
    comparisons: &[Comparison],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        findings.extend(
            snapshots.iter().flat_map(|snapshot| rule.check_environment(context, snapshot)),
        );
        findings
            .extend(comparisons.iter().flat_map(|comparison| rule.check_pair(context, comparison)));
        findings.extend(rule.check_all(context, snapshots));
    }
    findings.sort_by(|a, b| a.key().cmp(&b.key()));
    findings.dedup_by(|a, b| a.key() == b.key());
    findings
}

/// The snapshots that are compared, baseline first: each environment with the baseline of the audit,
/// and the two sides of each gate.
fn pairs<'a>(
    context: &Context<'_>,
    snapshots: &'a [Snapshot],
) -> Vec<(&'a Snapshot, &'a Snapshot)> {
    let of = |name: &EnvironmentName| snapshots.iter().find(|s| s.environment == *name);
    let others = snapshots.iter().map(|s| &s.environment).filter(|name| *name != context.baseline);
    let mut names: Vec<_> = others.map(|name| (context.baseline, name)).collect();
    for Gate { from, to } in context.gates {
        if !names.contains(&(to, from)) && !names.contains(&(from, to)) {
            names.push((to, from));
        }
    }
    names
        .into_iter()
        .filter_map(|(baseline, current)| Some((of(baseline)?, of(current)?)))
        .collect()
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
        values: std::collections::BTreeSet::new(),
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

/// ` in shop/web/app, and 3 more places`, behind what is said of the worst; nothing where places are
/// not told apart.
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
fn listed(runs: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = runs.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(" and ");
    match runs.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
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

/// High in a gate, low elsewhere: the most common defaults.
const HIGH: Defaults = Defaults::gate(Severity::High, Severity::Low);
/// Low everywhere.
const LOW: Defaults = Defaults::everywhere(Severity::Low);
/// Shown when asked for.
const INFO: Defaults = Defaults::everywhere(Severity::Info);
