//! An own service that is older in an earlier environment than in a later one.
//!
//! Releases move along the promotion order, so only what is released that way can be inverted:
//! a platform product that is upgraded late is `version-skew`, judged by its level.

use super::{
    Directions, HIGH, Hook, Rule, RuleContext, RuleLevels, RuleMeta, environments_of, finding,
    in_place,
};
use crate::compare::version_change;
use crate::model::{Class, Finding, Snapshot};
use crate::version::Direction;

pub(super) struct PromotionInversion;

static META: RuleMeta = RuleMeta {
    id: "promotion-inversion",
    summary: "An own service is older in an environment than in a later one of the promotion \
        order.",
    why: "Something went to the later environment without passing through the earlier one: a \
        hotfix that the next release will undo, or a test environment that was forgotten.",
    fix: "Deploy the later environment's version to the earlier one, then release from there.",
    hooks: &[Hook::All],
    subsumes: &["version-skew"],
    defaults: &[("any", HIGH)],
    on_versions: true,
    levels: RuleLevels::Ordered,
    directions: Directions::Any,
    ..RuleMeta::PLAIN
};

impl Rule for PromotionInversion {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_all(&self, context: &RuleContext<'_>, snapshots: &[Snapshot]) -> Vec<Finding> {
        let ordered: Vec<&Snapshot> = context
            .order
            .iter()
            .filter_map(|name| snapshots.iter().find(|s| s.environment == *name))
            .collect();
        let pairs = ordered
            .iter()
            .enumerate()
            .flat_map(|(i, earlier)| ordered[i + 1..].iter().map(move |later| (*earlier, *later)));
        pairs.flat_map(|(earlier, later)| inverted(earlier, later)).collect()
    }
}

fn inverted<'a>(earlier: &'a Snapshot, later: &'a Snapshot) -> impl Iterator<Item = Finding> + 'a {
    earlier.components.iter().filter(|(_, component)| component.class == Class::Service).filter_map(
        |(name, component)| {
            let change = version_change(later.components.get(name)?, component)?;
            if change.direction != Some(Direction::Behind) {
                return None;
            }
            let environments = environments_of(&earlier.environment, &later.environment);
            let summary = format!(
                "{} runs {}, but {} already runs {}{}",
                earlier.environment,
                change.current,
                later.environment,
                change.baseline,
                in_place(change.at.as_ref()),
            );
            Some(Finding {
                level: Some(change.level),
                direction: change.direction,
                ..finding(&META, name, environments, HIGH, summary)
            })
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{all, environment};
    use super::*;

    #[test]
    fn fires_on_any_two_environments_out_of_order() {
        let found = all(
            &PromotionInversion,
            vec![
                environment("dev").app("app", "v20"),
                environment("qualif").app("app", "v22"),
                environment("prod").app("app", "v21"),
            ],
        );
        let pairs: Vec<_> = found.iter().map(|f| f.summary.as_str()).collect();
        assert_eq!(
            pairs,
            [
                "dev runs v20, but qualif already runs v22",
                "dev runs v20, but prod already runs v21"
            ]
        );
    }

    #[test]
    fn stays_silent_in_order_and_on_platform() {
        let found = all(
            &PromotionInversion,
            vec![
                environment("qualif").app("app", "v22").redis("cache", "6.2.5"),
                environment("prod").app("app", "v21").redis("cache", "7.0.15"),
            ],
        );
        assert!(found.is_empty(), "{found:?}");
    }
}
