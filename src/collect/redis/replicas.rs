//! The replicas that a server names, each asked as the server itself was.
//!
//! They are asked with the target's own user name, password and TLS: a server that is trusted with
//! them is trusted to say who its replicas are.

use std::collections::BTreeSet;

use super::config::RedisAddress;
use super::parts::{REPLICA, REPLICAS_PART};
use super::servers::{self, Different, ServerRead};
use super::session::RedisAccess;
use super::topology::{self, Replicas};
use crate::collect::collector::CollectContext;
use crate::model::{Failure, FailureKind, Outcome, TargetEvidence};

/// Replicas that are followed: more is not one service.
const MAX_FOLLOWED: usize = 32;

const ANNOUNCE: &str = "the address is the one that the replica announces: behind NAT or in a \
    container, set replica-announce-ip and replica-announce-port there to one that leads to it \
    from here";

/// Who is to be asked yet.
#[derive(Default)]
struct Following {
    queue: Vec<RedisAddress>,
    seen: BTreeSet<String>,
    /// Why not all are known.
    problem: Option<Failure>,
}

/// Reads the replicas that `text`, what the server at `main` told, names, and their own replicas.
pub(super) async fn read(
    access: &RedisAccess,
    main: &RedisAddress,
    text: &str,
    evidence: &mut TargetEvidence,
    context: &CollectContext,
) {
    let mut following = Following::default();
    let mut different = Different::of(evidence.field("run_id"), main);
    following.add(main, text);
    // Of two active replicas each names the other; a master that names itself is wrong.
    following.seen.insert(main.place());
    while !following.queue.is_empty() {
        let batch = std::mem::take(&mut following.queue);
        for (address, told) in batch.iter().zip(servers::several(access, &batch, context).await) {
            let told = checked(text, different.another(address, told, ANNOUNCE));
            if told.outcome.is_ok() {
                following.add(address, &told.text);
            }
            servers::keep(evidence, &format!("{REPLICA}{}", address.place()), address, told);
        }
    }
    evidence.set_part(REPLICAS_PART, following.problem.map_or(Outcome::Complete, Outcome::Failed));
}

/// What can be known of an announced address is whether a replica of this master answers there.
fn checked(main: &str, mut told: ServerRead) -> ServerRead {
    if let Err(failure) = &mut told.outcome
        && failure.kind.is_unreached()
    {
        failure.advice = format!("{}; {ANNOUNCE}", failure.advice);
    }
    match told.said.field("role") {
        Some(role @ "master") => {
            let message = format!("the server there has the role {role}: it is not a replica");
            told.disowned(Failure::new(FailureKind::Protocol, message).with_advice(ANNOUNCE))
        }
        Some("slave") if topology::is_of_another(main, &told.text) => {
            let message = "a replica of another master answers there (another master_replid)";
            told.disowned(Failure::new(FailureKind::Protocol, message).with_advice(ANNOUNCE))
        }
        _ => told,
    }
}

impl Following {
    fn add(&mut self, server: &RedisAddress, text: &str) {
        let Replicas { addresses, unusable, unnamed } = topology::replicas(text);
        for (host, port) in addresses {
            let address = RedisAddress { port, tls: server.tls, host };
            if self.seen.contains(&address.place()) {
                continue;
            }
            if self.seen.len() >= MAX_FOLLOWED {
                let message = format!(
                    "more than {MAX_FOLLOWED} replicas are named: the others were not read"
                );
                let advice =
                    "name the servers that matter as targets of their own, without replicas:";
                self.problem =
                    Some(Failure::new(FailureKind::TooLarge, message).with_advice(advice));
                return;
            }
            self.seen.insert(address.place());
            self.queue.push(address);
        }
        if let Some(host) = unusable.first() {
            let message = format!("{} names a replica at {host} without a port", server.place());
            let advice = "a backup or migration that reads the stream looks like this: audit again \
                when it is done, or set replica-announce-ip and replica-announce-port";
            self.problem =
                Some(Failure::new(FailureKind::Unreachable, message).with_advice(advice));
        }
        if unnamed > 0 {
            let message =
                format!("{} names {unnamed} fewer replicas than it counts", server.place());
            let advice = "a replica that is still connecting has no name yet: try again in a while";
            self.problem =
                Some(Failure::new(FailureKind::Unavailable, message).with_advice(advice));
        }
    }
}
