//! `kind: Trend`, version 1: load over time, point by point. Fields are added, never renamed.

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use super::header::{FileKind, FormatVersion};

/// The load of one target over time.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct TrendReport {
    /// `envparity/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: FormatVersion,
    /// `Trend`.
    pub kind: FileKind,
    /// `redis/cache`.
    pub target: String,
    /// Where the span begins.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// Where it ends.
    #[schemars(with = "String")]
    pub to: Timestamp,
    /// Seconds of a bucket: values are of one each, unless a point says another length.
    pub bucket_seconds: i64,
    /// The time zone for people, by its name.
    pub timezone: String,
    /// One for each environment and figure.
    pub figures: Vec<TrendSeries>,
}

/// One figure in one environment.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct TrendSeries {
    /// Where.
    pub environment: String,
    /// `walk-share`, `cpu`, `ops`, `logins`, `calls` or `time-per-call`.
    pub figure: String,
    /// Of which command; for the last two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// `share` (1 is all of one core's time), `per-second`, `calls` (in a bucket) or `seconds`.
    pub unit: String,
    /// The most that the policy allows, if it judges this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// Where it is kept: `history`, `prometheus https://prom/base`.
    pub sources: Vec<String>,
    /// Why a source told nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
    /// By server.
    pub servers: Vec<TrendServer>,
    /// What was marked in the span.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<TrendMark>,
}

/// One server.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct TrendServer {
    /// Its address; empty where the target is one server.
    pub place: String,
    /// In the order of time. What has no point is a gap, and not zero.
    pub points: Vec<TrendDot>,
    /// Spans of which nothing is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<TrendGap>,
}

/// One bucket.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct TrendDot {
    /// Its end.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// How long it is, where that is another length than the others': of an hour, the value is that
    /// of its worst bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
    /// Its value; none where nothing was called that could have taken time.
    pub value: Option<f64>,
    /// Whether it may be more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// Whether a mark leaves it out of windows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub excluded: bool,
    /// What happened to the server in it: `restart`, `reset`, `failover`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
}

/// A span of which nothing is known.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct TrendGap {
    /// Where it begins.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// Where it ends.
    #[schemars(with = "String")]
    pub to: Timestamp,
}

/// What somebody said of a span.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct TrendMark {
    /// Where it begins.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// Where it ends.
    #[schemars(with = "String")]
    pub to: Timestamp,
    /// What it was.
    pub label: String,
    /// Who said so (claimed).
    pub by: String,
    /// Whether it is left out of windows.
    pub excluded: bool,
}

/// The JSON Schema of the format.
pub fn schema() -> Schema {
    schema_for!(TrendReport)
}
