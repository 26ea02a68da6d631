//! A release is watched after it went to production: rounds of answers become a watch, and its end
//! a run of the history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::after_scraped::scraped_round;
use super::checklist_load::component_loads;
use super::gate::{ChecklistError, gate_of};
use super::load::{
    LiveTarget, LoadAsked, OutsideAsked, OutsideLoad, judge_load, prometheus_of, put_together,
    read_all_outside,
};
use crate::checklist::config::ChecklistConfig;
use crate::checklist::{
    AfterAsked, AfterRound, BeforeRelease, EnvironmentState, PastLoad, UnreadTarget, has_build_of,
    holds_images, is_counted_by, seen_at, state_of,
};
use crate::collect::config::COLLECTORS;
use crate::collect::{self, Clock, Job, Progress};
use crate::history::{HistoryError, NewRun, Store};
use crate::model::{
    AfterKind, AfterResult, BucketLength, Coverage, EnvironmentName, Evidence, Facts, Globs,
    Release, ReleaseType, Source, StoredRun, TargetId, failures_of,
};
use crate::normalize::{Normalizer, counters_of};
use crate::policy;
use crate::profile::{Environment, Profiles};
use crate::report::{self, PROGRAM};
use crate::trend::{LoadCriteria, LoadIndicator, Window, WindowKind, window_end};

/// How long what is what.
#[derive(Clone, Copy, Debug)]
pub struct AfterOptions {
    /// How long production must hold.
    pub hold: SignedDuration,
    /// How long it may take to change.
    pub within: SignedDuration,
    /// How long reading a target may take.
    pub deadline: Duration,
}

/// Why a release cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum AfterError {
    /// Nothing says where it goes.
    #[error(transparent)]
    Gate(#[from] ChecklistError),
    /// The release has no builds.
    #[error(
        "{0} does not say what changed: envparity release capture {0} --from ENVIRONMENT writes it"
    )]
    NoBuilds(String),
    /// Nobody knows what should run after a rollback.
    #[error("{0} does not say what ran before it: write previous: into its file")]
    NoPrevious(String),
    /// The release before has no file.
    #[error(
        "{0}, which ran before, has no file: envparity release capture {0} --from run:ID writes it \
         from stored evidence"
    )]
    NoTarget(String),
    /// The history was not read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// Nothing there can tell what runs.
    #[error(
        "no target of {0} tells which builds run: add its cluster or engine, or a file, to its \
         profile"
    )]
    NoImages(EnvironmentName),
}

/// The environment that a release goes to.
///
/// # Errors
/// If nothing says which it is, or no target of it tells which builds run.
pub fn after_environment<'a>(
    profiles: &'a Profiles,
    release: &Release,
) -> Result<&'a Environment, AfterError> {
    let gate = gate_of(profiles, release)?;
    let found = profiles.environments.iter().find(|one| one.name == gate.to);
    let found = found.ok_or(ChecklistError::NotAudited(gate.to.clone()))?;
    let tells = |kind: &crate::model::CollectorKind| {
        kind.facts == Facts::OfOthers
            || kind.parts.iter().any(|part| kind.could_hold_images(&part.name.into()))
    };
    if found.targets.all().any(|target| tells(target.kind())) {
        Ok(found)
    } else {
        Err(AfterError::NoImages(gate.to))
    }
}

/// What other sources keep of the load of each Redis of an environment.
pub async fn after_outside(
    profiles: &Profiles,
    environment: &Environment,
    now: Timestamp,
    clock: Clock,
) -> BTreeMap<TargetId, OutsideLoad> {
    let criteria = policy::load::load_criteria(profiles.policy.as_ref());
    let (windows, live) = (windows_before(now), LiveTarget::default());
    let named: Vec<_> = environment
        .targets
        .all()
        .filter_map(|target| {
            let source = &target.load()?.prometheus;
            Some((TargetId::new(target.kind().name, target.name()), source))
        })
        .collect();
    let wanted = named.iter().map(|(id, source)| {
        let asked = asked_load(profiles, environment, id, (&windows, &criteria, &live));
        OutsideAsked::equal(asked, source)
    });
    let read = read_all_outside(&wanted.collect::<Vec<_>>(), &clock).await;
    named.into_iter().map(|(id, _)| id).zip(read).collect()
}

fn asked_load<'a>(
    profiles: &'a Profiles,
    environment: &'a Environment,
    target: &'a TargetId,
    (windows, criteria, live): (&'a [Window], &'a LoadCriteria, &'a LiveTarget),
) -> LoadAsked<'a> {
    LoadAsked {
        environment: &environment.name,
        target,
        prometheus: prometheus_of(environment, target),
        folder: &profiles.folder,
        deadline: None,
        windows,
        length: BucketLength::DEFAULT,
        live,
        all_commands: false,
        criteria,
    }
}

/// The windows of an audit, and the hour before.
fn windows_before(now: Timestamp) -> Vec<Window> {
    let length = BucketLength::DEFAULT;
    let end = window_end(now.as_second(), length);
    let kinds = [WindowKind::Day, WindowKind::Week, WindowKind::Month];
    let of_kinds = kinds.into_iter().filter_map(|kind| Window::of_kind(kind, end, None, length));
    of_kinds.chain(Window::of_observation(end - 3_600, end, length)).collect()
}

/// What is to be watched: the release, what runs in the end, and what is known of before.
///
/// # Errors
/// If the files of the releases do not say enough, or the history cannot be read.
pub fn after_asked(
    profiles: &Profiles,
    (release, kind): (&Release, AfterKind),
    options: &AfterOptions,
    mut history: Option<&mut Store>,
    mut outside: BTreeMap<TargetId, OutsideLoad>,
    now: Timestamp,
) -> Result<AfterAsked, AfterError> {
    let environment = after_environment(profiles, release)?;
    let (release, target) = sides(profiles, release, kind)?;
    let rules = ChecklistConfig::rules(profiles.checklist.as_ref());
    let criteria = policy::load::load_criteria(profiles.policy.as_ref());
    let windows = windows_before(now);
    let live = LiveTarget::default();
    let mut past = BTreeMap::new();
    for own in environment.targets.all().filter(|own| own.kind().facts != Facts::Declared) {
        let id = TargetId::new(own.kind().name, own.name());
        let asked = asked_load(profiles, environment, &id, (&windows, &criteria, &live));
        let told = put_together(&asked, history.as_deref_mut().map(Ok), outside.remove(&id));
        let mut known = past_load(&told, &windows, &criteria);
        known.series = component_loads(told, now);
        past.insert(id.as_str().into(), known);
    }
    let before = match history {
        Some(history) => before_release(profiles, environment, &release, history)?,
        None => None,
    };
    Ok(AfterAsked {
        kind,
        release,
        target,
        environment: environment.name.clone(),
        hold: options.hold,
        within: options.within,
        max_call: rules.max_call.as_secs_f64() * 1_000.0,
        criteria,
        before,
        past,
    })
}

/// The release, and what runs in the end. A release that is itself a way back is its own target.
fn sides(
    profiles: &Profiles,
    release: &Release,
    kind: AfterKind,
) -> Result<(Release, Release), AfterError> {
    let is_way_back = release.kind == Some(ReleaseType::Rollback);
    let target = match kind {
        AfterKind::Release => release,
        AfterKind::Rollback if is_way_back => release,
        AfterKind::Rollback => {
            let name = release.previous.as_deref();
            let name = name.ok_or_else(|| AfterError::NoPrevious(release.name.clone()))?;
            profiles.release(name).map_err(|_| AfterError::NoTarget(name.to_owned()))?
        }
    };
    let wanted = if kind == AfterKind::Release { &release.changed } else { &target.train };
    if wanted.is_empty() {
        return Err(AfterError::NoBuilds(target.name.clone()));
    }
    Ok((release.clone(), target.clone()))
}

fn past_load(
    told: &super::load::TargetLoad,
    windows: &[Window],
    criteria: &LoadCriteria,
) -> PastLoad {
    let mut past = PastLoad::default();
    let judged = judge_load(told, windows, criteria).told;
    for indicator in LoadIndicator::ALL {
        let row = judged.rows.iter().find(|row| row.indicator == indicator.as_str());
        if let Some(base) = row.and_then(|row| row.risen.as_ref()?.base) {
            past.usual.insert(indicator, base);
        }
        let reads = told.windows.places.values().flatten();
        let hour = reads.filter(|read| read.window.kind == WindowKind::Observation);
        let worst = hour.map(|read| {
            let found = read.statistics.get(&indicator).filter(|_| read.unknown.is_empty())?;
            let peaks = [found.worst, found.sliding].into_iter().flatten();
            peaks.map(|peak| peak.value).reduce(f64::max)
        });
        let all: Option<Vec<f64>> = worst.collect();
        if let Some(worst) = all.and_then(|all| all.into_iter().reduce(f64::max)) {
            past.hour.insert(indicator, worst);
        }
    }
    past
}

/// What the environment was when the release was not there yet, by the newest such evidence.
fn before_release(
    profiles: &Profiles,
    environment: &Environment,
    release: &Release,
    history: &mut Store,
) -> Result<Option<BeforeRelease>, HistoryError> {
    let normalizer = Normalizer::new(profiles.catalogue.as_ref(), COLLECTORS);
    let name = environment.name.as_str();
    // The newest time at which it was not there, and what ran then.
    let mut without: Option<(Timestamp, Arc<EnvironmentState>)> = None;
    for run in history.newest_runs(usize::MAX)? {
        if !run.environments.iter().any(|one| one == name) {
            continue;
        }
        let all = history.evidence_of_run(run.id, COLLECTORS)?;
        for evidence in all.into_iter().filter(|one| one.environment == environment.name) {
            let counters = counters_of(&normalizer, &evidence);
            let snapshot = normalizer.build_snapshot(evidence, environment.ignore.clone());
            if without.is_none() {
                let state = state_of(&snapshot);
                if !state.is_whole || has_build_of(&state.train, &release.changed) {
                    continue;
                }
                without = Some((seen_at(&snapshot), Arc::new(state)));
            }
            // Builds may be of a recording that is older than the counters beside it.
            if let Some((at, state)) = &without
                && counters.values().all(|one| is_counted_by(one, *at))
            {
                return Ok(Some(BeforeRelease { at: *at, state: state.clone(), counters }));
            }
        }
    }
    let counters = BTreeMap::new();
    Ok(without.map(|(at, state)| BeforeRelease { at, state, counters }))
}

/// Reads what tells of builds and of load, once.
pub async fn after_round(
    profiles: &Profiles,
    environment: &Environment,
    deadline: Duration,
    clock: Clock,
    progress: &dyn Progress,
) -> (AfterRound, Evidence) {
    let is_needed = |job: &Job| {
        let kind = job.collector.kind();
        let facts = matches!(kind.facts, Facts::Info | Facts::OfOthers);
        facts || kind.parts.iter().any(|part| kind.could_hold_images(&part.name.into()))
    };
    let jobs = super::jobs(environment, &profiles.folder, Some(deadline), true, false);
    let jobs: Vec<Job> = jobs.into_iter().filter(is_needed).collect();
    let collected = collect::run(jobs, clock.clone(), progress).await;
    let at = clock();
    let targets = collected.into_iter().flat_map(|one| one.evidence).collect();
    let evidence = Evidence { environment: environment.name.clone(), taken: at, targets };
    let normalizer = Normalizer::new(profiles.catalogue.as_ref(), COLLECTORS);
    let place = (profiles, environment);
    let scraped = scraped_round(place, &evidence, deadline, &clock, &normalizer).await;
    let mut round = round_of(profiles, &evidence, &environment.ignore, clock());
    round.counters.extend(scraped.counters);
    round.notes = scraped.notes;
    for (target, unread) in &mut round.targets {
        if scraped.targets.contains(target) {
            *unread = None;
        }
    }
    (round, evidence)
}

/// What a round says, by today's catalogue.
pub fn round_of(
    profiles: &Profiles,
    evidence: &Evidence,
    ignored: &Globs,
    at: Timestamp,
) -> AfterRound {
    let normalizer = Normalizer::new(profiles.catalogue.as_ref(), COLLECTORS);
    let counters = counters_of(&normalizer, evidence);
    let snapshot = normalizer.build_snapshot(evidence.clone(), ignored.clone());
    let needed = snapshot.coverage.iter().filter(|one| one.required);
    let max_age = ChecklistConfig::rules(profiles.checklist.as_ref()).max_age;
    let is_old = |one: &Coverage| {
        let age = at.duration_since(one.taken);
        one.source != Source::Live && SignedDuration::try_from(max_age).is_ok_and(|most| age > most)
    };
    let unread = |one: &Coverage| {
        if is_old(one) {
            let why = format!("its recording is of {:.0}", one.taken);
            let advice = "record it again and again while the release is watched".to_owned();
            return Some(UnreadTarget { why, advice });
        }
        failures_of(&one.parts).first().map(|(part, failure)| {
            let part = part.map(|part| format!("{part} ")).unwrap_or_default();
            UnreadTarget { why: format!("{part}{failure}"), advice: failure.advice.clone() }
        })
    };
    let images = snapshot.coverage.iter().filter(|one| holds_images(one));
    AfterRound {
        at,
        state: Arc::new(state_of(&snapshot)),
        seen: seen_at(&snapshot),
        is_train_whole: images.clone().count() > 0
            && images.clone().all(|one| one.is_complete() && !is_old(one)),
        counters,
        notes: Vec::new(),
        targets: needed.map(|one| (one.target.clone(), unread(one))).collect(),
    }
}

/// Stores how a watch ended, with what production answered last, and notes in it what it became.
///
/// # Errors
/// If the history may not or cannot be written.
pub fn keep_after(
    history: &mut Store,
    result: &mut AfterResult,
    evidence: &[Evidence],
) -> Result<(), HistoryError> {
    let run = &result.run;
    let mut facts = BTreeMap::from([
        ("tool".to_owned(), PROGRAM.to_owned()),
        ("host".to_owned(), run.host.clone()),
        ("profiles".to_owned(), run.profiles.clone()),
        ("policy".to_owned(), run.policy.clone()),
        ("release".to_owned(), result.release.clone()),
        ("end".to_owned(), result.end.as_str().to_owned()),
    ]);
    facts.extend(run.commit.iter().map(|commit| ("commit".to_owned(), commit.clone())));
    let said = serde_json::to_value(report::after::after_dto(result)).unwrap_or_default();
    let new = NewRun {
        kind: result.kind.as_str(),
        at: result.ended,
        verdict: result.end.verdict().as_str(),
        facts,
        evidence,
        findings: BTreeMap::new(),
        judged: Vec::new(),
        said,
    };
    let saved = history.save_run(new, COLLECTORS)?;
    result.run.history = Some(StoredRun { run: saved.id, digest: saved.digest });
    Ok(())
}

/// Releases that a watch told to roll back, or that were taken back while it watched.
///
/// # Errors
/// If the history cannot be read.
pub fn rolled_back(history: &mut Store) -> Result<BTreeSet<String>, HistoryError> {
    let runs = history.runs_of_kind(AfterKind::Release.as_str())?;
    let back = runs.into_iter().filter(|(run, _)| run.verdict == "no-go");
    Ok(back.filter_map(|(run, _)| run.facts.get("release").cloned()).collect())
}
