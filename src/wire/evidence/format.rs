//! `format:` of evidence, which says what keys there may be.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::wire::yaml::{self, Origin, ShapeError};

/// What is said of a later major.
pub(super) const NEWER: &str = "was written by a newer version of envparity";

/// `MAJOR.MINOR`. What is added makes a new minor, what cannot be passed over a new major.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EvidenceFormat {
    major: u64,
    minor: u64,
}

impl EvidenceFormat {
    /// Of files that do not say: one sample a target.
    pub(super) const FIRST: Self = Self { major: 1, minor: 0 };
    /// What is written: one sample a server.
    pub(super) const OURS: Self = Self { major: 1, minor: 1 };

    fn parse(text: &str) -> Option<Self> {
        let number = |digits: &str| {
            let is_plain = digits.bytes().all(|b| b.is_ascii_digit());
            let is_short = digits == "0" || !digits.starts_with('0');
            digits.parse().ok().filter(|_| is_plain && is_short)
        };
        let (major, minor) = text.split_once('.')?;
        let (major, minor) = (number(major)?, number(minor)?);
        (major > 0).then_some(Self { major, minor })
    }

    /// Whether this version can read it.
    pub(super) fn check_version(self) -> Result<(), String> {
        let message = format!("its format {self} {NEWER}; this one reads {}.x", Self::OURS.major);
        if self.major > Self::OURS.major { Err(message) } else { Ok(()) }
    }

    /// Whether it may hold keys that this version does not know.
    pub(super) fn is_newer(self) -> bool {
        self > Self::OURS
    }
}

impl Default for EvidenceFormat {
    fn default() -> Self {
        Self::FIRST
    }
}

impl fmt::Display for EvidenceFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Serialize for EvidenceFormat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EvidenceFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            de::Error::custom(format!(
                "format: {text:?} is not a format: write MAJOR.MINOR, as \"{}\"",
                Self::OURS
            ))
        })
    }
}

impl JsonSchema for EvidenceFormat {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Format".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": r"^[1-9][0-9]*\.(0|[1-9][0-9]*)$"})
    }

    fn inline_schema() -> bool {
        true
    }
}

/// The format of a text of which nothing else need be known.
pub(super) fn of_text(text: &str) -> Result<EvidenceFormat, ShapeError> {
    /// No key but one: all others are passed over.
    #[derive(Deserialize)]
    struct FormatHead {
        #[serde(default)]
        format: EvidenceFormat,
    }
    // Where not even that can be read, what is wrong is not the format.
    match yaml::read::<FormatHead>(text, Origin::Program) {
        Ok(head) => Ok(head.format),
        Err(error) if error.message.contains("is not a format") => Err(error),
        Err(_) => Ok(EvidenceFormat::FIRST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_plain_numbers_are_a_format_and_nothing_else_is() {
        for (text, major, minor) in [("1.0", 1, 0), ("1.1", 1, 1), ("1.10", 1, 10), ("12.0", 12, 0)]
        {
            assert_eq!(EvidenceFormat::parse(text), Some(EvidenceFormat { major, minor }));
            assert_eq!(EvidenceFormat::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "", "1", "1.", ".1", "1.1.0", "v1.1", "01.1", "1.01", "-1.1", "+1.1", "1.-1", " 1.1",
            "1.1 ", "1,1", "1.x", "0.9", "null", "~", "1e3", "1.99999999999999999999", "١.١",
        ] {
            assert_eq!(EvidenceFormat::parse(text), None, "{text:?}");
        }
        assert!(EvidenceFormat::parse("1.10") > EvidenceFormat::parse("1.9"));
    }
}
