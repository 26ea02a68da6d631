//! Redis and its kin, by INFO alone: one server, the master that Sentinels name, the nodes of a
//! cluster.
//!
//! Each server hears what `session.rs` says, no matter who named it. A server on its own is the
//! target itself; nodes and replicas are places in it, each a part with its own coverage. Each
//! server that answers, Sentinels too, gives one sample of its own counters.

pub mod config;
mod counters;
mod elements;
mod facts;
mod lasting;
pub(super) mod lines;
pub(super) mod parse;
pub(super) mod parts;
pub(super) mod recording;
mod replicas;
mod sentinel;
pub(super) mod servers;
mod session;
mod topology;

use std::path::Path;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::collector::{CollectContext, Collector, Target};
use crate::model::{CollectorKind, Failure, Outcome, TargetEvidence, TargetId};
use crate::wire::problem::Problem;
use config::{RedisAddress, RedisConfig};
use parts::{INFO_PART, NODE, REPLICA, REPLICAS_PART, SENTINEL_PART};
use sentinel::Sentinel;
use servers::{Different, ServerRead};
use session::RedisAccess;

/// Reads one server, or several that are one service.
pub struct Redis {
    id: TargetId,
    servers: Servers,
    access: RedisAccess,
    replicas: bool,
}

/// Where they are.
enum Servers {
    One(RedisAddress),
    Sentinel(Box<Sentinel>),
    Nodes(Vec<RedisAddress>),
}

impl Redis {
    /// A collector for a checked profile; paths are relative to `folder`.
    ///
    /// # Errors
    /// If a URL is none, or there is none.
    pub fn new(config: &RedisConfig, folder: &Path) -> Result<Self, Problem> {
        let servers = match (&config.url, &config.sentinel, &config.nodes) {
            (Some(url), ..) => Servers::One(config::address(url)?),
            (None, Some(sentinel), _) => {
                let sentinel = Sentinel::new(sentinel, config.tls.is_some(), folder)?;
                Servers::Sentinel(Box::new(sentinel))
            }
            (None, None, nodes) => Servers::Nodes(
                nodes.iter().flatten().map(config::address).collect::<Result<_, _>>()?,
            ),
        };
        Ok(Self {
            id: TargetId::new("redis", &config.name),
            servers,
            access: RedisAccess::new(
                config.username.as_ref(),
                config.password.as_ref(),
                config.tls.as_ref(),
                folder,
            ),
            replicas: config.replicas,
        })
    }

    /// The parts that a profile leads to expect; replicas add theirs as they are found.
    fn expected(&self) -> Vec<String> {
        let mut parts = match &self.servers {
            Servers::One(_) => vec![INFO_PART.to_owned()],
            Servers::Sentinel(_) => vec![SENTINEL_PART.to_owned(), INFO_PART.to_owned()],
            Servers::Nodes(nodes) => nodes.iter().map(node_part).collect(),
        };
        parts.extend(self.replicas.then(|| REPLICAS_PART.to_owned()));
        parts
    }

    async fn read(&self, evidence: &mut TargetEvidence, context: &CollectContext) {
        match &self.servers {
            Servers::One(address) => {
                self.read_server(address, evidence, context).await;
            }
            Servers::Sentinel(sentinel) => self.read_master(sentinel, evidence, context).await,
            Servers::Nodes(nodes) => self.read_nodes(nodes, evidence, context).await,
        }
    }

    /// The server that is the target itself, and its replicas. Its failure is told, too.
    async fn read_server(
        &self,
        address: &RedisAddress,
        evidence: &mut TargetEvidence,
        context: &CollectContext,
    ) -> Option<Failure> {
        let ServerRead { said, text, outcome } = servers::one(&self.access, address, context).await;
        evidence.fields.extend(said.fields);
        servers::keep_samples(evidence, said.samples);
        evidence.set_part(
            INFO_PART,
            outcome.clone().map_or_else(Outcome::Failed, |()| Outcome::Complete),
        );
        match &outcome {
            Ok(()) if self.replicas => {
                replicas::read(&self.access, address, &text, evidence, context).await
            }
            Err(failure) if self.replicas => {
                evidence.set_part(REPLICAS_PART, Outcome::Failed(failure.clone()))
            }
            _ => {}
        }
        outcome.err()
    }

    async fn read_master(
        &self,
        sentinel: &Sentinel,
        evidence: &mut TargetEvidence,
        context: &CollectContext,
    ) {
        let found = sentinel.find(context).await;
        evidence.fields.extend(found.fields);
        servers::keep_samples(evidence, found.samples);
        let Some(address) = found.address else {
            let failure = found.outcome.err().unwrap_or_else(sentinel::nothing_named);
            for part in self.expected() {
                evidence.set_part(&part, Outcome::Failed(failure.clone()));
            }
            return;
        };
        tracing::debug!(target_id = %self.id, "Sentinel names a master");
        let failure = self.read_server(&address, evidence, context).await;
        if let Some(failure) = failure.filter(|failure| failure.kind.is_unreached()) {
            let failure = sentinel::unreached(failure, &address);
            evidence.set_part(INFO_PART, Outcome::Failed(failure));
        }
        if self.replicas && evidence.parts.get(&REPLICAS_PART.into()) == Some(&Outcome::Complete) {
            let named =
                evidence.parts.keys().filter(|part| part.as_str().starts_with(REPLICA)).count();
            let outcome = sentinel::all_named(found.replicas, named);
            evidence.set_part(
                REPLICAS_PART,
                outcome.map_or_else(Outcome::Failed, |()| Outcome::Complete),
            );
        }
        let outcome =
            found.outcome.and_then(|()| sentinel::is_master(evidence.field("role"), &address));
        evidence
            .set_part(SENTINEL_PART, outcome.map_or_else(Outcome::Failed, |()| Outcome::Complete));
    }

    async fn read_nodes(
        &self,
        nodes: &[RedisAddress],
        evidence: &mut TargetEvidence,
        context: &CollectContext,
    ) {
        const ADVICE: &str = "list each node once, by an address of its own";
        let mut different = Different::default();
        for (address, told) in
            nodes.iter().zip(servers::several(&self.access, nodes, context).await)
        {
            let told = different.another(address, told, ADVICE);
            servers::keep(evidence, &node_part(address), address, told);
        }
    }
}

fn node_part(address: &RedisAddress) -> String {
    format!("{NODE}{}", address.place())
}

impl Target for RedisConfig {
    fn collector(&self, folder: &Path) -> Box<dyn Collector> {
        Box::new(Redis::new(self, folder).expect("a checked profile has an address"))
    }
}

impl Collector for Redis {
    fn keep_connections(&mut self) {
        self.access.keep_sessions();
    }

    fn id(&self) -> TargetId {
        self.id.clone()
    }

    fn endpoint(&self) -> String {
        match &self.servers {
            Servers::One(address) => address.url(),
            Servers::Sentinel(sentinel) => sentinel.endpoint(),
            Servers::Nodes(nodes) => {
                nodes.iter().map(RedisAddress::url).collect::<Vec<_>>().join(", ")
            }
        }
    }

    fn kind(&self) -> &'static CollectorKind {
        &RedisConfig::KIND
    }

    fn unread(&self, now: Timestamp, failure: &Failure) -> TargetEvidence {
        let mut evidence = TargetEvidence::new(self.id(), self.endpoint(), now);
        for part in self.expected() {
            evidence.set_part(&part, Outcome::Failed(failure.clone()));
        }
        evidence
    }

    /// No server was read, and none could be reached.
    fn unreached(&self, evidence: &TargetEvidence) -> Option<Failure> {
        let is_server = |part: &str| part == INFO_PART || part.starts_with(NODE);
        let is_read = evidence
            .parts
            .iter()
            .any(|(part, outcome)| is_server(part.as_str()) && *outcome == Outcome::Complete);
        let mut failures = evidence.parts.values().filter_map(Outcome::failure);
        let is_unreached = failures.clone().all(|failure| failure.kind.is_unreached());
        (!is_read && is_unreached).then(|| failures.next().cloned()).flatten()
    }

    fn collect<'a>(&'a self, context: &'a CollectContext) -> BoxFuture<'a, Vec<TargetEvidence>> {
        async move {
            tracing::debug!(target_id = %self.id, "asking for INFO");
            let mut evidence = TargetEvidence::new(self.id(), self.endpoint(), (context.clock)());
            self.read(&mut evidence, context).await;
            parse::mark_unsaid(&mut evidence);
            evidence.taken = (context.clock)();
            vec![evidence]
        }
        .boxed()
    }
}
