//! What the servers of a target have done since their start, by one INFO of each.
//!
//! An absent counter is a zero only where all commands are told, and nothing has reset them.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Extent, Indicator, ServerCounters, TargetCounters};

/// What is known of the calls of one command since the start.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum LifetimeCalls {
    /// It was called so often: at least, where a server was not read or has been reset.
    Called {
        /// Calls.
        calls: f64,
        /// Microseconds in them; `None` if a server does not tell.
        micros: Option<f64>,
        /// The earliest start of a server that was called.
        since: Timestamp,
    },
    /// It was never called.
    Never {
        /// The latest start of a server.
        since: Timestamp,
    },
    /// Nobody knows, and why.
    NotProven(String),
}

/// What is known of the calls of one command over all servers of a target.
pub(super) fn lifetime_calls(target: &TargetCounters, command: &str) -> LifetimeCalls {
    let (mut calls, mut micros) = (0.0, Some(0.0));
    let (mut first, mut last): (Option<Timestamp>, Option<Timestamp>) = (None, None);
    let mut unproven = None;
    for server in &target.servers {
        let started = started(server);
        match server.indicators.calls(command) {
            Some(own) if own > 0.0 => {
                calls += own;
                let time = server.indicators.by_subject(Indicator::Time);
                let time = time.into_iter().find(|(name, _)| *name == command);
                micros = micros.zip(time).map(|(sum, (_, time))| sum + time);
                first = [first, started].into_iter().flatten().min();
            }
            _ => {
                unproven = unproven.or_else(|| why_unproven(server));
                last = [last, started].into_iter().flatten().max();
            }
        }
    }
    if calls > 0.0 {
        let since = first.unwrap_or(Timestamp::UNIX_EPOCH);
        return LifetimeCalls::Called { calls, micros, since };
    }
    if let Some(why) = unproven.or_else(|| unread_servers(target)) {
        return LifetimeCalls::NotProven(why);
    }
    match last {
        Some(since) => LifetimeCalls::Never { since },
        None => LifetimeCalls::NotProven("it was not read".to_owned()),
    }
}

/// Why a service may have called a server of a target that was not read.
pub(super) fn unread_servers(target: &TargetCounters) -> Option<String> {
    unread_replicas(target).or_else(|| match target.extent {
        Extent::Some | Extent::Primaries => Some("not all of its servers were read".to_owned()),
        Extent::All => None,
    })
}

/// Why calls on replicas may not be known: more are connected than were read.
fn unread_replicas(target: &TargetCounters) -> Option<String> {
    let connected: f64 = target.servers.iter().map(|server| server.replicas).sum();
    let is_replica = |server: &&ServerCounters| matches!(server.role.as_str(), "slave" | "replica");
    let read = target.servers.iter().filter(is_replica).count();
    let unread = connected - f64::from(u32::try_from(read).unwrap_or(u32::MAX));
    (unread > 0.0).then(|| format!("{unread} of its replicas were not read (replicas: true)"))
}

/// When a server was started, to the second: uptime says no more.
pub(super) fn started(server: &ServerCounters) -> Option<Timestamp> {
    let uptime = server.indicators.get(Indicator::Uptime)?;
    let uptime = SignedDuration::try_from_secs_f64(uptime).ok()?;
    let started = server.taken.checked_sub(uptime).ok()?;
    Timestamp::from_second(started.as_second()).ok()
}

/// Why a counter that is absent there may not be zero.
fn why_unproven(server: &ServerCounters) -> Option<String> {
    let indicators = &server.indicators;
    let of = if server.place.is_empty() { String::new() } else { format!("{}: ", server.place) };
    if !indicators.tells(Indicator::Calls) {
        return Some(format!("{of}INFO tells no commandstats"));
    }
    if !server.is_whole {
        return Some(format!("{of}it told more counters than are kept"));
    }
    if started(server).is_none() {
        return Some(format!("{of}it does not tell its uptime"));
    }
    let Some(processed) = indicators.get(Indicator::Operations) else {
        return Some(format!("{of}it does not tell how many commands it has processed"));
    };
    let told: f64 = indicators.by_subject(Indicator::Calls).map(|(_, calls)| calls).sum();
    // One INFO tells both. One call can block for a second: no share of all is small enough.
    if (processed - told).abs() >= 1.0 {
        return Some(format!("{of}the calls of all commands are {told} of {processed} processed"));
    }
    why_reset(server).map(|why| format!("{of}{why}"))
}

/// Whether its counters may have begun later than itself.
fn why_reset(server: &ServerCounters) -> Option<&'static str> {
    let calls = |command: &str| server.indicators.calls(command).unwrap_or(0.0);
    if calls("config|resetstat") > 0.0 {
        return Some("its counters were reset (CONFIG RESETSTAT), nobody knows when");
    }
    // Up to 6.2 all subcommands are one.
    let is_one = calls("config") > 0.0;
    is_one.then_some("a CONFIG call of it may have been RESETSTAT, since it counts all as one")
}
