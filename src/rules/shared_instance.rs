//! One running instance that several environments believe to be theirs.

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, Hook, LOW, Rule, RuleMeta, finding};
use crate::model::{
    ComponentName, Defaults, EnvironmentName, Finding, Identity, Severity, Snapshot,
};

pub(super) struct SharedInstance;

const WITH_BASELINE: Defaults = Defaults::everywhere(Severity::Critical);

static META: RuleMeta = RuleMeta {
    id: "shared-instance",
    summary: "One instance (Redis run_id, Docker engine ID, kube-system UID) answers in several environments.",
    why: "A test that empties or loads it does so in every environment that shares it; and an audit that compares \
          an instance with itself finds no drift.",
    fix: "Point each profile at an instance of its own; or list it under shared: in the catalogue if it is meant to be shared.",
    hooks: &[Hook::All],
    subsumes: &[],
    defaults: &[("the baseline is among them", WITH_BASELINE), ("else", LOW)],
};

impl Rule for SharedInstance {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    /// One finding for each identity, naming all environments.
    fn check_all(&self, context: &Context<'_>, snapshots: &[Snapshot]) -> Vec<Finding> {
        let mut places = BTreeMap::<(&str, &str), BTreeSet<(&EnvironmentName, &Identity)>>::new();
        for snapshot in snapshots {
            for identity in &snapshot.identities {
                let on_purpose =
                    context.shared.iter().any(|glob| glob.is_match(identity.target.as_str()));
                if !on_purpose {
                    places
                        .entry((identity.kind, &identity.value))
                        .or_default()
                        .insert((&snapshot.environment, identity));
                }
            }
        }
        places.into_iter().filter_map(|(key, seen)| shared(context, key, &seen)).collect()
    }
}

fn shared(
    context: &Context<'_>,
    (kind, value): (&str, &str),
    seen: &BTreeSet<(&EnvironmentName, &Identity)>,
) -> Option<Finding> {
    let environments: BTreeSet<&EnvironmentName> =
        seen.iter().map(|(environment, _)| *environment).collect();
    if environments.len() < 2 {
        return None;
    }
    let defaults = if environments.contains(context.baseline) { WITH_BASELINE } else { LOW };
    let names: Vec<String> = seen
        .iter()
        .map(|(environment, identity)| format!("{environment} {}", identity.target))
        .collect();
    let short: String = value.chars().take(12).collect();
    // The name in the last environment of the promotion order: the one that is harmed most.
    let rank = |environment: &EnvironmentName| context.order.iter().position(|e| e == environment);
    let (_, last) = seen.iter().max_by_key(|(environment, _)| rank(environment))?;
    let component = ComponentName::from(last.target.as_str());
    let summary = format!("{} are one instance ({kind} {short})", names.join(" = "));
    let finding =
        finding(&META, &component, environments.into_iter().cloned().collect(), defaults, summary);
    // The targets, so that a waiver of these two is none of two others.
    Some(Finding { subject: format!("{kind} of {}", names.join(" = ")), ..finding })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{all, environment};
    use super::*;

    #[test]
    fn fires_once_for_an_identity_and_names_all_environments() {
        let found = all(
            &SharedInstance,
            vec![
                environment("dev").identity("redis/host", "run_id", "3f9c"),
                environment("qualif").identity("redis/cache", "run_id", "3f9c"),
            ],
        );
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].summary,
            "dev redis/host = qualif redis/cache are one instance (run_id 3f9c)"
        );
        assert_eq!((found[0].component.as_str(), found[0].defaults), ("redis/cache", LOW));
        let found = all(
            &SharedInstance,
            vec![
                environment("qualif").identity("redis/cache", "run_id", "3f9c"),
                environment("prod").identity("redis/cache", "run_id", "3f9c"),
            ],
        );
        assert_eq!(found[0].defaults, WITH_BASELINE);
    }

    #[test]
    fn stays_silent_within_one_environment_and_on_purpose() {
        let twice = environment("dev")
            .identity("redis/a", "run_id", "1")
            .identity("redis/b", "run_id", "1");
        assert!(all(&SharedInstance, vec![twice]).is_empty());
        let on_purpose = all(
            &SharedInstance,
            vec![
                environment("dev").identity("kubernetes/mks", "kube-system UID", "1"),
                environment("prod").identity("kubernetes/mks", "kube-system UID", "1"),
            ],
        );
        assert!(on_purpose.is_empty());
    }
}
