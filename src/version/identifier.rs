//! The parts of a pre-release, and their order.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use super::number::Number;

/// One dot-separated part of a pre-release. Numbers sort below words, as in semver 2.0.0 §11.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identifier {
    /// Digits only.
    Number(Number),
    /// Anything else, lower case. Stages are known, and need no memory of their own.
    Word(Cow<'static, str>),
}

impl Identifier {
    /// Digits are a number, anything else a word, as it is written.
    pub fn parse(text: &str) -> Self {
        Number::parse(text).map_or_else(|| Self::Word(text.to_owned().into()), Self::Number)
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}

/// Compares pre-releases: none is above any.
#[inline]
pub(super) fn cmp_pre(a: &[Identifier], b: &[Identifier]) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => a.cmp(b),
    }
}
