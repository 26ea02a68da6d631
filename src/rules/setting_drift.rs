//! Settings that change behaviour and differ from the baseline's.

use super::{Context, Hook, LOW, Rule, RuleMeta, of_pair};
use crate::model::{Comparison, Finding};

pub(super) struct SettingDrift;

static META: RuleMeta = RuleMeta {
    id: "setting-drift",
    summary: "A setting on the allow-list (eviction policy, AOF, mode; never sizes) differs from the baseline's.",
    why: "A cache that evicts and one that refuses writes fail differently under the same load.",
    fix: "Set the baseline's value, or lower the severity in the policy.",
    hooks: &[Hook::Pair],
    subsumes: &[],
    defaults: &[("any", LOW)],
};

impl Rule for SettingDrift {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_pair(&self, _: &Context<'_>, comparison: &Comparison) -> Vec<Finding> {
        let found = comparison.changes.iter().flat_map(|change| {
            change.settings.iter().map(|setting| {
                let summary = format!(
                    "{} is {} in {}, {} in {}",
                    setting.name, setting.current, comparison.current, setting.baseline, comparison.baseline
                );
                let finding = of_pair(&META, comparison, &change.component, LOW, summary);
                Finding { subject: setting.name.clone(), ..finding }
            })
        });
        found.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, pair};
    use super::*;

    #[test]
    fn fires_on_another_value() {
        let prod =
            environment("prod").redis("cache", "7.0.15").setting("redis/cache", "maxmemory_policy", "noeviction");
        let qualif =
            environment("qualif").redis("cache", "7.0.15").setting("redis/cache", "maxmemory_policy", "allkeys-lru");
        let found = pair(&SettingDrift, prod, qualif);
        assert_eq!(found[0].summary, "maxmemory_policy is allkeys-lru in qualif, noeviction in prod");
    }

    #[test]
    fn stays_silent_on_one_value_and_where_only_one_side_tells() {
        let prod = || environment("prod").redis("cache", "7.0.15").setting("redis/cache", "mode", "cluster");
        assert!(
            pair(
                &SettingDrift,
                prod(),
                environment("qualif").redis("cache", "7.0.15").setting("redis/cache", "mode", "cluster")
            )
            .is_empty()
        );
        assert!(pair(&SettingDrift, prod(), environment("qualif").redis("cache", "7.0.15")).is_empty());
    }
}
