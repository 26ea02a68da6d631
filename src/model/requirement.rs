//! A product and the versions of it that are wanted: `redis >=7.0, <8`.

use std::fmt;
use std::str::FromStr;

use crate::version::{Containment, Levels, Range, RangeError, Reading};

/// Versions that are wanted, perhaps of certain products alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    text: String,
    alternatives: Vec<Alternative>,
}

/// What is wanted, or one of several things.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Alternative {
    text: String,
    product: Option<String>,
    range: Range,
}

/// The text is no requirement.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct RequirementError(#[from] RangeError);

impl FromStr for Requirement {
    type Err = RequirementError;

    /// Reads `[PRODUCT] RANGE`, or several of them with `||` between. A word is a product if a range stands behind it
    /// that begins with an operator or a number.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let alternatives = text.split("||").map(|part| alternative(part.trim())).collect::<Result<_, _>>()?;
        Ok(Self { text: text.trim().to_owned(), alternatives })
    }
}

fn alternative(text: &str) -> Result<Alternative, RangeError> {
    let product = text.split_once(char::is_whitespace).filter(|(word, rest)| is_product(word, rest.trim_start()));
    let range = product.map_or(text, |(_, rest)| rest).parse()?;
    Ok(Alternative { text: text.to_owned(), product: product.map(|(word, _)| word.to_lowercase()), range })
}

fn is_product(word: &str, rest: &str) -> bool {
    let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let rest = rest.strip_prefix(['v', 'V']).unwrap_or(rest);
    is_word && rest.starts_with(|c: char| c.is_ascii_digit() || "<>=*".contains(c))
}

impl Requirement {
    /// The products that are wanted, in lower case; none if any product will do.
    pub fn products(&self) -> impl Iterator<Item = &str> {
        self.alternatives.iter().filter_map(|alternative| alternative.product.as_deref())
    }

    /// Whether what runs is what is wanted. `levels` are those of the component.
    pub fn admits(&self, product: Option<&str>, levels: &Levels, reading: &Reading) -> Containment {
        let mut best = Containment::Outside;
        for alternative in &self.alternatives {
            match alternative.admits(product, levels, reading) {
                Containment::Inside => return Containment::Inside,
                Containment::Unproven => best = Containment::Unproven,
                Containment::Outside => {}
            }
        }
        best
    }
}

impl Alternative {
    fn admits(&self, product: Option<&str>, levels: &Levels, reading: &Reading) -> Containment {
        // What was said word for word is meant, whatever it looks like.
        if reading.text().trim() == self.text {
            return Containment::Inside;
        }
        match (&self.product, product) {
            (Some(wanted), Some(product)) if !product.eq_ignore_ascii_case(wanted) => Containment::Outside,
            (Some(_), None) => Containment::Unproven,
            _ => self.range.contains(levels, reading),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::{Scheme, read};

    fn admits(requirement: &str, product: Option<&str>, version: &str) -> Containment {
        let requirement: Requirement = requirement.parse().unwrap();
        requirement.admits(product, &Levels::DEFAULT, &read(Scheme::Generic, version))
    }

    #[test]
    fn a_product_counts_where_one_is_named() {
        use Containment::{Inside, Outside, Unproven};
        assert_eq!(admits("redis >=7.0, <8", Some("redis"), "7.0.15"), Inside);
        assert_eq!(admits("Redis >=7.0, <8", Some("redis"), "7.0.15"), Inside);
        assert_eq!(admits("redis >=7.0, <8", Some("valkey"), "7.2.4"), Outside);
        assert_eq!(admits("redis 7.0.x", None, "7.0.15"), Unproven);
        assert_eq!(admits(">=7.0, <8", Some("valkey"), "7.2.4"), Inside);
        assert_eq!(admits("v22", None, "v22"), Inside);
        assert_eq!(admits("latest", None, "latest"), Inside);
    }

    #[test]
    fn one_of_several_is_enough_and_none_is_none() {
        use Containment::{Inside, Outside};
        let either = "redis 7.0.x || valkey 8.0.x";
        assert_eq!(admits(either, Some("valkey"), "8.0.1"), Inside);
        assert_eq!(admits(either, Some("redis"), "8.0.1"), Outside);
        assert_eq!(admits("7.0.x || 7.2.x", None, "7.1.0"), Outside);
        assert!("7.0.x ||".parse::<Requirement>().is_err());
        assert!("|| 7.0.x".parse::<Requirement>().is_err());
    }
}
