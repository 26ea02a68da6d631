//! Which commands are new with a release, as far as one INFO of each side tells.

use jiff::Timestamp;

use super::Trial;
use super::lifetime::{LifetimeCalls, lifetime_calls};
use crate::model::{ComponentName, Facts, Snapshot, TargetCounters};

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
        /// Since then.
        since: Timestamp,
        /// Never, since then, where it goes to.
        never_since: Timestamp,
    },
    /// It was called where the release goes to, or not under the release.
    NotNew,
    /// Nobody knows, and why.
    NotKnown {
        /// In words.
        why: String,
        /// What was called where the release comes from: calls and microseconds.
        called: Option<(f64, Option<f64>)>,
    },
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
    use LifetimeCalls as L;
    let of = |target: Option<&TargetCounters>| match target {
        Some(target) => lifetime_calls(target, command),
        None => L::NotProven("it was not read".to_owned()),
    };
    let (from_name, to_name) = (&trial.gate.from, &trial.gate.to);
    if pair.to.is_none() {
        let why = format!("what {to_name} calls was not read");
        let called = match of(pair.from) {
            L::Called { calls, micros, .. } => Some((calls, micros)),
            _ => None,
        };
        return Novelty::NotKnown { why, called };
    }
    match (of(pair.from), of(pair.to)) {
        (_, L::Called { .. }) => Novelty::NotNew,
        (L::Called { calls, micros, since }, L::Never { since: never_since }) => {
            Novelty::New { calls, micros, since, never_since }
        }
        (L::Called { calls, micros, .. }, L::NotProven(why)) => {
            let why = format!("that {to_name} never called it is not proven: {why}");
            Novelty::NotKnown { why, called: Some((calls, micros)) }
        }
        (L::Never { since }, _) => match trial.came() {
            Some(came) if since <= came => Novelty::NotNew,
            came => {
                let why = not_covered(from_name.as_str(), since, came);
                Novelty::NotKnown { why, called: None }
            }
        },
        (L::NotProven(why), _) => {
            let why = format!("that {from_name} did not call it is not proven: {why}");
            Novelty::NotKnown { why, called: None }
        }
    }
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
