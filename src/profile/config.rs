//! The kinds of profile files that belong to no stage: `Environment` and `Audit`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::collect::config::TargetsConfig;
use crate::daemon::config::{SampleConfig, ScheduleConfig, ServeConfig};
use crate::history::config::HistoryConfig;
use crate::notify::config::SinkConfig;
use crate::wire::duration::{self, DurationText};
use crate::wire::header::{FileKind, FormatVersion};
use crate::wire::yaml::Located;

/// `kind: Environment`: one environment and its targets.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentConfig {
    /// `envparity/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: FormatVersion,
    /// `Environment`.
    pub kind: FileKind,
    /// `dev`, `qualif`, `ovh-production`.
    pub name: Located<String>,
    /// How long reading a target may take, from when its turn comes (default: what each
    /// collector says).
    #[serde(default, deserialize_with = "duration::limit")]
    pub deadline: Option<DurationText>,
    /// Evidence older than this is incomplete (default: 24h).
    #[serde(default, rename = "max-age", deserialize_with = "duration::limit")]
    pub max_age: Option<DurationText>,
    /// Whether the verdict needs it (default: true for the baseline and for environments in a
    /// gate).
    #[serde(default)]
    pub required: Option<bool>,
    /// Components that must be seen with a proven version: `[redis/cache]`. Of a pattern,
    /// `redis/*`, at least one must be seen, and all that are must prove their versions.
    #[serde(default)]
    pub expect: Vec<Located<String>>,
    /// Components that do not count here, as patterns.
    #[serde(default)]
    pub ignore: Vec<Located<String>>,
    /// Whether `command` targets may start programs, on this machine or by ssh (default: false).
    #[serde(default, rename = "allow-commands")]
    pub allow_commands: bool,
    /// What is read.
    #[serde(default)]
    pub targets: TargetsConfig,
}

/// `kind: Audit`: what holds for all environments.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditConfig {
    /// `envparity/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: FormatVersion,
    /// `Audit`.
    pub kind: FileKind,
    /// The environment that all are compared with.
    pub baseline: Located<String>,
    /// All environments, in promotion order.
    pub environments: Vec<Located<String>>,
    /// Pairs that may block a release: from, to (default: the environment before the baseline,
    /// against it).
    #[serde(default)]
    pub gates: Option<Vec<(Located<String>, Located<String>)>>,
    /// For showing times (default: UTC): `Europe/Paris`.
    #[serde(default)]
    pub timezone: Option<Located<String>>,
    /// Where each audit is kept (default: nowhere): `{path: envparity.db}`.
    #[serde(default)]
    pub history: Option<Located<HistoryConfig>>,
    /// Who is told of what audits and checklists find (default: nobody):
    /// `[{webhook: {url: "${env:SLACK_WEBHOOK}", format: slack}}]`. It needs a history.
    #[serde(default)]
    pub notify: Vec<Located<SinkConfig>>,
    /// What is run at which times: `[{id: nightly, audit: "0 7 * * 1-5"}]`. `check-profiles` tells
    /// the next five.
    #[serde(default)]
    pub schedule: Vec<ScheduleConfig>,
    /// Where what was found is served: `{public-url: "https://parity.internal/"}`.
    #[serde(default)]
    pub serve: Option<ServeConfig>,
    /// What `serve` samples (default: every Redis, each minute): `{every: 60s, targets: ["redis/*"]}`.
    #[serde(default)]
    pub sample: Option<SampleConfig>,
    /// Environments whose load `serve` judges every five minutes, and tells of as an incident when
    /// it rises (default: none): `[ovh-production]`.
    #[serde(default)]
    pub watch: Vec<Located<String>>,
}
