//! What a policy says of load: `{walk-share: {max: 5%, change: +20%}, min-coverage: 95%}`.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

/// What load must hold: the worst five minutes of a window, and how far the last 24 hours may be
/// above the windows before. What is left out has the built-in default.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LoadPolicyConfig {
    /// Time in commands that walk the keyspace or whole collections, as a share of the time
    /// (default: `{max: 5%, change: +20%}`).
    #[serde(default)]
    pub walk_share: Option<CriterionConfig>,
    /// Time of CPU, as a share of one core (default: `{max: 70%, change: +20%}`).
    #[serde(default)]
    pub cpu: Option<CriterionConfig>,
    /// The share of a past window that samples must cover (default: 95%).
    #[serde(default)]
    pub min_coverage: Option<Located<ShareText>>,
}

/// What one figure of load must hold.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CriterionConfig {
    /// The most that the worst five minutes of any window may be: `5%`, or `off`.
    #[serde(default)]
    pub max: Option<Located<LimitText>>,
    /// By how much the last 24 hours may be above the highest of the windows before: `+20%`, or
    /// `off`.
    #[serde(default)]
    pub change: Option<Located<LimitText>>,
}

/// A limit in a file: `5%`, `+20%`, or `off`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LimitText {
    /// Nothing is asked.
    Off,
    /// A part of one.
    Share(f64),
}

/// A share in a file that may not be switched off: `95%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShareText(pub f64);

impl LoadPolicyConfig {
    /// Everything that is wrong with it.
    pub(in crate::policy) fn find_problems(&self) -> Vec<Problem> {
        let criteria = self.walk_share.iter().chain(&self.cpu);
        let zero = criteria
            .flat_map(|criterion| &criterion.max)
            .filter(|max| matches!(max.value, LimitText::Share(share) if share <= 0.0));
        let advice = "write a share above 0%, or off";
        zero.map(|max| Problem::at(max, "no load can ever meet this limit", advice)).collect()
    }
}

/// Shares above ten thousand per cent are mistakes.
fn parse_share(text: &str) -> Option<f64> {
    let number = text.strip_prefix('+').unwrap_or(text).strip_suffix('%')?.trim();
    let number = number.parse::<f64>().ok()?;
    (0.0..=10_000.0).contains(&number).then_some(number / 100.0)
}

impl<'de> Deserialize<'de> for LimitText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "off" {
            return Ok(Self::Off);
        }
        let error = || serde::de::Error::custom("not a limit: write 5%, +20% or off");
        parse_share(&text).map(Self::Share).ok_or_else(error)
    }
}

impl JsonSchema for LimitText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let pattern = r"^(off|\+?[0-9]+(\.[0-9]+)? ?%)$";
        schemars::json_schema!({ "type": "string", "pattern": pattern })
    }
}

impl<'de> Deserialize<'de> for ShareText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let error = || serde::de::Error::custom("not a share: write one like 95%");
        parse_share(&text).filter(|share| *share <= 1.0).map(Self).ok_or_else(error)
    }
}

impl JsonSchema for ShareText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let pattern = r"^[0-9]+(\.[0-9]+)? ?%$";
        schemars::json_schema!({ "type": "string", "pattern": pattern })
    }
}
