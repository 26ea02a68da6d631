//! Evidence beside the profiles: which environment it is of, what it does not hold, what is
//! required.
//!
//! What was just collected holds all that the profiles name. Stored evidence may be older than they
//! are, and what it does not hold was not read.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::scope::{ProfileScope, ScopeError};
use crate::collect::Target;
use crate::model::{EnvironmentName, Evidence, Failure, FailureKind, TargetEvidence, TargetId};
use crate::profile::{Environment, Profiles};

/// One piece of evidence for each environment of the scope, in its order.
///
/// # Errors
/// If evidence is of an environment that no profile describes, or two pieces are of one.
pub(super) fn as_profiled(
    profiles: &Profiles,
    scope: &ProfileScope<'_>,
    evidence: Vec<Evidence>,
    now: Timestamp,
) -> Result<Vec<Evidence>, ScopeError> {
    let mut by_name: BTreeMap<EnvironmentName, Evidence> = BTreeMap::new();
    for evidence in evidence {
        let name = evidence.environment.clone();
        if !profiles.environments.iter().any(|environment| environment.name == name) {
            return Err(ScopeError::unknown(&name, profiles));
        }
        if by_name.insert(name.clone(), evidence).is_some() {
            return Err(ScopeError::TwoOf(name.to_string()));
        }
    }
    let of = |(environment, required): &(&Environment, bool)| {
        let name = environment.name.clone();
        let mut evidence = by_name.remove(&name).unwrap_or_else(|| Evidence {
            environment: name,
            taken: now,
            targets: Vec::new(),
        });
        mark_required(environment, *required, &mut evidence.targets);
        let lacking = missing_targets(profiles, environment, *required, &evidence.targets, now);
        evidence.targets.extend(lacking);
        evidence.targets.sort_by(|a, b| a.id.cmp(&b.id));
        evidence
    };
    Ok(scope.environments.iter().map(of).collect())
}

fn target_id(target: &dyn Target) -> TargetId {
    TargetId::new(target.kind().name, target.name())
}

/// Targets that are not files: evidence holds them by their own ids. A file holds targets of any
/// id.
fn own_targets(environment: &Environment) -> impl Iterator<Item = &dyn Target> {
    environment.targets.all().filter(|target| target.file().is_none())
}

fn file_targets(environment: &Environment) -> impl Iterator<Item = &dyn Target> {
    environment.targets.all().filter(|target| target.file().is_some())
}

/// Stored evidence does not say what is required: the profiles do. Targets of files are required at
/// most as one of the files is; which one held them is not stored either.
pub(super) fn mark_required(
    environment: &Environment,
    required: bool,
    targets: &mut [TargetEvidence],
) {
    let of = |target: &dyn Target| target.required().unwrap_or(required);
    let by_id: BTreeMap<TargetId, bool> =
        own_targets(environment).map(|target| (target_id(target), of(target))).collect();
    let of_files = match file_targets(environment).map(of).reduce(|a, b| a || b) {
        Some(any) => any,
        None => required,
    };
    for target in targets {
        match by_id.get(&target.id) {
            Some(own) => target.required = *own,
            None => target.required &= of_files,
        }
    }
}

/// What the profile names and the evidence does not hold. Of several files one at least must have
/// left something.
fn missing_targets(
    profiles: &Profiles,
    environment: &Environment,
    required: bool,
    targets: &[TargetEvidence],
    now: Timestamp,
) -> Vec<TargetEvidence> {
    let is_held = |wanted: &TargetId| targets.iter().any(|target| target.id == *wanted);
    let is_own =
        |held: &TargetId| own_targets(environment).any(|target| target_id(target) == *held);
    let mut lacking: Vec<&dyn Target> =
        own_targets(environment).filter(|target| !is_held(&target_id(*target))).collect();
    if targets.iter().all(|target| is_own(&target.id)) {
        lacking.extend(file_targets(environment));
    }
    let failure = Failure::new(FailureKind::File, "the evidence does not hold this target")
        .advise("collect again, or take the target out of the profile");
    let unread = |target: &dyn Target| TargetEvidence {
        required: target.required().unwrap_or(required),
        ..target.collector(&profiles.folder).unread(now, &failure)
    };
    lacking.into_iter().map(unread).collect()
}
