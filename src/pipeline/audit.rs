//! The audit: every environment against the baseline, judged.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::environment;
use super::expected::Expected;
use crate::collect::config::COLLECTORS;
use crate::collect::{Clock, Progress};
use crate::compare::{compare, matrix};
use crate::model::{
    Comparison, Cycles, EarlierReport, EnvironmentName, Finding, Gate, JudgedFinding, JudgedWaiver,
    Judgement, Severity, Sharing, Since, Snapshot,
};
use crate::normalize::Normalizer;
use crate::normalize::config::CatalogueConfig;
use crate::policy::waiver::config::WaiversConfig;
use crate::policy::{self, Compared, Policy, Subject, waiver};
use crate::profile::{Environment, Profiles};
use crate::report::{PROGRAM, Purpose, Report, Run};
use crate::rules;

/// What the command line says of an audit.
#[derive(Clone, Debug, Default)]
pub struct AuditOptions {
    /// Only these environments, and always the baseline; empty for all.
    pub only: Vec<EnvironmentName>,
    /// Another baseline than the profile's.
    pub baseline: Option<EnvironmentName>,
    /// Another threshold than the policy's.
    pub fail_on: Option<Severity>,
    /// Another deadline for every target.
    pub deadline: Option<Duration>,
    /// The time of the run; else the clock's when everything is collected.
    pub at: Option<Timestamp>,
    /// The report of an earlier audit, to tell what is new.
    pub since: Option<EarlierReport>,
    /// Whether only what is new or worse since then blocks.
    pub fail_on_new: bool,
    /// Support cycles over those that ship with the program, each with the name of its file.
    pub end_of_life: Vec<(String, Cycles)>,
}

/// What the caller knows of where the audit runs.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Name of this machine.
    pub host: String,
    /// Commit of the repository that holds the profiles.
    pub commit: Option<String>,
}

/// The command line names an environment that no profile describes.
#[derive(Debug, thiserror::Error)]
#[error("there is no environment {name:?}; there are {known}")]
pub struct UnknownEnvironment {
    name: String,
    known: String,
}

/// Collects, compares and judges.
///
/// # Errors
/// If the options name an unknown environment. What cannot be read is no error but a part of
/// the report.
#[expect(clippy::too_many_lines, reason = "it is about to be split")]
pub async fn audit(
    profiles: &Profiles,
    options: &AuditOptions,
    facts: Facts,
    clock: Clock,
    progress: &dyn Progress,
) -> Result<Report, UnknownEnvironment> {
    let scope = Scope::new(profiles, options)?;
    let start = Instant::now();
    let evidence = super::collect(
        &scope.environments,
        &profiles.folder,
        options.deadline,
        clock.clone(),
        progress,
    )
    .await;
    let duration = start.elapsed();
    let now = options.at.unwrap_or_else(|| clock());

    let normalizer = Normalizer::new(profiles.catalogue.as_ref(), COLLECTORS);
    let snapshots: Vec<Snapshot> = evidence
        .iter()
        .zip(&scope.environments)
        .map(|(evidence, (environment, _))| {
            normalizer.snapshot(evidence, environment.ignore.clone())
        })
        .collect();
    let comparisons = scope.comparisons(&snapshots);
    let shared: Vec<Sharing> =
        profiles.catalogue.iter().flat_map(CatalogueConfig::sharing).collect();
    let order: Vec<EnvironmentName> =
        profiles.environments.iter().map(|e| e.name.clone()).collect();
    let expected = Expected::new(profiles, &options.end_of_life, &normalizer);
    let known = expected.context(&scope.baseline, now);
    let context = rules::Context { order: &order, gates: &scope.gates, shared: &shared, ..known };
    let found = rules::check(&context, &snapshots, &comparisons);

    let policy = Policy::new(profiles.policy.as_ref()).with_fail_on(options.fail_on);
    let Judged { judgement, findings, waivers, since } =
        scope.judge(&policy, profiles, options, found, &snapshots, now);
    let environments = snapshots.iter().zip(&scope.environments);
    Ok(Report {
        purpose: Purpose::Audit,
        judgement,
        environments: environments
            .map(|(s, (e, required))| environment(s, &snapshots, *required, e.max_age))
            .collect(),
        matrix: matrix(&snapshots, &scope.baseline, &comparisons),
        comparisons,
        findings,
        waivers,
        since,
        new_only: options.fail_on_new,
        fail_on: policy.fail_on(),
        baseline: scope.baseline,
        gates: scope.gates,
        left_out: scope.left_out,
        places: profiles.places.clone(),
        run: Run {
            at: now,
            duration: options.at.is_none().then_some(duration),
            host: facts.host,
            profiles: profiles.digest.clone(),
            policy: profiles.policy_digest.clone(),
            notes: expected.notes(now, &options.end_of_life, &snapshots),
            commit: facts.commit,
            timezone: profiles.timezone.clone(),
        },
    })
}

/// What decides besides the evidence, by the names that the report has.
fn judged_by(
    profiles: &Profiles,
    scope: &Scope<'_>,
    policy: &Policy,
) -> BTreeMap<&'static str, String> {
    let gates: Vec<String> = scope.gates.iter().map(ToString::to_string).collect();
    BTreeMap::from([
        ("baseline", scope.baseline.to_string()),
        ("fail-on", policy.fail_on().to_string()),
        ("gates", gates.join(", ")),
        ("policy", profiles.policy_digest.clone()),
        ("program", PROGRAM.to_owned()),
    ])
}

/// What the policy makes of what was found.
struct Judged {
    judgement: Judgement,
    findings: Vec<JudgedFinding>,
    waivers: Vec<JudgedWaiver>,
    since: Option<Since>,
}

/// What of the profiles takes part.
struct Scope<'a> {
    baseline: EnvironmentName,
    /// Each with whether the verdict needs it.
    environments: Vec<(&'a Environment, bool)>,
    gates: Vec<Gate>,
    left_out: Vec<EnvironmentName>,
    /// In words.
    not_judged: Vec<String>,
}

impl<'a> Scope<'a> {
    fn new(profiles: &'a Profiles, options: &AuditOptions) -> Result<Self, UnknownEnvironment> {
        let known = |name: &EnvironmentName| profiles.environments.iter().any(|e| e.name == *name);
        if let Some(name) = options.only.iter().chain(&options.baseline).find(|name| !known(name)) {
            let names: Vec<&str> = profiles.environments.iter().map(|e| e.name.as_str()).collect();
            return Err(UnknownEnvironment { name: name.to_string(), known: names.join(", ") });
        }
        let baseline = options.baseline.clone().unwrap_or_else(|| profiles.baseline.clone());
        let is_in = |name: &EnvironmentName| {
            options.only.is_empty() || options.only.contains(name) || *name == baseline
        };
        let (inside, outside): (Vec<_>, Vec<_>) =
            profiles.environments.iter().partition(|e| is_in(&e.name));
        let (gates, closed): (Vec<Gate>, Vec<Gate>) =
            profiles.gates.iter().cloned().partition(|gate| is_in(&gate.from) && is_in(&gate.to));
        let not_judged = closed
            .iter()
            .map(|gate| format!("the gate from {} to {}, by --env", gate.from, gate.to));
        let left_out: Vec<EnvironmentName> = outside.iter().map(|e| e.name.clone()).collect();
        let unseen = left_out
            .iter()
            .map(|name| format!("what {name} shares with others, left out by --env"));
        let not_judged: Vec<String> = not_judged.chain(unseen).collect();
        // An environment stays required when the other side of its gate is left out.
        let required = |e: &&'a Environment| e.is_required(&baseline, &profiles.gates);
        let environments = inside.into_iter().map(|e| (e, required(&e))).collect();
        Ok(Self { baseline, environments, gates, left_out, not_judged })
    }

    /// Every environment against the baseline, and each gate that is not such a pair already.
    fn comparisons(&self, snapshots: &[Snapshot]) -> Vec<Comparison> {
        let of = |name: &EnvironmentName| snapshots.iter().find(|s| s.environment == *name);
        let others =
            snapshots.iter().map(|s| &s.environment).filter(|name| **name != self.baseline);
        let mut pairs: Vec<(&EnvironmentName, &EnvironmentName)> =
            others.map(|name| (&self.baseline, name)).collect();
        for gate in &self.gates {
            let (to, from) = (&gate.to, &gate.from);
            if !pairs.contains(&(to, from)) && !pairs.contains(&(from, to)) {
                pairs.push((to, from));
            }
        }
        pairs
            .into_iter()
            .filter_map(|(baseline, current)| Some(compare(of(baseline)?, of(current)?)))
            .collect()
    }

    fn judge(
        &self,
        policy: &Policy,
        profiles: &Profiles,
        options: &AuditOptions,
        found: Vec<Finding>,
        snapshots: &[Snapshot],
        now: Timestamp,
    ) -> Judged {
        let subject =
            |(snapshot, (environment, required)): (_, &(&'a Environment, bool))| Subject {
                snapshot,
                required: *required,
                expect: &environment.expect,
                max_age: environment.max_age,
            };
        let subjects: Vec<Subject<'_>> =
            snapshots.iter().zip(&self.environments).map(subject).collect();
        let compared =
            Compared { baseline: &self.baseline, gates: &self.gates, collectors: COLLECTORS };
        let mut findings = policy.apply(found, &self.gates, snapshots);
        let waivers = profiles.waivers.as_ref().map(WaiversConfig::waivers).unwrap_or_default();
        let waivers = waiver::apply(waivers, &mut findings, compared, &subjects, now);
        let said = waiver::findings(&waivers, &findings, &subjects);
        findings.extend(policy.apply(said, &self.gates, snapshots));
        findings.sort_by(|a, b| a.finding.key().cmp(&b.finding.key()));
        let judged_by = judged_by(profiles, self, policy);
        let since = options
            .since
            .as_ref()
            .map(|then| policy::since(then, &judged_by, &findings, compared, &subjects, now));
        let known = since.as_ref().filter(|_| options.fail_on_new);
        let mut judgement = policy::judge(policy, &findings, known, &self.gates, &subjects, now);
        judgement.not_judged.extend(self.not_judged.iter().cloned());
        Judged { judgement, findings, waivers, since }
    }
}
