//! What clusters remember of a freeze: templates that were made in it, also those that do not run
//! any more. It is there on the first day, without any evidence.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Trial;
use super::cluster_memory::{SeenRevision, is_same};
use super::trial::FreezePast;
use crate::model::{Build, ComponentName, Digest, Freeze, FreezeException, WorkloadName};

/// How many templates besides the newest are kept, where nobody says.
const HISTORY_LIMIT: i64 = 10;

/// What became of a template or a workload in a freeze, in words.
#[derive(Default)]
pub(super) struct RememberedChanges {
    /// What nobody allowed.
    pub(super) not_allowed: Vec<String>,
    /// What may be a change that nobody allowed.
    pub(super) doubtful: Vec<String>,
    /// What somebody allowed.
    pub(super) excepted: Vec<String>,
}

/// Templates that were made since the freeze began, and workloads that went back to older ones.
pub(super) fn remembered_changes(
    past: &FreezePast,
    freeze: &Freeze,
    trial: &Trial<'_>,
) -> RememberedChanges {
    let mut found = RememberedChanges::default();
    let memory = trial.freeze_memory;
    let tags = digests_by_tag(past);
    let mut by_workload: BTreeMap<(&str, &WorkloadName), Vec<&SeenRevision>> = BTreeMap::new();
    for one in &memory.revisions {
        let key = (one.target.as_str(), &one.revision.workload);
        by_workload.entry(key).or_default().push(one);
    }
    for ((_, workload), revisions) in &by_workload {
        let is_new =
            |one: &&&SeenRevision| one.revision.created.is_none_or(|made| made >= freeze.from);
        for one in revisions.iter().filter(is_new) {
            judge_new(one, revisions, (freeze, trial), &tags, &mut found);
        }
        found.doubtful.extend(cleared_history(workload, revisions, freeze, trial));
        judge_returned(workload, revisions, (freeze, trial), &tags, &mut found);
    }
    // What rolls out has a template at any time: a list without it is not whole.
    for (target, health) in &memory.workloads {
        let key = (target.as_str(), &health.workload);
        if memory.told.contains(target) && !by_workload.contains_key(&key) {
            let WorkloadName { namespace, name, .. } = &health.workload;
            found.doubtful.push(format!("{namespace}/{name}: {target} tells no template of it"));
        }
    }
    found
}

/// Digests by component and tag, as far as evidence tells them.
type DigestsByTag = BTreeMap<(ComponentName, String), BTreeSet<Digest>>;

fn digests_by_tag(past: &FreezePast) -> DigestsByTag {
    let mut found = DigestsByTag::new();
    for (_, state) in &past.states {
        for (name, builds) in state.train.iter().chain(&state.others) {
            for build in builds {
                let key = (name.clone(), build.version.clone());
                found.entry(key).or_default().extend(build.digests.iter().cloned());
            }
        }
    }
    found
}

/// A template's build, with the digests that evidence has seen behind its tag.
fn with_digests(name: &ComponentName, build: &Build, tags: &DigestsByTag) -> Build {
    let known = tags.get(&(name.clone(), build.version.clone()));
    match known {
        Some(digests) if build.digests.is_empty() => {
            Build { digests: digests.iter().cloned().collect(), ..build.clone() }
        }
        _ => build.clone(),
    }
}

enum Allowed {
    AsRelease,
    AsException(String),
    MayBeExcepted,
    No,
}

/// Whether a build may come in the freeze.
fn what_allows(name: &ComponentName, build: &Build, trial: &Trial<'_>) -> Allowed {
    let changed = trial.release.changed.get(name);
    if changed.is_some_and(|known| known.iter().any(|one| is_same(build, one))) {
        return Allowed::AsRelease;
    }
    let mut own = exceptions_of(name, trial).peekable();
    let is_any = own.peek().is_some();
    match own.find(|one| one.build.same_content(build) == Some(true)) {
        Some(one) => {
            let why = format!("{} ({}, approved by {})", one.reason, one.by, one.approved_by);
            Allowed::AsException(why)
        }
        None if is_any && build.digests.is_empty() => Allowed::MayBeExcepted,
        None => Allowed::No,
    }
}

fn exceptions_of<'a>(
    name: &'a ComponentName,
    trial: &'a Trial<'_>,
) -> impl Iterator<Item = &'a FreezeException> {
    let all = trial.release.exceptions.iter().chain(&trial.rules.exceptions);
    all.filter(move |one| one.component == *name)
}

/// A template that was made in the freeze.
fn judge_new(
    one: &SeenRevision,
    all: &[&SeenRevision],
    (_, trial): (&Freeze, &Trial<'_>),
    tags: &DigestsByTag,
    found: &mut RememberedChanges,
) {
    let made =
        one.revision.created.map_or("at an unknown time".to_owned(), |at| format!("at {at}"));
    let workload = &one.revision.workload;
    let place = format!("{}/{}", workload.namespace, workload.name);
    let (mut is_release, mut others) = (false, Vec::new());
    let mut news = 0;
    let before = rollout_before(one, all);
    for (name, build) in &one.builds {
        let build = with_digests(name, build, tags);
        let is_news = before.is_none_or(|before| {
            !before.builds.iter().any(|(other, own)| other == name && *own == build_of(one, name))
        });
        news += usize::from(is_news);
        let told = format!("{name} -> {} in {place}, made {made}", build.in_words());
        match what_allows(name, &build, trial) {
            Allowed::AsRelease => is_release = true,
            _ if !is_news => {}
            Allowed::AsException(why) => {
                is_release = true;
                found.excepted.push(format!("{told}: {why}"));
            }
            Allowed::MayBeExcepted => {
                is_release = true;
                found.doubtful.push(format!(
                    "{told}: whether it is the build of its exception is not known, its digest was \
                     not seen"
                ));
            }
            Allowed::No if is_back_from_exception(name, &build, (one, all), trial, tags) => {
                is_release = true;
                found.excepted.push(format!("{told}: an exception taken back"));
            }
            Allowed::No => others.push(told),
        }
    }
    if news == 0 && !is_release {
        // The same images: something else of the template is new.
        let chart = match one.revision.chart.as_str() {
            "" => String::new(),
            chart => format!(" ({chart})"),
        };
        others.push(format!("{place}{chart}: another template with the same images, made {made}"));
    }
    found.not_allowed.extend(others);
}

fn build_of(one: &SeenRevision, name: &ComponentName) -> Build {
    let own = one.builds.iter().find(|(other, _)| other == name);
    let none = Build { version: String::new(), digests: Vec::new() };
    own.map_or(none, |(_, build)| build.clone())
}

/// The template that was rolled out before, by its number or its time.
fn rollout_before<'a>(one: &SeenRevision, all: &[&'a SeenRevision]) -> Option<&'a SeenRevision> {
    let key = |one: &SeenRevision| (one.revision.created, one.revision.number);
    let earlier = all.iter().filter(|other| key(other) < key(one));
    earlier.max_by_key(|other| key(other)).copied()
}

/// Whether a build is what an exception replaced: the release before has it, and a template with an
/// excepted build was made in between.
fn is_back_from_exception(
    name: &ComponentName,
    build: &Build,
    (one, all): (&SeenRevision, &[&SeenRevision]),
    trial: &Trial<'_>,
    tags: &DigestsByTag,
) -> bool {
    let previous = trial.previous.and_then(|previous| previous.train.get(name));
    let is_previous = previous.is_some_and(|known| known.iter().any(|own| is_same(build, own)));
    let excepted = |other: &&&SeenRevision| {
        other.revision.template != one.revision.template
            && other.builds.iter().filter(|(own, _)| own == name).any(|(own, build)| {
                let build = with_digests(own, build, tags);
                exceptions_of(name, trial).any(|one| one.build.same_content(&build) == Some(true))
            })
    };
    is_previous && all.iter().any(|other| excepted(&other))
}

/// Whether templates that were made in the freeze may have been cleared away.
fn cleared_history(
    workload: &WorkloadName,
    all: &[&SeenRevision],
    freeze: &Freeze,
    trial: &Trial<'_>,
) -> Option<String> {
    let mut workloads = trial.freeze_memory.workloads.iter();
    let health = workloads.find(|(_, one)| one.workload == *workload).map(|(_, one)| one);
    let limit = health.and_then(|one| one.history_limit).unwrap_or(HISTORY_LIMIT);
    let old = all.iter().filter(|one| !one.is_newest).count();
    let is_full = i64::try_from(old).unwrap_or(i64::MAX) >= limit;
    // The oldest ones go first: while one is left from before, none of the freeze is gone.
    let all_new = all
        .iter()
        .all(|one| one.revision.created.is_none_or(|made: Timestamp| made >= freeze.from));
    let name = format!("{}/{}", workload.namespace, workload.name);
    (is_full && all_new).then(|| {
        format!(
            "{name} keeps {limit} templates (revisionHistoryLimit), all made in the freeze: \
             earlier ones may be gone"
        )
    })
}

/// A template that returned keeps its old time.
fn judge_returned(
    workload: &WorkloadName,
    all: &[&SeenRevision],
    (freeze, trial): (&Freeze, &Trial<'_>),
    tags: &DigestsByTag,
    found: &mut RememberedChanges,
) {
    let newest = all.iter().find(|one| one.is_newest && one.revision.is_reused);
    let Some(newest) = newest else { return };
    let is_old = newest.revision.created.is_some_and(|made| made < freeze.from);
    let mut workloads = trial.freeze_memory.workloads.iter();
    let health = workloads.find(|(_, one)| one.workload == *workload).map(|(_, one)| one);
    let moved = health.and_then(|one| one.moved);
    let name = format!("{}/{}", workload.namespace, workload.name);
    // What does not tell when it moved last may have done so in the freeze.
    if !is_old || moved.is_some_and(|moved| moved < freeze.from) {
        return;
    }
    let is_covered = newest.builds.iter().any(|(name, build)| {
        let build = with_digests(name, build, tags);
        is_back_from_exception(name, &build, (newest, all), trial, tags)
    });
    if is_covered {
        found.excepted.push(format!("{name} was redeployed: an exception taken back"));
        return;
    }
    let moved = moved.map_or(String::new(), |at| format!(", its rollout moved last at {at}"));
    found.doubtful.push(format!("{name} was redeployed; when is not known{moved}"));
}
