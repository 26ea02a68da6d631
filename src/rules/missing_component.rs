//! Something that the baseline runs and this environment does not.

use super::{Hook, Rule, RuleContext, RuleMeta, hint, of_pair, products_alone};
use crate::compare::Alike;
use crate::model::{Comparison, ComponentName, Defaults, Finding, Presence, Severity};

pub(super) struct MissingComponent;

const TARGET: Defaults = Defaults::by_gate(Severity::High, Severity::Info);
const OTHER: Defaults = Defaults::by_gate(Severity::Medium, Severity::Info);

static META: RuleMeta = RuleMeta {
    id: "missing-component",
    summary: "The baseline runs a component that this environment does not, and everything that \
              could hold it was read.",
    why: "What is not there is not tested: a release may depend on it, or load it.",
    fix: "Run it there too; or say where it belongs by only-in: in the catalogue, or ignore: in \
          the profile.",
    hooks: &[Hook::Pair],
    defaults: &[("a target of its own: a Redis, a declared fact", TARGET), ("else", OTHER)],
    ..RuleMeta::PLAIN
};

impl Rule for MissingComponent {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_pair(&self, _: &RuleContext<'_>, comparison: &Comparison) -> Vec<Finding> {
        let missing =
            comparison.changes.iter().filter(|change| change.presence == Presence::Missing);
        let alike = Alike::new(comparison, Presence::Missing);
        let finding = missing.map(|change| {
            let hint = hint(&alike, &change.component);
            let (here, there) = (&comparison.baseline, &comparison.current);
            let summary = format!("{here} runs it, {there} does not{hint}");
            of_pair(&META, comparison, &change.component, defaults(&change.component), summary)
        });
        let alone = products_alone(&META, comparison, Presence::Missing, defaults);
        finding.chain(alone).collect()
    }
}

fn defaults(component: &ComponentName) -> Defaults {
    if component.is_target_level() { TARGET } else { OTHER }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, pair};
    use super::*;

    #[test]
    fn fires_where_everything_was_read() {
        let found = pair(
            &MissingComponent,
            environment("prod").redis("cache", "7.0.15").redis("sessions", "7.0.15"),
            environment("qualif").redis("cache", "7.0.15"),
        );
        assert_eq!((found[0].component.as_str(), found[0].defaults), ("redis/sessions", TARGET));
        let found = pair(
            &MissingComponent,
            environment("prod").app("a", "v1").app("b", "v1"),
            environment("qualif").app("a", "v1"),
        );
        assert_eq!((found[0].component.as_str(), found[0].defaults), ("image/b", OTHER));
    }

    #[test]
    fn fires_with_names_that_the_side_has_instead() {
        let said = |qualif: &[&str]| {
            let all = |name, targets: &[&str]| {
                let of = |all: crate::model::Snapshot, target: &&str| all.redis(target, "7.0.15");
                targets.iter().fold(environment(name), of)
            };
            let found =
                pair(&MissingComponent, all("prod", &["cache", "x"]), all("qualif", qualif));
            found[0].summary.clone()
        };
        assert_eq!(said(&["x"]), "prod runs it, qualif does not");
        assert_eq!(said(&["x", "main"]), "prod runs it, qualif does not (near: redis/main)");
        assert_eq!(
            said(&["x", "main", "cachet"]),
            "prod runs it, qualif does not (near: redis/cachet, redis/main)"
        );
    }

    #[test]
    fn stays_silent_where_it_was_not_read_and_the_other_way_round() {
        let prod = || environment("prod").app("app", "v1");
        assert!(
            pair(&MissingComponent, prod(), environment("qualif").unread("docker/x", "containers"))
                .is_empty()
        );
        assert!(
            pair(
                &MissingComponent,
                environment("prod").read("docker/x", "containers"),
                environment("qualif").app("app", "v1")
            )
            .is_empty()
        );
    }
}
