//! Rehearsals: whether the builds of a release run, what Redis counted while somebody's own load
//! ran, and the run that tells it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::work::{readings_of, save, targets_json, targets_of, text, time};
use crate::checklist::{bound_builds, digest_of, is_cut, train_of, walk_micros};
use crate::collect::config::COLLECTORS;
use crate::collect::{self, Clock, Progress};
use crate::history::{HistoryError, Saved, Store};
use crate::model::{
    BucketLength, ComponentName, Evidence, Facts, Globs, Rehearsal, RehearsalOutcome, Release,
    TrainDifference, WorkReading, differences, failures_of,
};
use crate::normalize::Normalizer;
use crate::profile::{Environment, Profiles};

/// The kind of runs that are rehearsals.
pub const REHEARSAL: &str = "rehearsal";

/// Seconds over which the worst walk is told.
const WORST: f64 = 300.0;

/// Whether an environment runs the builds of a release: those that changed, else all.
///
/// # Errors
/// What differs or is not known, in words.
pub async fn runs_release(
    profiles: &Profiles,
    environment: &Environment,
    release: &Release,
    clock: Clock,
    progress: &dyn Progress,
) -> Result<(), String> {
    let jobs = super::jobs(environment, &profiles.folder, None, true, false).into_iter();
    let jobs = jobs.filter(|job| job.collector.kind().facts != Facts::Info).collect();
    let collected = collect::run(jobs, clock.clone(), progress).await;
    let targets = collected.into_iter().flat_map(|one| one.evidence).collect();
    let evidence = Evidence { environment: environment.name.clone(), taken: clock(), targets };
    let unread = evidence.targets.iter().find_map(|target| {
        let (_, failure) = failures_of(&target.parts).into_iter().next()?;
        Some(format!("{}: {failure}", target.id))
    });
    let normalizer = Normalizer::new(profiles.catalogue.as_ref(), COLLECTORS);
    let ignored: Globs = environment.ignore.clone();
    let train = train_of(&normalizer.build_snapshot(evidence, ignored));
    let wanted =
        if release.changed.is_empty() { bound_builds(release) } else { release.changed.clone() };
    if wanted.is_empty() {
        return Err(format!("{} has no build in its file", release.name));
    }
    for (component, found) in differences(&wanted, &train) {
        let of = |what: &str| format!("{component} {what} in {}", environment.name);
        match found {
            _ if !wanted.contains_key(&component) => {}
            TrainDifference::Same | TrainDifference::Unexpected(_) => {}
            TrainDifference::Differs(_, is) => return Err(of(&format!("is {is}"))),
            TrainDifference::NotProven(is) => {
                return Err(of(&format!("is {is}, which no digest proves")));
            }
            TrainDifference::Missing(_) => {
                let why = unread.map(|why| format!(" ({why})")).unwrap_or_default();
                return Err(of(&format!("does not run{why}")));
            }
        }
    }
    Ok(())
}

/// What is read while a rehearsal goes on.
pub struct Recorder {
    normalizer: Normalizer,
    /// First, around cuts, and the last.
    kept: Vec<Evidence>,
    /// By Redis: from when to when, and microseconds in commands that walk in between.
    walks: BTreeMap<ComponentName, Vec<(Timestamp, Timestamp, f64)>>,
    /// The last reading of each Redis that could be read, and when.
    last: BTreeMap<ComponentName, (Timestamp, WorkReading)>,
    /// The last of all, if it is not kept yet.
    newest: Option<Evidence>,
    readings: u32,
}

impl Recorder {
    /// Begins with the reading before anything is done.
    pub fn new(profiles: &Profiles, before: Evidence) -> Self {
        let normalizer = Normalizer::new(profiles.catalogue.as_ref(), COLLECTORS);
        let at = before.taken;
        let last = readings_of(&normalizer, &before).into_iter();
        let last = last.filter(|(_, reading)| reading.is_ok());
        let last = last.map(|(component, reading)| (component, (at, reading))).collect();
        let walks = BTreeMap::new();
        Self { normalizer, kept: vec![before], walks, last, newest: None, readings: 1 }
    }

    /// Adds a reading. Gives the share of the time since the one before in commands that walk, of
    /// the Redis where it is largest.
    pub fn add(&mut self, evidence: Evidence) -> Option<(ComponentName, f64)> {
        self.readings += 1;
        let mut worst: Option<(ComponentName, f64)> = None;
        let mut has_cut = false;
        for (component, reading) in readings_of(&self.normalizer, &evidence) {
            if reading.is_err() {
                continue;
            }
            if let Some((from, before)) = self.last.get(&component) {
                has_cut |= is_cut(before, &reading);
                let micros = walk_micros(before, &reading);
                let seconds = evidence.taken.duration_since(*from).as_secs_f64();
                let share = micros / 1e6 / seconds.max(1e-3);
                if worst.as_ref().is_none_or(|(_, known)| share > *known) {
                    worst = Some((component.clone(), share));
                }
                let walks = self.walks.entry(component.clone()).or_default();
                walks.push((*from, evidence.taken, micros));
            }
            self.last.insert(component, (evidence.taken, reading));
        }
        if has_cut {
            self.kept.extend(self.newest.take());
            self.kept.push(evidence);
        } else {
            self.newest = Some(evidence);
        }
        worst
    }

    /// Every Redis that cannot be read in the first or in the last reading.
    pub fn unread(&self) -> Vec<String> {
        let ends = self.kept.first().into_iter().chain(self.newest.as_ref().or(self.kept.last()));
        let mut found = Vec::new();
        for (component, reading) in ends.flat_map(|one| readings_of(&self.normalizer, one)) {
            found.extend(reading.err().map(|why| format!("{component}: {why}")));
        }
        found.dedup();
        found
    }

    /// Microseconds in commands that walk in the worst five minutes, by Redis: at least so many.
    fn worst_walk(&self) -> BTreeMap<ComponentName, f64> {
        let mut found = BTreeMap::new();
        for (component, walks) in &self.walks {
            let mut worst = 0.0_f64;
            for (index, (from, end, micros)) in walks.iter().enumerate() {
                let seconds = end.duration_since(*from).as_secs_f64();
                worst = worst.max(micros * (WORST / seconds.max(WORST)));
                let is_near = |(from, _, _): &&(Timestamp, Timestamp, f64)| {
                    end.duration_since(*from).as_secs_f64() <= WORST
                };
                let span = walks[..=index].iter().rev().take_while(is_near);
                worst = worst.max(span.map(|(_, _, micros)| micros).sum());
            }
            found.insert(component.clone(), worst);
        }
        found
    }
}

/// A rehearsal that is to be stored.
pub struct NewRehearsal<'a> {
    /// The release.
    pub release: &'a Release,
    /// Of what.
    pub work: &'a str,
    /// Units of it.
    pub count: u64,
    /// The command.
    pub command: &'a [String],
    /// Its exit code; `None` if a signal ended it.
    pub exit_code: Option<i32>,
    /// Who rehearses (claimed).
    pub by: String,
    /// How it ended.
    pub outcome: &'a RehearsalOutcome,
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Timestamp,
}

/// Stores a rehearsal, whatever became of it.
///
/// # Errors
/// If the history may not or cannot be written.
pub fn keep_rehearsal(
    history: &mut Store,
    recorder: &Recorder,
    new: &NewRehearsal<'_>,
    now: Timestamp,
) -> Result<Saved, HistoryError> {
    let mut readings = Vec::new();
    let kept = recorder.kept.iter().chain(&recorder.newest);
    for evidence in kept.clone() {
        readings.push(json!({"at": evidence.taken, "targets": targets_json(evidence)?}));
    }
    let worst = recorder.worst_walk().into_iter();
    let worst: Map<String, Json> =
        worst.map(|(name, micros)| (name.to_string(), json!(micros))).collect();
    let environment = kept.clone().next().map(|one| one.environment.to_string());
    let said = json!({
        "environment": environment,
        "release": new.release.name,
        "digest": digest_of(&bound_builds(new.release)),
        "work": new.work,
        "count": new.count,
        "command": new.command,
        "exit-code": new.exit_code,
        "by": new.by,
        "outcome": new.outcome.as_str(),
        "reason": new.outcome.reason(),
        "from": new.from,
        "to": new.to,
        "own-readings": recorder.readings,
        "worst-walk": worst,
        "readings": readings,
    });
    let evidence: Vec<Evidence> = kept.cloned().collect();
    super::load::keep_samples(history, &evidence, now, BucketLength::DEFAULT)?;
    save(history, REHEARSAL, now, said)
}

/// Every rehearsal, in the order in which they ended.
///
/// # Errors
/// If the history cannot be read, or a rehearsal in it is not one.
pub fn rehearsals(
    history: &mut Store,
    profiles: &Profiles,
) -> Result<Vec<Rehearsal>, HistoryError> {
    let normalizer = Normalizer::new(profiles.catalogue.as_ref(), COLLECTORS);
    let mut found = Vec::new();
    for (run, said) in history.runs_of_kind(REHEARSAL)? {
        let broken =
            |why: String| HistoryError::Damaged(format!("rehearsal {:.8}: {why}", run.digest));
        found.push(rehearsal_of(&normalizer, &said).map_err(broken)?);
    }
    found.sort_by_key(|rehearsal| rehearsal.to);
    Ok(found)
}

fn rehearsal_of(normalizer: &Normalizer, said: &Json) -> Result<Rehearsal, String> {
    let environment = text(said, "environment")?.into();
    let mut readings: BTreeMap<ComponentName, Vec<WorkReading>> = BTreeMap::new();
    for one in said["readings"].as_array().ok_or("readings are missing")? {
        let evidence = targets_of(&environment, time(one, "at")?, &one["targets"])?;
        for (component, reading) in readings_of(normalizer, &evidence) {
            readings.entry(component).or_default().push(reading);
        }
    }
    let own = said["own-readings"].as_f64().ok_or("own-readings are missing")?;
    let worst = said["worst-walk"].as_object().into_iter().flatten();
    let worst = worst.filter_map(|(name, micros)| Some((name.as_str().into(), micros.as_f64()?)));
    let reason = text(said, "reason")?.to_owned();
    let outcome = match text(said, "outcome")? {
        "valid" => RehearsalOutcome::Valid,
        "failed" => RehearsalOutcome::Failed(reason),
        "invalid" => RehearsalOutcome::Invalid(reason),
        other => return Err(format!("unknown outcome {other:?}")),
    };
    Ok(Rehearsal {
        release: text(said, "release")?.to_owned(),
        digest: text(said, "digest")?.to_owned(),
        work: text(said, "work")?.to_owned(),
        count: said["count"].as_f64().ok_or("count is missing")?,
        from: time(said, "from")?,
        to: time(said, "to")?,
        own_readings: readings.keys().map(|name| (name.clone(), own)).collect(),
        worst_walk: worst.collect(),
        environment,
        outcome,
        readings,
    })
}
