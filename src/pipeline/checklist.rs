//! A release is judged: an audit, counters and what was seen before become a checklist.

use jiff::Timestamp;

use super::stored;
use crate::checklist::config::ChecklistConfig;
use crate::checklist::ids::NOT_JUDGED;
use crate::checklist::{
    self, EnvironmentState, FreezePast, Trial, digest_of, seen_at, state_of, train_of,
};
use crate::collect::config::COLLECTORS;
use crate::model::{
    Answer, Audit, AuditedEnvironment, Checklist, ChecklistRelease, EnvironmentName, Evidence,
    Gate, Globs, Release, ReleaseType, Train, TrainDifference, differences,
};
use crate::normalize::{Normalizer, counters_of};
use crate::profile::{Environment, Profiles};

/// What was seen before, newest first, as far as somebody wants to see it.
pub trait PastEvidence {
    /// Hands each piece of evidence of an environment to `see`, with the time of its run, newest
    /// first, until that says that it is enough.
    ///
    /// # Errors
    /// If the history cannot be read, in words.
    fn visit(
        &mut self,
        environment: &EnvironmentName,
        see: &mut dyn FnMut(Timestamp, Evidence) -> bool,
    ) -> Result<(), String>;
}

/// What is judged, and by what besides the profiles.
pub struct ChecklistInput<'a> {
    /// The release, one of the profiles.
    pub release: &'a Release,
    /// Which items are judged.
    pub kind: ReleaseType,
    /// Every environment, compared and judged.
    pub audit: Audit,
    /// The evidence that it rests on.
    pub evidence: &'a [Evidence],
    /// What people answered.
    pub answers: &'a [Answer],
}

/// Why a release cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum ChecklistError {
    /// Nothing says where the release goes.
    #[error("{0} does not say from where to where it goes: write gate: [FROM, TO] into its file")]
    NoGate(String),
    /// The release goes where no gate of the profiles is.
    #[error("{0} goes from {from} to {to}, which is no gate: add it to gates: in audit.yaml",
        from = .1.from, to = .1.to)]
    NotAGate(String, Gate),
    /// An environment of the gate was not audited.
    #[error("{0} of the gate is not among the audited environments")]
    NotAudited(EnvironmentName),
    /// The past cannot be read.
    #[error("{0}")]
    Past(String),
}

/// The gate of a release: what its file says, else the only one of the profiles.
///
/// # Errors
/// If neither says which.
pub fn gate_of(profiles: &Profiles, release: &Release) -> Result<Gate, ChecklistError> {
    let only = || match profiles.gates(&profiles.baseline).as_slice() {
        [gate] => Some(gate.clone()),
        _ => None,
    };
    let Some(gate) = release.gate.clone().or_else(only) else {
        return Err(ChecklistError::NoGate(release.name.clone()));
    };
    if profiles.gates(&profiles.baseline).contains(&gate) {
        Ok(gate)
    } else {
        Err(ChecklistError::NotAGate(release.name.clone(), gate))
    }
}

/// Judges a release.
///
/// # Errors
/// If nothing says where it goes, or the past cannot be read.
pub fn checklist(
    profiles: &Profiles,
    input: ChecklistInput<'_>,
    past: &mut dyn PastEvidence,
    now: Timestamp,
) -> Result<Checklist, ChecklistError> {
    let ChecklistInput { release, kind, audit, evidence, answers } = input;
    let gate = gate_of(profiles, release)?;
    let previous = release.previous.as_deref().and_then(|name| profiles.release(name).ok());
    let normalizer = Normalizer::new(profiles.catalogue.as_ref(), COLLECTORS);
    let counters = |name: &EnvironmentName| {
        let found = evidence.iter().find(|one| one.environment == *name);
        found.map(|one| counters_of(&normalizer, one)).unwrap_or_default()
    };
    let side = |name: &EnvironmentName| side(&audit, name);
    let (from, to) = (side(&gate.from)?, side(&gate.to)?);
    let back = if kind == ReleaseType::Rollback { Some(release) } else { previous };
    let mut seer = Seer { profiles, normalizer: &normalizer, past };
    let seen_before = match back {
        Some(back) => seer.until_seen(to, back)?,
        None => Vec::new(),
    };
    let first_seen = seer.first_seen(from, release)?;
    let freeze = match &release.freeze {
        Some(freeze) => Some(seer.since(side(&freeze.environment)?, freeze.from)?),
        None => None,
    };
    let rules = ChecklistConfig::rules(profiles.checklist.as_ref());
    let (from_counters, to_counters) = (counters(&gate.from), counters(&gate.to));
    let trial = Trial {
        release,
        previous,
        kind,
        gate: &gate,
        audit: &audit,
        from,
        to,
        from_counters: &from_counters,
        to_counters: &to_counters,
        seen_before: &seen_before,
        first_seen,
        freeze: freeze.as_ref(),
        answers,
        rules: &rules,
        now,
    };
    let items = checklist::judge(&trial);
    let told = ChecklistRelease {
        name: release.name.clone(),
        kind,
        previous: release.previous.clone(),
        changed: release.changed.keys().cloned().collect(),
        services: release.train.len(),
        came: trial.came(),
        digest: digest_of(&checklist::bound_builds(release)),
    };
    Ok(Checklist {
        release: told,
        verdict: checklist::verdict_of(&items),
        items,
        not_judged: NOT_JUDGED.iter().map(|name| (*name).to_owned()).collect(),
        overrides: Vec::new(),
        run: audit.run,
        gate,
    })
}

fn side<'a>(
    audit: &'a Audit,
    name: &EnvironmentName,
) -> Result<&'a AuditedEnvironment, ChecklistError> {
    let found = audit.environments.iter().find(|one| one.snapshot.environment == *name);
    found.ok_or_else(|| ChecklistError::NotAudited(name.clone()))
}

/// Looks at what was seen before, through today's catalogue.
struct Seer<'a> {
    profiles: &'a Profiles,
    normalizer: &'a Normalizer,
    past: &'a mut dyn PastEvidence,
}

impl<'a> Seer<'a> {
    fn environment(&self, name: &EnvironmentName) -> Option<&'a Environment> {
        self.profiles.environments.iter().find(|one| one.name == *name)
    }

    fn ignored(&self, name: &EnvironmentName) -> Globs {
        self.environment(name).map_or_else(|| Globs::new(&[]), |found| found.ignore.clone())
    }

    /// What ran there before, back to when each build of a release was seen. Nothing is looked up
    /// if all of them run now.
    fn until_seen(
        &mut self,
        environment: &AuditedEnvironment,
        release: &Release,
    ) -> Result<Vec<(Timestamp, Train)>, ChecklistError> {
        let name = &environment.snapshot.environment;
        let mut open = release.train.clone();
        let mut strike = |train: &Train| {
            for (component, found) in differences(&open.clone(), train) {
                if found == TrainDifference::Same {
                    open.remove(&component);
                }
            }
            open.is_empty()
        };
        let mut seen = Vec::new();
        if strike(&train_of(&environment.snapshot)) {
            return Ok(seen);
        }
        let (ignored, normalizer) = (self.ignored(name), self.normalizer);
        let visited = self.past.visit(name, &mut |_, evidence| {
            let snapshot = normalizer.snapshot(evidence, ignored.clone());
            let train = train_of(&snapshot);
            let is_enough = strike(&train);
            seen.push((seen_at(&snapshot), train));
            !is_enough
        });
        visited.map_err(ChecklistError::Past)?;
        Ok(seen)
    }

    /// When a changed build of a release was first seen there, going back until none of them runs.
    fn first_seen(
        &mut self,
        environment: &AuditedEnvironment,
        release: &Release,
    ) -> Result<Option<Timestamp>, ChecklistError> {
        let name = &environment.snapshot.environment;
        let (ignored, normalizer) = (self.ignored(name), self.normalizer);
        let mut first = None;
        let visited = self.past.visit(name, &mut |_, evidence| {
            let snapshot = normalizer.snapshot(evidence, ignored.clone());
            let runs = runs_any(&train_of(&snapshot), &release.changed);
            if runs {
                first = Some(seen_at(&snapshot));
            }
            // What was not read does not tell that it was not there.
            runs || !state_of(&snapshot).is_whole
        });
        visited.map_err(ChecklistError::Past)?;
        Ok(first)
    }

    /// What was seen since a time, and the last before it.
    fn since(
        &mut self,
        environment: &AuditedEnvironment,
        from: Timestamp,
    ) -> Result<FreezePast, ChecklistError> {
        let snapshot = &environment.snapshot;
        let mut states: Vec<(Timestamp, EnvironmentState)> =
            vec![(seen_at(snapshot), state_of(snapshot))];
        let (ignored, normalizer) = (self.ignored(&snapshot.environment), self.normalizer);
        let profile = self.environment(&snapshot.environment);
        let visited = self.past.visit(&snapshot.environment, &mut |_, mut evidence| {
            if let Some(profile) = profile {
                stored::require(profile, environment.required, &mut evidence.targets);
            }
            let earlier = normalizer.snapshot(evidence, ignored.clone());
            let (at, state) = (seen_at(&earlier), state_of(&earlier));
            let is_whole = state.is_whole;
            if !states.iter().any(|(known, other)| *known == at && *other == state) {
                states.push((at, state));
            }
            at > from || !is_whole
        });
        visited.map_err(ChecklistError::Past)?;
        states.sort_by_key(|(at, _)| *at);
        Ok(FreezePast { states })
    }
}

/// Whether one at least of these builds is in a train.
fn runs_any(train: &Train, changed: &Train) -> bool {
    let same = differences(changed, train).into_iter();
    same.filter(|(component, _)| changed.contains_key(component))
        .any(|(_, found)| found == TrainDifference::Same)
}
