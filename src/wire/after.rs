//! `kind: AfterReleaseReport`, version 1: what became of a release in the minutes after it. Fields
//! are added, never renamed.

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use super::checklist::{ChecklistRun, Figure, SettledBy};
use super::header::{FileKind, FormatVersion};

/// What became of a release in production.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct AfterReleaseReport {
    /// `envparity/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: FormatVersion,
    /// `AfterReleaseReport`.
    pub kind: FileKind,
    /// `after-release` or `after-rollback`.
    pub watched: String,
    /// The release.
    pub release: String,
    /// SHA-256 over its builds.
    pub digest: String,
    /// The release that should run in the end.
    pub target: String,
    /// Where.
    pub environment: String,
    /// `go`, `no-go` or `incomplete`.
    pub verdict: String,
    /// `holding`, `roll back`, `taken back`, `back`, `not back`, `unchanged`, `lost` or
    /// `incomplete`.
    pub end: String,
    /// Why.
    pub because: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<SettledBy>,
    /// When watching began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started: Timestamp,
    /// When the first build changed, or all were back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub changed: Option<Timestamp>,
    /// When it ended.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub ended: Timestamp,
    /// How often production was read.
    pub rounds: usize,
    /// What was seen, oldest first.
    pub events: Vec<SeenEvent>,
    /// The figures that it rests on.
    pub figures: Vec<Figure>,
    /// What changes from run to run.
    pub run: ChecklistRun,
}

/// Something that was seen.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct SeenEvent {
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// In words.
    pub text: String,
}

/// Its JSON Schema.
pub fn schema() -> Schema {
    schema_for!(AfterReleaseReport)
}
