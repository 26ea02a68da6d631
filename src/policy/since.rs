//! What became of findings since an earlier report.
//!
//! A finding that is not there any more is resolved only if everything that could show it was read:
//! in this run, and from the same targets as then. Else nothing is known of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::meta;
use super::settled::{Compared, Question, could_tell, is_settled};
use super::subject::{Subject, by_name};
use crate::model::{
    ComponentName, Disposition, EarlierFinding, EarlierReport, Fate, FindingId, FindingTrend,
    GoneFinding, JudgedFinding, PartName, Severity, Since, TargetId,
};
use crate::version::Level;

/// Sees an audit from an earlier one. `judged_by` is what this one judges by, by the names of the
/// earlier one.
pub fn since(
    earlier: &EarlierReport,
    judged_by: &BTreeMap<&'static str, String>,
    findings: &[JudgedFinding],
    compared: Compared<'_>,
    subjects: &[Subject<'_>],
    now: Timestamp,
) -> Since {
    let then: BTreeMap<&FindingId, &EarlierFinding> =
        earlier.findings.iter().map(|f| (&f.id, f)).collect();
    let active = findings.iter().filter(|judged| judged.is_active());
    let trends =
        active.map(|judged| (judged.id.clone(), trend(then.get(&judged.id).copied(), judged)));
    let by_id: BTreeMap<&FindingId, &JudgedFinding> =
        findings.iter().map(|judged| (&judged.id, judged)).collect();
    let mut by_component: BTreeMap<&ComponentName, Vec<&JudgedFinding>> = BTreeMap::new();
    findings
        .iter()
        .for_each(|judged| by_component.entry(&judged.finding.component).or_default().push(judged));
    let gone = earlier.findings.iter().filter_map(|finding| {
        let fate = match by_id.get(&finding.id).map(|judged| &judged.disposition) {
            Some(Disposition::Active) => return None,
            Some(Disposition::Waived(_)) => Fate::Waived,
            Some(Disposition::Off) => Fate::Off,
            None if is_known(finding, earlier, compared, subjects, now) => Fate::Resolved,
            None => Fate::Unknown,
        };
        // What is told by a stronger rule now is neither resolved nor unknown.
        let here = by_component.get(&finding.component);
        let is_told = fate == Fate::Resolved
            && here.into_iter().flatten().any(|judged| stands_for(judged, finding));
        (!is_told).then(|| GoneFinding { finding: finding.clone(), fate })
    });
    Since {
        at: earlier.at,
        changed: changed(earlier, judged_by, subjects),
        trends: trends.collect(),
        gone: gone.collect(),
    }
}

fn trend(then: Option<&EarlierFinding>, now: &JudgedFinding) -> FindingTrend {
    let Some(then) = then else { return FindingTrend::New };
    let level = now.finding.level.filter(|level| level.is_drift());
    // Levels compare only where both sides have an order.
    let levels = then.level.zip(level);
    let is =
        |further: fn(Level, Level) -> bool| levels.is_some_and(|(then, now)| further(then, now));
    if now.severity > then.severity || is(|then, now| now > then) || (now.in_gate && !then.in_gate)
    {
        FindingTrend::Worse
    } else if now.severity < then.severity || is(|then, now| now < then) {
        FindingTrend::Better
    } else if now.severity >= Severity::Medium && is_another(then, now) {
        FindingTrend::New
    } else {
        FindingTrend::Unchanged
    }
}

/// Whether other minors run than then, or the current side has gone past the baseline: a new drift,
/// though as far apart.
fn is_another(then: &EarlierFinding, now: &JudgedFinding) -> bool {
    let direction = now.finding.direction.map(|direction| direction.as_str().to_owned());
    then.versions != now.versions || then.direction != direction
}

/// Whether the absence of a finding says that it is resolved.
fn is_known(
    finding: &EarlierFinding,
    earlier: &EarlierReport,
    compared: Compared<'_>,
    subjects: &[Subject<'_>],
    now: Timestamp,
) -> bool {
    let EarlierFinding { rule, component, environments, .. } = finding;
    let question = Question { rule, component, environments };
    let same_targets = environments.iter().all(|environment| {
        let here = by_name(subjects, environment).map(|subject| &subject.snapshot.coverage);
        let is_here = |target: &TargetId| {
            here.is_some_and(|coverage| coverage.iter().any(|c| c.target == *target))
        };
        let could_have_told = |target: &TargetId, parts: &BTreeSet<PartName>| {
            let kind = compared.collectors.of(target);
            let own = kind.component_of(target);
            parts.iter().any(|part| could_tell(question, (kind, &own), part))
        };
        let then = earlier.environments.get(environment).into_iter().flatten();
        then.filter(|(target, _)| !is_here(target))
            .all(|(target, parts)| !could_have_told(target, parts))
    });
    // What a rule says that this program does not have, it cannot miss.
    meta(rule).is_some() && same_targets && is_settled(question, compared, subjects, now)
}

/// Whether a finding says what a weaker rule said of the same component.
fn stands_for(judged: &JudgedFinding, earlier: &EarlierFinding) -> bool {
    let finding = &judged.finding;
    finding.environments == earlier.environments
        && meta(finding.rule).is_some_and(|meta| meta.subsumes.contains(&earlier.rule.as_str()))
}

/// What else is another now: findings may come and go with it.
fn changed(
    earlier: &EarlierReport,
    judged_by: &BTreeMap<&'static str, String>,
    subjects: &[Subject<'_>],
) -> Vec<String> {
    let mut changed = Vec::new();
    for (name, now) in judged_by {
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
