//! The objects of SARIF 2.1.0 that we write, by their names in the standard (OASIS, errata 01).
//! What is `None` or empty is not written, but for what the standard asks to be there.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

/// `sarifLog`.
#[derive(Serialize)]
pub(super) struct Log {
    #[serde(rename = "$schema")]
    pub(super) schema: &'static str,
    pub(super) version: &'static str,
    pub(super) runs: [SarifRun; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifRun {
    pub(super) tool: Tool,
    pub(super) automation_details: AutomationDetails,
    pub(super) column_kind: &'static str,
    pub(super) original_uri_base_ids: BTreeMap<&'static str, UriBase>,
    pub(super) invocations: [Invocation; 1],
    pub(super) results: Vec<Result>,
    pub(super) properties: RunProperties,
}

#[derive(Serialize)]
pub(super) struct Tool {
    pub(super) driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Driver {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) semantic_version: &'static str,
    pub(super) rules: Vec<SarifRule>,
    pub(super) notifications: Vec<NotificationKind>,
}

/// `reportingDescriptor` of a rule.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifRule {
    pub(super) id: String,
    pub(super) short_description: Message,
    pub(super) full_description: Message,
    pub(super) help: Help,
    pub(super) default_configuration: Configuration,
    pub(super) properties: RuleProperties,
}

/// `reportingDescriptor` of a notification.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotificationKind {
    pub(super) id: &'static str,
    pub(super) short_description: Message,
}

/// `multiformatMessageString`.
#[derive(Serialize)]
pub(super) struct Help {
    pub(super) text: String,
    pub(super) markdown: String,
}

/// `reportingConfiguration`.
#[derive(Serialize)]
pub(super) struct Configuration {
    pub(super) level: SarifLevel,
}

#[derive(Serialize)]
pub(super) struct RuleProperties {
    pub(super) tags: Vec<String>,
}

/// `message`, and `multiformatMessageString` without Markdown.
#[derive(Clone, Serialize)]
pub(super) struct Message {
    pub(super) text: String,
}

/// `result.level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum SarifLevel {
    None,
    Note,
    Warning,
    Error,
}

#[derive(Serialize)]
pub(super) struct AutomationDetails {
    pub(super) id: String,
}

#[derive(Serialize)]
pub(super) struct UriBase {
    pub(super) description: Message,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    pub(super) execution_successful: bool,
    pub(super) exit_code: u8,
    pub(super) end_time_utc: Timestamp,
    pub(super) tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Notification {
    pub(super) descriptor: DescriptorReference,
    pub(super) level: SarifLevel,
    pub(super) message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) locations: Vec<Location>,
}

/// `reportingDescriptorReference`.
#[derive(Serialize)]
pub(super) struct DescriptorReference {
    pub(super) id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Result {
    pub(super) rule_id: String,
    pub(super) rule_index: usize,
    /// `fail` for a finding, `open` for what an earlier report found and was not looked at now.
    pub(super) kind: &'static str,
    pub(super) level: SarifLevel,
    pub(super) message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) related_locations: Vec<Location>,
    pub(super) partial_fingerprints: BTreeMap<&'static str, String>,
    /// On all results of a run or on none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) baseline_state: Option<&'static str>,
    /// Written when it is empty as well: not suppressed.
    pub(super) suppressions: Vec<Suppression>,
    pub(super) properties: ResultProperties,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<usize>,
    #[serde(rename = "physicalLocation")]
    pub(super) physical: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<Message>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhysicalLocation {
    pub(super) artifact_location: ArtifactLocation,
    pub(super) region: Region,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArtifactLocation {
    pub(super) uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uri_base_id: Option<&'static str>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    pub(super) start_line: usize,
    pub(super) start_column: usize,
}

#[derive(Serialize)]
pub(super) struct Suppression {
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    pub(super) justification: String,
    pub(super) properties: SuppressionProperties,
}

#[derive(Serialize)]
pub(super) struct SuppressionProperties {
    pub(super) waiver: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<String>,
}

/// What the public report says of a finding and SARIF has no word for.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResultProperties {
    pub(super) component: String,
    pub(super) environments: Vec<String>,
    pub(super) severity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) in_gate: Option<bool>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) level: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) direction: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) controls: Vec<String>,
    /// `new`, `worse` …; of what an earlier report found, `resolved` or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<String>,
    /// The first run of the history that saw it, of those without an interruption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_seen: Option<String>,
}

/// What the public report says of the run.
#[derive(Serialize)]
pub(super) struct RunProperties {
    pub(super) verdict: String,
    /// The verdict as every format words it.
    pub(super) sentence: String,
    pub(super) reasons: Vec<String>,
    /// How much each gate compared, a sentence each.
    pub(super) compared: Vec<String>,
    /// What each Redis has counted since its start, a line for each environment.
    pub(super) figures: Vec<String>,
    pub(super) baseline: String,
    pub(super) profiles: String,
    pub(super) policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) commit: Option<String>,
}
