//! The load of targets over time, as a report has it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::failure::Failure;

/// The load of one target.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct TargetLoad {
    /// Where it is.
    pub environment: String,
    /// `redis/cache`.
    pub target: String,
    /// What is known of each window.
    pub windows: Vec<LoadWindow>,
    /// Each indicator in each window.
    pub indicators: Vec<LoadIndicator>,
    /// Sources that told nothing, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<FailedSource>,
    /// What is worth telling of a source: its clock, what it warned of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A source of load that told nothing.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct FailedSource {
    /// `history`, `prometheus https://prom/base`.
    pub source: String,
    /// Why.
    pub failure: Failure,
}

/// One window.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LoadWindow {
    /// `24h`, `-7d`, `-30d`, `cumulative`.
    pub window: String,
    /// Where it begins.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// Where it ends.
    #[schemars(with = "String")]
    pub to: Timestamp,
    /// What told it; not there if nothing did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Whose the series are: `proven` by each server's own answer, `by-labels`, `another-server` or
    /// `unknown`.
    pub identity: String,
    /// The first moment that the source holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub held_since: Option<Timestamp>,
    /// The share that samples cover, of the server with the least: from 0 to 1.
    pub covered: f64,
    /// By server.
    pub servers: Vec<LoadServer>,
}

/// One server in a window.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LoadServer {
    /// Its address; not there where the target is one server.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Samples in the window.
    pub samples: f64,
    /// The share that they cover: from 0 to 1.
    pub covered: f64,
    /// Starts of the server.
    pub restarts: f64,
    /// Resets of its counters.
    pub resets: f64,
    /// When its role changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub failovers: Vec<Timestamp>,
    /// Spans without samples, the first 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<[String; 2]>")]
    pub gaps: Vec<[Timestamp; 2]>,
    /// What somebody left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<LoadExcluded>,
}

/// A span that somebody left out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LoadExcluded {
    /// Where it begins.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// Where it ends.
    #[schemars(with = "String")]
    pub to: Timestamp,
    /// What it was.
    pub label: String,
    /// Who says so.
    pub by: String,
}

/// One indicator.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LoadIndicator {
    /// `walk-share` and `cpu` are shares (0.05 is 5 %), `ops` and `logins` a second.
    pub indicator: String,
    /// The most that the worst five minutes of a window may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// By what share the last 24 hours may be above the windows before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<f64>,
    /// One for each window, in their order.
    pub windows: Vec<LoadFigure>,
    /// The last 24 hours against the windows before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risen: Option<LoadRisen>,
}

/// One indicator in one window.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LoadFigure {
    /// The worst five minutes of the worst server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<f64>,
    /// When they end; where hours are all that is kept, when their hour ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub at: Option<Timestamp>,
    /// Whether it may have been more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// Which server, where the target has several.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// What 95 of 100 full buckets of it do not exceed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95: Option<f64>,
    /// `met`, `breached`, `unknown`, or `printed` where nothing is asked.
    pub outcome: String,
    /// Why nobody knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

/// The last 24 hours against the windows before.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LoadRisen {
    /// The worst of the windows before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<f64>,
    /// Whose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_window: Option<String>,
    /// The most that was allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// `met`, `breached` or `unknown`.
    pub outcome: String,
    /// Why nobody knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}
