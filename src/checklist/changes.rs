//! What changed from one piece of evidence to the next, and how certain that is. Pure.
//!
//! What a piece of evidence holds was there, whatever else of it was not read; that something was
//! not there is believed only where all was read that might hold it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::environment_state::EnvironmentState;
use crate::model::{Build, ComponentName};

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FoundChange {
    /// Of what.
    pub(super) component: ComponentName,
    /// What became of it.
    pub(super) what: Changed,
    /// What of it was known before.
    pub(super) before: Vec<Build>,
    /// When it was last seen as it was before; `None` if nothing was known of it.
    pub(super) after: Option<Timestamp>,
    /// When it was seen so for the first time.
    pub(super) seen: Timestamp,
    /// Why it may be no change in the freeze.
    pub(super) doubt: Option<ChangeDoubt>,
}

/// What became of a component.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Changed {
    /// It runs this build.
    Build(Build),
    /// It does not run any more.
    Gone,
    /// A version or a setting, in words.
    Fact(String),
}

/// Why something may be no change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChangeDoubt {
    /// It happened between the last evidence before the freeze and the first in it.
    Straddles,
    /// The same tag, and no digests of one type on both sides.
    NoDigest,
    /// Nothing before told whether it was there.
    NotReadBefore,
}

/// What is known of a component so far.
#[derive(Clone, Debug)]
struct Known {
    builds: Vec<Build>,
    facts: BTreeSet<String>,
    at: Timestamp,
    /// Whether some evidence has told all of it.
    is_whole: bool,
}

/// Every change since `from`, oldest first. States are ordered by time.
pub(super) fn changes_since(
    states: &[(Timestamp, Arc<EnvironmentState>)],
    from: Timestamp,
) -> Vec<FoundChange> {
    let mut known: BTreeMap<ComponentName, Known> = BTreeMap::new();
    let mut found = Vec::new();
    for (index, (at, state)) in states.iter().enumerate() {
        let names = names_of(state);
        if index > 0 && Arc::ptr_eq(state, &states[index - 1].1) {
            for name in names {
                known.entry(name.clone()).and_modify(|known| known.at = *at);
            }
            continue;
        }
        let all: BTreeSet<&ComponentName> = names.iter().copied().chain(known.keys()).collect();
        let all: Vec<ComponentName> = all.into_iter().cloned().collect();
        for name in all {
            let is_partial = state.may_lack(&name);
            let told = names.contains(&name);
            if !told && is_partial {
                continue;
            }
            let earlier = &states[..index];
            let was_absent = !known.contains_key(&name)
                && earlier.iter().any(|(_, state)| !state.may_lack(&name));
            let new = match known.get(&name) {
                Some(known) if told => what_differs(&name, known, state, is_partial),
                Some(_) => vec![(Changed::Gone, None)],
                None if index == 0 => Vec::new(),
                None => {
                    let doubt = (!was_absent).then_some(ChangeDoubt::NotReadBefore);
                    what_appeared(&name, state).into_iter().map(|what| (what, doubt)).collect()
                }
            };
            let before = known.get(&name);
            let after = before.map(|known| known.at).or_else(|| Some(earlier.last()?.0));
            for (what, doubt) in new.into_iter().filter(|_| *at > from) {
                let straddles = after.is_some_and(|after| after < from);
                found.push(FoundChange {
                    component: name.clone(),
                    what,
                    before: before.map(|known| known.builds.clone()).unwrap_or_default(),
                    after,
                    seen: *at,
                    doubt: doubt.or(straddles.then_some(ChangeDoubt::Straddles)),
                });
            }
            remember_state(&mut known, name, (*at, state), (told, is_partial));
        }
    }
    found
}

fn names_of(state: &EnvironmentState) -> BTreeSet<&ComponentName> {
    state.train.keys().chain(state.others.keys()).chain(state.facts.keys()).collect()
}

fn builds_in<'a>(state: &'a EnvironmentState, name: &ComponentName) -> &'a [Build] {
    let own = state.train.get(name).or_else(|| state.others.get(name));
    own.map(Vec::as_slice).unwrap_or_default()
}

fn facts_in<'a>(state: &'a EnvironmentState, name: &ComponentName) -> Option<&'a BTreeSet<String>> {
    state.facts.get(name)
}

/// What there is of a component that was not there.
fn what_appeared(name: &ComponentName, state: &EnvironmentState) -> Vec<Changed> {
    let builds = builds_in(state, name).iter().cloned().map(Changed::Build);
    let facts = facts_in(state, name).into_iter().flatten().cloned().map(Changed::Fact);
    builds.chain(facts).collect()
}

fn what_differs(
    name: &ComponentName,
    known: &Known,
    state: &EnvironmentState,
    is_partial: bool,
) -> Vec<(Changed, Option<ChangeDoubt>)> {
    let mut found = Vec::new();
    // Before anything told all of it, what is seen now may have been there.
    let unread = (!known.is_whole).then_some(ChangeDoubt::NotReadBefore);
    for build in builds_in(state, name) {
        match is_known(build, &known.builds) {
            Some(true) => {}
            Some(false) => found.push((Changed::Build(build.clone()), unread)),
            None => {
                found.push((Changed::Build(build.clone()), Some(ChangeDoubt::NoDigest)));
            }
        }
    }
    let none = BTreeSet::new();
    let now = facts_in(state, name).unwrap_or(&none);
    let new: Vec<&str> = now.difference(&known.facts).map(String::as_str).collect();
    let gone: Vec<&str> = known.facts.difference(now).map(String::as_str).collect();
    let gone = if is_partial { Vec::new() } else { gone };
    if !new.is_empty() || !gone.is_empty() {
        let doubt = unread.filter(|_| gone.is_empty());
        found.push((Changed::Fact(fact_words(&gone, &new)), doubt));
    }
    found
}

fn fact_words(gone: &[&str], new: &[&str]) -> String {
    match (gone, new) {
        (gone, []) => format!("{} -> none", gone.join(", ")),
        ([], new) => format!("-> {}", new.join(", ")),
        (gone, new) => format!("{} -> {}", gone.join(", "), new.join(", ")),
    }
}

/// Whether a build is one of those that were known: `None` where the tag is, and no digest tells.
fn is_known(build: &Build, known: &[Build]) -> Option<bool> {
    let same = |one: &Build| one.same_content(build);
    if known.iter().any(|one| same(one) == Some(true)) {
        return Some(true);
    }
    let may_be = known.iter().any(|one| same(one).is_none() && one.version == build.version);
    if may_be { None } else { Some(false) }
}

/// What is known of a component after a piece of evidence.
fn remember_state(
    known: &mut BTreeMap<ComponentName, Known>,
    name: ComponentName,
    (at, state): (Timestamp, &EnvironmentState),
    (told, is_partial): (bool, bool),
) {
    if !told {
        known.remove(&name);
        return;
    }
    let (mut own, mut own_facts) = (builds_in(state, &name).to_vec(), BTreeSet::new());
    own_facts.extend(facts_in(state, &name).into_iter().flatten().cloned());
    let before = known.remove(&name);
    let was_whole = before.as_ref().is_some_and(|known| known.is_whole);
    if let Some(before) = before {
        if is_partial {
            own_facts.extend(before.facts);
        }
        for build in before.builds {
            // The digest of a tag is remembered while nothing tells it.
            let is_open = own
                .iter()
                .any(|one| one.same_content(&build).is_none() && one.version == build.version);
            if (is_partial || is_open) && !own.contains(&build) {
                own.push(build);
            }
        }
    }
    let is_whole = was_whole || !is_partial;
    known.insert(name, Known { builds: own, facts: own_facts, at, is_whole });
}
