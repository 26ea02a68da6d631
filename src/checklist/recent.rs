//! What changed in one environment from one moment to a later one: builds, versions, settings, and
//! commands that its Redis were never asked before. Pure.
//!
//! Only what is certain is a change: what was not read on one side is none.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::changes::{Changed, FoundChange, changes_since};
use super::environment_state::{EnvironmentState, state_of};
use super::exercised::is_admin;
use super::lifetime::{LifetimeCalls, lifetime_calls};
use super::trial::Counters;
use crate::model::{
    Build, ComponentName, Indicator, ServerCounters, Snapshot, TargetCounters, rounded,
};
use crate::trend::CommandLists;

/// An environment at one time.
#[derive(Clone, Debug)]
pub struct EnvironmentMoment {
    /// When it was seen so.
    pub at: Timestamp,
    /// Builds, versions and settings.
    pub state: Arc<EnvironmentState>,
    /// What each Redis had counted.
    pub counters: Counters,
}

impl EnvironmentMoment {
    /// What evidence shows, by today's catalogue.
    pub fn of(snapshot: &Snapshot, counters: Counters) -> Self {
        Self { at: snapshot.taken, state: Arc::new(state_of(snapshot)), counters }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct RecentChange {
    /// Of what.
    pub component: ComponentName,
    /// What became of it.
    pub what: RecentFact,
}

/// What became of a component.
#[derive(Clone, Debug, PartialEq)]
pub enum RecentFact {
    /// It runs another build: `v21 -> v22`. The digests stand there where the versions are one.
    Build(String),
    /// Another version or setting: `7.0.15 -> 7.2.4`.
    Fact(String),
    /// It does not run any more.
    Gone,
    /// A server of it was started anew.
    Restarted,
    /// It is asked for what it was never asked before.
    NewCommand {
        /// `keys`.
        command: String,
        /// Whether it walks the keyspace or a whole collection.
        is_walking: bool,
        /// Calls since.
        calls: f64,
        /// Milliseconds a call; `None` if that is not told.
        millis: Option<f64>,
    },
}

impl RecentChange {
    /// `timemachine v21 -> v22`, `redis/cache KEYS 412 calls, 83 ms each, new`.
    pub fn in_words(&self) -> String {
        let name = match &self.what {
            RecentFact::Build(_) => self.component.short_name(),
            _ => self.component.as_str(),
        };
        match &self.what {
            RecentFact::Build(text) | RecentFact::Fact(text) => format!("{name} {text}"),
            RecentFact::Gone => format!("{name} does not run any more"),
            RecentFact::Restarted => format!("{name} was restarted"),
            RecentFact::NewCommand { command, calls, millis, .. } => {
                let each = millis.map(|millis| format!(", {} each", milliseconds(millis)));
                let calls = if *calls < 1.5 {
                    "1 call".to_owned()
                } else {
                    format!("{} calls", rounded(*calls))
                };
                let command = command.to_uppercase();
                format!("{name} {command} {calls}{}, new", each.unwrap_or_default())
            }
        }
    }
}

fn milliseconds(value: f64) -> String {
    match value {
        value if value >= 9.95 => format!("{value:.0} ms"),
        value if value >= 0.1 => format!("{value:.1} ms"),
        value => format!("{value:.3} ms"),
    }
}

/// `timemachine v21 -> v22, stock-import v21 -> v22 (+4)`.
pub fn recent_in_words(changes: &[RecentChange]) -> String {
    const SHOWN: usize = 2;
    let shown: Vec<String> = changes.iter().take(SHOWN).map(RecentChange::in_words).collect();
    let more = changes.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" (+{more})") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// What differs between two moments of one environment: own builds first, then what else runs, then
/// versions and settings, then new commands, those that walk before others.
pub fn changes_between(before: &EnvironmentMoment, after: &EnvironmentMoment) -> Vec<RecentChange> {
    let states = [(before.at, before.state.clone()), (after.at, after.state.clone())];
    let found = changes_since(&states, before.at);
    let mut changes: Vec<RecentChange> = found
        .into_iter()
        .filter(|one| one.doubt.is_none())
        .filter(|one| one.what != Changed::Gone || after.state.could_hold(&one.component))
        .map(in_recent_words)
        .collect();
    let lists = CommandLists::builtin_lists();
    for (component, now) in &after.counters {
        let Some(then) = before.counters.get(component) else { continue };
        let of = |what| RecentChange { component: component.clone(), what };
        changes.extend(is_restarted(then, now).then(|| of(RecentFact::Restarted)));
        changes.extend(new_commands(then, now, &lists).into_iter().map(of));
    }
    changes.sort_by_key(|one| rank(one, &after.state, &before.state));
    changes
}

/// Where a change stands among others.
fn rank(
    change: &RecentChange,
    after: &EnvironmentState,
    before: &EnvironmentState,
) -> (u8, ComponentName) {
    let is_own = [after, before].iter().any(|one| one.train.contains_key(&change.component));
    let rank = match &change.what {
        RecentFact::Build(_) if is_own => 0,
        RecentFact::Build(_) => 1,
        RecentFact::Gone => 2,
        RecentFact::Fact(_) => 3,
        RecentFact::Restarted => 4,
        RecentFact::NewCommand { is_walking: true, .. } => 5,
        RecentFact::NewCommand { .. } => 6,
    };
    (rank, change.component.clone())
}

fn in_recent_words(found: FoundChange) -> RecentChange {
    let what = match found.what {
        Changed::Build(build) => RecentFact::Build(build_change(&found.before, &build)),
        Changed::Gone => RecentFact::Gone,
        Changed::Fact(text) => RecentFact::Fact(text),
    };
    RecentChange { component: found.component, what }
}

fn build_change(before: &[Build], build: &Build) -> String {
    if before.is_empty() {
        return format!("-> {}", build.version);
    }
    let is_same_version = before.iter().any(|one| one.version == build.version);
    let mut was: Vec<String> = before
        .iter()
        .map(|one| if is_same_version { one.in_words() } else { one.version.clone() })
        .collect();
    was.dedup();
    let is = if is_same_version { build.in_words() } else { build.version.clone() };
    format!("{} -> {is}", was.join(" and "))
}

/// Whether a server at a place is another start than before.
fn is_restarted(then: &TargetCounters, now: &TargetCounters) -> bool {
    now.servers.iter().any(|server| {
        let old = then.servers.iter().find(|old| old.place == server.place);
        let is_other = |old: &ServerCounters| {
            !old.run_id.is_empty() && !server.run_id.is_empty() && old.run_id != server.run_id
        };
        old.is_some_and(is_other)
    })
}

/// Commands that are proven never to have been called until then, and have been since.
fn new_commands(
    then: &TargetCounters,
    now: &TargetCounters,
    lists: &CommandLists,
) -> Vec<RecentFact> {
    let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
    for server in &now.servers {
        for (command, calls) in server.indicators.by_subject(Indicator::Calls) {
            *sums.entry(command).or_default() += calls;
        }
    }
    let is_new = |command: &str| {
        !is_admin(command) && matches!(lifetime_calls(then, command), LifetimeCalls::Never { .. })
    };
    let mut found: Vec<RecentFact> = sums
        .into_iter()
        .filter(|(command, calls)| *calls > 0.0 && is_new(command))
        .map(|(command, calls)| RecentFact::NewCommand {
            command: command.to_owned(),
            is_walking: lists.is_walking(command),
            calls,
            millis: millis_per_call(now, command),
        })
        .collect();
    found.sort_by_key(|one| !matches!(one, RecentFact::NewCommand { is_walking: true, .. }));
    found
}

fn millis_per_call(now: &TargetCounters, command: &str) -> Option<f64> {
    match lifetime_calls(now, command) {
        LifetimeCalls::Called { calls, micros: Some(micros), .. } => Some(micros / calls / 1e3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, Extent, Indicators, Train};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_776_110_400 + minute * 60).expect("a time")
    }

    fn build(version: &str, digest: &str) -> Vec<Build> {
        let digests = [digest].into_iter().filter(|one| !one.is_empty());
        let digests = digests.map(|one| Digest::Repository(format!("sha256:{one}"))).collect();
        vec![Build { version: version.to_owned(), digests }]
    }

    fn counters(run_id: &str, commands: &[(&str, f64, f64)], hidden: f64) -> Counters {
        let mut indicators = Indicators::default();
        for (name, calls, micros) in commands {
            indicators.add(Indicator::Calls, name, *calls);
            indicators.add(Indicator::Time, name, *micros);
        }
        let told: f64 = commands.iter().map(|(_, calls, _)| calls).sum();
        indicators.add(Indicator::Operations, "", told + hidden);
        indicators.add(Indicator::Uptime, "", 1_000.0);
        let server = ServerCounters {
            place: String::new(),
            run_id: run_id.to_owned(),
            role: "master".to_owned(),
            replicas: 0.0,
            taken: at(0),
            is_whole: true,
            indicators,
        };
        let target = TargetCounters { extent: Extent::All, servers: vec![server] };
        Counters::from([("redis/cache".into(), target)])
    }

    fn moment(
        minute: i64,
        train: &[(&str, Vec<Build>)],
        facts: &[(&str, &str)],
    ) -> EnvironmentMoment {
        let train: Train =
            train.iter().map(|(name, builds)| ((*name).into(), builds.clone())).collect();
        let mut state = EnvironmentState { train, ..EnvironmentState::default() };
        for (name, fact) in facts {
            let known: &mut std::collections::BTreeSet<String> =
                state.facts.entry((*name).into()).or_default();
            known.insert((*fact).to_owned());
        }
        let get = [("get", 10.0, 10.0)];
        EnvironmentMoment {
            at: at(minute),
            state: Arc::new(state),
            counters: counters("a", &get, 0.0),
        }
    }

    fn told(before: &EnvironmentMoment, after: &EnvironmentMoment) -> Vec<String> {
        changes_between(before, after).iter().map(RecentChange::in_words).collect()
    }

    #[test]
    fn builds_versions_settings_and_new_commands_are_told_in_this_order() {
        let redis = ("redis/cache", "7.0.15");
        let before = moment(
            0,
            &[("image/t/timemachine", build("v21", "aa")), ("image/t/web", build("v3", "cc"))],
            &[redis, ("redis/cache", "maxmemory_policy noeviction")],
        );
        let mut after = moment(
            30,
            &[("image/t/timemachine", build("v22", "bb")), ("image/t/web", build("v3", "dd"))],
            &[redis, ("redis/cache", "maxmemory_policy allkeys-lru")],
        );
        let called = [
            ("get", 99.0, 10.0),
            ("getdel", 4.0, 8.0),
            ("keys", 2.0, 166_000.0),
            ("config|get", 9.0, 9.0),
        ];
        after.counters = counters("b", &called, 0.0);
        assert_eq!(
            told(&before, &after),
            [
                "timemachine v21 -> v22",
                "web v3 cc -> v3 dd",
                "redis/cache maxmemory_policy noeviction -> maxmemory_policy allkeys-lru",
                "redis/cache was restarted",
                "redis/cache KEYS 2 calls, 83 ms each, new",
                "redis/cache GETDEL 4 calls, 0.002 ms each, new",
            ]
        );
        let words = recent_in_words(&changes_between(&before, &after));
        assert_eq!(words, "timemachine v21 -> v22, web v3 cc -> v3 dd (+4)");
        assert!(told(&before, &moment(30, &[], &[])).is_empty(), "nothing there could hold it");
    }

    #[test]
    fn what_is_not_certain_is_no_change() {
        let before = moment(0, &[("image/t/web", build("v3", ""))], &[]);
        let mut after = moment(30, &[("image/t/web", build("v3", "dd"))], &[]);
        assert!(told(&before, &after).is_empty(), "one tag, and no digest of before");
        // What had been hidden then is not new now.
        after.counters = counters("a", &[("get", 10.0, 1.0), ("keys", 1.0, 9.0)], 0.0);
        let mut hidden = before.clone();
        hidden.counters = counters("a", &[("get", 10.0, 1.0)], 1.0);
        assert!(told(&hidden, &after).is_empty());
        assert_eq!(told(&before, &after), ["redis/cache KEYS 1 call, 0.009 ms each, new"]);
        after.counters.clear();
        assert!(told(&before, &after).is_empty(), "it was not read");
    }
}
