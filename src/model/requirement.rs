//! A product and the versions of it that are wanted: `redis >=7.0, <8`; and where a policy wants
//! which.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::{EnvironmentName, Glob};
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

/// What a policy wants to run, and where.
#[derive(Clone, Debug)]
pub struct RangeRow {
    /// What is wanted.
    pub wanted: Wanted,
    /// Of which components; empty for those of the product that is wanted.
    pub components: Vec<Glob>,
    /// In which environments; empty for all.
    pub environments: Vec<EnvironmentName>,
}

/// What a policy wants to run.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// These versions, perhaps of one product.
    Versions(Requirement),
    /// What is less than a minor away from the baseline's.
    SameMinor,
}

/// The text is not a requirement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct RequirementError(#[from] RangeError);

impl FromStr for Requirement {
    type Err = RequirementError;

    /// Reads `[PRODUCT] RANGE`, or several of them with `||` between. A word is a product if a
    /// range stands behind it that begins with an operator or a number.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let alternatives = text
            .split("||")
            .map(|part| parse_alternative(part.trim()))
            .collect::<Result<_, _>>()?;
        Ok(Self { text: text.trim().to_owned(), alternatives })
    }
}

fn parse_alternative(text: &str) -> Result<Alternative, RangeError> {
    let product = text
        .split_once(char::is_whitespace)
        .filter(|(word, rest)| is_product(word, rest.trim_start()));
    let range = product.map_or(text, |(_, rest)| rest).parse()?;
    Ok(Alternative {
        text: text.to_owned(),
        product: product.map(|(word, _)| word.to_lowercase()),
        range,
    })
}

fn is_product(word: &str, rest: &str) -> bool {
    let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let rest = rest.strip_prefix(['v', 'V']).unwrap_or(rest);
    // Other tools' operators too, so that they are refused with what to write instead.
    is_word && rest.starts_with(|c: char| c.is_ascii_digit() || "<>=*^~!".contains(c))
}

impl Requirement {
    /// The same of products under their own names, where other names of theirs were written. The
    /// text stays.
    #[must_use]
    pub fn with_products(mut self, own: impl Fn(&str) -> Option<String>) -> Self {
        for product in
            self.alternatives.iter_mut().filter_map(|alternative| alternative.product.as_mut())
        {
            if let Some(own) = own(product) {
                *product = own.to_lowercase();
            }
        }
        self
    }

    /// The products that are wanted, in lower case; none if any product will do.
    pub fn products(&self) -> impl Iterator<Item = &str> {
        self.alternatives.iter().filter_map(|alternative| alternative.product.as_deref())
    }

    /// What runs, as text that admits no more than it says: the `range` of a `product`, where one
    /// is known. `None` for a text that would be read as something else: a server says what it
    /// likes.
    pub fn binding(product: Option<&str>, range: &str) -> Option<String> {
        let is_itself = |text: &str| {
            let parsed = text.parse::<Self>().ok()?;
            let [alternative] = parsed.alternatives.as_slice() else { return None };
            alternative.range.is_narrow().then(|| alternative.product.clone())
        };
        let with_product = product.map(|product| format!("{product} {range}")).filter(|text| {
            is_itself(text)
                .flatten()
                .is_some_and(|read| product.is_some_and(|own| own.eq_ignore_ascii_case(&read)))
        });
        with_product.or_else(|| is_itself(range).map(|_| range.to_owned()))
    }

    /// Whether each alternative is one version, or all that begin with some numbers: what
    /// [`Self::binding`] writes.
    pub fn is_narrow(&self) -> bool {
        self.alternatives.iter().all(|alternative| alternative.range.is_narrow())
    }

    /// Whether it is open to every version, of a product or of all: `*`, `>=0`, `<7 || >=7`.
    pub fn admits_everything(&self) -> bool {
        let mut by_product: BTreeMap<Option<&str>, Vec<&Range>> = BTreeMap::new();
        for alternative in &self.alternatives {
            by_product.entry(alternative.product.as_deref()).or_default().push(&alternative.range);
        }
        by_product.values().any(|ranges| Range::cover_every_version(ranges))
    }

    /// Each alternative's product and range.
    pub fn alternatives(&self) -> impl Iterator<Item = (Option<&str>, &Range)> {
        self.alternatives.iter().map(|one| (one.product.as_deref(), &one.range))
    }

    /// Whether every alternative names a product.
    pub fn names_products(&self) -> bool {
        self.alternatives.iter().all(|alternative| alternative.product.is_some())
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
        // What was said word for word is meant, whatever it looks like: `Ubuntu 22.04.3 LTS` is no
        // product's range.
        if reading.text().trim() == self.text {
            return Containment::Inside;
        }
        match (&self.product, product) {
            (Some(wanted), Some(product)) if !product.eq_ignore_ascii_case(wanted) => {
                Containment::Outside
            }
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

    fn admits(requirement: &str, product: Option<&str>, scheme: Scheme, text: &str) -> Containment {
        let requirement: Requirement =
            requirement.parse().unwrap_or_else(|error| panic!("{requirement}: {error}"));
        requirement.admits(product, &Levels::DEFAULT, &read(scheme, text))
    }

    #[test]
    fn a_product_is_a_word_before_a_range() {
        let of = |text: &str| {
            let requirement: Requirement = text.parse().unwrap();
            let Alternative { product, range, .. } = &requirement.alternatives[0];
            (product.clone(), range.to_string())
        };
        let is = |product: &str, range: &str| (Some(product.to_owned()), range.to_owned());
        assert_eq!(of("redis >=7.0, <8"), is("redis", ">=7.0, <8"));
        assert_eq!(of(" Redis  7.2.x "), is("redis", "7.2.x"));
        assert_eq!(of("kube-apiserver v1.27.3"), is("kube-apiserver", "v1.27.3"));
        assert_eq!(of("redis *"), is("redis", "*"));
        assert_eq!(of(">=7.0, <8"), (None, ">=7.0, <8".to_owned()));
        assert_eq!(of("Debian GNU/Linux 12 (bookworm)").0, None);
        assert!(
            "redis>=7"
                .parse::<Requirement>()
                .unwrap_err()
                .to_string()
                .contains("a space stands between")
        );
        for text in ["", "redis >=", "redis >=8, <7", "redis ^7"] {
            assert!(text.parse::<Requirement>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_product_counts_before_the_version() {
        let redis = |product| admits("redis >=7.0, <8", product, Scheme::Generic, "7.2.4");
        assert_eq!(redis(Some("redis")), Containment::Inside);
        assert_eq!(redis(Some("Redis")), Containment::Inside);
        // Valkey says 7.2.4 for ever.
        assert_eq!(redis(Some("valkey")), Containment::Outside);
        assert_eq!(redis(None), Containment::Unproven);
        assert_eq!(
            admits(">=7.0, <8", Some("valkey"), Scheme::Generic, "7.2.4"),
            Containment::Inside
        );
    }

    #[test]
    fn what_was_said_word_for_word_is_meant() {
        let os = |requirement, text| admits(requirement, None, Scheme::OsImage, text);
        assert_eq!(os("Ubuntu 22.04.3 LTS", "Ubuntu 22.04.3 LTS"), Containment::Inside);
        assert_eq!(os("Ubuntu 22.04.3 LTS", "Ubuntu 22.04.4 LTS"), Containment::Unproven);
        assert_eq!(admits("latest", None, Scheme::ImageTag, "latest"), Containment::Inside);
        assert_eq!(admits("latest", None, Scheme::ImageTag, "stable"), Containment::Unproven);
    }

    #[test]
    fn what_is_open_to_every_version_is_told() {
        let everything = |text: &str| text.parse::<Requirement>().unwrap().admits_everything();
        for text in [
            "*",
            ">=0",
            ">= 0.0.0",
            ">=0, *",
            "redis *",
            "redis >=0",
            "6.2.x || *",
            "<7 || >=7",
            "<=7 || >7.0",
            "<8 || >=7",
            ">=v0",
            "redis <7 || redis >=6.2",
            ">0",
            ">0.0",
            "redis 6.2.x || valkey >=0",
        ] {
            assert!(everything(text), "{text}");
        }
        for text in [
            "7.2.x", "7.2.4", ">=7", "<8", ">=7, <8", "<7 || >7", "<7 || >=7.2", ">=0, <8", "0.x",
            "redis <7 || valkey >=7", ">0.1", "<=0 || 7.x", "latest",
        ] {
            assert!(!everything(text), "{text}");
        }
    }

    #[test]
    fn one_of_several_is_enough_and_none_is_none() {
        use Containment::{Inside, Outside};
        let either = "redis 7.0.x || valkey 8.0.x";
        assert_eq!(admits(either, Some("valkey"), Scheme::Generic, "8.0.1"), Inside);
        assert_eq!(admits(either, Some("redis"), Scheme::Generic, "8.0.1"), Outside);
        assert_eq!(admits("7.0.x || 7.2.x", None, Scheme::Generic, "7.1.0"), Outside);
        assert!("7.0.x ||".parse::<Requirement>().is_err());
        assert!("|| 7.0.x".parse::<Requirement>().is_err());
    }
}
