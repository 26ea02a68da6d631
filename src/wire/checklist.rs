//! `kind: ChecklistReport`, version 1: the public result of a checklist. Fields are added, never
//! renamed.
//!
//! Everything that changes from run to run stands in `run`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use super::header::{FileKind, FormatVersion};

/// The result of a checklist.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ChecklistReport {
    /// `envparity/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: FormatVersion,
    /// `ChecklistReport`.
    pub kind: FileKind,
    /// `go`, `no-go` or `incomplete`.
    pub verdict: String,
    /// What is judged.
    pub release: JudgedRelease,
    /// Where it comes from and where it goes to.
    pub gate: [String; 2],
    /// What each item saw, in the order in which they are shown.
    pub items: Vec<Item>,
    /// Earlier checklists of this release that somebody overrode, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<OverriddenRun>,
    /// Sources of load that were judged; left out if there was none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load: Vec<String>,
    /// Windows of load that the profiles leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows_left_out: Vec<String>,
    /// What changes from run to run.
    pub run: ChecklistRun,
}

/// What is judged.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct JudgedRelease {
    /// Its name.
    pub name: String,
    /// `standard`, `hotfix` or `rollback`.
    #[serde(rename = "type")]
    pub release_type: String,
    /// The release that production runs until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Components that changed.
    pub changed: Vec<String>,
    /// Own services of its train.
    pub services: usize,
    /// Since when it is where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub came: Option<Timestamp>,
    /// What says so: `revision` (a ReplicaSet or ControllerRevision), `evidence` or `file`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_by: Option<String>,
    /// Since when all of it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub complete: Option<Timestamp>,
    /// What says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complete_by: Option<String>,
    /// The release that load is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// Why it is this one, or why there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub baseline_told: String,
    /// SHA-256 over its builds.
    pub digest: String,
}

/// A verdict that somebody overrode. Names are claimed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct OverriddenRun {
    /// Digest of the run whose verdict it is.
    pub run: String,
    /// What that run said.
    pub verdict: String,
    /// When it said so.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub judged: Timestamp,
    /// Who overrode it.
    pub by: String,
    /// Who approved.
    pub approved_by: String,
    /// Why.
    pub reason: String,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// Whether the policy asked for two persons then.
    pub four_eyes: bool,
    /// What the machine knew of who said so: its user, and variables of a CI.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, String>,
}

/// One item.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Item {
    /// Its name.
    pub item: String,
    /// `environments`, `release`, `redis`, `production` or `people`.
    pub section: String,
    /// `go`, `no-go`, `incomplete`, `n/a` or `skipped`.
    pub outcome: String,
    /// What it saw; the worst of it decides.
    pub seen: Vec<Seen>,
    /// The figures that it rests on.
    pub figures: Vec<Figure>,
    /// What settles it, if it is neither `go`, `n/a` nor `skipped`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle: Option<SettledBy>,
}

/// One thing that an item saw.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Seen {
    /// What it makes the item.
    pub outcome: String,
    /// In words.
    pub text: String,
    /// What it must be.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub must: String,
}

/// A figure, in full precision.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Figure {
    /// What it is of.
    pub name: String,
    /// As it is; left out if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What the numbers count.
    pub unit: String,
    /// It must not be above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// What it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
    /// Where it comes from.
    pub source: String,
}

/// What settles an item.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SettledBy {
    /// A command, or what is to be done.
    pub command: String,
    /// How long it takes.
    pub takes: String,
}

/// What changes from run to run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ChecklistRun {
    /// When it ended.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// The machine that ran it.
    pub host: String,
    /// The program.
    pub tool: String,
    /// Digest of the profile files.
    pub profiles: String,
    /// Digest of what the policy says; empty without one.
    pub policy: String,
    /// Commit of the repository that holds the profiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Number and digest of the run in the history, if it was stored.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub history: BTreeMap<String, String>,
}

/// Its JSON Schema.
pub fn schema() -> Schema {
    schema_for!(ChecklistReport)
}
