//! Marks of work: what every Redis of an environment had counted, stored with how many units of
//! work were over, and read again.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::load::keep_samples;
use super::sample::Sampler;
use crate::collect::Clock;
use crate::collect::config::COLLECTORS;
use crate::history::{HistoryError, NewRun, Saved, Store};
use crate::model::{
    BucketLength, ComponentName, EnvironmentName, Evidence, Extent, Facts, Failure, FailureKind,
    Outcome, Sample, Source, TargetCounters, TargetEvidence, WorkMark, WorkReading,
};
use crate::normalize::{Normalizer, counters_of};
use crate::profile::{Environment, Profiles};
use crate::report::PROGRAM;
use crate::wire::evidence::pieces::{self, PartPiece, SamplePiece, TargetHead, TargetPieces};

/// The kind of runs that are marks of work.
pub const WORK: &str = "work";

/// How far a sample may lie from the time of a mark.
const NEAR: SignedDuration = SignedDuration::from_secs(60);

/// A mark that is to be stored.
#[derive(Debug)]
pub struct NewWorkMark<'a> {
    /// Of what.
    pub work: &'a str,
    /// Units since the mark before; `None` for the start.
    pub count: Option<u64>,
    /// Under which release, if that is said.
    pub release: Option<&'a str>,
    /// Who marks it (claimed).
    pub by: String,
    /// When the counters were so.
    pub at: Timestamp,
    /// What every Redis of the environment said.
    pub evidence: &'a Evidence,
}

/// Asks every Redis of an environment for INFO. What a recording says instead is not an answer.
pub async fn read_work(
    environment: &Environment,
    folder: &Path,
    deadline: Option<Duration>,
    clock: Clock,
) -> Evidence {
    let sampler = Sampler::new(&[environment], folder, deadline, clock.clone());
    let answers = sampler.ask_once().await.into_iter().flat_map(|sampled| sampled.answers);
    let mut evidence = Evidence {
        environment: environment.name.clone(),
        targets: answers.collect(),
        taken: clock(),
    };
    for target in &mut evidence.targets {
        if let Source::Recorded { instead_of, .. } = &target.source {
            let failure = instead_of.clone().unwrap_or_else(|| {
                let why = "it is a recording, which does not count what is done now";
                Failure::new(FailureKind::NothingSelected, why).advise("name the server itself")
            });
            for outcome in target.parts.values_mut() {
                *outcome = Outcome::Failed(failure.clone());
            }
            target.samples.clear();
        }
    }
    evidence
}

/// The same as it was at a time, from samples that the history has near it.
///
/// # Errors
/// If a Redis of the environment has no sample within a minute of the time, or the history cannot
/// be read.
pub fn sampled_work(
    history: &mut Store,
    environment: &Environment,
    at: Timestamp,
) -> Result<Result<Evidence, String>, HistoryError> {
    let mut targets = Vec::new();
    let redis = environment.targets.all().filter(|target| target.kind().facts == Facts::Info);
    for target in redis {
        let id = crate::model::TargetId::new(target.kind().name, target.name());
        let mut evidence = TargetEvidence::new(id.clone(), String::new(), at);
        for place in history.sampled_places(&environment.name, &id)? {
            let span = (at - NEAR, at + NEAR);
            let near = history.samples_of(&environment.name, &id, &place, span)?;
            let distance = |sample: &Sample| sample.taken.duration_since(at).abs();
            evidence.samples.extend(near.into_iter().min_by_key(distance));
        }
        if evidence.samples.is_empty() {
            return Ok(Err(id.to_string()));
        }
        evidence.set_part("info", Outcome::Complete);
        targets.push(evidence);
    }
    Ok(Ok(Evidence { environment: environment.name.clone(), taken: at, targets }))
}

/// Stores a mark, and its counters as samples of the load.
///
/// # Errors
/// If the history may not or cannot be written.
pub fn keep_work_mark(
    history: &mut Store,
    mark: &NewWorkMark<'_>,
    now: Timestamp,
) -> Result<Saved, HistoryError> {
    let said = json!({
        "environment": mark.evidence.environment.as_str(),
        "work": mark.work,
        "count": mark.count,
        "release": mark.release,
        "by": mark.by,
        "at": mark.at,
        "targets": targets_json(mark.evidence)?,
    });
    let environment = std::slice::from_ref(mark.evidence);
    keep_samples(history, environment, now, BucketLength::DEFAULT)?;
    save(history, WORK, now, said)
}

/// Appends a run that says something and holds no evidence of its own.
pub(super) fn save(
    history: &mut Store,
    kind: &str,
    at: Timestamp,
    said: Json,
) -> Result<Saved, HistoryError> {
    let run = NewRun {
        kind,
        at,
        verdict: "",
        facts: BTreeMap::from([("tool".to_owned(), PROGRAM.to_owned())]),
        evidence: &[],
        findings: BTreeMap::new(),
        judged: Vec::new(),
        said,
    };
    history.save_run(run, COLLECTORS)
}

/// What stands in a run for what one target answered.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct SaidTarget {
    head: TargetHead,
    /// Content and outcome.
    parts: BTreeMap<String, (String, String)>,
    samples: Vec<String>,
}

/// What targets answered, as a run holds it.
pub(super) fn targets_json(evidence: &Evidence) -> Result<Json, HistoryError> {
    let broken = |error: serde_json::Error| HistoryError::Unsupported(error.to_string());
    let mut all = Vec::new();
    for target in &evidence.targets {
        let TargetPieces { head, parts, samples } =
            pieces::take_apart(target, COLLECTORS).map_err(broken)?;
        let parts = parts.into_iter().map(|(name, part)| (name, (part.content, part.outcome)));
        let samples = samples.into_iter().map(|sample| sample.body).collect();
        all.push(SaidTarget { head, parts: parts.collect(), samples });
    }
    serde_json::to_value(all).map_err(broken)
}

/// That again, as evidence.
pub(super) fn targets_of(
    environment: &EnvironmentName,
    at: Timestamp,
    said: &Json,
) -> Result<Evidence, String> {
    let all: Vec<SaidTarget> =
        serde_json::from_value(said.clone()).map_err(|error| error.to_string())?;
    let mut targets = Vec::new();
    for SaidTarget { head, parts, samples } in all {
        let part = |(name, (content, outcome))| (name, PartPiece { content, outcome });
        let sample = |body| {
            let (place, run_id, role) = (String::new(), String::new(), String::new());
            SamplePiece { place, run_id, role, body }
        };
        let pieces = TargetPieces {
            head,
            parts: parts.into_iter().map(part).collect(),
            samples: samples.into_iter().map(sample).collect(),
        };
        targets.push(pieces::put_together(pieces, COLLECTORS)?);
    }
    Ok(Evidence { environment: environment.clone(), taken: at, targets })
}

/// What every Redis had counted, or why that is not known.
pub(super) fn readings_of(
    normalizer: &Normalizer,
    evidence: &Evidence,
) -> BTreeMap<ComponentName, WorkReading> {
    let mut failures: Vec<String> = Vec::new();
    for target in &evidence.targets {
        failures.extend(target.parts.values().filter_map(Outcome::failure).map(|f| f.to_string()));
    }
    let reading = |counters: TargetCounters| match (counters.servers.is_empty(), counters.extent) {
        (false, Extent::All) => Ok(counters),
        (false, _) => Err("not all of its servers were read".to_owned()),
        (true, _) => Err(failures.first().cloned().unwrap_or_else(|| "it was not read".to_owned())),
    };
    let all = counters_of(normalizer, evidence).into_iter();
    all.map(|(component, counters)| (component, reading(counters))).collect()
}

/// Every mark of work, in the order of its time.
///
/// # Errors
/// If the history cannot be read, or a mark in it is not one.
pub fn work_marks(history: &mut Store, profiles: &Profiles) -> Result<Vec<WorkMark>, HistoryError> {
    let normalizer = Normalizer::new(profiles.catalogue.as_ref(), COLLECTORS);
    let mut found = Vec::new();
    for (run, said) in history.runs_of_kind(WORK)? {
        let broken = |why: String| HistoryError::Damaged(format!("mark {:.8}: {why}", run.digest));
        found.push(mark_of(&normalizer, &said).map_err(broken)?);
    }
    found.sort_by_key(|mark| mark.at);
    Ok(found)
}

fn mark_of(normalizer: &Normalizer, said: &Json) -> Result<WorkMark, String> {
    let environment: EnvironmentName = text(said, "environment")?.into();
    let at = time(said, "at")?;
    let evidence = targets_of(&environment, at, &said["targets"])?;
    Ok(WorkMark {
        readings: readings_of(normalizer, &evidence),
        work: text(said, "work")?.to_owned(),
        count: said["count"].as_f64(),
        release: said["release"].as_str().map(str::to_owned),
        environment,
        at,
    })
}

pub(super) fn text<'a>(said: &'a Json, key: &str) -> Result<&'a str, String> {
    said[key].as_str().ok_or_else(|| format!("{key} is missing"))
}

pub(super) fn time(said: &Json, key: &str) -> Result<Timestamp, String> {
    text(said, key)?.parse().map_err(|_| format!("{key} is no time"))
}
