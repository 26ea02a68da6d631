//! What was seen of environments before, through today's catalogue: what was told alike is
//! interpreted once, however often it was told.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::stored;
use crate::checklist::{EnvironmentState, FreezePast, seen_at, state_of};
use crate::history::Store;
use crate::model::{
    AuditedEnvironment, EnvironmentName, Evidence, Globs, Release, Train, TrainDifference,
    differences,
};
use crate::normalize::Normalizer;
use crate::profile::{Environment, Profiles};

/// What was seen before, newest first, as far as somebody wants to see it.
pub trait PastEvidence: Send {
    /// Hands each piece of evidence of an environment to `see`, newest first, until that says that
    /// it is enough.
    ///
    /// # Errors
    /// If the history cannot be read, in words.
    fn visit(
        &mut self,
        environment: &EnvironmentName,
        see: &mut dyn FnMut(PastLook<'_>) -> Result<bool, String>,
    ) -> Result<(), String>;

    /// The history, if there is one that is believed.
    fn store(&mut self) -> Option<&mut Store>;
}

/// One piece of evidence.
pub struct PastLook<'a> {
    /// When its run ended.
    pub at: Timestamp,
    /// When what holds images told of them.
    pub seen: Timestamp,
    /// The same for all evidence that tells the same.
    pub key: String,
    /// Reads it.
    pub read: &'a mut dyn FnMut() -> Result<Evidence, String>,
}

/// So many different pieces of evidence are remembered at once.
const REMEMBERED: usize = 256;

type SeenState = (Timestamp, Arc<EnvironmentState>);

/// Looks at what was seen before.
pub(super) struct Seer<'p, 'a> {
    pub(super) profiles: &'p Profiles,
    pub(super) normalizer: &'a Normalizer,
    pub(super) past: &'a mut dyn PastEvidence,
    /// What was seen later does not count.
    pub(super) now: Timestamp,
    known: BTreeMap<(EnvironmentName, String), Arc<EnvironmentState>>,
}

/// Since when a release is where it comes from, by stored evidence.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SeenSince {
    /// Any of its changed builds, without a break until now.
    pub(super) first: Option<Timestamp>,
    /// All of them.
    pub(super) complete: Option<Timestamp>,
    /// When none of them was there, the last time that this was seen.
    pub(super) without_any: Option<Timestamp>,
    /// When not all of them were.
    pub(super) without_all: Option<Timestamp>,
}

impl<'p, 'a> Seer<'p, 'a> {
    pub(super) fn new(
        profiles: &'p Profiles,
        normalizer: &'a Normalizer,
        past: &'a mut dyn PastEvidence,
        now: Timestamp,
    ) -> Self {
        Self { profiles, normalizer, past, now, known: BTreeMap::new() }
    }

    fn environment(&self, name: &EnvironmentName) -> Option<&'p Environment> {
        self.profiles.environments.iter().find(|one| one.name == *name)
    }

    /// Hands over what an environment ran, newest first, until `see` says that it is enough.
    pub(super) fn walk_states(
        &mut self,
        environment: &AuditedEnvironment,
        see: &mut dyn FnMut(Timestamp, &Arc<EnvironmentState>) -> bool,
    ) -> Result<(), String> {
        let name = &environment.snapshot.environment;
        let profile = self.environment(name);
        let ignored = profile.map_or_else(|| Globs::new(&[]), |found| found.ignore.clone());
        let Self { normalizer, known, now, past, .. } = self;
        past.visit(name, &mut |look| {
            if look.at > *now || look.seen > *now {
                return Ok(true);
            }
            let key = (name.clone(), look.key);
            if let Some(state) = known.get(&key) {
                return Ok(see(look.seen, state));
            }
            let mut evidence = (look.read)()?;
            if let Some(profile) = profile {
                stored::mark_required(profile, environment.required, &mut evidence.targets);
            }
            let state = Arc::new(state_of(&normalizer.build_snapshot(evidence, ignored.clone())));
            if known.len() >= REMEMBERED {
                known.clear();
            }
            known.insert(key, state.clone());
            Ok(see(look.seen, &state))
        })
    }

    /// What ran there before, back to when each build of a release was seen. Nothing is looked up
    /// if all of them run now.
    pub(super) fn until_seen(
        &mut self,
        environment: &AuditedEnvironment,
        release: &Release,
    ) -> Result<Vec<(Timestamp, Train)>, String> {
        let mut open = release.train.clone();
        // Whether it shows a build that nothing newer has shown.
        let mut strike = |train: &Train| {
            let before = open.len();
            for (component, found) in differences(&open.clone(), train) {
                if found == TrainDifference::Same {
                    open.remove(&component);
                }
            }
            (open.len() < before, open.is_empty())
        };
        let mut seen = Vec::new();
        let now = state_of(&environment.snapshot);
        if strike(&now.train).1 {
            return Ok(seen);
        }
        let mut last: Option<Arc<EnvironmentState>> = None;
        self.walk_states(environment, &mut |at, state| {
            if last.as_ref().is_some_and(|last| Arc::ptr_eq(last, state)) {
                return true;
            }
            last = Some(state.clone());
            let (is_news, is_enough) = strike(&state.train);
            if is_news {
                seen.push((at, state.train.clone()));
            }
            !is_enough
        })?;
        Ok(seen)
    }

    /// When changed builds of a release were first seen there, going back until none of them runs.
    pub(super) fn seen_since(
        &mut self,
        environment: &AuditedEnvironment,
        release: &Release,
    ) -> Result<SeenSince, String> {
        let mut found = SeenSince::default();
        let mut is_complete = runs_of(&state_of(&environment.snapshot).train, &release.changed).all;
        let mut last: Option<(Arc<EnvironmentState>, RunsOf)> = None;
        self.walk_states(environment, &mut |at, state| {
            let known = last.as_ref().filter(|(last, _)| Arc::ptr_eq(last, state));
            let runs =
                known.map_or_else(|| runs_of(&state.train, &release.changed), |(_, runs)| *runs);
            last = Some((state.clone(), runs));
            if runs.any {
                found.first = Some(at);
            }
            if state.is_whole && !runs.any {
                found.without_any = found.without_any.max(Some(at));
            }
            if state.is_whole && !runs.all {
                found.without_all = found.without_all.max(Some(at));
            }
            // What was not read does not tell that it was not there.
            is_complete &= runs.all || !state.is_whole;
            if is_complete && runs.all {
                found.complete = Some(at);
            }
            runs.any || !state.is_whole
        })?;
        Ok(found)
    }

    /// What was seen since a time, and the last before it.
    pub(super) fn states_since(
        &mut self,
        environment: &AuditedEnvironment,
        from: Timestamp,
    ) -> Result<FreezePast, String> {
        let snapshot = &environment.snapshot;
        let mut states: Vec<SeenState> = vec![(seen_at(snapshot), Arc::new(state_of(snapshot)))];
        self.walk_states(environment, &mut |at, state| {
            let is_again = |(known, other): &SeenState| *known == at && Arc::ptr_eq(other, state);
            if !states.last().is_some_and(is_again) {
                states.push((at, state.clone()));
            }
            at > from || !state.is_whole
        })?;
        states.sort_by_key(|(at, _)| *at);
        Ok(FreezePast { states })
    }
}

#[derive(Clone, Copy)]
struct RunsOf {
    any: bool,
    all: bool,
}

/// Whether one at least of these builds is in a train, and whether all are.
fn runs_of(train: &Train, changed: &Train) -> RunsOf {
    let found = differences(changed, train).into_iter();
    let own: Vec<bool> = found
        .filter(|(component, _)| changed.contains_key(component))
        .map(|(_, found)| found == TrainDifference::Same)
        .collect();
    RunsOf { any: own.contains(&true), all: !own.is_empty() && !own.contains(&false) }
}
