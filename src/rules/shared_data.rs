//! Servers of two environments that hold the same data: one replicates the other, or was made of its
//! files.

use std::collections::BTreeSet;

use super::shared_instance::shared_identities;
use super::{Hook, LOW, Rule, RuleContext, RuleMeta};
use crate::model::{Defaults, Finding, Identity, Severity, Snapshot};

pub(super) struct SharedData;

/// Two clusters of one origin, of which none replicates the other.
const COPIES: Defaults = Defaults::same_everywhere(Severity::Info);

const WITH_BASELINE: Defaults = Defaults::same_everywhere(Severity::Critical);

static META: RuleMeta = RuleMeta {
    id: "shared-data",
    summary: "Servers of two environments have one master_replid (Redis) or system identifier \
        (PostgreSQL): one replicates the other, or is a copy of it.",
    why: "What is written or emptied in the one is written or emptied in the other; and a replica \
        of production that counts as another environment's Redis proves nothing of that \
        environment.",
    fix: "Point each profile at a server of its own environment, or end the replication (REPLICAOF \
        NO ONE); or list the targets under shared: in the catalogue if it is meant.",
    hooks: &[Hook::All],
    defaults: &[
        ("the baseline is among them", WITH_BASELINE),
        ("else", LOW),
        ("PostgreSQL servers of which none is in recovery", COPIES),
    ],
    blocks_anywhere: true,
    ..RuleMeta::PLAIN
};

impl Rule for SharedData {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_all(&self, context: &RuleContext<'_>, snapshots: &[Snapshot]) -> Vec<Finding> {
        let (defaults, what) = ((WITH_BASELINE, LOW), "hold the same data");
        let mut found = Vec::new();
        for (data, replica) in KINDS {
            let replicated = values(snapshots, replica);
            // Of two masters neither replicates the other: one is a copy of the other's text or
            // file.
            let is_replicated = |identity: &Identity| {
                identity.kind == data && replicated.contains(identity.value.as_str())
            };
            found.extend(shared_identities(
                &META, context, snapshots, is_replicated, defaults, what,
            ));
        }
        found.extend(copies(context, snapshots));
        found
    }
}

/// Kinds of identity that data have, each with that of a replica of them.
const KINDS: [(&str, &str); 2] =
    [(Identity::REPLICATION, Identity::REPLICA), (Identity::SYSTEM, Identity::SYSTEM_REPLICA)];

fn values<'s>(snapshots: &'s [Snapshot], kind: &str) -> BTreeSet<&'s str> {
    let identities = snapshots.iter().flat_map(|snapshot| &snapshot.identities);
    let of_kind = identities.filter(|identity| identity.kind == kind);
    of_kind.map(|identity| identity.value.as_str()).collect()
}

/// PostgreSQL clusters of one origin: a clone, a restored backup, or a replica that was promoted.
fn copies(context: &RuleContext<'_>, snapshots: &[Snapshot]) -> Vec<Finding> {
    let replicated = values(snapshots, Identity::SYSTEM_REPLICA);
    let is_copy = |identity: &Identity| {
        identity.kind == Identity::SYSTEM && !replicated.contains(identity.value.as_str())
    };
    let what = "come from one cluster: a clone, a restored backup, or a replica that was promoted";
    shared_identities(&META, context, snapshots, is_copy, (COPIES, COPIES), what)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{all, environment};
    use super::*;

    const KIND: &str = Identity::REPLICATION;

    #[test]
    fn fires_where_one_environment_replicates_another() {
        let found = all(
            &SharedData,
            vec![
                environment("qualif").identity("redis/cache", KIND, "8f1c").identity(
                    "redis/cache",
                    Identity::REPLICA,
                    "8f1c",
                ),
                environment("prod").identity("redis/cache", KIND, "8f1c"),
            ],
        );
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].summary,
            "prod redis/cache = qualif redis/cache hold the same data (master_replid 8f1c)"
        );
        assert_eq!(found[0].defaults, WITH_BASELINE);
    }

    #[test]
    fn fires_where_one_postgresql_is_in_recovery_or_a_copy() {
        let of = |environment_name, is_replica: bool| {
            let made = environment(environment_name).identity(
                "postgresql/orders",
                Identity::SYSTEM,
                "731",
            );
            let replica = Identity::SYSTEM_REPLICA;
            if is_replica { made.identity("postgresql/orders", replica, "731") } else { made }
        };
        let replicated = all(&SharedData, vec![of("qualif", true), of("prod", false)]);
        assert_eq!(replicated.len(), 1);
        assert_eq!(replicated[0].defaults, WITH_BASELINE);
        let copied = all(&SharedData, vec![of("qualif", false), of("prod", false)]);
        assert_eq!(copied.len(), 1);
        assert_eq!(copied[0].defaults, COPIES);
        assert!(copied[0].summary.contains("come from one cluster"), "{}", copied[0].summary);
    }

    #[test]
    fn stays_silent_within_one_environment_and_on_instances() {
        let replica = environment("prod")
            .identity("redis/cache", KIND, "8f1c")
            .identity("redis/replica", KIND, "8f1c")
            .identity("redis/replica", Identity::REPLICA, "8f1c");
        assert!(all(&SharedData, vec![replica]).is_empty());
        let instance =
            ["qualif", "prod"].map(|e| environment(e).identity("redis/a", "run_id", "1"));
        assert!(all(&SharedData, instance.into()).is_empty());
    }
}
