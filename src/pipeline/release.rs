//! Evidence becomes the file of a release: which builds run, and what of it changed.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::checklist::{holds_images, seen_at, train_of};
use crate::collect::config::COLLECTORS;
use crate::model::{
    Build, Coverage, Evidence, Globs, Outcome, Release, Snapshot, Train, TrainDifference,
    check_staleness, failures_of, train_differences,
};
use crate::normalize::Normalizer;
use crate::profile::Profiles;

/// A release as it runs, and what to know of it.
#[derive(Debug)]
pub struct Captured {
    /// What it consists of.
    pub release: Release,
    /// What makes it less certain than it looks, a line each.
    pub warnings: Vec<String>,
    /// When what runs its services was read.
    pub taken: Timestamp,
}

/// Why no release can be written down.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// What was not read could run any build; exit 3.
    #[error("not everything that may run own services was read: {0}")]
    NotRead(String),
    /// It is not what runs at the time that was asked for; exit 3.
    #[error("what runs in {environment} at {asked} is not known: {what}")]
    Stale {
        /// The environment.
        environment: String,
        /// The time.
        asked: Timestamp,
        /// Which targets, and when they answered.
        what: String,
    },
    /// There is nothing to write down.
    #[error(
        "{0} runs no own service: own: of the catalogue says which images are, else those that the \
         product data does not know"
    )]
    NoService(String),
}

/// Of an environment that no profile describes.
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(24 * 3600);

/// Writes down the own services that run in evidence as the release `name`. What changed is what
/// differs from `previous`. What somebody has written into `known`, the file of this release that
/// is there already, is kept.
///
/// # Errors
/// If not all was read that may run an own service, it was read too long before `asked` (`max-age:`
/// of the environment), or nothing runs one.
pub fn capture(
    profiles: &Profiles,
    name: &str,
    evidence: Evidence,
    previous: Option<&Release>,
    known: Option<&Release>,
    asked: Timestamp,
) -> Result<Captured, CaptureError> {
    let normalizer = Normalizer::new(profiles.catalogue.as_ref(), COLLECTORS);
    let environment = profiles.environments.iter().find(|e| e.name == evidence.environment);
    let ignore = environment.map_or_else(|| Globs::new(&[]), |found| found.ignore.clone());
    let snapshot = normalizer.build_snapshot(evidence, ignore);
    let unread = unread(&snapshot);
    if !unread.is_empty() {
        return Err(CaptureError::NotRead(unread.join("; ")));
    }
    let max_age = environment.map_or(DEFAULT_MAX_AGE, |found| found.max_age);
    let old = too_old(&snapshot, max_age, asked);
    if !old.is_empty() {
        let environment = snapshot.environment.to_string();
        return Err(CaptureError::Stale { environment, asked, what: old.join("; ") });
    }
    let train = train_of(&snapshot);
    if train.is_empty() {
        return Err(CaptureError::NoService(snapshot.environment.to_string()));
    }
    let mut warnings = left_out(&snapshot);
    warnings.extend(train.iter().flat_map(|(name, builds)| doubts(name.as_str(), builds)));
    let changed = previous.map(|previous| changes(previous, &train, &mut warnings));
    let is_known = known.is_some_and(|known| is_same(&known.train, &train));
    let mut came = known.filter(|_| is_known).map(|known| known.came.clone()).unwrap_or_default();
    came.entry(snapshot.environment.clone()).or_insert_with(|| second_seen(&snapshot));
    let kept = known.cloned();
    let taken = second_seen(&snapshot);
    let release = Release {
        name: name.to_owned(),
        previous: previous
            .map(|previous| previous.name.clone())
            .or_else(|| kept.as_ref()?.previous.clone()),
        kind: kept.as_ref().and_then(|kept| kept.kind),
        gate: kept.as_ref().and_then(|kept| kept.gate.clone()),
        baseline: kept.as_ref().and_then(|kept| kept.baseline.clone()),
        changed: changed.unwrap_or_default(),
        train,
        freeze: kept.as_ref().and_then(|kept| kept.freeze.clone()),
        exceptions: kept.map(|kept| kept.exceptions).unwrap_or_default(),
        came,
    };
    Ok(Captured { release, warnings, taken })
}

/// When it was seen, in whole seconds.
fn second_seen(snapshot: &Snapshot) -> Timestamp {
    let first = seen_at(snapshot);
    Timestamp::from_second(first.as_second()).unwrap_or(first)
}

/// Parts that may hold images and were not read.
fn unread(snapshot: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    for target in snapshot.coverage.iter().filter(|target| holds_images(target)) {
        for (part, failure) in failures_of(&target.parts) {
            if part.is_none_or(|part| target.kind.could_hold_images(part)) {
                let part = part.map(|part| format!(" {part}")).unwrap_or_default();
                found.push(format!("{}{part}: {failure}", target.target));
            }
        }
    }
    found
}

/// Answers that are too old for the time that was asked for, with their own times.
fn too_old(snapshot: &Snapshot, max_age: Duration, asked: Timestamp) -> Vec<String> {
    let targets = snapshot.coverage.iter().filter(|target| holds_images(target));
    let of = |target: &Coverage| {
        let why = check_staleness(target, max_age, asked)?;
        Some(format!("{} answered at {}: {why}", target.target, target.taken))
    };
    targets.filter_map(of).collect()
}

/// Parts that the profile leaves out and that would hold images.
fn left_out(snapshot: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    for target in &snapshot.coverage {
        for (part, outcome) in &target.parts {
            if *outcome == Outcome::LeftOut && target.kind.could_hold_images(part) {
                let id = &target.target;
                found.push(format!("{id} {part} is left out: what runs there is not in the train"));
            }
        }
    }
    found
}

/// What no release can be proven by.
fn doubts(name: &str, builds: &[Build]) -> Vec<String> {
    let mut found = Vec::new();
    if builds.len() > 1 {
        let words: Vec<String> = builds.iter().map(Build::in_words).collect();
        found.push(format!("{name} runs {} builds: {}", builds.len(), words.join(", ")));
    }
    for build in builds.iter().filter(|build| build.digests.is_empty()) {
        found.push(format!("{name} {}: nothing tells the digest of this tag", build.version));
    }
    found
}

fn is_same(one: &Train, other: &Train) -> bool {
    train_differences(one, other).values().all(|found| *found == TrainDifference::Same)
}

/// What is not in the release before.
fn changes(previous: &Release, train: &Train, warnings: &mut Vec<String>) -> Train {
    let mut changed = BTreeMap::new();
    for (name, found) in train_differences(&previous.train, train) {
        match found {
            TrainDifference::Same => {}
            TrainDifference::Missing(was) => {
                warnings.push(format!("{name} {was} of {} does not run any more", previous.name));
            }
            TrainDifference::NotProven(_) => {
                warnings.push(format!(
                    "{name}: whether it changed since {} is not known: no digests of one kind",
                    previous.name
                ));
                changed.extend(train.get(&name).map(|builds| (name.clone(), builds.clone())));
            }
            TrainDifference::Differs(..) | TrainDifference::Unexpected(_) => {
                changed.extend(train.get(&name).map(|builds| (name.clone(), builds.clone())));
            }
        }
    }
    changed
}
