//! Ranges of versions: `>=7.0, <8`, `7.2.x`, and a bare version, which means exactly that one.
//!
//! Semver's own requirements read a bare version as "compatible with"; here nothing is meant that
//! is not written, and what is not certain is [`Containment::Unproven`]. A pre-release is only in a
//! range that names one of the same numbers, as Cargo and npm have it.

mod conflict;
mod contains;
mod parse;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use super::levels::Levels;
use super::number::Number;
use super::reading::{Detail, Reading, Version};
use super::scheme::Scheme;

/// Longer texts are not ranges.
const MAX_LENGTH: usize = 512;

/// Versions that fulfil every one of some conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    text: String,
    conditions: Vec<RangeCondition>,
}

/// One condition; bounds are read by the scheme of what they are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
enum RangeCondition {
    /// `7.2.4`, `=7.2.4`, `latest`.
    Exactly(String),
    /// `7.2.x`, `7.*`; empty for `*`.
    Within(Vec<Number>),
    /// `>=7.0`.
    Bound(Operator, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    AtLeast,
    AtMost,
    Above,
    Below,
}

/// Whether a reading is in a range. What outweighs the others is last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Containment {
    /// It is.
    Inside,
    /// The text does not prove the one or the other: a tag that moves, or one that is too short.
    Unproven,
    /// It is not.
    Outside,
}

/// The text is not a range.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is not a version range: {why}")]
pub struct RangeError {
    /// No longer than a line.
    text: String,
    why: Cow<'static, str>,
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Range {
    /// Whether it is one version word for word, or all that begin with some numbers: what
    /// [`Self::same_minor`] writes.
    pub fn is_narrow(&self) -> bool {
        match self.conditions.as_slice() {
            [RangeCondition::Exactly(_)] => true,
            [RangeCondition::Within(numbers)] => !numbers.is_empty(),
            _ => false,
        }
    }

    /// Whether it is one version word for word.
    pub fn is_exact(&self) -> bool {
        matches!(self.conditions.as_slice(), [RangeCondition::Exactly(_)])
    }

    /// The versions that are less than a minor away from `reading`, as far as a range can say that:
    /// `7.2.x` for `7.2.4`, `16.x` for PostgreSQL's `16.4`. The text itself for whatever has no
    /// such neighbours: `v22`, a date, a commit, `latest`, a pre-release, the name of a system.
    /// `None` if that text is not a range that holds it and nothing else.
    pub fn same_minor(levels: &Levels, reading: &Reading) -> Option<Self> {
        let holds = |range: &Self| range.contains(levels, reading) == Containment::Inside;
        let wide = minor_prefix(levels, reading)
            .and_then(|prefix| format!("{prefix}.x").parse().ok())
            .filter(holds);
        let is_exact = |range: &Self| matches!(range.conditions[..], [RangeCondition::Exactly(_)]);
        wide.or_else(|| reading.text().parse().ok().filter(is_exact).filter(holds))
    }
}

/// The numbers that a version shares with all that are less than a minor away, as they are written
/// where they are.
fn minor_prefix(levels: &Levels, reading: &Reading) -> Option<String> {
    let version = reading
        .version()
        .filter(|version| version.pre.is_empty() && !version.release.is_empty())?;
    let is_companys = version.v_prefix && version.release.len() == 1;
    // The number of a system is that of another one, too.
    if is_companys
        || reading.is_unreleased()
        || reading.scheme() == Scheme::OsImage
        || has_epoch(version)
    {
        return None;
    }
    let length =
        levels.to_minor(&version.release).filter(|length| *length <= version.release.len())?;
    Some(spelled_like(reading.text().trim(), version, length))
}

/// `22.04` stays so, and is not 22.4.
fn spelled_like(text: &str, version: &Version, length: usize) -> String {
    let wanted = &version.release[..length];
    let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let digits: Vec<&str> = bare.split(|c: char| !c.is_ascii_digit()).take(length).collect();
    let joined = digits.join(".");
    let is_so =
        digits.iter().map(|digits| Number::parse(digits)).eq(wanted.iter().cloned().map(Some));
    if is_so && bare.starts_with(&joined) {
        return joined;
    }
    wanted.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

/// An epoch outweighs all numbers, and who leaves it out does not mean zero.
fn has_epoch(version: &Version) -> bool {
    match &version.detail {
        Detail::Package { epoch, .. } => !epoch.is_zero(),
        _ => version.packaging.starts_with(':'),
    }
}
