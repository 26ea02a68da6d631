//! A release is judged: an audit, counters and what was seen before become a checklist.

use jiff::Timestamp;

use super::basis::ChecklistBasis;
use super::checklist_load::ChecklistLoads;
use super::cluster_memory::memory_of;
use super::gate::{ChecklistError, gate_of};
use super::past::{PastEvidence, SeenSince, Seer};
use crate::checklist::config::ChecklistConfig;
use crate::checklist::{self, ClusterMemory, Counters, FreezePast, Loads, Trial, digest_of};
use crate::collect::config::COLLECTORS;
use crate::model::{
    Audit, AuditedEnvironment, Came, CameSource, CameTime, Checklist, ChecklistRelease, Coverage,
    EnvironmentName, Gate, KeptAnswer, Rehearsal, Release, ReleaseType, Run, Train, WorkMark,
};
use crate::normalize::{Normalizer, counters_of};
use crate::policy;
use crate::profile::Profiles;

/// What is judged, and by what besides the profiles.
pub struct ChecklistInput<'a> {
    /// The release, one of the profiles.
    pub release: &'a Release,
    /// Which items are judged.
    pub kind: ReleaseType,
    /// What it rests on.
    pub basis: &'a ChecklistBasis<'a>,
    /// What people answered, oldest first.
    pub answers: &'a [KeptAnswer],
    /// Load over time, by environment and target.
    pub loads: ChecklistLoads,
    /// Marks of work, in the order of time.
    pub marks: &'a [WorkMark],
    /// Rehearsals, in the order in which they ended.
    pub rehearsals: &'a [Rehearsal],
    /// Why nothing of the history is believed, if so: then there is no past.
    pub history_break: Option<&'a str>,
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
    let ChecklistInput { release, kind, basis, answers, history_break, mut loads, .. } = input;
    let ChecklistBasis { audit, baseline, .. } = basis;
    // What is to come at that time is no evidence yet.
    let until_now = |at: Timestamp| at <= now;
    let marks: Vec<_> = input.marks.iter().filter(|mark| until_now(mark.at)).cloned().collect();
    let spans = checklist::spans_of(&marks);
    let rehearsals: Vec<_> =
        input.rehearsals.iter().filter(|one| until_now(one.to)).cloned().collect();
    let gate = gate_of(profiles, release)?;
    let previous = release.previous.as_deref().and_then(|name| profiles.release(name).ok());
    let normalizer = Normalizer::new(profiles.catalogue.as_ref(), COLLECTORS);
    let (from, to) = (environment_named(audit, &gate.from)?, environment_named(audit, &gate.to)?);
    let mut seer = Seer::new(profiles, &normalizer, past, now);
    let back = if kind == ReleaseType::Rollback { Some(release) } else { previous };
    let looked = seen_past(&mut seer, audit, (release, back), (from, to))?;
    let told = Told::new(&normalizer, basis, (release, &gate));
    let rules = ChecklistConfig::rules(profiles.checklist.as_ref());
    let criteria = policy::load::load_criteria(profiles.policy.as_ref());
    let (from_loads, to_loads) = (loads_of(from, &mut loads), loads_of(to, &mut loads));
    let trial = Trial {
        release,
        previous,
        kind,
        gate: &gate,
        audit,
        from,
        to,
        from_counters: &told.from_counters,
        to_counters: &told.to_counters,
        seen_before: &looked.before,
        from_memory: &told.from_memory,
        to_memory: &told.to_memory,
        freeze_memory: &told.freeze_memory,
        came: when_release_came(release, &gate, (looked.since, &told.from_memory), now),
        baseline,
        history_break,
        freeze: looked.freeze.as_ref(),
        from_loads: &from_loads,
        to_loads: &to_loads,
        spans: &spans,
        rehearsals: &rehearsals,
        digest: digest_of(&checklist::bound_builds(release)),
        criteria: &criteria,
        answers,
        rules: &rules,
        now,
    };
    Ok(judge_trial(&trial, audit.run.clone()))
}

/// Every item of a trial, and what is told above them.
fn judge_trial(trial: &Trial<'_>, run: Run) -> Checklist {
    let (release, baseline) = (trial.release, trial.baseline);
    let items = checklist::judge(trial);
    let told = ChecklistRelease {
        name: release.name.clone(),
        kind: trial.kind,
        previous: release.previous.clone(),
        changed: release.changed.keys().cloned().collect(),
        services: release.train.len(),
        came: trial.came,
        baseline: baseline.release.map(|one| one.name.clone()),
        baseline_told: baseline.told.clone(),
        digest: trial.digest.clone(),
    };
    Checklist {
        release: told,
        verdict: checklist::verdict_of(&items),
        items,
        load: checklist::load_sources(trial),
        windows_left_out: checklist::windows_left_out(trial),
        overrides: Vec::new(),
        run,
        gate: trial.gate.clone(),
    }
}

/// What the history tells.
struct SeenPast {
    /// What ran before where the release goes to.
    before: Vec<(Timestamp, Train)>,
    /// Since when the release is where it comes from.
    since: SeenSince,
    /// What was seen in the freeze.
    freeze: Option<FreezePast>,
}

fn seen_past(
    seer: &mut Seer<'_, '_>,
    audit: &Audit,
    (release, back): (&Release, Option<&Release>),
    (from, to): (&AuditedEnvironment, &AuditedEnvironment),
) -> Result<SeenPast, ChecklistError> {
    let past = ChecklistError::Past;
    Ok(SeenPast {
        before: match back {
            Some(back) => seer.until_seen(to, back).map_err(past)?,
            None => Vec::new(),
        },
        since: seer.seen_since(from, release).map_err(past)?,
        freeze: match &release.freeze {
            Some(freeze) => {
                let environment = environment_named(audit, &freeze.environment)?;
                Some(seer.states_since(environment, freeze.from).map_err(past)?)
            }
            None => None,
        },
    })
}

/// What the evidence of now tells besides the audit.
struct Told {
    from_counters: Counters,
    to_counters: Counters,
    from_memory: ClusterMemory,
    to_memory: ClusterMemory,
    freeze_memory: ClusterMemory,
}

impl Told {
    fn new(
        normalizer: &Normalizer,
        basis: &ChecklistBasis<'_>,
        (release, gate): (&Release, &Gate),
    ) -> Self {
        let of =
            |name: &EnvironmentName| basis.evidence.iter().find(|one| one.environment == *name);
        let counters = |name: &EnvironmentName| {
            of(name).map(|one| counters_of(normalizer, one)).unwrap_or_default()
        };
        let memory = |name: &EnvironmentName| memory_of(normalizer, of(name), name, &basis.refused);
        let from_memory = memory(&gate.from);
        let freeze_memory = match &release.freeze {
            Some(freeze) if freeze.environment != gate.from => memory(&freeze.environment),
            _ => from_memory.clone(),
        };
        Self {
            from_counters: counters(&gate.from),
            to_counters: counters(&gate.to),
            to_memory: memory(&gate.to),
            from_memory,
            freeze_memory,
        }
    }
}

/// When the release came to where it comes from: the first time that anything tells.
fn when_release_came(
    release: &Release,
    gate: &Gate,
    (seen, memory): (SeenSince, &ClusterMemory),
    now: Timestamp,
) -> Came {
    let made: Vec<Option<(Timestamp, Timestamp)>> = release
        .changed
        .iter()
        .map(|(component, builds)| {
            let made = builds.iter().filter_map(|build| memory.made(component, build));
            made.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
        })
        .collect();
    let of_revision = |at: Timestamp| CameTime { at, by: CameSource::Revision };
    // What was seen without it later is not dated by what was made before.
    let behind =
        |seen: Option<Timestamp>| move |at: &Timestamp| seen.is_none_or(|seen| *at >= seen);
    let first_made = made.iter().flatten().map(|(first, _)| *first).min();
    let first_made = first_made.filter(behind(seen.without_any)).map(of_revision);
    let all_made: Option<Vec<Timestamp>> =
        made.iter().map(|one| one.map(|(_, last)| last)).collect();
    let all_made = all_made.and_then(|all| all.into_iter().max());
    let all_made = all_made.filter(behind(seen.without_all)).map(of_revision);
    // A time to come says nothing.
    let written = release.came.get(&gate.from).copied().filter(|came| *came <= now);
    let written = |without: Option<Timestamp>| {
        written.filter(behind(without)).map(|at| CameTime { at, by: CameSource::File })
    };
    let seen_at = |at: Option<Timestamp>| at.map(|at| CameTime { at, by: CameSource::Evidence });
    let earliest = |times: [Option<CameTime>; 3]| times.into_iter().flatten().min();
    Came {
        first: earliest([first_made, written(seen.without_any), seen_at(seen.first)]),
        complete: earliest([all_made, written(seen.without_all), seen_at(seen.complete)]),
    }
}

/// The load of every Redis of an environment, by component.
fn loads_of(environment: &AuditedEnvironment, loads: &mut ChecklistLoads) -> Loads {
    let snapshot = &environment.snapshot;
    let of = |target: &Coverage| {
        let key = (snapshot.environment.clone(), target.target.clone());
        Some((target.component.clone(), loads.remove(&key)?))
    };
    snapshot.coverage.iter().filter_map(of).collect()
}

fn environment_named<'a>(
    audit: &'a Audit,
    name: &EnvironmentName,
) -> Result<&'a AuditedEnvironment, ChecklistError> {
    let found = audit.environments.iter().find(|one| one.snapshot.environment == *name);
    found.ok_or_else(|| ChecklistError::NotAudited(name.clone()))
}
