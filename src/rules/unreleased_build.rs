//! A version that nobody released.

use super::{Hook, Rule, RuleContext, RuleMeta, finding};
use crate::compare::distinct_readings;
use crate::model::{Defaults, Finding, Severity, Snapshot};

pub(super) struct UnreleasedBuild;

const DEFAULTS: Defaults = Defaults::same_everywhere(Severity::Medium);

static META: RuleMeta = RuleMeta {
    id: "unreleased-build",
    summary: "A component says a version that no release carries (255.255.255, 0.0.0, dev).",
    why: "It was built from an unstable branch, or without a version: nobody can say what is in \
        it, and nobody fixes it.",
    fix: "Deploy a release, or set the version when building. Texts that a product uses so are \
        `sentinels` of the product data.",
    hooks: &[Hook::Environment],
    defaults: &[("any", DEFAULTS)],
    ..RuleMeta::PLAIN
};

impl Rule for UnreleasedBuild {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_environment(&self, _: &RuleContext<'_>, snapshot: &Snapshot) -> Vec<Finding> {
        let found = snapshot.components.iter().filter_map(|(name, component)| {
            let readings = distinct_readings(component);
            let unreleased = readings.iter().filter(|(reading, _)| reading.is_unreleased());
            let list: Vec<String> =
                unreleased.map(|(reading, places)| format!("{reading} ({places})")).collect();
            let summary = format!(
                "{} runs {}, which is not a released version",
                snapshot.environment,
                list.join(", ")
            );
            let environments = vec![snapshot.environment.clone()];
            (!list.is_empty()).then(|| finding(&META, name, environments, DEFAULTS, summary))
        });
        found.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, single};
    use super::*;

    #[test]
    fn fires_on_sentinels_whatever_says_them() {
        let found = single(
            &UnreleasedBuild,
            environment("prod").redis("cache", "255.255.255").app("app", "dev"),
        );
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].summary, "prod runs dev (1), which is not a released version");
        assert_eq!(found[1].summary, "prod runs 255.255.255 (1), which is not a released version");
        assert_eq!(found[1].defaults.in_gate, Severity::Medium);
    }

    #[test]
    fn stays_silent_on_releases_pre_releases_and_tags_that_move() {
        let prod =
            environment("prod").redis("cache", "7.2.0-rc1").app("app", "v21").app("web", "latest");
        assert!(single(&UnreleasedBuild, prod).is_empty());
    }
}
