//! Non-negative whole numbers of any length, as version components are written, and what else
//! digits may be.

use std::cmp::Ordering;
use std::fmt;

/// A decimal number without an upper bound; leading zeros do not count.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(Repr);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Repr {
    Small(u64),
    /// Digits without leading zeros, more than `u64` holds.
    Big(Box<str>),
}

impl Number {
    /// Reads a text of ASCII digits only; `None` for anything else and for the empty text.
    pub fn parse(digits: &str) -> Option<Self> {
        if !is_digits(digits) {
            return None;
        }
        let significant = digits.trim_start_matches('0');
        Some(match significant.parse::<u64>() {
            Ok(small) => small.into(),
            Err(_) if significant.is_empty() => 0.into(),
            Err(_) => Self(Repr::Big(significant.into())),
        })
    }

    /// The number that a text starts with, and the rest; `None` if it starts with no digit.
    #[inline]
    pub(super) fn parse_leading(text: &str) -> Option<(Self, &str)> {
        let bytes = text.as_bytes();
        let mut value = 0_u64;
        let mut end = 0;
        while let Some(digit) = bytes.get(end).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
            // What overflows is read again below.
            value = value.wrapping_mul(10).wrapping_add(digit.into());
            end += 1;
        }
        let (digits, rest) = text.split_at(end);
        let number = match end {
            0 => return None,
            1..=19 => value.into(),
            _ => Self::parse(digits)?,
        };
        Some((number, rest))
    }

    /// The value where it fits into `u64`.
    pub fn to_u64(&self) -> Option<u64> {
        match self.0 {
            Repr::Small(value) => Some(value),
            Repr::Big(_) => None,
        }
    }

    /// Whether this is zero.
    pub fn is_zero(&self) -> bool {
        self.to_u64() == Some(0)
    }
}

/// Whether a text is ASCII digits and nothing else.
#[inline]
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The leading ASCII digits of a text, and the rest.
#[inline]
pub(super) fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// Whether a text is a commit's hash, whole or abbreviated. Seven digits alone are a number.
#[inline]
pub(super) fn is_commit(text: &str) -> bool {
    (7..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_hexdigit())
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self(Repr::Small(value))
    }
}

impl Ord for Number {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Small(a), Repr::Small(b)) => a.cmp(b),
            (Repr::Small(_), Repr::Big(_)) => Ordering::Less,
            (Repr::Big(_), Repr::Small(_)) => Ordering::Greater,
            (Repr::Big(a), Repr::Big(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Small(value) => value.fmt(f),
            Repr::Big(digits) => f.write_str(digits),
        }
    }
}

/// Compares component by component; a missing one is zero.
#[inline]
pub(super) fn cmp_numbers(a: &[Number], b: &[Number]) -> Ordering {
    for (a, b) in a.iter().zip(b) {
        let ordering = a.cmp(b);
        if ordering.is_ne() {
            return ordering;
        }
    }
    let common = a.len().min(b.len());
    let is_more = |longer: &[Number]| longer[common..].iter().any(|number| !number.is_zero());
    is_more(a).cmp(&is_more(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_beyond_u64_by_value() {
        let small = Number::parse("18446744073709551615").unwrap();
        let big = Number::parse("00018446744073709551616").unwrap();
        assert!(small < big);
        assert!(big < Number::parse("99446744073709551616").unwrap());
        assert!(big < Number::parse("100000000000000000000").unwrap());
        assert_eq!(big.to_string(), "18446744073709551616");
    }

    #[test]
    fn leading_zeros_do_not_count_and_signs_are_no_digits() {
        assert_eq!(Number::parse("007"), Some(7.into()));
        assert_eq!(Number::parse("000"), Some(0.into()));
        assert_eq!(Number::parse("+7"), None);
        assert_eq!(Number::parse(""), None);
    }
}
