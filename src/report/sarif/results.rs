//! Findings as results, worst first: what counts, what is waived, and what became of an earlier
//! report's.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::locate::{PlaceFinder, location};
use super::object::{
    Location, Message, Result, ResultProperties, SarifLevel, Suppression, SuppressionProperties,
};
use super::rules::{Rules, level};
use super::words;
use crate::model::{
    ComponentName, EnvironmentName, Fate, FindingTrend, GoneFinding, JudgedFinding, Since,
};
use crate::report::Audit;

/// Results of a run at most: GitHub refuses a file with more, and shows the first 5,000 of fewer.
pub(super) const MAX_RESULTS: usize = 25_000;

/// The fingerprint that a reader follows a finding by.
const FINGERPRINT: &str = "envparityFindingId/v1";

/// The worst results, and how many were left out.
pub(super) fn all(
    report: &Audit,
    rules: &Rules,
    locator: &PlaceFinder<'_>,
) -> (Vec<Result>, usize) {
    let told = |finding: &&JudgedFinding| finding.is_active() || finding.waiver().is_some();
    let mut findings: Vec<&JudgedFinding> = report.findings.iter().filter(told).collect();
    findings.sort_by_key(|finding| (finding.waiver().is_some(), Reverse(finding.severity)));
    let gone = report.since.iter().flat_map(|since| &since.gone);
    let gone: Vec<&GoneFinding> =
        gone.filter(|gone| matches!(gone.fate, Fate::Unknown | Fate::Resolved)).collect();
    let cut = (findings.len() + gone.len()).saturating_sub(MAX_RESULTS);
    let of_findings = findings.into_iter().map(|judged| result(judged, report, rules, locator));
    let of_gone = gone.into_iter().map(|gone| earlier(gone, rules, locator));
    (of_findings.chain(of_gone).take(MAX_RESULTS).collect(), cut)
}

fn result(
    judged: &JudgedFinding,
    report: &Audit,
    rules: &Rules,
    locator: &PlaceFinder<'_>,
) -> Result {
    let finding = &judged.finding;
    let component = finding.component.as_str();
    let (locations, related_locations) = places(&finding.component, &finding.environments, locator);
    let waiver = judged.waiver().map(|waiver| suppression(waiver, report));
    Result {
        rule_id: finding.rule.to_owned(),
        rule_index: rules.index(finding.rule),
        kind: "fail",
        level: level(judged.severity),
        message: message("", component, &finding.summary),
        locations,
        related_locations,
        partial_fingerprints: BTreeMap::from([(FINGERPRINT, judged.id.to_string())]),
        baseline_state: report.since.as_ref().map(|since| baseline_state(judged, since)),
        suppressions: waiver.into_iter().collect(),
        properties: properties(judged, report),
    }
}

fn properties(judged: &JudgedFinding, report: &Audit) -> ResultProperties {
    let finding = &judged.finding;
    let trend = report.since.as_ref().and_then(|since| since.trends.get(&judged.id));
    ResultProperties {
        component: finding.component.to_string(),
        environments: finding.environments.iter().map(ToString::to_string).collect(),
        severity: judged.severity.to_string(),
        in_gate: Some(judged.in_gate),
        subject: finding.subject.clone(),
        owner: judged.owner.clone(),
        level: finding.level.map(|level| level.as_str().to_owned()),
        direction: finding.direction.map(|direction| direction.as_str().to_owned()),
        controls: judged.controls.clone(),
        since: trend.map(|trend| trend.as_str().to_owned()),
    }
}

/// What the earlier report found and this one does not. What is merely unread is not gone: it is
/// open.
fn earlier(
    GoneFinding { finding, fate }: &GoneFinding,
    rules: &Rules,
    locator: &PlaceFinder<'_>,
) -> Result {
    let (kind, state, head) = match fate {
        Fate::Resolved => ("pass", "absent", "resolved: "),
        _ => ("open", "unchanged", "not known any more: "),
    };
    let (locations, related_locations) = places(&finding.component, &finding.environments, locator);
    Result {
        rule_id: words::plain(&finding.rule),
        rule_index: rules.index(&finding.rule),
        kind,
        level: SarifLevel::None,
        message: message(head, finding.component.as_str(), &finding.summary),
        locations,
        related_locations,
        partial_fingerprints: BTreeMap::from([(FINGERPRINT, finding.id.to_string())]),
        baseline_state: Some(state),
        suppressions: Vec::new(),
        properties: ResultProperties {
            component: finding.component.to_string(),
            environments: finding.environments.iter().map(ToString::to_string).collect(),
            severity: finding.severity.as_str().to_owned(),
            since: Some(fate.as_str().to_owned()),
            ..ResultProperties::default()
        },
    }
}

fn message(head: &str, component: &str, summary: &str) -> Message {
    words::message(&format!("{head}{component}: {summary}"))
}

/// Where it is looked for, and where the other environments name it.
fn places(
    component: &ComponentName,
    environments: &[EnvironmentName],
    locator: &PlaceFinder<'_>,
) -> (Vec<Location>, Vec<Location>) {
    let found = locator.of_finding(component, environments);
    let Some((&(_, first), others)) = found.split_first() else { return Default::default() };
    let others = others.iter().filter(|(_, place)| *place != first).zip(1..).map(
        |((environment, place), id)| Location {
            id: Some(id),
            message: Some(words::message(environment.as_str())),
            ..location(place)
        },
    );
    (vec![location(first)], others.collect())
}

/// Of a waived finding the earlier report says nothing but that it counted then.
fn baseline_state(judged: &JudgedFinding, since: &Since) -> &'static str {
    match since.trends.get(&judged.id) {
        Some(FindingTrend::New) => "new",
        Some(FindingTrend::Worse | FindingTrend::Better) => "updated",
        Some(FindingTrend::Unchanged) => "unchanged",
        None if since.gone.iter().any(|gone| gone.finding.id == judged.id) => "updated",
        None => "unchanged",
    }
}

fn suppression(id: &str, report: &Audit) -> Suppression {
    let waiver = report.waivers.iter().map(|judged| &judged.waiver).find(|waiver| waiver.id == id);
    let justification = match waiver {
        Some(waiver) => {
            format!("{} (owner {}, until {})", waiver.reason, waiver.owner, waiver.expires)
        }
        None => format!("waiver {id}"),
    };
    Suppression {
        kind: "external",
        status: "accepted",
        justification: words::plain(&justification),
        properties: SuppressionProperties {
            waiver: id.to_owned(),
            owner: waiver.map(|waiver| waiver.owner.clone()),
            expires: waiver.map(|waiver| waiver.expires.to_string()),
        },
    }
}
