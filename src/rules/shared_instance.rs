//! One running instance that several environments believe to be theirs.

use std::collections::{BTreeMap, BTreeSet};

use super::{Hook, LOW, Reads, Rule, RuleContext, RuleMeta, finding};
use crate::model::{
    ComponentName, Defaults, EnvironmentName, Finding, Identity, Severity, Snapshot,
};

pub(super) struct SharedInstance;

const WITH_BASELINE: Defaults = Defaults::same_everywhere(Severity::Critical);

static META: RuleMeta = RuleMeta {
    id: "shared-instance",
    summary: "One instance (Redis run_id, Docker engine ID, kube-system UID) answers in several \
        environments.",
    why: "A test that empties or loads it does so in every environment that shares it; and an \
        audit that compares an instance with itself finds no drift.",
    fix: "Point each profile at an instance of its own; or list it under shared: in the catalogue \
        if it is meant to be shared. Machines that were cloned with their Docker Engine have one \
        engine ID: give each its own (stop the engine, remove /var/lib/docker/engine-id, or \
        /etc/docker/key.json before Docker 24, and start it).",
    hooks: &[Hook::All],
    subsumes: &["shared-data"],
    defaults: &[("the baseline is among them", WITH_BASELINE), ("else", LOW)],
    blocks_anywhere: true,
    reads: Reads::Identities,
    ..RuleMeta::PLAIN
};

impl Rule for SharedInstance {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_all(&self, context: &RuleContext<'_>, snapshots: &[Snapshot]) -> Vec<Finding> {
        let (defaults, what) = ((WITH_BASELINE, LOW), "are the same instance");
        let is_of_instance = |identity: &Identity| !identity.is_of_data();
        shared_identities(&META, context, snapshots, is_of_instance, defaults, what)
    }
}

/// One finding for each identity of the wanted kind that several environments have, naming them
/// all. `defaults` are with and without the baseline among them.
pub(super) fn shared_identities(
    meta: &'static RuleMeta,
    context: &RuleContext<'_>,
    snapshots: &[Snapshot],
    is_wanted: impl Fn(&Identity) -> bool,
    defaults: (Defaults, Defaults),
    what: &str,
) -> Vec<Finding> {
    let mut places = BTreeMap::<(&str, &str), IdentityHolders<'_>>::new();
    for snapshot in snapshots {
        for identity in snapshot.identities.iter().filter(|identity| is_wanted(identity)) {
            let seen = places.entry((identity.kind, &identity.value)).or_default();
            seen.insert((&snapshot.environment, identity));
        }
    }
    let mut found = Vec::new();
    for ((kind, value), mut seen) in places {
        leave_out_on_purpose(context, &mut seen);
        let environments: BTreeSet<EnvironmentName> =
            seen.iter().map(|(environment, _)| (*environment).clone()).collect();
        if environments.len() < 2 {
            continue;
        }
        let has_baseline = environments.contains(context.baseline);
        let defaults = if has_baseline { defaults.0 } else { defaults.1 };
        let names: Vec<String> =
            seen.iter().map(|(e, identity)| format!("{e} {}", identity.target)).collect();
        let names = names.join(" = ");
        let short: String = value.chars().take(12).collect();
        let clones = clones(snapshots, &seen).unwrap_or_default();
        let summary = format!("{names} {what} ({kind} {short}){clones}");
        let Some(component) = most_harmed(context, &seen) else { continue };
        let finding =
            finding(meta, &component, environments.into_iter().collect(), defaults, summary);
        // The targets, so that a waiver of these two covers no others.
        found.push(Finding { subject: format!("{kind} of {names}"), ..finding });
    }
    found
}

/// Who has one identity.
type IdentityHolders<'a> = BTreeSet<(&'a EnvironmentName, &'a Identity)>;

/// Takes out what the catalogue says is shared on purpose: targets that anybody may share, and all
/// of them where it names just these environments.
fn leave_out_on_purpose(context: &RuleContext<'_>, seen: &mut IdentityHolders<'_>) {
    let (anybody, named): (Vec<_>, Vec<_>) =
        context.shared.iter().partition(|row| row.between.is_empty());
    seen.retain(|(_, identity)| {
        !anybody.iter().any(|row| row.targets.is_match(identity.target.as_str()))
    });
    let environments: BTreeSet<&EnvironmentName> = seen.iter().map(|(name, _)| *name).collect();
    let targets = || seen.iter().map(|(_, identity)| &identity.target);
    if named.iter().any(|row| row.allows_sharing(&environments, targets())) {
        seen.clear();
    }
}

/// The target's name in the last environment of the promotion order: the one that is harmed most.
fn most_harmed(context: &RuleContext<'_>, seen: &IdentityHolders<'_>) -> Option<ComponentName> {
    let rank = |environment: &EnvironmentName| context.order.iter().position(|e| e == environment);
    let (_, identity) = seen.iter().max_by_key(|(environment, _)| rank(environment))?;
    Some(identity.target.as_str().into())
}

/// The other explanation of one engine ID: hosts of several names may have been cloned.
fn clones(snapshots: &[Snapshot], seen: &IdentityHolders<'_>) -> Option<String> {
    let mut hosts = BTreeSet::new();
    for (environment, identity) in seen.iter().filter(|(_, i)| i.target.collector() == "docker") {
        let snapshot = snapshots.iter().find(|s| s.environment == **environment)?;
        let own = ["host/kernel", "host/os"].iter().filter_map(|name| {
            let component = snapshot.components.get(&ComponentName::from(*name))?;
            component.instances.iter().find(|instance| instance.target == identity.target)
        });
        hosts.insert(own.map(|instance| instance.locator.container.as_str()).next()?);
    }
    let names: Vec<&str> = hosts.into_iter().collect();
    (names.len() > 1).then(|| {
        format!("; its hosts are named {}: they may be clones of one machine", names.join(" and "))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{all, environment, with_context};
    use super::*;
    use crate::model::{Glob, Sharing};

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
            "dev redis/host = qualif redis/cache are the same instance (run_id 3f9c)"
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

    #[test]
    fn environments_that_may_share_are_named_and_no_other_may() {
        let sharing = |environments: &[&str]| {
            let snapshot = |name: &&str| environment(name).identity("redis/ci", "run_id", "1");
            let snapshots: Vec<Snapshot> = environments.iter().map(snapshot).collect();
            let between = vec!["dev".into(), "qualif".into()];
            let shared = [Sharing { targets: Glob::new("redis/*").unwrap(), between }];
            with_context(|context| {
                let context = RuleContext { shared: &shared, ..*context };
                SharedInstance.check_all(&context, &snapshots).len()
            })
        };
        assert_eq!(sharing(&["dev", "qualif"]), 0);
        assert_eq!(sharing(&["qualif", "prod"]), 1);
        assert_eq!(sharing(&["dev", "qualif", "prod"]), 1);
    }
}
