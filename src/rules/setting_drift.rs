//! Settings that change behaviour and differ from the baseline's, or among the servers of one
//! component.

use super::{Hook, LOW, Rule, RuleContext, RuleMeta, finding, of_pair};
use crate::model::{Comparison, Finding, Snapshot, Values, first_three};

pub(super) struct SettingDrift;

static META: RuleMeta = RuleMeta {
    id: "setting-drift",
    summary: "A setting on the allow-list (eviction policy, AOF, mode; never sizes) differs from \
              the baseline's, or among the nodes or replicas of one component.",
    why: "A cache that evicts and one that refuses writes fail differently under the same load.",
    fix: "Set the baseline's value, or lower the severity in the policy.",
    hooks: &[Hook::Environment, Hook::Pair],
    defaults: &[("any", LOW)],
    ..RuleMeta::PLAIN
};

impl Rule for SettingDrift {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_environment(&self, _: &RuleContext<'_>, snapshot: &Snapshot) -> Vec<Finding> {
        let settings = snapshot.components.iter().flat_map(|(name, component)| {
            component.settings.iter().map(move |(setting, values)| (name, setting, values))
        });
        let split =
            settings.filter(|(.., values)| values.len() > 1).map(|(name, setting, values)| {
                let summary = format!(
                    "{setting} differs within {}: {}",
                    snapshot.environment,
                    by_server(values)
                );
                let finding =
                    finding(&META, name, vec![snapshot.environment.clone()], LOW, summary);
                let values = values.keys().cloned().collect();
                Finding { subject: setting.clone(), values, ..finding }
            });
        split.collect()
    }

    fn check_pair(&self, _: &RuleContext<'_>, comparison: &Comparison) -> Vec<Finding> {
        let found = comparison.changes.iter().flat_map(|change| {
            change.settings.iter().map(|setting| {
                let summary = format!(
                    "{} is {} in {}, {} in {}",
                    setting.name,
                    setting.current,
                    comparison.current,
                    setting.baseline,
                    comparison.baseline
                );
                let finding = of_pair(&META, comparison, &change.component, LOW, summary);
                let side = |environment, value| format!("{environment} {value}");
                let values = [
                    side(&comparison.baseline, &setting.baseline),
                    side(&comparison.current, &setting.current),
                ];
                Finding { subject: setting.name.clone(), values: values.into(), ..finding }
            })
        });
        found.collect()
    }
}

/// Each value, and which servers have it.
fn by_server(values: &Values) -> String {
    let value = |(value, servers): (&String, &std::collections::BTreeSet<String>)| {
        format!("{value} ({})", first_three(servers, ", "))
    };
    values.iter().map(value).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, pair, single};
    use super::*;

    #[test]
    fn fires_on_another_value() {
        let prod = environment("prod")
            .redis("cache", "7.0.15")
            .setting("redis/cache", "maxmemory_policy", "noeviction");
        let qualif = environment("qualif")
            .redis("cache", "7.0.15")
            .setting("redis/cache", "maxmemory_policy", "allkeys-lru");
        let found = pair(&SettingDrift, prod, qualif);
        assert_eq!(
            found[0].summary,
            "maxmemory_policy is allkeys-lru in qualif, noeviction in prod"
        );
    }

    #[test]
    fn fires_on_nodes_that_differ_and_names_them() {
        let nodes = |name: &str, values: &[&str]| {
            let start = environment(name).redis("cache", "7.0.15");
            values
                .iter()
                .fold(start, |nodes, value| nodes.setting("redis/cache", "maxmemory_policy", value))
        };
        let (lru, no) = ("allkeys-lru", "noeviction");
        let found = single(&SettingDrift, nodes("prod", &[lru, no, no, no, no]));
        assert_eq!(
            found[0].summary,
            "maxmemory_policy differs within prod: allkeys-lru (10.0.0.1:6379), \
             noeviction (10.0.0.2:6379, 10.0.0.3:6379, 10.0.0.4:6379, 1 more)"
        );
        assert!(single(&SettingDrift, nodes("prod", &[no, no])).is_empty());
        let found = pair(&SettingDrift, nodes("prod", &[no]), nodes("qualif", &[no, lru]));
        assert_eq!(
            found[0].summary,
            "maxmemory_policy is allkeys-lru and noeviction in qualif, noeviction in prod"
        );
        assert!(
            pair(&SettingDrift, nodes("prod", &[no, lru]), nodes("qualif", &[lru, no, lru]))
                .is_empty()
        );
    }

    #[test]
    fn stays_silent_on_one_value_and_where_only_one_side_tells() {
        let prod = || {
            environment("prod").redis("cache", "7.0.15").setting("redis/cache", "mode", "cluster")
        };
        assert!(
            pair(
                &SettingDrift,
                prod(),
                environment("qualif")
                    .redis("cache", "7.0.15")
                    .setting("redis/cache", "mode", "cluster")
            )
            .is_empty()
        );
        assert!(
            pair(&SettingDrift, prod(), environment("qualif").redis("cache", "7.0.15")).is_empty()
        );
    }
}
