//! Ranges of versions: `>=7.0, <8`, `7.2.x`, and a bare version, which means exactly that one.
//!
//! Semver's own requirements read a bare version as "compatible with"; here nothing is meant that is not written. A
//! pre-release is only in a range that names one of the same numbers, as Cargo and npm have it.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::levels::Levels;
use super::number::Number;
use super::reading::{Body, Reading};
use super::scheme::Scheme;
use super::{Level, difference_of, order, read};

/// Versions that fulfil every one of some conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    text: String,
    conditions: Vec<Condition>,
}

/// One condition; bounds are read by the scheme of what they are compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
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

/// Whether a reading is in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Containment {
    /// It is.
    Inside,
    /// It is not.
    Outside,
    /// The text does not prove the one or the other: a tag that moves, or one that is too short.
    Unproven,
}

/// The text is no range.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is no range of versions: {why}")]
pub struct RangeError {
    text: String,
    why: &'static str,
}

impl FromStr for Range {
    type Err = RangeError;

    /// Reads conditions separated by commas, all of which must hold: `>=`, `<=`, `>`, `<` or `=` with a version; a
    /// bare version, which is the same as `=`; or the beginning of one with `.x` or `.*`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |why| RangeError { text: text.to_owned(), why };
        let conditions = text.split(',').map(|part| condition(part.trim()).map_err(error));
        Ok(Self { text: text.trim().to_owned(), conditions: conditions.collect::<Result<_, _>>()? })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

fn condition(text: &str) -> Result<Condition, &'static str> {
    const OPERATORS: [(&str, Operator); 4] =
        [(">=", Operator::AtLeast), ("<=", Operator::AtMost), (">", Operator::Above), ("<", Operator::Below)];
    if let Some((operator, rest)) = OPERATORS.iter().find_map(|(sign, op)| Some((*op, text.strip_prefix(sign)?))) {
        let bound = rest.trim();
        let is_version = super::read_any(bound).is_proven() || read(Scheme::ImageTag, bound).is_proven();
        return if is_version {
            Ok(Condition::Bound(operator, bound.to_owned()))
        } else {
            Err("a version stands behind an operator")
        };
    }
    let exact = text.strip_prefix('=').unwrap_or(text).trim();
    if exact.is_empty() {
        return Err("a condition is empty");
    }
    if exact.starts_with(['^', '~', '!', '=', '|']) || exact.contains("||") {
        return Err("write bounds as >=7.0, <8; a bare version is exactly that one");
    }
    match wildcard(exact) {
        Some(numbers) => numbers.map(Condition::Within).ok_or("only numbers stand before .x"),
        None => Ok(Condition::Exactly(exact.to_owned())),
    }
}

/// The numbers before `.x` or `.*`, if the text ends so.
fn wildcard(text: &str) -> Option<Option<Vec<Number>>> {
    if text == "*" {
        return Some(Some(Vec::new()));
    }
    let mut prefix = text;
    while let Some(shorter) = prefix.strip_suffix(".x").or_else(|| prefix.strip_suffix(".*")) {
        prefix = shorter;
    }
    let digits = prefix.strip_prefix(['v', 'V']).unwrap_or(prefix);
    (prefix.len() < text.len()).then(|| digits.split('.').map(Number::parse).collect())
}

impl Range {
    /// Whether `reading` fulfils every condition. `levels` are those of its product.
    pub fn contains(&self, levels: &Levels, reading: &Reading) -> Containment {
        let each = self.conditions.iter().map(|condition| self.fulfils(condition, levels, reading));
        // Outside outweighs unproven, which outweighs inside.
        each.max_by_key(|containment| match containment {
            Containment::Inside => 0,
            Containment::Unproven => 1,
            Containment::Outside => 2,
        })
        .unwrap_or(Containment::Unproven)
    }

    /// The versions that a waiver of `reading` accepts by default: so far the very one.
    pub fn same_minor(_: &Levels, reading: &Reading) -> Self {
        Self {
            text: reading.text().trim().to_owned(),
            conditions: vec![Condition::Exactly(reading.text().trim().to_owned())],
        }
    }

    fn fulfils(&self, condition: &Condition, levels: &Levels, reading: &Reading) -> Containment {
        if let Condition::Exactly(bound) = condition {
            return exactly(bound, levels, reading);
        }
        let Some(numbers) = numbers(reading).filter(|_| !reading.is_unreleased()) else {
            return Containment::Unproven;
        };
        if is_prerelease(reading) && !self.names_prerelease_of(&numbers, reading.scheme()) {
            return Containment::Outside;
        }
        let is_short = reading.scheme() == Scheme::ImageTag && !reading.is_full_precision(levels);
        match condition {
            Condition::Exactly(_) => Containment::Unproven,
            Condition::Within(prefix) => within(prefix, &numbers, is_short),
            Condition::Bound(operator, bound) => {
                let bound = read(reading.scheme(), bound);
                let inside = self::numbers(&bound).is_some_and(|bound| bound.starts_with(&numbers));
                if is_short && inside {
                    return of_short(*operator, &bound, &numbers);
                }
                order(reading, &bound).map_or(Containment::Unproven, |ordering| operator.holds(ordering))
            }
        }
    }

    /// Whether a bound is a pre-release of the same numbers.
    fn names_prerelease_of(&self, numbers: &[Number], scheme: Scheme) -> bool {
        self.conditions.iter().any(|condition| match condition {
            Condition::Bound(_, bound) => {
                let bound = read(scheme, bound);
                is_prerelease(&bound) && self::numbers(&bound).as_deref() == Some(numbers)
            }
            Condition::Exactly(_) | Condition::Within(_) => false,
        })
    }
}

impl Operator {
    fn holds(self, reading_to_bound: Ordering) -> Containment {
        let holds = match self {
            Self::AtLeast => reading_to_bound.is_ge(),
            Self::AtMost => reading_to_bound.is_le(),
            Self::Above => reading_to_bound.is_gt(),
            Self::Below => reading_to_bound.is_lt(),
        };
        if holds { Containment::Inside } else { Containment::Outside }
    }
}

fn exactly(bound: &str, levels: &Levels, reading: &Reading) -> Containment {
    if reading.text().trim() == bound {
        return Containment::Inside;
    }
    let read = read(reading.scheme(), bound);
    match difference_of(levels, &read, reading).level {
        Level::Equal => Containment::Inside,
        // The reading may be the bound's version, if it is the shorter of the two.
        Level::WithinPrecision if numbers(reading).map(|n| n.len()) < numbers(&read).map(|n| n.len()) => {
            Containment::Unproven
        }
        Level::Incomparable(_) => Containment::Unproven,
        _ => Containment::Outside,
    }
}

fn within(prefix: &[Number], numbers: &[Number], is_short: bool) -> Containment {
    let zero = Number::from(0);
    if is_short && numbers.len() < prefix.len() && prefix.starts_with(numbers) {
        return Containment::Unproven;
    }
    let fits = prefix.iter().enumerate().all(|(i, wanted)| numbers.get(i).unwrap_or(&zero) == wanted);
    if fits { Containment::Inside } else { Containment::Outside }
}

/// A short tag stands for every version that begins with it, and the bound is one of these.
fn of_short(operator: Operator, bound: &Reading, short: &[Number]) -> Containment {
    let is_least =
        numbers(bound).is_some_and(|bound| bound[short.len()..].iter().all(Number::is_zero)) && !is_prerelease(bound);
    match operator {
        Operator::AtLeast if is_least => Containment::Inside,
        Operator::Below if is_least => Containment::Outside,
        _ => Containment::Unproven,
    }
}

fn is_prerelease(reading: &Reading) -> bool {
    match reading.body() {
        Body::Version(version) => !version.pre.is_empty(),
        Body::Date(date) => !date.pre.is_empty(),
        _ => false,
    }
}

/// The numbers of a version, or year, month and day.
fn numbers(reading: &Reading) -> Option<Vec<Number>> {
    match reading.body() {
        Body::Version(version) => Some(version.release.clone()),
        Body::Date(date) => Some([u64::from(date.year), date.month.into(), date.day.into()].map(Number::from).to_vec()),
        _ => None,
    }
}
