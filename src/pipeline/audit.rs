//! The audit: every environment against the baseline, judged, with its load over time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::apart::{run_beside, run_blocking};
use super::assess::{OverTime, assess_over_time};
use super::load::{
    LiveTarget, LoadAsked, OutsideAsked, OutsideLoad, TargetJudged, TargetLoad, judge_load,
    keep_samples, prometheus_of, put_together, read_all_outside, rests_on, windows_at,
};
use super::options::{AuditOptions, RunFacts};
use super::scope::{ProfileScope, ScopeError};
use crate::collect::config::COLLECTORS;
use crate::collect::{Clock, Progress};
use crate::history::{HistoryError, JudgedBuckets, Prepared, RunSummary, Store};
use crate::model::{
    Audit, BucketLength, EnvironmentName, Evidence, Facts, Outcome, Source, StoredRun,
    TargetEvidence, TargetId, proven_release,
};
use crate::policy;
use crate::profile::Profiles;
use crate::trend::{LoadCriteria, Window};

/// Collects and judges, and keeps nothing of the evidence.
///
/// # Errors
/// If the options name an unknown environment. What cannot be read is not an error but a part of
/// the audit.
pub async fn audit(
    profiles: &Profiles,
    options: &AuditOptions,
    facts: RunFacts,
    clock: Clock,
    progress: &dyn Progress,
) -> Result<Audit, ScopeError> {
    let auditing = Auditing::new(profiles, options, &clock);
    let (evidence, outside) = auditing.collect(clock.clone(), progress).await?;
    let duration = auditing.start.elapsed();
    let (load, _) = auditing.load(&evidence, outside, None);
    let over_time = OverTime { load, standing: None };
    auditing.assess(evidence, over_time, facts, &clock, duration)
}

/// Collects, judges, and keeps the run in the history that `open` opens when all is read. The
/// second is whether it was kept: the audit is there in any case.
///
/// # Errors
/// As [`audit`].
pub async fn audit_and_keep(
    profiles: &Profiles,
    options: &AuditOptions,
    facts: RunFacts,
    clock: Clock,
    progress: &dyn Progress,
    open: impl FnOnce() -> Result<Store, HistoryError>,
) -> Result<(Audit, Result<(), HistoryError>), ScopeError> {
    let auditing = Auditing::new(profiles, options, &clock);
    let (evidence, outside) = auditing.collect(clock.clone(), progress).await?;
    let duration = auditing.start.elapsed();
    run_blocking(|| auditing.judge_and_keep(evidence, outside, (facts, duration), &clock, open))
}

/// A live run that is told another time than this far from now is not kept.
const MOST_OFF: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// What a checklist rests on.
pub(super) struct AuditedLoad {
    /// The audit, with the load of every target.
    pub(super) audit: Audit,
    /// The same load with its buckets.
    pub(super) load: Vec<TargetLoad>,
    /// The buckets that were judged.
    pub(super) judged: Vec<JudgedBuckets>,
}

/// Evidence that was collected, or that was stored.
pub(super) struct AuditBasis<'a> {
    pub(super) profiles: &'a Profiles,
    pub(super) options: &'a AuditOptions,
    pub(super) evidence: &'a [Evidence],
    /// Whether it was stored: it says nothing of what servers are now, and nothing is asked.
    pub(super) is_stored: bool,
    /// When the collection began.
    pub(super) began: Timestamp,
    /// The windows that are judged.
    pub(super) windows: Vec<Window>,
    /// The windows that sources are asked for, these among them.
    pub(super) asked: Vec<Window>,
}

/// Judges evidence with the load of its targets in these windows. What is kept outside of the
/// history is asked for now.
pub(super) async fn audit_with_load(
    basis: AuditBasis<'_>,
    facts: RunFacts,
    clock: Clock,
    history: Option<&mut Store>,
) -> Result<AuditedLoad, ScopeError> {
    let AuditBasis { profiles, options, evidence, is_stored, began, windows, asked } = basis;
    let auditing = Auditing::new(profiles, options, &clock);
    let mut auditing = Auditing { began, windows: asked, is_stored, ..auditing };
    let scope = ProfileScope::new(profiles, options)?;
    let outside = if is_stored { Outside::new() } else { auditing.outside(&scope, &clock).await };
    auditing.windows = windows;
    let (told, load, judged) = run_blocking(|| {
        let told = auditing.read_load(evidence, outside, history.map(Ok));
        let (load, judged) = auditing.judge_all(&told);
        (told, load, judged)
    });
    let over_time = OverTime { load, standing: None };
    let duration = auditing.start.elapsed();
    let audit = auditing.assess(evidence.to_vec(), over_time, facts, &clock, duration)?;
    Ok(AuditedLoad { audit, load: told, judged })
}

/// An audit that is kept, judged again by today's profiles from its evidence and the load that the
/// history has. What a source outside told then is not asked again.
///
/// # Errors
/// If the evidence is of an environment that no profile describes.
pub async fn audit_of_run(
    profiles: &Profiles,
    run: &RunSummary,
    evidence: Vec<Evidence>,
    length: BucketLength,
    store: &mut Store,
) -> Result<Audit, ScopeError> {
    let options = AuditOptions { at: Some(run.at), length, ..AuditOptions::default() };
    let at = run.at;
    let clock: Clock = Arc::new(move || at);
    let windows = Auditing::new(profiles, &options, &clock).windows;
    let of_run = AuditBasis {
        profiles,
        options: &options,
        evidence: &evidence,
        is_stored: true,
        began: at,
        asked: windows.clone(),
        windows,
    };
    let facts = RunFacts {
        host: run.facts.get("host").cloned().unwrap_or_default(),
        commit: run.facts.get("commit").cloned(),
    };
    let mut audit = audit_with_load(of_run, facts, clock, Some(store)).await?.audit;
    audit.run.history = Some(StoredRun { run: run.id, digest: run.digest.clone() });
    Ok(audit)
}

/// What an audit goes by.
struct Auditing<'a> {
    profiles: &'a Profiles,
    options: &'a AuditOptions,
    start: Instant,
    began: Timestamp,
    windows: Vec<Window>,
    criteria: LoadCriteria,
    /// Whether the evidence was stored before.
    is_stored: bool,
}

type Outside = BTreeMap<(EnvironmentName, TargetId), OutsideLoad>;

impl<'a> Auditing<'a> {
    fn new(profiles: &'a Profiles, options: &'a AuditOptions, clock: &Clock) -> Self {
        let began = options.at.unwrap_or_else(|| clock());
        Self {
            profiles,
            options,
            start: Instant::now(),
            began,
            windows: windows_at(began, baseline_came(profiles, options, began), options.length),
            criteria: policy::load::load_criteria(profiles.policy.as_ref()),
            is_stored: false,
        }
    }

    /// What targets answer, and what is kept of their load outside of the history, at the same
    /// time.
    async fn collect(
        &self,
        clock: Clock,
        progress: &dyn Progress,
    ) -> Result<(Vec<Evidence>, Outside), ScopeError> {
        let scope = ProfileScope::new(self.profiles, self.options)?;
        let (environments, first) = (&scope.environments, Some(&scope.baseline));
        let (folder, deadline) = (&self.profiles.folder, self.options.deadline);
        let evidence =
            super::collect(environments, first, folder, deadline, clock.clone(), progress);
        let outside = self.outside(&scope, &clock);
        Ok(futures::join!(evidence, outside))
    }

    async fn outside(&self, scope: &ProfileScope<'_>, clock: &Clock) -> Outside {
        let live = &LiveTarget::default();
        let environments = scope.environments.iter();
        let named = environments.flat_map(|(environment, needed)| {
            environment.targets.all().filter_map(|target| {
                let source = &target.load()?.prometheus;
                let id = TargetId::new(target.kind().name, target.name());
                let required = target.required().unwrap_or(*needed);
                Some((&environment.name, id, source, required))
            })
        });
        let named: Vec<_> = named.collect();
        let wanted = named.iter().map(|(environment, id, source, required)| OutsideAsked {
            asked: self.asked(environment, id, live),
            source,
            required: *required,
            is_of_baseline: **environment == scope.baseline,
        });
        let read = read_all_outside(&wanted.collect::<Vec<_>>(), clock).await;
        let keys = named.into_iter().map(|(environment, id, ..)| (environment.clone(), id));
        keys.zip(read).collect()
    }

    fn asked<'b>(
        &'b self,
        environment: &'b EnvironmentName,
        target: &'b TargetId,
        live: &'b LiveTarget,
    ) -> LoadAsked<'b> {
        let profile = self.profiles.environments.iter().find(|e| e.name == *environment);
        LoadAsked {
            environment,
            target,
            prometheus: profile.and_then(|profile| prometheus_of(profile, target)),
            folder: &self.profiles.folder,
            deadline: self.options.deadline,
            windows: &self.windows,
            length: self.options.length,
            live,
            all_commands: false,
            criteria: &self.criteria,
        }
    }

    /// The load of every target that a source is named for, judged, and the buckets that this rests
    /// on.
    fn load(
        &self,
        evidence: &[Evidence],
        outside: Outside,
        history: Option<Result<&mut Store, &HistoryError>>,
    ) -> (Vec<TargetJudged>, Vec<JudgedBuckets>) {
        self.judge_all(&self.read_load(evidence, outside, history))
    }

    fn judge_all(&self, told: &[TargetLoad]) -> (Vec<TargetJudged>, Vec<JudgedBuckets>) {
        let judged = told.iter().flat_map(|one| rests_on(one, &self.criteria));
        let load = told.iter().map(|one| judge_load(one, &self.windows, &self.criteria));
        (load.collect(), judged.collect())
    }

    /// The load of every target that a source is named for.
    fn read_load(
        &self,
        evidence: &[Evidence],
        mut outside: Outside,
        mut history: Option<Result<&mut Store, &HistoryError>>,
    ) -> Vec<TargetLoad> {
        let mut load = Vec::new();
        for one in evidence {
            for target in &one.targets {
                let outside = outside.remove(&(one.environment.clone(), target.id.clone()));
                let history = history.as_mut().map(|history| match history {
                    Ok(store) => Ok(&mut **store),
                    Err(error) => Err(*error),
                });
                let is_counted = has_load(target);
                if outside.is_none() && !(is_counted && history.is_some()) {
                    continue;
                }
                let live = if self.is_stored {
                    LiveTarget::default()
                } else {
                    LiveTarget::from_evidence(target)
                };
                let asked = self.asked(&one.environment, &target.id, &live);
                load.push(put_together(&asked, history.filter(|_| is_counted), outside));
            }
        }
        load
    }

    /// Judges what was collected, and keeps it.
    fn judge_and_keep(
        &self,
        evidence: Vec<Evidence>,
        outside: Outside,
        (facts, duration): (RunFacts, std::time::Duration),
        clock: &Clock,
        open: impl FnOnce() -> Result<Store, HistoryError>,
    ) -> Result<(Audit, Result<(), HistoryError>), ScopeError> {
        let mut store = self.check_time(&evidence, clock).and_then(|()| open());
        // Judging takes the evidence: it may be of 20,000 pods, and is not copied.
        let take_apart = || Prepared::new(&evidence, COLLECTORS);
        let (prepared, (before, sampled, (load, judged))) = run_beside(take_apart, || {
            // What cannot be read is told when the run is to be kept.
            let before = store.as_mut().ok().and_then(|store| store.standing().ok());
            let sampled = store
                .as_mut()
                .ok()
                .map(|store| keep_samples(store, &evidence, self.began, self.options.length));
            let history = store.as_mut().map_err(|error| &*error);
            (before, sampled, self.load(&evidence, outside, Some(history)))
        });
        let over_time = OverTime { load, standing: before.as_ref().map(|last| &last.standing) };
        let mut audit = self.assess(evidence, over_time, facts, clock, duration)?;
        let saved = store.and_then(|mut store| {
            sampled.unwrap_or(Ok(()))?;
            super::store_audit(
                &mut store,
                &mut audit,
                (prepared?, judged),
                &before.unwrap_or_default(),
            )
        });
        Ok((audit, saved))
    }

    /// Whether the run may stand in a history under its time: what is live is of now.
    fn check_time(&self, evidence: &[Evidence], clock: &Clock) -> Result<(), HistoryError> {
        let Some(at) = self.options.at else { return Ok(()) };
        let now = clock();
        // What a file holds was live when it was written, and what did not answer says nothing.
        let is_live = |target: &TargetEvidence| {
            let is_now = now.duration_since(target.taken).abs() <= MOST_OFF;
            let has_answered = target.parts.values().any(|outcome| *outcome == Outcome::Complete);
            target.source == Source::Live && is_now && has_answered
        };
        let off = now.duration_since(at).abs();
        if off > MOST_OFF && evidence.iter().flat_map(|one| &one.targets).any(is_live) {
            return Err(HistoryError::OtherTime(at));
        }
        Ok(())
    }

    fn assess(
        &self,
        evidence: Vec<Evidence>,
        over_time: OverTime<'_>,
        facts: RunFacts,
        clock: &Clock,
        duration: std::time::Duration,
    ) -> Result<Audit, ScopeError> {
        let now = self.options.at.unwrap_or_else(|| clock());
        let (profiles, options) = (self.profiles, self.options);
        let mut audit = assess_over_time(profiles, options, evidence, over_time, facts, now)?;
        audit.run.duration = options.at.is_none().then_some(duration);
        Ok(audit)
    }
}

/// When the release of the baseline came there: the windows go back to it.
fn baseline_came(profiles: &Profiles, options: &AuditOptions, now: Timestamp) -> Option<i64> {
    let baseline = options.baseline.as_ref().unwrap_or(&profiles.baseline);
    let (_, came) = proven_release(&profiles.releases, baseline, now)?;
    Some(came.as_second())
}

/// Whether the servers of the target count what they do, even if none answered.
fn has_load(target: &TargetEvidence) -> bool {
    let is_data = target.samples.iter().any(|sample| sample.role != "sentinel");
    is_data || COLLECTORS.kind_of(&target.id).facts == Facts::Info
}
