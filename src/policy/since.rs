//! What became of findings since an earlier report.
//!
//! A finding that is not there any more is resolved only if everything that could show it was read:
//! in this run, and from the same targets as then. Else nothing is known of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::metas::{is_of_each_environment, rule_meta};
use super::settled::{AbsenceQuery, AuditScope, Teller, could_tell, is_settled};
use super::subject::Subject;
use crate::model::{
    ComponentName, Disposition, EarlierFinding, EarlierReport, EnvironmentName, Fate, Finding,
    FindingId, FindingTrend, Gate, GoneFinding, JudgedFinding, MAX_AHEAD, PartName, Requirement,
    Severity, Since, TargetId,
};
use crate::version::{self, Level, Reading, Scheme};

/// An earlier report of which nothing can be told.
#[derive(Debug, thiserror::Error)]
pub enum NoEarlierReport {
    /// It is of a later time.
    #[error(
        "the earlier report ended at {0}, more than 5 minutes after this run's time: give one of \
         an earlier audit, or check the clocks and --at"
    )]
    Later(Timestamp),
    /// It is of other gates.
    #[error(
        "the earlier report judged {then}, and this run {now}, and they have none in common: give \
         a report of the same gates, or leave --since out"
    )]
    OtherGates {
        /// Its gates.
        then: String,
        /// Those of this run.
        now: String,
    },
}

/// Whether something can be told since an earlier report: it must be of an earlier time, and of a
/// gate that is judged now. Without gates, on either side, nothing that blocks is known from it.
///
/// # Errors
/// Why nothing can be told.
pub fn check_earlier(
    earlier: &EarlierReport,
    gates: &[Gate],
    now: Timestamp,
) -> Result<(), NoEarlierReport> {
    let ahead = SignedDuration::try_from(MAX_AHEAD).unwrap_or(SignedDuration::MAX);
    if earlier.at.duration_since(now) > ahead {
        return Err(NoEarlierReport::Later(earlier.at));
    }
    let is_shared = earlier.gates.iter().any(|gate| gates.contains(gate));
    if is_shared || earlier.gates.is_empty() || gates.is_empty() {
        return Ok(());
    }
    let list = |gates: &[Gate]| {
        let names: Vec<String> = gates.iter().map(ToString::to_string).collect();
        names.join(", ")
    };
    Err(NoEarlierReport::OtherGates { then: list(&earlier.gates), now: list(gates) })
}

/// Sees an audit from an earlier one. `judged_by` is what this one judges by, by the names of the
/// earlier one.
pub fn compare_with_earlier(
    earlier: &EarlierReport,
    judged_by: &BTreeMap<&'static str, String>,
    findings: &[JudgedFinding],
    scope: AuditScope<'_>,
    subjects: &[Subject<'_>],
    now: Timestamp,
) -> Since {
    let then = Then::new(earlier);
    let fail_on = judged_by.get("fail-on").and_then(|word| word.parse().ok());
    let view = NewsView { scope, noted: fail_on.unwrap_or(Severity::Medium).min(Severity::Medium) };
    let active = findings.iter().filter(|judged| judged.is_active());
    let trends =
        active.map(|judged| (judged.id.clone(), view.trend_of(then.find_earlier(judged), judged)));
    let by_id: BTreeMap<&FindingId, &JudgedFinding> =
        findings.iter().map(|judged| (&judged.id, judged)).collect();
    let told = NewsCovered::new(findings);
    let here = audited_targets(subjects);
    let gone = then.by_id.values().filter_map(|finding| {
        let fate = match by_id.get(&finding.id).map(|judged| &judged.disposition) {
            Some(Disposition::Active) => return None,
            Some(Disposition::Waived(_)) => Fate::Waived,
            Some(Disposition::Off) => Fate::Off,
            None if is_known(finding, earlier, &here, scope, subjects, now) => Fate::Resolved,
            None => Fate::Unknown,
        };
        // What is told by another finding now is neither resolved nor unknown.
        let is_told = fate == Fate::Resolved && told.has_earlier(finding);
        (!is_told).then(|| GoneFinding { finding: (*finding).clone(), fate })
    });
    Since {
        at: earlier.at,
        changed: changes_since(earlier, judged_by, subjects),
        trends: trends.collect(),
        gone: gone.collect(),
    }
}

/// Rule, component and subject.
type Topic<'a> = (&'a str, &'a ComponentName, &'a str);

/// The findings of the earlier report, each once.
struct Then<'a> {
    by_id: BTreeMap<&'a FindingId, &'a EarlierFinding>,
    /// Those that are of each of their environments by itself.
    of_each: BTreeMap<Topic<'a>, &'a EarlierFinding>,
}

impl<'a> Then<'a> {
    fn new(earlier: &'a EarlierReport) -> Self {
        let by_id: BTreeMap<_, _> = earlier.findings.iter().map(|f| (&f.id, f)).collect();
        let of_each = by_id.values().filter(|f| is_of_each_environment(&f.rule));
        let of_each =
            of_each.map(|f| ((f.rule.as_str(), &f.component, f.subject.as_str()), *f)).collect();
        Self { by_id, of_each }
    }

    /// What was known of a finding: the same, or the same of more environments.
    fn find_earlier(&self, judged: &JudgedFinding) -> Option<&'a EarlierFinding> {
        let Finding { rule, component, subject, environments, .. } = &judged.finding;
        let wider = || {
            let known = *self.of_each.get(&(*rule, component, subject.as_str()))?;
            environments.iter().all(|name| known.environments.contains(name)).then_some(known)
        };
        self.by_id.get(&judged.id).copied().or_else(wider)
    }
}

/// What this run tells by other findings than an earlier one.
pub(super) struct NewsCovered<'a> {
    /// By a stronger rule, of the same component and environments.
    subsumed: BTreeSet<(&'a str, &'a ComponentName, &'a [EnvironmentName])>,
    /// Of each environment by itself.
    of_each: BTreeSet<(Topic<'a>, &'a EnvironmentName)>,
}

impl<'a> NewsCovered<'a> {
    pub(super) fn new(findings: &'a [JudgedFinding]) -> Self {
        let mut told = Self { subsumed: BTreeSet::new(), of_each: BTreeSet::new() };
        for Finding { rule, component, subject, environments, .. } in
            findings.iter().map(|judged| &judged.finding)
        {
            let weaker = rule_meta(rule).map(|meta| [meta.subsumes, meta.supersedes].concat());
            let weaker = weaker.unwrap_or_default();
            let subsumed = weaker.iter().map(|rule| (*rule, component, environments.as_slice()));
            told.subsumed.extend(subsumed);
            if is_of_each_environment(rule) {
                let topic = (*rule, component, subject.as_str());
                told.of_each.extend(environments.iter().map(|name| (topic, name)));
            }
        }
        told
    }

    /// Whether a stronger rule tells of what this one told.
    pub(super) fn by_a_stronger_rule(
        &self,
        rule: &str,
        component: &ComponentName,
        environments: &[EnvironmentName],
    ) -> bool {
        self.subsumed.contains(&(rule, component, environments))
    }

    fn has_earlier(&self, earlier: &EarlierFinding) -> bool {
        let EarlierFinding { rule, component, subject, environments, .. } = earlier;
        let topic = (rule.as_str(), component, subject.as_str());
        self.by_a_stronger_rule(rule, component, environments)
            || environments.iter().any(|name| self.of_each.contains(&(topic, name)))
    }
}

/// How findings are seen.
struct NewsView<'a> {
    scope: AuditScope<'a>,
    /// From this severity on, another drift as far apart is new.
    noted: Severity,
}

impl NewsView<'_> {
    fn trend_of(&self, then: Option<&EarlierFinding>, now: &JudgedFinding) -> FindingTrend {
        let Some(then) = then else { return FindingTrend::New };
        let level = now.finding.level.filter(|level| level.is_drift());
        // Levels compare only where both sides have an order.
        let levels = then.level.zip(level);
        let is = |further: fn(Level, Level) -> bool| {
            levels.is_some_and(|(then, now)| further(then, now))
        };
        let enters_gate = now.in_gate && !then.in_gate;
        if now.severity > then.severity || is(|then, now| now > then) || enters_gate {
            FindingTrend::Worse
        } else if self.is_another(then, now) {
            FindingTrend::New
        } else if now.severity < then.severity || is(|then, now| now < then) {
            FindingTrend::Better
        } else {
            FindingTrend::Unchanged
        }
    }

    /// Whether it is another drift, though no further apart.
    fn is_another(&self, then: &EarlierFinding, now: &JudgedFinding) -> bool {
        let direction = now.finding.direction.map(|direction| direction.as_str());
        let is_other_way = then.direction.as_deref() != direction
            || (then.level.is_some() != now.finding.level.is_some_and(Level::is_drift));
        let is_noted = now.severity >= self.noted;
        !now.finding.values.is_subset(&then.values)
            || (is_noted && has_new_place(then, now))
            || (is_noted && (is_other_way || !self.is_step(then, now)))
    }

    /// Whether the same minors run as then, or some that are nearer to a baseline that stayed.
    fn is_step(&self, then: &EarlierFinding, now: &JudgedFinding) -> bool {
        if then.versions == now.versions {
            return true;
        }
        let Some(baseline) = self.baseline_of(&now.finding.environments) else { return false };
        let (was, is) = (then.versions.get(baseline), now.versions.get(baseline));
        let Some(wanted) = was.filter(|_| was == is) else { return false };
        let others = now.finding.environments.iter().filter(|name| *name != baseline);
        others.into_iter().all(|name| {
            let sides = then.versions.get(name).zip(now.versions.get(name));
            sides.is_some_and(|(was, is)| was == is || is_between(was, is, wanted))
        })
    }

    /// What the others of a finding are seen from: the baseline, or where a gate goes to.
    fn baseline_of(&self, environments: &[EnvironmentName]) -> Option<&EnvironmentName> {
        let is_in = |name: &EnvironmentName| environments.contains(name);
        let gate = || self.scope.gates.iter().find(|gate| is_in(&gate.from) && is_in(&gate.to));
        let baseline = self.scope.baseline;
        if is_in(baseline) { Some(baseline) } else { Some(&gate()?.to) }
    }
}

/// Whether the sides differ where they did not then, or are further apart there. A finding that
/// told no places had one.
fn has_new_place(then: &EarlierFinding, now: &JudgedFinding) -> bool {
    let places = &now.finding.places;
    if then.places.is_empty() {
        return places.len() > 1;
    }
    places.iter().any(|(place, how)| then.places.get(place).is_none_or(|was| is_worse(was, how)))
}

/// Of `minor behind` and the like: whether it is further, or the other way.
fn is_worse(was: &str, is: &str) -> bool {
    let words = |how: &str| {
        let (level, direction) = how.split_once(' ').unwrap_or((how, ""));
        Level::from_drift_word(level).map(|level| (level, direction.to_owned()))
    };
    match (words(was), words(is)) {
        (Some((was, from)), Some((is, to))) => is > was || from != to,
        _ => was != is,
    }
}

/// Whether everything that runs now is of a product that ran then, and not beyond what ran then and
/// what is wanted. All three are as a waiver is bound: `redis 6.2.x || redis 7.0.x`.
fn is_between(was: &str, is: &str, wanted: &str) -> bool {
    let (Some(was), Some(is), Some(wanted)) =
        (minor_lines(was), minor_lines(is), minor_lines(wanted))
    else {
        return false;
    };
    is.iter().all(|(product, minor)| {
        let of_product = |all: &BTreeSet<MinorLine>| -> BTreeSet<Reading> {
            all.iter()
                .filter(|(other, _)| other == product)
                .map(|(_, minor)| minor.clone())
                .collect()
        };
        let (was, wanted) = (of_product(&was), of_product(&wanted));
        let known = was.first().zip(was.last());
        let goal = wanted.first().zip(wanted.last());
        let Some(((low, high), (least, most))) = known.zip(goal) else {
            return was.contains(minor);
        };
        (low.min(least)..=high.max(most)).contains(&minor)
    })
}

/// A product and the numbers that its versions begin with.
type MinorLine = (Option<String>, Reading);

fn minor_lines(text: &str) -> Option<BTreeSet<MinorLine>> {
    let wanted: Requirement = text.parse().ok()?;
    let minors = wanted.alternatives().map(|(product, range)| {
        let range = range.to_string();
        let numbers = range.strip_suffix(".x").unwrap_or(&range);
        let reading = version::read(Scheme::Generic, numbers);
        reading.version().is_some().then(|| (product.map(str::to_owned), reading.clone()))
    });
    minors.collect()
}

/// All targets of this run.
fn audited_targets<'a>(
    subjects: &'a [Subject<'a>],
) -> BTreeSet<(&'a EnvironmentName, &'a TargetId)> {
    let of = |subject: &'a Subject<'a>| {
        let environment = &subject.snapshot.environment;
        subject.snapshot.coverage.iter().map(move |target| (environment, &target.target))
    };
    subjects.iter().flat_map(of).collect()
}

/// Whether the absence of a finding says that it is resolved.
fn is_known(
    finding: &EarlierFinding,
    earlier: &EarlierReport,
    here: &BTreeSet<(&EnvironmentName, &TargetId)>,
    scope: AuditScope<'_>,
    subjects: &[Subject<'_>],
    now: Timestamp,
) -> bool {
    let EarlierFinding { rule, component, environments, .. } = finding;
    let question = AbsenceQuery { rule, component, environments };
    let same_targets = environments.iter().all(|environment| {
        let is_here = |target: &TargetId| here.contains(&(environment, target));
        let could_have_told = |target: &TargetId, parts: &BTreeSet<PartName>| {
            let kind = scope.collectors.kind_of(target);
            let own = scope.names.canonical_component(&kind.component_of(target));
            let teller = Teller { kind, own: &own, mapped: scope.mapped };
            parts.iter().any(|part| could_tell(question, teller, part))
        };
        let then = earlier.environments.get(environment).into_iter().flatten();
        then.filter(|(target, _)| !is_here(target))
            .all(|(target, parts)| !could_have_told(target, parts))
    });
    // What a rule says that this program does not have, it cannot miss.
    rule_meta(rule).is_some() && same_targets && is_settled(question, scope, subjects, now)
}

/// The digest of the profiles: it changes with every edit, and is not news by itself.
const PROFILES: &str = "profiles";

/// Whether the report was made by the profiles of something else: environments of the same names,
/// and none of them with the same targets.
fn other_profiles(
    earlier: &EarlierReport,
    judged_by: &BTreeMap<&'static str, String>,
    subjects: &[Subject<'_>],
) -> Option<String> {
    let (then, now) = (earlier.judged_by.get(PROFILES)?, judged_by.get(PROFILES)?);
    let mut shared = subjects.iter().filter_map(|subject| {
        let then = earlier.environments.get(&subject.snapshot.environment)?;
        let now = subject.snapshot.coverage.iter().map(|target| &target.target);
        Some(then.keys().collect::<BTreeSet<_>>() == now.collect())
    });
    let first_agrees = shared.next()?;
    let agree = first_agrees || shared.any(|agrees| agrees);
    (then != now && !agree).then(|| {
        format!(
            "profiles: {then} then, {now} now, and no environment has the same targets: the \
             earlier report was made by other profiles"
        )
    })
}

/// What else is another now: findings may come and go with it.
fn changes_since(
    earlier: &EarlierReport,
    judged_by: &BTreeMap<&'static str, String>,
    subjects: &[Subject<'_>],
) -> Vec<String> {
    let mut changed = Vec::new();
    changed.extend(other_profiles(earlier, judged_by, subjects));
    for (name, now) in judged_by.iter().filter(|(name, _)| **name != PROFILES) {
        let then = earlier.judged_by.get(name).map_or("", String::as_str);
        if then != now {
            let shown =
                |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
            changed.push(format!("{name}: {} then, {} now", shown(then), shown(now)));
        }
    }
    let here: BTreeSet<_> = subjects.iter().map(|subject| &subject.snapshot.environment).collect();
    let then: BTreeSet<_> = earlier.environments.keys().collect();
    changed.extend(
        here.difference(&then).map(|name| format!("environment {name}: not in the earlier report")),
    );
    changed
        .extend(then.difference(&here).map(|name| format!("environment {name}: not in this run")));
    changed
}
