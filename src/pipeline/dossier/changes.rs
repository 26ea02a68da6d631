//! Each change of builds in the span of a dossier, and the checklist before it.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::checklist::{bound_builds, digest_of, has_build_of, seen_at, state_of};
use crate::collect::config::COLLECTORS;
use crate::history::{HistoryError, RunSummary, Store};
use crate::model::{EnvironmentName, Release, Train, TrainDifference, differences};
use crate::normalize::Normalizer;
use crate::profile::{Environment, Profiles};

/// A checklist that was made, as far as changes are concerned.
pub(super) struct Check {
    at: Timestamp,
    id: i64,
    digest: String,
    verdict: String,
    release: String,
    builds: String,
    overridden: Option<Json>,
}

/// Every checklist of the history, newest first.
pub(super) fn checks(
    history: &mut Store,
    overridden: &dyn Fn(&str) -> Option<Json>,
) -> Result<Vec<Check>, HistoryError> {
    let runs = history.runs_of_kind("checklist")?;
    let check = |(run, said): (RunSummary, Json)| Check {
        overridden: overridden(&run.digest),
        at: run.at,
        id: run.id,
        verdict: run.verdict,
        release: said["release"]["name"].as_str().unwrap_or_default().to_owned(),
        builds: said["release"]["digest"].as_str().unwrap_or_default().to_owned(),
        digest: run.digest,
    };
    Ok(runs.into_iter().rev().map(check).collect())
}

/// Environments that releases go to.
pub(super) fn later_sides(profiles: &Profiles) -> Vec<&Environment> {
    let gates = profiles.gates(&profiles.baseline);
    let mut names: Vec<&EnvironmentName> = gates.iter().map(|gate| &gate.to).collect();
    if names.is_empty() {
        names.push(&profiles.baseline);
    }
    let is_one = |one: &&Environment| names.contains(&&one.name);
    profiles.environments.iter().filter(is_one).collect()
}

/// What an environment ran at one time.
struct State {
    at: Timestamp,
    run: i64,
    train: Train,
}

/// Each change of builds of an environment in the span, with the checklist before it.
pub(super) fn changes_of(
    profiles: &Profiles,
    environment: &Environment,
    history: &mut Store,
    (from, to): (Timestamp, Timestamp),
    checks: &[Check],
) -> Result<Vec<Json>, HistoryError> {
    let normalizer = Normalizer::new(profiles.catalogue.as_ref(), COLLECTORS);
    let mut states = Vec::new();
    // Newest first: back to the last before the span.
    for run in history.newest_runs(usize::MAX)? {
        if run.at >= to || !run.environments.iter().any(|n| *n == *environment.name.as_str()) {
            continue;
        }
        for evidence in history.evidence_of_run(run.id, COLLECTORS)? {
            if evidence.environment != environment.name {
                continue;
            }
            let snapshot = normalizer.build_snapshot(evidence, environment.ignore.clone());
            let state = state_of(&snapshot);
            // What was not read has not changed.
            if state.is_whole {
                states.push(State { at: seen_at(&snapshot), run: run.id, train: state.train });
            }
        }
        if states.last().is_some_and(|state: &State| state.at < from) {
            break;
        }
    }
    states.sort_by_key(|state| state.at);
    let changed = states.windows(2).filter(|pair| pair[1].at >= from && pair[1].at < to);
    let told =
        changed.filter_map(|pair| change(profiles, environment, (&pair[0], &pair[1]), checks));
    Ok(told.collect())
}

fn change(
    profiles: &Profiles,
    environment: &Environment,
    (before, after): (&State, &State),
    checks: &[Check],
) -> Option<Json> {
    let mut builds = Vec::new();
    let mut new = Train::new();
    for (name, difference) in differences(&before.train, &after.train) {
        let (was, is) = match difference {
            TrainDifference::Same => continue,
            // Equal by all that is known.
            TrainDifference::NotProven(_) if before.train.get(&name) == after.train.get(&name) => {
                continue;
            }
            TrainDifference::NotProven(is) => ("not known by digest".to_owned(), is),
            TrainDifference::Differs(was, is) => (was, is),
            TrainDifference::Missing(was) => (was, "does not run".to_owned()),
            TrainDifference::Unexpected(is) => ("did not run".to_owned(), is),
        };
        if let Some(own) = after.train.get(&name) {
            new.insert(name.clone(), own.clone());
        }
        builds.push(json!({"component": name.as_str(), "was": was, "is": is}));
    }
    if builds.is_empty() {
        return None;
    }
    let release = release_of(profiles, &after.train, &new);
    let check = release.and_then(|release| {
        let builds = digest_of(&bound_builds(release));
        checks.iter().find(|check| {
            check.release == release.name && check.builds == builds && check.at <= after.at
        })
    });
    let status = match check {
        None => "unchecked release".to_owned(),
        Some(check) if check.overridden.is_some() => format!("{}, overridden", check.verdict),
        Some(check) => check.verdict.clone(),
    };
    Some(json!({
        "environment": environment.name.as_str(),
        "after": before.at,
        "seen": after.at,
        "seen-by-run": after.run,
        "release": release.map(|release| &release.name),
        "builds": builds,
        "checked": check.is_some(),
        "status": status,
        "checklist": check.map(|check| json!({
            "run": check.id,
            "digest": check.digest,
            "at": check.at,
            "verdict": check.verdict,
            "overridden": check.overridden,
        })),
    }))
}

/// The release whose builds came: the one that runs whole, else one that the new builds are of.
fn release_of<'a>(profiles: &'a Profiles, train: &Train, new: &Train) -> Option<&'a Release> {
    let runs_whole = |release: &&Release| {
        let all = differences(&release.train, train);
        !release.train.is_empty() && all.values().all(|one| *one == TrainDifference::Same)
    };
    let has_new = |release: &&Release| has_build_of(new, &release.changed);
    let releases = || profiles.releases.iter();
    releases().find(runs_whole).or_else(|| releases().find(has_new))
}
