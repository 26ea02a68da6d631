//! Another version than the baseline's.

use super::{
    Directions, HIGH, HistoryKey, HistoryUse, Hook, INFO, LOW, Rule, RuleContext, RuleLevels,
    RuleMeta, distance, in_place, is_host, of_pair, unless_host,
};
use crate::model::matrix::MatrixRow;
use crate::model::{
    AheadPair, Change, Class, Comparison, Defaults, Finding, Severity, VersionChange,
};
use crate::version::{Direction, Level};
use jiff::Timestamp;

pub(super) struct VersionSkew;

/// What is not released for long was tested in vain, and all that was tested with it.
const AHEAD: HistoryUse = HistoryUse {
    key: HistoryKey::AllowAhead,
    what: "ahead of the baseline for longer than that, but for hosts",
    at_least: Severity::Medium,
};

static META: RuleMeta = RuleMeta {
    id: "version-skew",
    summary: "A component runs in another version than in the baseline.",
    why: "What was tested is not what will run. A minor or major difference of a shared data \
          store or cluster has changed defaults, limits and the cost of commands \
          before.",
    fix: "Bring both environments to one version, the one that is tested first; or lower the \
          severity of what you accept in the policy.",
    hooks: &[Hook::Pair],
    defaults: &[
        ("platform, modules and declared: major or minor", HIGH),
        ("platform, modules and declared: patch, pre-release or build", LOW),
        ("own services behind the baseline", HIGH),
        ("own services ahead of the baseline (releases are)", INFO),
        ("own services in another build, without an order", LOW),
        ("hosts (kernel, operating system)", INFO),
    ],
    on_versions: true,
    levels: RuleLevels::Ordered,
    directions: Directions::Any,
    history: Some(AHEAD),
    ..RuleMeta::PLAIN
};

impl Rule for VersionSkew {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    /// Of an own service any level is a release: which way is what matters.
    fn in_brief(&self, finding: &Finding, row: &MatrixRow) -> Option<String> {
        let level = finding.level.filter(|_| row.class != Class::Service).map(Level::as_str);
        let direction = finding.direction.map(Direction::as_str);
        Some(level.into_iter().chain(direction).collect::<Vec<_>>().join(" "))
    }

    fn check_pair(&self, context: &RuleContext<'_>, comparison: &Comparison) -> Vec<Finding> {
        let skewed = comparison.changes.iter().filter_map(|change| {
            let version = change.version.as_ref().filter(|version| version.level.is_drift())?;
            // Of a place that is named, what is said holds there.
            let direction = match version.at {
                Some(_) => version.direction_there,
                None => version.direction,
            };
            let since = long_ahead(context, comparison, change);
            let waited = since.map(|at| format!(", since {}: {TOO_LONG}", at.strftime("%F")));
            let summary = format!(
                "{} {} is {} {} {}{}{}",
                comparison.current,
                version.current,
                distance(version.level, direction),
                comparison.baseline,
                version.baseline,
                in_place(version.at.as_ref()),
                waited.unwrap_or_default(),
            );
            let finding =
                of_pair(&META, comparison, &change.component, defaults(change, version), summary);
            let places = Finding::bound_places(places(change, version));
            let (level, direction) = (Some(version.level), version.direction);
            let at_least = since.map(|_| AHEAD.at_least);
            Some(Finding { level, direction, places, at_least, ..finding })
        });
        skewed.collect()
    }
}

const TOO_LONG: &str = "longer than allow-ahead lets it";

/// Since when the current side has been ahead, if that is too long. Hosts are nobody's release.
fn long_ahead(
    context: &RuleContext<'_>,
    comparison: &Comparison,
    change: &Change,
) -> Option<Timestamp> {
    let pair = AheadPair {
        component: change.component.clone(),
        baseline: comparison.baseline.clone(),
        current: comparison.current.clone(),
    };
    context.long_ahead.get(&pair).copied().filter(|_| !is_host(&change.component))
}

fn defaults(change: &Change, version: &VersionChange) -> Defaults {
    of_drift(change, version.level, version.direction)
}

/// The places that make a skew as severe as it is: a patch beside a major is not worth a word.
fn places(change: &Change, version: &VersionChange) -> Vec<(String, String)> {
    let severe = defaults(change, version).in_gate;
    let places = version.places.iter().filter(|(_, level, direction)| {
        of_drift(change, *level, *direction).in_gate >= severe || version.places.len() == 1
    });
    let how = |level: Level, direction: Option<Direction>| match direction {
        Some(direction) => format!("{} {}", level.as_str(), direction.as_str()),
        None => level.as_str().to_owned(),
    };
    places.map(|(place, level, direction)| (place.clone(), how(*level, *direction))).collect()
}

fn of_drift(change: &Change, level: Level, direction: Option<Direction>) -> Defaults {
    let defaults = match (change.class, level, direction) {
        (Class::Service, _, Some(Direction::Ahead)) => INFO,
        (Class::Service, _, Some(Direction::Behind | Direction::Mixed)) => HIGH,
        // Another build, and nobody can say which is newer.
        (Class::Service, _, None) => LOW,
        (Class::Platform, Level::Major | Level::Minor, _) => HIGH,
        (Class::Platform, ..) => LOW,
    };
    unless_host(&change.component, defaults)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, pair};
    use super::*;

    #[test]
    fn fires_by_level_on_platform() {
        let found = pair(
            &VersionSkew,
            environment("prod").redis("cache", "7.0.15"),
            environment("qualif").redis("cache", "6.2.5"),
        );
        assert_eq!(found[0].summary, "qualif 6.2.5 is a major behind prod 7.0.15");
        assert_eq!((found[0].level, found[0].defaults), (Some(Level::Major), HIGH));
        let found = pair(
            &VersionSkew,
            environment("prod").redis("cache", "7.0.15"),
            environment("qualif").redis("cache", "7.0.14"),
        );
        assert_eq!(found[0].defaults.in_gate, Severity::Low);
    }

    #[test]
    fn fires_on_own_services_by_direction() {
        let found = |current| {
            pair(
                &VersionSkew,
                environment("prod").app("app", "v21"),
                environment("qualif").app("app", current),
            )
        };
        assert_eq!(found("v22")[0].defaults, INFO);
        assert_eq!(found("v20")[0].defaults, HIGH);
    }

    #[test]
    fn fires_softly_on_hosts_and_on_builds_without_an_order() {
        let kernel = |name, version| environment(name).product("host/kernel", "linux", version);
        assert_eq!(
            pair(&VersionSkew, kernel("prod", "6.1.0"), kernel("qualif", "5.10.0"))[0].defaults,
            INFO
        );
        let app = |name, tag| environment(name).app("app", tag);
        assert_eq!(
            pair(&VersionSkew, app("prod", "1.2.3_9"), app("qualif", "1.2.3_10"))[0].defaults,
            LOW
        );
        assert_eq!(
            pair(&VersionSkew, app("prod", "1.2.3-140"), app("qualif", "1.2.3-145"))[0].defaults,
            INFO
        );
    }

    #[test]
    fn fires_on_versions_swapped_between_workloads_and_names_the_worst_place() {
        let two = |name, web, worker| {
            environment(name).workload("web", "app", web).workload("worker", "app", worker)
        };
        let found =
            pair(&VersionSkew, two("prod", "1.0.0", "2.0.0"), two("qualif", "2.0.0", "1.0.0"));
        assert_eq!(
            found[0].summary,
            "qualif 1.0.0 is a major behind prod 2.0.0 in shop/worker, and 1 more place"
        );
        assert_eq!(found[0].defaults, HIGH);
    }

    #[test]
    fn stays_silent_on_equal_unknown_and_one_sided() {
        let prod = || environment("prod").redis("cache", "7.0.15").app("app", "v21");
        assert!(
            pair(
                &VersionSkew,
                prod(),
                environment("qualif").redis("cache", "7.0.15").app("app", "latest")
            )
            .is_empty()
        );
        assert!(pair(&VersionSkew, prod(), environment("qualif")).is_empty());
    }
}
