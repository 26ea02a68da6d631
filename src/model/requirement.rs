//! A product and the versions of it that are wanted: `redis >=7.0, <8`.

use std::fmt;
use std::str::FromStr;

use crate::version::{Containment, Levels, Range, RangeError, Reading};

/// Versions that are wanted, perhaps of one product alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
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

    /// Reads `[PRODUCT] RANGE`. A word is a product if a range stands behind it that begins with an operator or a number.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let product = text.split_once(char::is_whitespace).filter(|(word, rest)| is_product(word, rest.trim_start()));
        let range = product.map_or(text, |(_, rest)| rest).parse()?;
        let product = product.map(|(word, _)| word.to_lowercase());
        Ok(Self { text: text.to_owned(), product, range })
    }
}

fn is_product(word: &str, rest: &str) -> bool {
    let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let rest = rest.strip_prefix(['v', 'V']).unwrap_or(rest);
    is_word && rest.starts_with(|c: char| c.is_ascii_digit() || "<>=*".contains(c))
}

impl Requirement {
    /// The product that is wanted, in lower case.
    pub fn product(&self) -> Option<&str> {
        self.product.as_deref()
    }

    /// Whether what runs is what is wanted. `levels` are those of the component.
    pub fn admits(&self, product: Option<&str>, levels: &Levels, reading: &Reading) -> Containment {
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
