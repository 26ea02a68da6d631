//! Evidence, live or stored, becomes an audit: seen through the catalogue, compared, judged.
//!
//! Audits and diffs take this one way; they differ in what evidence is held against.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::expected::Expected;
use super::load::TargetJudged;
use super::options::{AuditOptions, RunFacts};
use super::scope::{ProfileScope, ScopeError};
use super::stored;
use super::unpaired;
use crate::collect::config::COLLECTORS;
use crate::compare::{build_matrix, compare, count_hidden};
use crate::model::matrix::MatrixRow;
use crate::model::{
    Audit, AuditedEnvironment, Comparison, ComponentName, Cycles, EarlierReport, EnvironmentName,
    Evidence, Finding, Gate, Globs, JudgedFinding, JudgedWaiver, Judgement, LoadOutcome, Places,
    Purpose, Run, Sharing, Since, Snapshot, Standing, Waiver,
};
use crate::normalize::Normalizer;
use crate::normalize::config::CatalogueConfig;
use crate::policy::waiver::config::WaiversConfig;
use crate::policy::{self, AuditScope, GatesAsked, Policy, SeenFrom, Subject, waiver};
use crate::profile::Profiles;
use crate::report::PROGRAM;
use crate::rules;

/// What evidence is held against.
pub(super) struct Standard<'a> {
    pub(super) purpose: Purpose,
    pub(super) normalizer: Normalizer,
    pub(super) policy: Policy,
    pub(super) expected: Expected,
    pub(super) sharing: Vec<Sharing>,
    /// The load of targets, judged.
    pub(super) load: Vec<TargetJudged>,
    /// Components by environment whose load of the last 24 hours could be judged.
    pub(super) with_load: BTreeSet<(EnvironmentName, ComponentName)>,
    pub(super) waivers: Vec<Waiver>,
    /// Environments in promotion order.
    pub(super) order: Vec<EnvironmentName>,
    pub(super) baseline: EnvironmentName,
    pub(super) gates: Vec<Gate>,
    pub(super) wants_no_gate: bool,
    /// Gates of the profiles of which the options leave a side out.
    pub(super) closed_gates: Vec<Gate>,
    /// What is compared: baseline, then the other.
    pub(super) pairs: Vec<(EnvironmentName, EnvironmentName)>,
    /// One for each piece of evidence, in their order.
    pub(super) expectations: Vec<Expectation<'a>>,
    pub(super) since: Option<&'a EarlierReport>,
    pub(super) new_only: bool,
    pub(super) policy_digest: &'a str,
    pub(super) profiles_digest: &'a str,
    /// What a history knows from before.
    pub(super) standing: Option<&'a Standing>,
    /// Support cycles over the shipped ones, with the name of their file.
    pub(super) given_cycles: &'a [(String, Cycles)],
}

/// What is expected of one environment.
pub(super) struct Expectation<'a> {
    pub(super) required: bool,
    pub(super) expect: &'a [ComponentName],
    pub(super) ignore: Globs,
    pub(super) max_age: Duration,
}

/// Judges evidence by the profiles, whatever its order. An environment or a target that the
/// profiles name and the evidence does not hold was not read; evidence of environments that the
/// options leave out does not count.
///
/// # Errors
/// If the options or the evidence name an unknown environment, or evidence names one twice. What
/// was not read is a part of the audit.
pub fn assess(
    profiles: &Profiles,
    options: &AuditOptions,
    evidence: Vec<Evidence>,
    facts: RunFacts,
    now: Timestamp,
) -> Result<Audit, ScopeError> {
    assess_over_time(profiles, options, evidence, OverTime::default(), facts, now)
}

/// What is known besides the evidence of now.
#[derive(Default)]
pub(super) struct OverTime<'a> {
    /// The load of targets.
    pub(super) load: Vec<TargetJudged>,
    /// What a history knows of since when things stand; `None` without one.
    pub(super) standing: Option<&'a Standing>,
}

/// The same, with what is known from before.
pub(super) fn assess_over_time(
    profiles: &Profiles,
    options: &AuditOptions,
    evidence: Vec<Evidence>,
    OverTime { load, standing }: OverTime<'_>,
    facts: RunFacts,
    now: Timestamp,
) -> Result<Audit, ScopeError> {
    let scope = ProfileScope::new(profiles, options)?;
    let evidence = stored::as_profiled(profiles, &scope, evidence, now)?;
    let normalizer = Normalizer::new(profiles.catalogue.as_ref(), COLLECTORS);
    let expectations = scope.environments.iter().map(|(environment, required)| Expectation {
        required: *required,
        expect: &environment.expect,
        ignore: environment.ignore.clone(),
        max_age: environment.max_age,
    });
    let standard = Standard {
        purpose: Purpose::Audit,
        policy: Policy::new(profiles.policy.as_ref()).with_fail_on(options.fail_on),
        expected: Expected::new(profiles, &options.end_of_life, &normalizer),
        normalizer,
        with_load: with_load(&load),
        load,
        sharing: profiles.catalogue.iter().flat_map(CatalogueConfig::sharing_rules).collect(),
        waivers: profiles.waivers.as_ref().map(WaiversConfig::waivers).unwrap_or_default(),
        order: profiles.environments.iter().map(|e| e.name.clone()).collect(),
        pairs: scope.pairs(),
        expectations: expectations.collect(),
        baseline: scope.baseline,
        gates: scope.gates,
        wants_no_gate: scope.wants_no_gate,
        closed_gates: scope.closed_gates,
        since: options.since.as_ref(),
        new_only: options.fail_on_new,
        standing,
        policy_digest: &profiles.policy_digest,
        profiles_digest: &profiles.digest,
        given_cycles: &options.end_of_life,
    };
    let mut audit = standard.judge(evidence, facts, now);
    audit.judgement.not_judged.extend(scope.not_judged);
    audit.left_out = scope.left_out;
    audit.is_of_pair = options.gate.is_some();
    audit.places = profiles.places.clone();
    audit.run.profiles.clone_from(&profiles.digest);
    audit.run.policy.clone_from(&profiles.policy_digest);
    audit.run.timezone = profiles.timezone.clone();
    Ok(audit)
}

/// Components by environment whose load of the last 24 hours could be judged.
fn with_load(load: &[TargetJudged]) -> BTreeSet<(EnvironmentName, ComponentName)> {
    let is_known = |one: &&TargetJudged| {
        let mut newest = one.told.rows.iter().filter_map(|row| row.cells.first());
        newest.all(|cell| cell.outcome != LoadOutcome::Unknown)
    };
    let known = load.iter().filter(is_known);
    known.map(|one| (one.told.environment.clone(), one.told.target.as_str().into())).collect()
}

/// What the policy makes of what was found.
struct PolicyOutcome {
    judgement: Judgement,
    findings: Vec<JudgedFinding>,
    waivers: Vec<JudgedWaiver>,
    since: Option<Since>,
}

impl Standard<'_> {
    /// The audit, but for what only profiles tell. Evidence goes once it has been seen: of large
    /// estates it takes as much memory as what is made of it.
    pub(super) fn judge(&self, evidence: Vec<Evidence>, facts: RunFacts, now: Timestamp) -> Audit {
        let snapshots: Vec<Snapshot> = evidence
            .into_iter()
            .zip(&self.expectations)
            .map(|(evidence, of)| self.normalizer.build_snapshot(evidence, of.ignore.clone()))
            .collect();
        let comparisons = self.comparisons(&snapshots);
        // A diff tells only what two sides show of each other.
        let seen = if self.purpose == Purpose::Audit { &snapshots[..] } else { &[] };
        let matrix = build_matrix(&snapshots, &self.baseline, &comparisons);
        let load = self.load_series();
        let over_time = StandingView { standard: self, snapshots: &snapshots, load: &load, now };
        let mut standing = over_time.of_components(&matrix, &comparisons);
        let long_ahead = standing.as_ref().map(|known| self.expected.long_ahead(known, now));
        let long_ahead = long_ahead.unwrap_or_default();
        let context = rules::RuleContext {
            order: &self.order,
            pairs: &self.pairs,
            gates: &self.gates,
            shared: &self.sharing,
            ..self.expected.context(&self.baseline, now, &long_ahead)
        };
        let found = rules::check(&context, seen, &comparisons, &load);
        let PolicyOutcome { judgement, findings, waivers, since } =
            self.apply_policy(found, seen, &snapshots, now);
        over_time.add_findings(standing.as_mut(), &findings);
        let has_history = self.standing.is_some();
        let mut notes = self.expected.notes(now, self.given_cycles, &snapshots, has_history);
        notes.extend(unpaired::hints(&self.pairs, &snapshots));
        let compared = policy::count_counterparts(&self.gates, &snapshots);
        Audit {
            purpose: self.purpose,
            judgement,
            environments: self.audited(snapshots),
            load: self.load.iter().map(|one| one.told.clone()).collect(),
            matrix,
            comparisons,
            findings,
            waivers,
            since,
            new_only: self.new_only,
            standing,
            fail_on: self.policy.fail_on(),
            baseline: self.baseline.clone(),
            compared,
            gates: self.gates.clone(),
            reports_only: self.wants_no_gate,
            left_out: Vec::new(),
            is_of_pair: false,
            places: Places::default(),
            run: run_of(facts, notes, now),
        }
    }

    fn audited(&self, snapshots: Vec<Snapshot>) -> Vec<AuditedEnvironment> {
        let hides: Vec<_> = snapshots.iter().map(|s| hidden_by(s, &snapshots)).collect();
        let environments = snapshots.into_iter().zip(hides).zip(&self.expectations);
        let audited = environments.map(|((snapshot, hides), of)| AuditedEnvironment {
            snapshot,
            required: of.required,
            max_age: of.max_age,
            hides,
        });
        audited.collect()
    }

    fn comparisons(&self, snapshots: &[Snapshot]) -> Vec<Comparison> {
        let of = |name: &EnvironmentName| snapshots.iter().find(|s| s.environment == *name);
        let pairs = self.pairs.iter();
        pairs.filter_map(|(baseline, current)| Some(compare(of(baseline)?, of(current)?))).collect()
    }

    fn apply_policy(
        &self,
        found: Vec<Finding>,
        seen: &[Snapshot],
        snapshots: &[Snapshot],
        now: Timestamp,
    ) -> PolicyOutcome {
        let (subjects, scope) = (self.subjects(snapshots), self.scope());
        let mut findings = self.policy.apply(found, &self.gates, seen);
        let waivers =
            waiver::apply_waivers(self.waivers.clone(), &mut findings, scope, &subjects, now);
        let said = waiver::findings(&waivers, &findings, &subjects);
        findings.extend(self.policy.apply(said, &self.gates, seen));
        findings.sort_by(|a, b| a.finding.sort_key().cmp(&b.finding.sort_key()));
        let judged_by = self.judged_by();
        let since = self.since.map(|then| {
            policy::compare_with_earlier(then, &judged_by, &findings, scope, &subjects, now)
        });
        let known = since.as_ref().filter(|_| self.new_only);
        let judgement =
            policy::judge(&self.policy, &findings, known, self.gates_asked(), &subjects, now);
        PolicyOutcome { judgement, findings, waivers, since }
    }

    fn subjects<'b>(&'b self, snapshots: &'b [Snapshot]) -> Vec<Subject<'b>> {
        let both = snapshots.iter().zip(&self.expectations);
        both.map(|(snapshot, of)| Subject {
            snapshot,
            required: of.required,
            expect: of.expect,
            max_age: of.max_age,
        })
        .collect()
    }

    fn scope(&self) -> AuditScope<'_> {
        AuditScope {
            baseline: &self.baseline,
            gates: &self.gates,
            collectors: COLLECTORS,
            names: self.normalizer.product_names(),
            mapped: self.normalizer.mapped_components(),
            with_load: &self.with_load,
        }
    }

    /// The load of targets, as rules see it.
    fn load_series(&self) -> Vec<rules::LoadSeries<'_>> {
        let series = self.load.iter().map(|one| rules::LoadSeries {
            environment: &one.told.environment,
            target: &one.told.target,
            judged: &one.criteria,
        });
        series.collect()
    }

    fn gates_asked(&self) -> GatesAsked<'_> {
        match self.purpose {
            Purpose::Audit if self.wants_no_gate => GatesAsked::None,
            Purpose::Audit if self.gates.is_empty() && !self.closed_gates.is_empty() => {
                GatesAsked::LeftOut(&self.closed_gates)
            }
            Purpose::Audit => GatesAsked::Judged(&self.gates),
            Purpose::Diff => GatesAsked::None,
        }
    }

    /// What decides besides the evidence, by the names that the report has.
    fn judged_by(&self) -> BTreeMap<&'static str, String> {
        let gates: Vec<String> = self.gates.iter().map(ToString::to_string).collect();
        BTreeMap::from([
            ("baseline", self.baseline.to_string()),
            ("fail-on", self.policy.fail_on().to_string()),
            ("gates", gates.join(", ")),
            ("policy", self.policy_digest.to_owned()),
            ("profiles", self.profiles_digest.to_owned()),
            ("program", PROGRAM.to_owned()),
        ])
    }
}

/// What an audit adds to the knowledge of since when things stand.
struct StandingView<'a> {
    standard: &'a Standard<'a>,
    snapshots: &'a [Snapshot],
    load: &'a [rules::LoadSeries<'a>],
    now: Timestamp,
}

impl StandingView<'_> {
    /// Of components; nothing without a history.
    fn of_components(&self, matrix: &[MatrixRow], comparisons: &[Comparison]) -> Option<Standing> {
        let before = self.standard.standing?;
        let subjects = self.standard.subjects(self.snapshots);
        Some(self.seen_from(&subjects).components_after(before, matrix, comparisons))
    }

    fn add_findings(&self, after: Option<&mut Standing>, findings: &[JudgedFinding]) {
        let Some((before, after)) = self.standard.standing.zip(after) else { return };
        let subjects = self.standard.subjects(self.snapshots);
        after.findings = self.seen_from(&subjects).findings_after(before, findings);
    }

    /// Times that are kept are whole seconds.
    fn seen_from<'b>(&'b self, subjects: &'b [Subject<'b>]) -> SeenFrom<'b> {
        let now = Timestamp::from_second(self.now.as_second()).unwrap_or(self.now);
        SeenFrom { scope: self.standard.scope(), subjects, load: self.load, now }
    }
}

/// What changes from run to run, but for what only profiles tell.
fn run_of(facts: RunFacts, notes: Vec<String>, now: Timestamp) -> Run {
    Run {
        at: now,
        duration: None,
        host: facts.host,
        profiles: String::new(),
        policy: String::new(),
        notes,
        commit: facts.commit,
        timezone: TimeZone::UTC,
        history: None,
    }
}

/// How many components each part of an environment hides that was not read.
fn hidden_by(snapshot: &Snapshot, all: &[Snapshot]) -> BTreeMap<(String, String), usize> {
    let mut hides = BTreeMap::new();
    for target in &snapshot.coverage {
        let unread = target.parts.iter().filter(|(_, outcome)| outcome.failure().is_some());
        for (part, _) in unread {
            let key = (target.target.to_string(), part.to_string());
            hides.insert(key, count_hidden(target, part, snapshot, all));
        }
    }
    hides
}
