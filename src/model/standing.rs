//! Since when things stand without interruption, as far as a history has seen them. Plain data; what
//! an interruption is, `policy` decides.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::matrix::{Cell, State};
use super::{ComponentName, EnvironmentName, FindingId};

/// What a history knows of what stands after a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Findings, whatever the policy makes of them.
    pub findings: BTreeMap<FindingId, StandingFinding>,
    /// What each environment runs of each component.
    pub running: BTreeMap<(EnvironmentName, ComponentName), Running>,
    /// Where an environment is ahead of another.
    pub ahead: BTreeMap<AheadPair, Ahead>,
}

/// A finding that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingFinding {
    /// Id of its rule.
    pub rule: String,
    /// What it is about.
    pub component: ComponentName,
    /// Where.
    pub environments: Vec<EnvironmentName>,
    /// What tells it from others of its rule, component and place.
    pub subject: String,
    /// The baseline of the run that saw it.
    pub baseline: EnvironmentName,
    /// The first run that saw it, of those without an interruption.
    pub since: Timestamp,
    /// The first run that could not see it, if no later one did.
    pub unseen: Option<Timestamp>,
}

/// What an environment runs of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Products and versions: `redis 7.0.15`.
    pub versions: BTreeSet<String>,
    /// Digests of what they consist of, where known.
    pub builds: BTreeSet<String>,
    /// The first run that saw just these, of those without an interruption.
    pub since: Timestamp,
}

/// A component of two environments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AheadPair {
    /// The component.
    pub component: ComponentName,
    /// The side that is behind.
    pub baseline: EnvironmentName,
    /// The side that is ahead.
    pub current: EnvironmentName,
}

/// Since when one side is ahead of the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// What the side that is behind has run since then.
    pub of: BTreeSet<String>,
    /// The first run that saw it.
    pub since: Timestamp,
}

impl Running {
    /// What a cell of the matrix runs; `None` if it is not known to run.
    pub fn of_cell(cell: &Cell, at: Timestamp) -> Option<Self> {
        if cell.state != State::Present {
            return None;
        }
        let version = |product: Option<&str>, text: String| match product {
            Some(product) => format!("{product} {text}"),
            None => text,
        };
        let readings = cell.readings.iter();
        Some(Self {
            versions: readings
                .clone()
                .map(|one| version(one.product.as_deref(), one.reading.to_string()))
                .collect(),
            builds: readings.flat_map(|one| one.digests.iter().cloned()).collect(),
            since: at,
        })
    }

    /// Whether it is still what ran then: the same versions, and of the builds that ran then one at
    /// least, where builds are known of both.
    pub fn continues(&self, then: &Self) -> bool {
        let is_known = !self.builds.is_empty() && !then.builds.is_empty();
        self.versions == then.versions && !(is_known && self.builds.is_disjoint(&then.builds))
    }
}

impl Standing {
    /// Since when a finding stands; nothing if that is after `now`.
    pub fn of_finding(&self, id: &FindingId, now: Timestamp) -> Option<Timestamp> {
        self.findings.get(id).map(|found| found.since).filter(|since| *since <= now)
    }

    /// Since when an environment runs of a component what it runs.
    pub fn of_running(
        &self,
        environment: &EnvironmentName,
        component: &ComponentName,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let found = self.running.get(&(environment.clone(), component.clone()));
        found.map(|found| found.since).filter(|since| *since <= now)
    }

    /// The same knowledge where another run was stored meanwhile: what this one changed since
    /// `base` is changed in `theirs` too, and of what both began to see the earlier time counts.
    #[must_use]
    pub fn rebase_map(&self, base: &Self, theirs: &Self) -> Self {
        Self {
            findings: rebased(&self.findings, &base.findings, &theirs.findings, |a| a.since),
            running: rebased(&self.running, &base.running, &theirs.running, |a| a.since),
            ahead: rebased(&self.ahead, &base.ahead, &theirs.ahead, |a| a.since),
        }
    }
}

fn rebased<K: Ord + Clone, V: PartialEq + Clone>(
    ours: &BTreeMap<K, V>,
    base: &BTreeMap<K, V>,
    theirs: &BTreeMap<K, V>,
    since: fn(&V) -> Timestamp,
) -> BTreeMap<K, V> {
    let mut all = theirs.clone();
    for (key, value) in ours.iter().filter(|(key, value)| base.get(key) != Some(value)) {
        let is_older = theirs.get(key).is_some_and(|their| since(their) <= since(value));
        if !is_older || base.contains_key(key) {
            all.insert(key.clone(), value.clone());
        }
    }
    for key in base.keys().filter(|key| !ours.contains_key(key)) {
        all.remove(key);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(version: &str, builds: &[&str], since: i64) -> Running {
        Running {
            versions: [version.to_owned()].into(),
            builds: builds.iter().map(|build| (*build).to_owned()).collect(),
            since: Timestamp::from_second(since).unwrap(),
        }
    }

    #[test]
    fn another_version_or_none_of_its_builds_is_something_else() {
        let then = running("v1", &["a"], 0);
        for (now, continues) in [
            (running("v1", &["a"], 9), true),
            (running("v1", &[], 9), true),
            (running("v1", &["a", "b"], 9), true),
            (running("v1", &["b"], 9), false),
            (running("v2", &["a"], 9), false),
        ] {
            assert_eq!(now.continues(&then), continues, "{now:?}");
        }
    }

    #[test]
    fn two_runs_at_once_lose_nothing() {
        let key = |name: &str| (EnvironmentName::from("prod"), ComponentName::from(name));
        let of = |all: &[(&str, i64)]| Standing {
            running: all.iter().map(|(name, at)| (key(name), running("v1", &[], *at))).collect(),
            ..Standing::default()
        };
        let base = of(&[("a", 1), ("b", 1), ("c", 1), ("d", 1)]);
        // One saw `a` go, `b` change and `e` begin, the other `c` go, `d` change and `e` begin.
        let ours = of(&[("b", 7), ("c", 1), ("d", 1), ("e", 7)]);
        let theirs = of(&[("a", 1), ("b", 1), ("d", 5), ("e", 5)]);
        let both = of(&[("b", 7), ("d", 5), ("e", 5)]);
        assert_eq!(ours.rebase_map(&base, &theirs), both);
        assert_eq!(ours.rebase_map(&base, &base), ours);
    }
}
