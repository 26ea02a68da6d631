//! Findings as results, worst first: what counts, what is waived, and what became of an earlier
//! report's.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::locate::{PlaceFinder, sarif_location};
use super::object::{
    Location, Message, Result, ResultProperties, SarifLevel, Suppression, SuppressionProperties,
};
use super::rules::{Rules, sarif_level};
use super::words;
use crate::model::{ComponentName, EnvironmentName, Fate, FindingTrend, GoneFinding, Since};
use crate::report::view::ReportView;
use crate::report::view::finding::FindingView;

/// Results of a run at most: GitHub refuses a file with more, and shows the first 5,000 of fewer.
pub(super) const MAX_RESULTS: usize = 25_000;

/// The fingerprint that a reader follows a finding by.
const FINGERPRINT: &str = "envparityFindingId/v1";

/// The worst results, and how many were left out.
pub(super) fn worst_results(
    view: &ReportView<'_>,
    rules: &Rules,
    locator: &PlaceFinder<'_>,
) -> (Vec<Result>, usize) {
    let since = view.audit.since.as_ref();
    let findings = by_severity(&view.findings).into_iter().chain(by_severity(&view.waived));
    let gone = since.iter().flat_map(|since| &since.gone);
    let gone: Vec<&GoneFinding> =
        gone.filter(|gone| matches!(gone.fate, Fate::Unknown | Fate::Resolved)).collect();
    let all = view.findings.len() + view.waived.len() + gone.len();
    let of_findings = findings.map(|finding| sarif_result(&finding, since, rules, locator));
    let of_gone = gone.into_iter().map(|gone| earlier_result(gone, rules, locator));
    let results = of_findings.chain(of_gone).take(MAX_RESULTS).collect();
    (results, all.saturating_sub(MAX_RESULTS))
}

fn by_severity<'a>(findings: &[FindingView<'a>]) -> Vec<FindingView<'a>> {
    let mut sorted = findings.to_vec();
    sorted.sort_by_key(|finding| Reverse(finding.severity()));
    sorted
}

fn sarif_result(
    view: &FindingView<'_>,
    since: Option<&Since>,
    rules: &Rules,
    locator: &PlaceFinder<'_>,
) -> Result {
    let finding = view.finding();
    let (locations, related_locations) =
        result_places(&finding.component, &finding.environments, locator);
    Result {
        rule_id: finding.rule.to_owned(),
        rule_index: rules.rule_index(finding.rule),
        kind: "fail",
        level: sarif_level(view.severity()),
        message: finding_message("", view.component(), &finding.summary),
        locations,
        related_locations,
        partial_fingerprints: BTreeMap::from([(FINGERPRINT, view.id().to_owned())]),
        baseline_state: since.map(|since| baseline_state(view, since)),
        suppressions: waiver_suppression(view).into_iter().collect(),
        properties: result_properties(view),
    }
}

fn result_properties(view: &FindingView<'_>) -> ResultProperties {
    let finding = view.finding();
    ResultProperties {
        component: finding.component.to_string(),
        environments: finding.environments.iter().map(ToString::to_string).collect(),
        severity: view.severity().as_str().to_owned(),
        in_gate: Some(view.judged.in_gate),
        subject: finding.subject.clone(),
        owner: view.owner().map(str::to_owned),
        level: finding.level.map(|level| level.as_str().to_owned()),
        direction: finding.direction.map(|direction| direction.as_str().to_owned()),
        controls: view.judged.controls.clone(),
        since: view.trend.map(|trend| trend.as_str().to_owned()),
        first_seen: view.standing.map(|known| known.since.to_string()),
    }
}

/// What the earlier report found and this one does not. What is merely unread is not gone: it is
/// open.
fn earlier_result(
    GoneFinding { finding, fate }: &GoneFinding,
    rules: &Rules,
    locator: &PlaceFinder<'_>,
) -> Result {
    let (kind, state, head) = match fate {
        Fate::Resolved => ("pass", "absent", "resolved: "),
        _ => ("open", "unchanged", "not known any more: "),
    };
    let (locations, related_locations) =
        result_places(&finding.component, &finding.environments, locator);
    Result {
        rule_id: words::plain_text(&finding.rule),
        rule_index: rules.rule_index(&finding.rule),
        kind,
        level: SarifLevel::None,
        message: finding_message(head, finding.component.as_str(), &finding.summary),
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

fn finding_message(head: &str, component: &str, summary: &str) -> Message {
    words::text_message(&format!("{head}{component}: {summary}"))
}

/// Where it is looked for, and where the other environments name it.
fn result_places(
    component: &ComponentName,
    environments: &[EnvironmentName],
    locator: &PlaceFinder<'_>,
) -> (Vec<Location>, Vec<Location>) {
    let found = locator.of_finding(component, environments);
    let Some((&(_, first), others)) = found.split_first() else { return Default::default() };
    let others = others.iter().filter(|(_, place)| *place != first).zip(1..).map(
        |((environment, place), id)| Location {
            id: Some(id),
            message: Some(words::text_message(environment.as_str())),
            ..sarif_location(place)
        },
    );
    (vec![sarif_location(first)], others.collect())
}

/// Of a waived finding the earlier report says nothing but that it counted then.
fn baseline_state(view: &FindingView<'_>, since: &Since) -> &'static str {
    match view.trend {
        Some(FindingTrend::New) => "new",
        Some(FindingTrend::Worse | FindingTrend::Better) => "updated",
        Some(FindingTrend::Unchanged) => "unchanged",
        None if since.gone.iter().any(|gone| gone.finding.id == view.judged.id) => "updated",
        None => "unchanged",
    }
}

/// By which waiver it does not count, if there is one.
fn waiver_suppression(view: &FindingView<'_>) -> Option<Suppression> {
    let id = view.judged.waiver()?;
    let waiver = view.waiver.map(|judged| &judged.waiver);
    let justification = match waiver {
        Some(waiver) => {
            format!("{} (owner {}, until {})", waiver.reason, waiver.owner, waiver.expires)
        }
        None => format!("waiver {id}"),
    };
    Some(Suppression {
        kind: "external",
        status: "accepted",
        justification: words::plain_text(&justification),
        properties: SuppressionProperties {
            waiver: id.to_owned(),
            owner: waiver.map(|waiver| waiver.owner.clone()),
            expires: waiver.map(|waiver| waiver.expires.to_string()),
        },
    })
}
