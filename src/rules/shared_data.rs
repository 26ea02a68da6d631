//! Redis servers of two environments that hold the same data: one replicates the other.

use std::collections::BTreeSet;

use super::shared_instance::shared_identities;
use super::{Hook, LOW, Rule, RuleContext, RuleMeta};
use crate::model::{Defaults, Finding, Identity, Severity, Snapshot};

pub(super) struct SharedData;

const WITH_BASELINE: Defaults = Defaults::same_everywhere(Severity::Critical);

static META: RuleMeta = RuleMeta {
    id: "shared-data",
    summary: "Redis servers of two environments have one master_replid: one replicates the other.",
    why: "What is written or emptied in the one is written or emptied in the other; and a replica \
        of production that \
          counts as another environment's Redis proves nothing of that environment.",
    fix: "Point each profile at a server of its own environment, or end the replication \
        (REPLICAOF NO ONE); or list the \
          targets under shared: in the catalogue if it is meant.",
    hooks: &[Hook::All],
    defaults: &[("the baseline is among them", WITH_BASELINE), ("else", LOW)],
    blocks_anywhere: true,
    ..RuleMeta::PLAIN
};

impl Rule for SharedData {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_all(&self, context: &RuleContext<'_>, snapshots: &[Snapshot]) -> Vec<Finding> {
        let identities = snapshots.iter().flat_map(|snapshot| &snapshot.identities);
        let replicas = identities.filter(|identity| identity.kind == Identity::REPLICA);
        let replicated: BTreeSet<&str> = replicas.map(|replica| replica.value.as_str()).collect();
        // Of two masters neither replicates the other: one is a copy of the other's text or file.
        let is_replicated = |identity: &Identity| {
            identity.kind == Identity::REPLICATION && replicated.contains(identity.value.as_str())
        };
        let (defaults, what) = ((WITH_BASELINE, LOW), "hold the same data");
        shared_identities(&META, context, snapshots, is_replicated, defaults, what)
    }
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
