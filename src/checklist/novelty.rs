//! Which commands are new with a release: by one INFO of each side, by series where they are kept,
//! and by what a rehearsal of these builds shows.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Trial;
use super::lifetime::{LifetimeCalls, lifetime_calls};
use super::loads::{SeriesCalls, series_calls};
use super::unit_cost::{FEW_CALLS, baseline_cost, is_risen, spans_under_release, unit_cost, works};
use super::units::{span_of, valid_rehearsal};
use crate::model::{ComponentName, Facts, Rehearsal, ServerCounters, Snapshot, TargetCounters};

/// Commands that walk the whole keyspace in one call, and stop the server for all meanwhile. One
/// SCAN does not.
pub(super) const KEYSPACE_COMMANDS: [&str; 3] = ["keys", "flushall", "flushdb"];

/// One Redis on both sides of the gate.
pub(super) struct RedisPair<'a> {
    /// `redis/cache`.
    pub(super) component: ComponentName,
    /// What it counted where the release comes from; `None` if it was not read or is not there.
    pub(super) from: Option<&'a TargetCounters>,
    /// The same where the release goes to.
    pub(super) to: Option<&'a TargetCounters>,
}

/// Whether a command is new.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Novelty {
    /// It was called under the release, and never where that goes to.
    New {
        /// Calls where the release comes from.
        calls: f64,
        /// Microseconds in them.
        micros: Option<f64>,
        /// What tells them.
        told: CallsTold,
        /// Never, since then, where it goes to.
        never_since: Timestamp,
    },
    /// A valid rehearsal does not call it; others called it so often, and `None` if nobody knows.
    Cleared(Option<f64>),
    /// It was called where the release goes to, or not under the release.
    NotNew,
    /// It was called under the release, and before where that comes from, too.
    NotNewHere(f64),
    /// Nobody knows, and why.
    NotKnown {
        /// In words.
        why: String,
        /// What was called where the release comes from: calls and microseconds.
        called: Option<(f64, Option<f64>)>,
    },
}

/// What tells calls under a release.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum CallsTold {
    /// The server's own counters since its start: by the release or not.
    Lifetime(Timestamp),
    /// Its counters, whose zero before the release is proven, or who began after it came.
    SinceCame,
    /// Series: the first call came in the five minutes that end then. Whether there was none before
    /// the release is proven or not.
    Series {
        /// End of the first five minutes with a call.
        first: Timestamp,
        /// Whether it was never called before.
        is_zero_before: bool,
    },
    /// A rehearsal or marks.
    Work,
}

/// Every Redis of either side that is expected on both.
pub(super) fn redis_pairs<'a>(trial: &Trial<'a>) -> Vec<RedisPair<'a>> {
    let names = |snapshot: &Snapshot| -> Vec<ComponentName> {
        let coverage = snapshot.coverage.iter();
        let redis = coverage.filter(|target| target.kind.facts == Facts::Info);
        redis.map(|target| target.component.clone()).collect()
    };
    let (from, to) = (&trial.from.snapshot, &trial.to.snapshot);
    let mut all = names(from);
    all.extend(names(to));
    all.sort();
    all.dedup();
    let is_expected = |name: &ComponentName| {
        [(from, to), (to, from)].iter().all(|(one, other)| {
            one.components.get(name).is_none_or(|component| other.expects(name, component))
        })
    };
    all.retain(is_expected);
    let pair = |component: ComponentName| RedisPair {
        from: trial.from_counters.get(&component),
        to: trial.to_counters.get(&component),
        component,
    };
    all.into_iter().map(pair).collect()
}

/// Whether a command of one Redis is new.
pub(super) fn novelty(pair: &RedisPair<'_>, command: &str, trial: &Trial<'_>) -> Novelty {
    let here = calls_under_release(pair, command, trial);
    let there = calls_in_production(pair, command, trial);
    if pair.to.is_none() {
        let why = format!("what {} calls was not read", trial.gate.to);
        let called = match here {
            Here::Called { calls, micros, .. } => Some((calls, micros)),
            _ => None,
        };
        return Novelty::NotKnown { why, called };
    }
    let cleared = || match rehearsed(pair, command, trial) {
        Rehearsed::Without => true,
        Rehearsed::With { .. } | Rehearsed::Never => false,
    };
    match (here, there) {
        (Here::Never, _) | (_, There::Called) => Novelty::NotNew,
        (Here::CalledBefore { calls }, _) => Novelty::NotNewHere(calls),
        (Here::Called { calls, .. }, _) if cleared() => Novelty::Cleared(Some(calls)),
        (Here::NotProven(_), _) if cleared() => Novelty::Cleared(None),
        (Here::Called { calls, micros, told }, There::Never(never_since)) => {
            Novelty::New { calls, micros, told, never_since }
        }
        (Here::Called { calls, micros, .. }, There::NotProven(why)) => {
            let why = format!("that {} never called it is not proven: {why}", trial.gate.to);
            Novelty::NotKnown { why, called: Some((calls, micros)) }
        }
        (Here::NotProven(why), _) => Novelty::NotKnown { why, called: None },
    }
}

/// What is known of a command where the release goes to.
enum There {
    Called,
    Never(Timestamp),
    NotProven(String),
}

fn calls_in_production(pair: &RedisPair<'_>, command: &str, trial: &Trial<'_>) -> There {
    let series = series_calls(trial.to_loads, &pair.component, command, None, None);
    let lifetime = pair.to.map(|target| lifetime_calls(target, command));
    match (series, lifetime) {
        (SeriesCalls::Called { .. }, _) | (_, Some(LifetimeCalls::Called { .. })) => There::Called,
        (_, Some(LifetimeCalls::Never { since })) => There::Never(since),
        // What is held may be old; the server itself must have been read.
        (SeriesCalls::Never(since), Some(_)) => There::Never(since),
        (_, Some(LifetimeCalls::NotProven(why))) => There::NotProven(why),
        (_, None) => There::NotProven(format!("{} was not read", trial.gate.to)),
    }
}

/// What is known of a command under the release, where that comes from.
enum Here {
    Called { calls: f64, micros: Option<f64>, told: CallsTold },
    CalledBefore { calls: f64 },
    Never,
    NotProven(String),
}

fn calls_under_release(pair: &RedisPair<'_>, command: &str, trial: &Trial<'_>) -> Here {
    let unknown = || SeriesCalls::NotProven("when it came is not known".to_owned());
    let series = |from, to| match trial.came() {
        Some(_) => series_calls(trial.from_loads, &pair.component, command, from, to),
        None => unknown(),
    };
    let (before, since) = (series(None, trial.came()), series(trial.came(), None));
    let is_zero_before = matches!(before, SeriesCalls::Never(_));
    let by_work = match rehearsed(pair, command, trial) {
        Rehearsed::With { calls, micros } => Some((calls, micros)),
        _ => marked_calls(pair, command, trial),
    };
    let found = if let SeriesCalls::Called { calls, micros, first } = since {
        let told = CallsTold::Series { first, is_zero_before };
        Here::Called { calls, micros: Some(micros), told }
    } else if let Some((calls, micros)) = by_work {
        Here::Called { calls, micros: Some(micros), told: CallsTold::Work }
    } else {
        by_counters(pair, command, (&before, &since), trial)
    };
    match (found, before) {
        (Here::Called { calls, .. }, SeriesCalls::Called { .. })
            if !is_of_work(pair, command, trial) =>
        {
            Here::CalledBefore { calls }
        }
        (found, _) => found,
    }
}

/// Whether a rehearsal shows that the work itself calls a command more often than before: then it is
/// the release's, whoever else called it before.
fn is_of_work(pair: &RedisPair<'_>, command: &str, trial: &Trial<'_>) -> bool {
    works(trial).iter().any(|work| {
        let now = unit_cost(trial, work, &pair.component).filter(|cost| cost.is_rehearsed);
        let before = baseline_cost(trial, work, &pair.component).filter(|cost| cost.units > 0.0);
        let before = before.map_or(0.0, |cost| cost.calls(command));
        now.is_some_and(|now| is_risen(now.calls(command), before, FEW_CALLS))
    })
}

/// What the server's own counters tell, beside series that show no call since the release came, or
/// nothing.
fn by_counters(
    pair: &RedisPair<'_>,
    command: &str,
    (before, since): (&SeriesCalls, &SeriesCalls),
    trial: &Trial<'_>,
) -> Here {
    let (came, from) = (trial.came(), &trial.gate.from);
    let lifetime = match pair.from {
        Some(target) => lifetime_calls(target, command),
        None => LifetimeCalls::NotProven("it was not read".to_owned()),
    };
    let is_old = pair.from.is_some_and(|target| {
        let mut servers = target.servers.iter();
        servers.any(|server| came.is_some_and(|came| server.taken <= came))
    });
    match (lifetime, since) {
        (LifetimeCalls::Never { .. }, _) if is_old => {
            Here::NotProven(format!("the INFO of {from} is older than the release there"))
        }
        (LifetimeCalls::Never { since }, _) if came.is_some_and(|came| since <= came) => {
            Here::Never
        }
        // All that it has counted came before the release: the newest minutes are in no series yet.
        (LifetimeCalls::Called { calls, .. }, SeriesCalls::Never(_)) if matches!(before, SeriesCalls::Called { calls: old, .. } if *old >= calls) => {
            Here::Never
        }
        (LifetimeCalls::NotProven(_) | LifetimeCalls::Never { .. }, SeriesCalls::Never(_)) => {
            Here::Never
        }
        (LifetimeCalls::Called { calls, micros, since }, _) => {
            let is_since = came.is_some_and(|came| since >= came);
            let told = if is_since || matches!(before, SeriesCalls::Never(_)) {
                CallsTold::SinceCame
            } else {
                CallsTold::Lifetime(since)
            };
            Here::Called { calls, micros, told }
        }
        (LifetimeCalls::Never { since }, _) => {
            Here::NotProven(not_covered(from.as_str(), since, came))
        }
        (LifetimeCalls::NotProven(why), _) => {
            Here::NotProven(format!("that {from} did not call it is not proven: {why}"))
        }
    }
}

/// What the newest valid rehearsal of each work tells of a command.
pub(super) enum Rehearsed {
    /// It was called in one.
    With { calls: f64, micros: f64 },
    /// It was in none, and has not been called since.
    Without,
    /// There is none, or it does not prove a zero.
    Never,
}

pub(super) fn rehearsed(pair: &RedisPair<'_>, command: &str, trial: &Trial<'_>) -> Rehearsed {
    let place = (&trial.gate.from, trial.digest.as_str());
    let works: BTreeSet<&str> = trial.rehearsals.iter().map(|one| one.work.as_str()).collect();
    let valid: Vec<&Rehearsal> = works
        .into_iter()
        .filter_map(|work| valid_rehearsal(trial.rehearsals, place, work))
        .collect();
    let (mut calls, mut micros, mut is_zero) = (0.0, 0.0, true);
    for one in &valid {
        let mut span = span_of(one);
        // A command that did nothing shows nothing.
        let is_plausible = span.is_plausible();
        let Some(Ok(cost)) = span.costs.remove(&pair.component) else {
            is_zero = false;
            continue;
        };
        let is_whole = !cost.is_at_least && cost.hidden < 1.0 && cost.unread.is_none();
        is_zero &= is_whole && is_plausible;
        if let Some((own, time)) = cost.commands.get(command) {
            calls += own;
            micros += time;
        }
    }
    if calls > 0.0 {
        return Rehearsed::With { calls, micros };
    }
    let last = valid.iter().max_by_key(|one| one.to);
    let is_quiet = last.is_some_and(|last| is_quiet_since(last, pair, command));
    if is_zero && is_quiet { Rehearsed::Without } else { Rehearsed::Never }
}

/// Whether the server has not been called so since a rehearsal ended: by its counters, which go on.
fn is_quiet_since(rehearsal: &Rehearsal, pair: &RedisPair<'_>, command: &str) -> bool {
    let last = rehearsal.readings.get(&pair.component).and_then(|all| all.last());
    let (Some(Ok(then)), Some(now)) = (last, pair.from) else { return false };
    let is_same = |server: &ServerCounters| {
        let old = then.servers.iter().find(|old| old.place == server.place);
        let calls = |of: &ServerCounters| of.indicators.calls(command);
        match old {
            Some(old) if old.run_id == server.run_id => calls(old) == calls(server),
            // It was started anew, and all that it has counted came later.
            _ => calls(server) == Some(0.0),
        }
    };
    !now.servers.is_empty() && now.servers.iter().all(is_same)
}

/// Calls and microseconds of a command in the spans that were marked under the release.
fn marked_calls(pair: &RedisPair<'_>, command: &str, trial: &Trial<'_>) -> Option<(f64, f64)> {
    let (mut calls, mut micros) = (0.0, 0.0);
    for span in spans_under_release(trial) {
        if let Some(Ok(cost)) = span.costs.get(&pair.component)
            && let Some((own, time)) = cost.commands.get(command)
        {
            calls += own;
            micros += time;
        }
    }
    (calls > 0.0).then_some((calls, micros))
}

/// Why counters at zero do not cover all the time since the release came.
fn not_covered(environment: &str, since: Timestamp, came: Option<Timestamp>) -> String {
    match came {
        Some(came) => format!(
            "{environment}'s counters begin at {since}, and the release came at {came}: calls \
             between are not known"
        ),
        None => format!("when the release came to {environment} is not known (came:)"),
    }
}
