//! What a checklist rests on: evidence, collected or stored, the release that load is compared
//! with, and an audit with the load since that release.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::apart::run_blocking;
use super::audit::{AuditBasis, AuditedLoad, audit_with_load};
use super::baseline_release;
use super::cluster_memory::memory_of;
use super::gate::{ChecklistError, gate_of};
use super::load::{TargetLoad, keep_samples, windows_at};
use super::options::{AuditOptions, RunFacts};
use super::past::{PastEvidence, Seer};
use super::scope::ProfileScope;
use crate::checklist::config::ChecklistConfig;
use crate::collect::config::COLLECTORS;
use crate::collect::{Clock, Progress, Remembered};
use crate::history::JudgedBuckets;
use crate::model::{
    Audit, AuditedEnvironment, BaselineRelease, EnvironmentName, Evidence, Failure, Globs, Outcome,
    REVISIONS_PART, Release, Source, TargetEvidence, TargetId,
};
use crate::normalize::Normalizer;
use crate::profile::Profiles;
use crate::trend::Window;

/// What a checklist is about, and where it runs.
pub struct BasisAsked<'a, 'b> {
    /// The profiles.
    pub profiles: &'a Profiles,
    /// The release, one of the profiles.
    pub release: &'a Release,
    /// What the command line says.
    pub options: &'b AuditOptions,
    /// What is known of where it runs.
    pub facts: RunFacts,
    /// Releases that were to be rolled back, by what was judged after they went.
    pub rolled_back: &'b BTreeSet<String>,
}

/// What a checklist rests on.
pub struct ChecklistBasis<'a> {
    /// When the collection began: load is judged until then.
    pub began: Timestamp,
    /// Every environment, compared and judged, with the load of its targets.
    pub audit: Audit,
    /// The evidence that it rests on.
    pub evidence: Vec<Evidence>,
    /// The load of targets, with its buckets.
    pub load: Vec<TargetLoad>,
    /// The buckets that were judged.
    pub judged: Vec<JudgedBuckets>,
    /// The release that load is compared with.
    pub baseline: BaselineRelease<'a>,
    /// Clusters that did not tell what they remember, and why.
    pub refused: Vec<(EnvironmentName, TargetId, Failure)>,
    /// Whether samples of the evidence are in the history.
    pub is_sampled: bool,
}

/// Collects and judges. What is asked outside of the history is asked when targets have answered:
/// the windows depend on what runs.
///
/// # Errors
/// If nothing says where the release goes, or the past cannot be read.
pub async fn read_basis<'a>(
    asked: BasisAsked<'a, '_>,
    past: &mut dyn PastEvidence,
    clock: Clock,
    progress: &dyn Progress,
) -> Result<ChecklistBasis<'a>, ChecklistError> {
    let (profiles, options) = (asked.profiles, asked.options);
    let began = options.at.unwrap_or_else(|| clock());
    let scope = ProfileScope::new(profiles, options)?;
    let (environments, first) = (&scope.environments, Some(&scope.baseline));
    let (folder, deadline) = (&profiles.folder, options.deadline);
    let evidence =
        super::collect(environments, first, folder, deadline, clock.clone(), progress).await;
    let mut evidence = evidence;
    let told = super::remember(&scope, profiles, options, &clock).await;
    let refused = add_remembered(&mut evidence, told);
    let sampled = run_blocking(|| {
        past.store().map(|store| keep_samples(store, &evidence, began, options.length))
    });
    // Why not is told when the run is to be kept.
    let is_sampled = matches!(sampled, Some(Ok(())));
    let basis = audit_basis(asked, evidence, (began, false), past, clock).await?;
    Ok(ChecklistBasis { refused, is_sampled, ..basis })
}

/// What clusters remember becomes a part of their evidence. Why others do not tell is no part of
/// it: an audit does not need it.
fn add_remembered(
    evidence: &mut [Evidence],
    told: Vec<Remembered>,
) -> Vec<(EnvironmentName, TargetId, Failure)> {
    let mut refused = Vec::new();
    for (environment, target, told) in told {
        let revisions = match told {
            Ok(revisions) => revisions,
            Err(failure) => {
                refused.push((environment, target, failure));
                continue;
            }
        };
        let own = evidence.iter_mut().filter(|one| one.environment == environment);
        let mut targets = own.flat_map(|one| &mut one.targets);
        // What stands in for a target that is not reached is of another time.
        let is_live = |one: &&mut TargetEvidence| one.id == target && one.source == Source::Live;
        if let Some(target) = targets.find(is_live) {
            target.set_part(REVISIONS_PART, Outcome::Complete);
            target.revisions = Some(revisions);
        }
    }
    refused
}

/// Judges stored evidence, and contacts nothing.
///
/// # Errors
/// As [`read_basis`].
pub async fn stored_basis<'a>(
    asked: BasisAsked<'a, '_>,
    evidence: Vec<Evidence>,
    past: &mut dyn PastEvidence,
    now: Timestamp,
) -> Result<ChecklistBasis<'a>, ChecklistError> {
    let clock: Clock = std::sync::Arc::new(move || now);
    let basis = audit_basis(asked, evidence, (now, true), past, clock).await?;
    Ok(ChecklistBasis { is_sampled: true, ..basis })
}

async fn audit_basis<'a>(
    asked: BasisAsked<'a, '_>,
    evidence: Vec<Evidence>,
    (began, is_stored): (Timestamp, bool),
    past: &mut dyn PastEvidence,
    clock: Clock,
) -> Result<ChecklistBasis<'a>, ChecklistError> {
    let baseline = find_baseline(&asked, &evidence, past, began)?;
    let BasisAsked { profiles, options, facts, .. } = asked;
    let since = baseline.since.map(|since| since.at.as_second());
    let wanted = ChecklistConfig::rules(profiles.checklist.as_ref()).windows;
    let asked = windows_at(began, since, options.length);
    let is_judged = |window: &&Window| wanted.contains(&window.kind);
    let windows = asked.iter().filter(is_judged).copied().collect();
    let read = &evidence;
    let basis = AuditBasis { profiles, options, evidence: read, is_stored, began, windows, asked };
    let AuditedLoad { audit, load, judged } =
        audit_with_load(basis, facts, clock, past.store()).await?;
    Ok(ChecklistBasis {
        began,
        audit,
        evidence,
        load,
        judged,
        baseline,
        refused: Vec::new(),
        is_sampled: false,
    })
}

/// The release that load is compared with.
fn find_baseline<'a>(
    asked: &BasisAsked<'a, '_>,
    evidence: &[Evidence],
    past: &mut dyn PastEvidence,
    now: Timestamp,
) -> Result<BaselineRelease<'a>, ChecklistError> {
    let gate = gate_of(asked.profiles, asked.release)?;
    let found = evidence.iter().find(|one| one.environment == gate.to);
    let normalizer = Normalizer::new(asked.profiles.catalogue.as_ref(), COLLECTORS);
    let memory = memory_of(&normalizer, found, &gate.to, &[]);
    let evidence = found.cloned().unwrap_or_else(|| Evidence {
        environment: gate.to.clone(),
        taken: now,
        targets: Vec::new(),
    });
    let profile = asked.profiles.environments.iter().find(|one| one.name == gate.to);
    let ignored = profile.map_or_else(|| Globs::new(&[]), |found| found.ignore.clone());
    let environment = AuditedEnvironment {
        snapshot: normalizer.build_snapshot(evidence, ignored),
        required: true,
        max_age: Duration::MAX,
        hides: BTreeMap::new(),
    };
    let mut seer = Seer::new(asked.profiles, &normalizer, past, now);
    let (release, rolled_back) = (asked.release, asked.rolled_back);
    baseline_release::baseline(&mut seer, &environment, release, rolled_back, &memory)
        .map_err(ChecklistError::Past)
}
