//! Something that this environment runs and the baseline does not.

use super::{Hook, INFO, Rule, RuleContext, RuleMeta, hint, of_pair, products_alone};
use crate::compare::Alike;
use crate::model::{Comparison, Finding, Presence};

pub(super) struct UnexpectedComponent;

static META: RuleMeta = RuleMeta {
    id: "unexpected-component",
    summary: "This environment runs a component that the baseline does not, and everything that \
              could hold it was read.",
    why: "Tests may lean on it unawares. A new service of the next release is expected here; a \
          forgotten one is not.",
    fix: "Nothing for a new service; else stop it, or say where it belongs by only-in: in the \
          catalogue.",
    hooks: &[Hook::Pair],
    defaults: &[("any", INFO)],
    ..RuleMeta::PLAIN
};

impl Rule for UnexpectedComponent {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_pair(&self, _: &RuleContext<'_>, comparison: &Comparison) -> Vec<Finding> {
        let unexpected =
            comparison.changes.iter().filter(|change| change.presence == Presence::Unexpected);
        let alike = Alike::new(comparison, Presence::Unexpected);
        let finding = unexpected.map(|change| {
            let hint = hint(&alike, &change.component);
            let (here, there) = (&comparison.current, &comparison.baseline);
            let summary = format!("{here} runs it, {there} does not{hint}");
            of_pair(&META, comparison, &change.component, INFO, summary)
        });
        let alone = products_alone(&META, comparison, Presence::Unexpected, |_| INFO);
        finding.chain(alone).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, pair};
    use super::*;

    #[test]
    fn fires_on_what_the_baseline_lacks() {
        let found = pair(
            &UnexpectedComponent,
            environment("prod").read("docker/x", "containers"),
            environment("qualif").app("app", "v1"),
        );
        assert_eq!(found[0].summary, "qualif runs it, prod does not");
    }

    #[test]
    fn fires_with_the_name_that_the_baseline_has_instead() {
        let found = pair(
            &UnexpectedComponent,
            environment("prod").redis("cache", "7.0.15"),
            environment("qualif").redis("main", "7.0.15"),
        );
        assert_eq!(found[0].summary, "qualif runs it, prod does not (near: redis/cache)");
    }

    #[test]
    fn stays_silent_on_what_both_have() {
        assert!(
            pair(
                &UnexpectedComponent,
                environment("prod").app("app", "v1"),
                environment("qualif").app("app", "v2")
            )
            .is_empty()
        );
    }
}
