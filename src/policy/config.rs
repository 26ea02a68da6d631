//! The policy that people write: how much a finding matters.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::load::config::LoadPolicyConfig;
use super::range::config::{self as range, RangeConfig};
use crate::model::{Glob, Severity, meant_or_known, nearest_name};
use crate::rules::{DEFAULT_MIN_SHARE, HistoryKey};
use crate::version::Direction;
use crate::wire::deceptive::is_blank;
use crate::wire::duration::DurationText;
use crate::wire::header::{FileKind, FormatVersion};
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

/// `kind: Policy`: how much a finding matters.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyConfig {
    /// `envparity/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: FormatVersion,
    /// `Policy`.
    pub kind: FileKind,
    /// Findings in a gate at or above this severity make the verdict `no-go` (default: high).
    #[serde(default, rename = "fail-on")]
    pub fail_on: Option<Located<SeverityText>>,
    /// Severities over the built-in defaults; the last row that matches wins.
    #[serde(default)]
    pub rules: Vec<RuleConfig>,
    /// Who looks after which components; the last row that matches wins.
    #[serde(default)]
    pub owners: Vec<OwnerConfig>,
    /// What rules are a control of; findings carry these as labels.
    #[serde(default)]
    pub controls: Vec<ControlConfig>,
    /// What may run: the rule `out-of-range` tells the rest.
    #[serde(default)]
    pub ranges: Vec<Located<RangeConfig>>,
    /// How long before the end of its support the rule `end-of-life` tells of a version (default:
    /// 90d).
    #[serde(default)]
    pub lookahead: Option<DurationText>,
    /// How much of the baseline an environment must run to stand for it.
    #[serde(default)]
    pub estate: Option<EstateConfig>,
    /// How long an environment may be ahead of the later side of a gate (`14d`): longer, and
    /// `version-skew` is at least `medium` in a gate. Needs a history; off without it.
    #[serde(default, rename = "allow-ahead")]
    pub allow_ahead: Option<Located<DurationText>>,
    /// What load over time must hold: the rule `load-regression` tells what does not.
    #[serde(default)]
    pub load: Option<LoadPolicyConfig>,
    /// Whether who overrides a checklist must not be who approves it (default: false).
    #[serde(default, rename = "four-eyes")]
    pub four_eyes: Option<bool>,
    /// How far ahead a waiver may expire at most, seen from the run (default: 365d).
    #[serde(default, rename = "waiver-span")]
    pub waiver_span: Option<DurationText>,
}

/// How much of the baseline an environment must run to stand for it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EstateConfig {
    /// With a smaller share of the baseline's components, `estate-differs` is told: `50%`.
    pub min_share: Located<PercentText>,
}

/// A share in a file: `50%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PercentText(pub f64);

impl<'de> Deserialize<'de> for PercentText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        number
            .filter(|number| (0.0..=100.0).contains(number))
            .map(|number| Self(number / 100.0))
            .ok_or_else(|| serde::de::Error::custom("not a share: write one like 50%"))
    }
}

impl JsonSchema for PercentText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Percent".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?\s*%$" })
    }
}

/// Who looks after components.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OwnerConfig {
    /// Components, as patterns: `["redis/*"]`.
    pub components: Vec<Located<String>>,
    /// A team: `platform`.
    pub owner: Located<String>,
}

/// What rules are a control of.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ControlConfig {
    /// As the standard names it: `ISO 27001 A.8.31`.
    pub control: Located<String>,
    /// Ids of rules: `[version-skew, product-differs]`.
    pub rules: Vec<Located<String>>,
}

/// One row: which findings, and how severe they are.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RuleConfig {
    /// Id of the rule: `version-skew`.
    pub rule: Located<String>,
    /// Components, as patterns (default: all).
    #[serde(default)]
    pub components: Vec<Located<String>>,
    /// Environments that the finding may concern, all of them (default: any).
    #[serde(default)]
    pub environments: Vec<Located<String>>,
    /// How far apart: `build`, `prerelease`, `patch`, `minor`, `major`, `incomparable` (default:
    /// any).
    #[serde(default)]
    pub levels: Vec<Located<String>>,
    /// Which way, seen from the baseline: `ahead`, `behind` or `mixed` (default: any, and findings
    /// without a direction).
    #[serde(default)]
    pub direction: Option<DirectionText>,
    /// `critical`, `high`, `medium`, `low`, `info` or `off`.
    pub severity: SeverityText,
}

/// Levels that a row may name.
const LEVELS: &[&str] = &["build", "prerelease", "patch", "minor", "major", "incomparable"];

impl PolicyConfig {
    /// The share of the baseline's components that an environment must have, from 0 to 1.
    pub fn min_share(&self) -> f64 {
        self.estate.as_ref().map_or(DEFAULT_MIN_SHARE, |estate| estate.min_share.0)
    }

    /// Where a key that needs a history stands, if it is written.
    pub fn line_of(&self, key: HistoryKey) -> Option<usize> {
        match key {
            HistoryKey::AllowAhead => self.allow_ahead.as_ref().map(|limit| limit.line),
        }
    }

    /// Everything that is wrong with it, given the ids of the rules that exist.
    pub fn find_problems(&self, rule_ids: &[&str]) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(fail_on) = self.fail_on.as_ref().filter(|fail_on| fail_on.0 == Severity::Off) {
            let advice = "write critical, high, medium, low or info; --report-only never fails";
            problems.push(Problem::at(fail_on, "no finding has the severity off", advice));
        }
        let named = self
            .rules
            .iter()
            .map(|row| &row.rule)
            .chain(self.controls.iter().flat_map(|c| &c.rules));
        problems.extend(named.filter_map(|rule| unknown_rule(rule, rule_ids)));
        problems.extend(self.owners.iter().flat_map(OwnerConfig::find_problems));
        problems.extend(self.controls.iter().filter_map(ControlConfig::find_problems));
        for row in &self.rules {
            for level in row.levels.iter().filter(|level| !LEVELS.contains(&level.as_str())) {
                let advice = meant_or_known(level, LEVELS);
                problems.push(Problem::at(
                    level,
                    format!("unknown level {:?}", level.as_str()),
                    advice,
                ));
            }
            problems.extend(pattern_problems(&row.components));
        }
        problems.extend(range::find_problems(&self.ranges));
        if let Some(limit) = self.allow_ahead.as_ref().filter(|limit| limit.0.is_zero()) {
            let advice = "write for how long, as in 14d, or leave it out";
            problems.push(Problem::at(limit, "allow-ahead must be more than 0s", advice));
        }
        problems.extend(self.load.iter().flat_map(LoadPolicyConfig::find_problems));
        problems
    }
}

impl OwnerConfig {
    fn find_problems(&self) -> Vec<Problem> {
        let mut problems = pattern_problems(&self.components);
        if self.components.is_empty() {
            problems.push(Problem::at(
                &self.owner,
                "components: is empty",
                "write components: [\"redis/*\"]",
            ));
        }
        if is_blank(&self.owner) {
            problems.push(Problem::at(&self.owner, "owner: is empty", "name a team"));
        }
        problems
    }
}

impl ControlConfig {
    fn find_problems(&self) -> Option<Problem> {
        let is_empty = self.rules.is_empty() || is_blank(&self.control);
        let problem = || {
            Problem::at(&self.control, "the row is empty", "write control: NAME and rules: [RULE]")
        };
        is_empty.then(problem)
    }
}

/// A rule that does not exist.
pub(super) fn unknown_rule(rule: &Located<String>, rule_ids: &[&str]) -> Option<Problem> {
    let advice = || meant_or_known(rule, rule_ids);
    let problem = || Problem::at(rule, format!("unknown rule {:?}", rule.as_str()), advice());
    (!rule_ids.contains(&rule.as_str())).then(problem)
}

/// Patterns that are none.
fn pattern_problems(patterns: &[Located<String>]) -> Vec<Problem> {
    let problem = |pattern: &Located<String>| {
        let error = Glob::new(pattern).err()?;
        Some(Problem::at(pattern, error.to_string(), "patterns are like `image/*`"))
    };
    patterns.iter().filter_map(problem).collect()
}

/// A direction in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectionText(pub Direction);

const DIRECTIONS: [Direction; 3] = [Direction::Ahead, Direction::Behind, Direction::Mixed];

impl<'de> Deserialize<'de> for DirectionText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let direction = DIRECTIONS.into_iter().find(|direction| direction.as_str() == word);
        direction.map(Self).ok_or_else(|| {
            let words = DIRECTIONS.map(Direction::as_str);
            unknown_word(&word, &words, "not a direction: use ahead, behind or mixed")
        })
    }
}

impl JsonSchema for DirectionText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Direction".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let words = DIRECTIONS.map(|direction| direction.as_str());
        schemars::json_schema!({ "type": "string", "enum": words })
    }
}

/// `not a severity: did you mean high?`, or what may be written where none is near.
fn unknown_word<E: serde::de::Error>(word: &str, known: &[&str], all: &str) -> E {
    let what = all.split(':').next().unwrap_or_default();
    match nearest_name(word, known.iter().copied()) {
        Some(near) => E::custom(format!("{what}: did you mean {near}?")),
        None => E::custom(all),
    }
}

/// A severity in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeverityText(pub Severity);

impl<'de> Deserialize<'de> for SeverityText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Severity::from_str(&word).map(Self).map_err(|error| {
            let words = Severity::ALL.map(Severity::as_str);
            unknown_word(&word, &words, &error.to_string())
        })
    }
}

impl JsonSchema for SeverityText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Severity".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let words: Vec<&str> = Severity::ALL.iter().map(|severity| severity.as_str()).collect();
        schemars::json_schema!({ "type": "string", "enum": words })
    }
}
