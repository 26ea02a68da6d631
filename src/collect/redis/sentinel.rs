//! The master of a service, by the Sentinels that watch it.
//!
//! All are asked at once, for half of the time that is left at most: one that is silent must leave
//! time for the master. One that does not answer is told (`sentinel_failure`) and costs nothing
//! else where another does, because what is compared is the master, not the Sentinels.

use std::collections::BTreeSet;
use std::path::Path;

use futures::future::join_all;
use tokio::time::Instant;

use super::config::{self, RedisAddress, SentinelConfig};
use super::lines::lines;
use super::servers;
use super::session::RedisAccess;
use super::topology::{self, Master};
use crate::collect::collector::CollectContext;
use crate::collect::io::aside::run_blocking;
use crate::collect::io::net;
use crate::model::{Failure, FailureKind, Field, Sample};
use crate::wire::problem::Problem;

/// The Sentinels of a service.
pub(super) struct Sentinel {
    service: String,
    addresses: Vec<RedisAddress>,
    access: RedisAccess,
    /// Whether the servers that they name speak TLS.
    servers_tls: bool,
}

/// What one Sentinel says of the master.
struct MasterNamed {
    /// Its place.
    master: String,
    status: String,
    replicas: usize,
    /// What it counts itself.
    sample: Option<Sample>,
}

/// What they said.
pub(super) struct SentinelsSay {
    /// The master, if they name one and the same.
    pub(super) address: Option<RedisAddress>,
    /// How many replicas it has, by the Sentinel that knows most.
    pub(super) replicas: usize,
    /// Whether all is well with it.
    pub(super) outcome: Result<(), Failure>,
    /// What each Sentinel said, or why it did not.
    pub(super) fields: Vec<Field>,
    /// One for each Sentinel that watches the service.
    pub(super) samples: Vec<Sample>,
}

impl Sentinel {
    /// Those of a checked profile; paths are relative to `folder`.
    pub(super) fn new(
        config: &SentinelConfig,
        servers_tls: bool,
        folder: &Path,
    ) -> Result<Self, Problem> {
        Ok(Self {
            service: config.service.value.clone(),
            addresses: config
                .urls
                .iter()
                .map(config::sentinel_address)
                .collect::<Result<_, _>>()?,
            access: RedisAccess::new(
                config.username.as_ref(),
                config.password.as_ref(),
                config.tls.as_ref(),
                folder,
            ),
            servers_tls,
        })
    }

    pub(super) fn endpoint(&self) -> String {
        let urls: Vec<String> = self.addresses.iter().map(RedisAddress::url).collect();
        format!("{} by {}", self.service, urls.join(", "))
    }

    pub(super) async fn find(&self, context: &CollectContext) -> SentinelsSay {
        let now = Instant::now();
        let until = now + context.deadline.saturating_duration_since(now) / 2;
        let asking = (0..self.addresses.len()).map(|index| async move {
            let address = &self.addresses[index];
            let asked = async {
                let answer = self.access.ask(address, &[None]).await?;
                let (service, place) = (self.service.clone(), address.place());
                let taken = (context.clock)();
                run_blocking(move || {
                    let text = String::from_utf8_lossy(&answer.text);
                    let sample = servers::sample(&text, place, taken);
                    Ok(MasterNamed { sample, ..named_by(&service, &text)? })
                })
                .await?
            };
            let named = net::within(until, context.allowed / 2, asked).await;
            let told_tls = |failure| net::with_tls_in_mind(failure, address.tls);
            (address.place(), named.map_err(told_tls))
        });
        let (mut told, mut failed) = (Vec::new(), Vec::new());
        for (place, answer) in join_all(asking).await {
            match answer {
                Ok(master) => told.push((place, master)),
                Err(failure) => failed.push((place, failure)),
            }
        }
        let field = |(place, name, value): (&String, &str, String)| Field {
            place: place.clone(),
            name: name.to_owned(),
            value,
        };
        let said = told.iter().map(|(place, MasterNamed { master, status, replicas, .. })| {
            (place, "sentinel_master", format!("{master},status={status},replicas={replicas}"))
        });
        let not = failed
            .iter()
            .map(|(place, failure)| (place, "sentinel_failure", failure.message.clone()));
        let fields = said.chain(not).map(field).collect();
        let replicas = told.iter().map(|(_, named)| named.replicas).max().unwrap_or(0);
        let (address, outcome) = match self.agreed(&told, &failed) {
            Ok((address, outcome)) => (Some(address), outcome),
            Err(failure) => (None, Err(failure)),
        };
        let samples = distinct(told.into_iter().filter_map(|(_, named)| named.sample));
        SentinelsSay { address, replicas, outcome, fields, samples }
    }

    /// The one master that all name who answered, and whether all is well with it.
    fn agreed(
        &self,
        told: &[(String, MasterNamed)],
        failed: &[(String, Failure)],
    ) -> Result<(RedisAddress, Result<(), Failure>), Failure> {
        let masters: BTreeSet<&str> = told.iter().map(|(_, named)| named.master.as_str()).collect();
        let Some(master) = masters.first() else { return Err(none_told(failed)) };
        if masters.len() > 1 {
            let said: Vec<String> =
                told.iter().map(|(place, named)| format!("{} by {place}", named.master)).collect();
            let message = format!(
                "the Sentinels disagree on the master of {}: {}",
                self.service,
                said.join(", ")
            );
            let advice = "a failover may be under way: try again in a while; if it stays so, the \
                Sentinels cannot reach each other";
            return Err(Failure::new(FailureKind::Unavailable, message).with_advice(advice));
        }
        let (host, port) = master.rsplit_once(':').unwrap_or((master, "0"));
        let address = RedisAddress {
            host: host.to_owned(),
            port: port.parse().unwrap_or(0),
            tls: self.servers_tls,
        };
        let sick = told.iter().find(|(_, named)| named.status != "ok");
        let outcome = sick.map_or(Ok(()), |(place, MasterNamed { status, .. })| {
            let message = format!("the Sentinel {place} says that the master {master} is \
                {status:?}, not ok");
            let advice =
                "sdown: this Sentinel cannot reach it; odown: most cannot. See its log, and that \
                 of the master";
            Err(Failure::new(FailureKind::Unavailable, message).with_advice(advice))
        });
        Ok((address, outcome))
    }
}

/// What one Sentinel says of the service.
fn named_by(service: &str, text: &str) -> Result<MasterNamed, Failure> {
    let Some(masters) = topology::masters(text) else { return Err(no_sentinel(text)) };
    let Some(Master { status, replicas, address, .. }) =
        masters.iter().find(|master| master.name == service)
    else {
        return Err(unknown(service, &masters));
    };
    let (host, port) = address.as_ref().ok_or_else(|| {
        Failure::new(
            FailureKind::Protocol,
            "the Sentinel names the master without a usable address",
        )
    })?;
    Ok(MasterNamed {
        master: topology::place(host, *port),
        status: status.clone(),
        replicas: *replicas,
        sample: None,
    })
}

fn unknown(service: &str, masters: &[Master]) -> Failure {
    const SHOWN: usize = 10;
    let names: Vec<&str> = masters.iter().take(SHOWN).map(|master| master.name.as_str()).collect();
    let more = masters.len().saturating_sub(SHOWN);
    let known = match (names.as_slice(), more) {
        ([], _) => "it watches none".to_owned(),
        (names, 0) => format!("it watches {}", names.join(", ")),
        (names, more) => format!("it watches {} and {more} more", names.join(", ")),
    };
    Failure::new(
        FailureKind::Protocol,
        format!("the Sentinel has no service {service:?}: {known}"),
    )
    .with_advice(
        "write one of these names as service: in the profile, or name the Sentinels that watch it",
    )
}

/// Two addresses may lead to one Sentinel, which counts once.
fn distinct(samples: impl Iterator<Item = Sample>) -> Vec<Sample> {
    let mut seen = BTreeSet::new();
    samples.filter(|s| s.run_id.is_empty() || seen.insert(s.run_id.clone())).collect()
}

/// What no Sentinel told is told with each one's reason; the one that says most gives kind and
/// advice.
fn none_told(failed: &[(String, Failure)]) -> Failure {
    let telling =
        failed.iter().find(|(_, failure)| !failure.kind.is_unreached()).or(failed.first());
    let Some((_, telling)) = telling else { return nothing_named() };
    let reasons: Vec<String> =
        failed.iter().map(|(place, failure)| format!("{place}: {failure}")).collect();
    Failure {
        message: format!("no Sentinel named the master: {}", reasons.join("; ")),
        ..telling.clone()
    }
}

/// A profile that names no Sentinel is refused before.
pub(super) fn nothing_named() -> Failure {
    Failure::new(FailureKind::Protocol, "no Sentinel named the master")
}

fn no_sentinel(text: &str) -> Failure {
    let mode =
        lines(text).find(|(name, _)| matches!(*name, "redis_mode" | "server_mode" | "valkey_mode"));
    let message = match mode {
        Some((_, mode)) => format!("not a Sentinel, but a server in the mode {mode:?}"),
        None => "not a Sentinel: INFO lists no masters".to_owned(),
    };
    Failure::new(FailureKind::Protocol, message).with_advice(
        "name the port of the Sentinel (26379 by default); a server itself is named by url:",
    )
}

/// The master that Sentinels name cannot be reached: the address is theirs, not the profile's.
pub(super) fn unreached(failure: Failure, address: &RedisAddress) -> Failure {
    let advice = format!(
        "{}; the Sentinels name {}: behind NAT or in a container, let them name an address that \
         leads to it from here (replica-announce-ip on the server, sentinel announce-hostnames)",
        failure.advice,
        address.place()
    );
    failure.with_advice(advice)
}

/// The role that the server itself says it has.
pub(super) fn is_master(role: Option<&str>, address: &RedisAddress) -> Result<(), Failure> {
    match role {
        // KeyDB's masters may be replicas of each other.
        None | Some("master" | "active-replica") => Ok(()),
        Some(role) => {
            let message = format!(
                "the Sentinels name {} as the master, and it says that it is a {role}",
                address.place()
            );
            Err(Failure::new(FailureKind::Unavailable, message)
                .with_advice("a failover may be under way: try again in a while"))
        }
    }
}

/// A server forgets a replica that is gone; a Sentinel does not.
pub(super) fn all_named(known: usize, named: usize) -> Result<(), Failure> {
    if named >= known {
        return Ok(());
    }
    let message =
        format!("the Sentinels know of {known} replicas, and {named} are connected to the master");
    Err(Failure::new(FailureKind::Unavailable, message).with_advice(
        "start the replica that is down; of one that is gone for good, let the Sentinels forget \
         it (SENTINEL RESET)",
    ))
}
