//! Lengths of time as people write them in profiles: `10s`, `15m`, `24h`, `7d`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// A whole number and a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DurationText(pub Duration);

/// Units with their seconds.
const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// Longer ones are mistakes, and added to a time they may go beyond what it can hold.
const LONGEST: Duration = Duration::from_secs(36_500 * 86_400);

/// The text is not a length of time.
#[derive(Debug, thiserror::Error)]
#[error("expected a whole number and a unit (ms, s, m, h, d), such as 10s or 24h; at most 36500d")]
pub struct ParseDurationError;

impl FromStr for DurationText {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |digits: &str| digits.parse::<u64>().map_err(|_| ParseDurationError);
        if let Some(digits) = text.strip_suffix("ms") {
            return Self::parse_bounded(Duration::from_millis(number(digits)?));
        }
        let (digits, seconds) = UNITS
            .iter()
            .find_map(|(unit, seconds)| text.strip_suffix(unit).map(|digits| (digits, *seconds)))
            .ok_or(ParseDurationError)?;
        let total = number(digits)?.checked_mul(seconds).ok_or(ParseDurationError)?;
        Self::parse_bounded(Duration::from_secs(total))
    }
}

impl DurationText {
    fn parse_bounded(length: Duration) -> Result<Self, ParseDurationError> {
        if length > LONGEST { Err(ParseDurationError) } else { Ok(Self(length)) }
    }
}

/// Reads a length of time within which something must happen.
///
/// # Errors
/// If it is not a length of time, or none.
pub fn parse_limit(text: &str) -> Result<DurationText, String> {
    let length: DurationText = text.parse().map_err(|e: ParseDurationError| e.to_string())?;
    if length.0.is_zero() { Err("expected more than 0s".to_owned()) } else { Ok(length) }
}

/// The same of a profile.
///
/// # Errors
/// The same.
pub fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DurationText>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| parse_limit(&text).map_err(serde::de::Error::custom)).transpose()
}

impl fmt::Display for DurationText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::model::duration_words(self.0))
    }
}

impl<'de> Deserialize<'de> for DurationText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for DurationText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9]+(ms|s|m|h|d)$",
            "examples": ["10s", "15m", "24h"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_more_than_nothing() {
        assert_eq!(parse_limit("1ms").unwrap().to_string(), "1ms");
        for text in ["0s", "0ms", "000d", "", "10", "-1s"] {
            assert!(parse_limit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn reads_and_prints() {
        for text in ["10s", "15m", "24h", "7d", "500ms", "90m", "1m", "36500d"] {
            assert_eq!(text.parse::<DurationText>().unwrap().to_string(), text);
        }
        for text in [
            "", "10", "s", "-1s", "1.5h", "99999999999999999d", "36501d", "18446744073709551615s",
            "18446744073709551615ms",
        ] {
            assert!(text.parse::<DurationText>().is_err(), "{text}");
        }
    }
}
