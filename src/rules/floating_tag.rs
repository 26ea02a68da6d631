//! A tag that moves, so that nobody can say what runs.

use std::collections::BTreeSet;

use super::{Hook, Rule, RuleContext, RuleMeta, finding};
use crate::model::{Component, Defaults, Finding, Severity, Snapshot};
use crate::version::{Body, Reading};

pub(super) struct FloatingTag;

const IN_BASELINE: Defaults = Defaults::same_everywhere(Severity::Medium);
const ELSEWHERE: Defaults = Defaults::same_everywhere(Severity::Info);

static META: RuleMeta = RuleMeta {
    id: "floating-tag",
    summary: "A container runs from a tag that moves (latest, stable, alpine).",
    why: "The next restart may bring another version, and a roll back brings whatever the tag \
          means by then.",
    fix: "Deploy a tag that says a whole version, or a digest.",
    hooks: &[Hook::Environment],
    defaults: &[("in the baseline", IN_BASELINE), ("elsewhere", ELSEWHERE)],
    ..RuleMeta::PLAIN
};

impl Rule for FloatingTag {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_environment(&self, context: &RuleContext<'_>, snapshot: &Snapshot) -> Vec<Finding> {
        let defaults =
            if snapshot.environment == *context.baseline { IN_BASELINE } else { ELSEWHERE };
        let floating = snapshot.components.iter().filter_map(|(name, component)| {
            let tags = floating_tags(component);
            if tags.is_empty() {
                return None;
            }
            let list: Vec<&str> = tags.into_iter().collect();
            let summary = format!("{} runs {}", snapshot.environment, list.join(", "));
            Some(finding(&META, name, vec![snapshot.environment.clone()], defaults, summary))
        });
        floating.collect()
    }
}

/// Whatever a label says of the version: the tag still moves.
fn floating_tags(component: &Component) -> BTreeSet<&str> {
    let tags =
        component.instances.iter().filter_map(|instance| instance.image.as_ref()?.tag.as_deref());
    tags.filter(|tag| *tag.body() == Body::Floating).map(Reading::text).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, single};
    use super::*;

    #[test]
    fn fires_on_latest_and_more_in_the_baseline() {
        assert_eq!(
            single(&FloatingTag, environment("prod").app("app", "latest"))[0].defaults,
            IN_BASELINE
        );
        assert_eq!(
            single(&FloatingTag, environment("dev").app("app", "alpine3.18"))[0].summary,
            "dev runs alpine3.18"
        );
    }

    #[test]
    fn stays_silent_on_versions_dates_and_programs() {
        let snapshot =
            environment("prod").app("a", "7").app("b", "20230601").redis("cache", "7.0.15");
        assert!(single(&FloatingTag, snapshot).is_empty());
    }
}
