//! Versions whose parts a product's own regular expression names: `10.4.1-security-01`.
//!
//! An expression must fit the whole text. Its groups say what is what, so nothing is guessed;
//! what no expression fits is read as any tag is.

use regex::bytes::{Regex, RegexBuilder};

use super::grammar::tail;
use super::identifier::Identifier;
use super::number::Number;
use super::reading::{Body, Detail, Reading, Version};
use super::scheme::Scheme;
use super::{MAX_LENGTH, read};

/// Numbers of the release, in order. One group may hold several: `3.2.23`.
const NUMBERS: &[&str] = &["major", "minor", "patch"];

/// All groups that an expression may name.
pub const GROUPS: &[&str] = &["major", "minor", "patch", "pre", "build", "revision", "variant"];

/// Memory of a compiled expression. The engine needs time linear in the text whatever the
/// expression is, but a repetition of repetitions is large.
const MAX_SIZE: usize = 1 << 20;

/// A checked expression.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    /// Anchored at both ends.
    regex: Regex,
}

/// Why an expression cannot read versions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Not quoted, because it may be what slipped out of another place.
    #[error("the regular expression is invalid: {0}")]
    Syntax(String),
    /// A repetition of repetitions.
    #[error("the regular expression is too large")]
    Size,
    /// A misspelt group would leave a part of the version out.
    #[error("the regular expression has a group {0:?}, which means nothing")]
    UnknownGroup(String),
    /// Without it there is no version.
    #[error("the regular expression has no group \"major\"")]
    NoMajor,
}

impl Pattern {
    /// Checks and compiles an expression, which is then anchored.
    ///
    /// # Errors
    /// If it is not a regular expression, too large, or its groups are not [`GROUPS`] with `major`.
    pub fn new(source: &str) -> Result<Self, PatternError> {
        // Alone first: `a)|(b` would be well-formed between our parentheses.
        let groups = compile_regex(source)?;
        let names: Vec<&str> = groups.capture_names().flatten().collect();
        if let Some(unknown) = names.iter().find(|name| !GROUPS.contains(name)) {
            return Err(PatternError::UnknownGroup((*unknown).to_owned()));
        }
        if !names.contains(&"major") {
            return Err(PatternError::NoMajor);
        }
        Ok(Self { source: source.to_owned(), regex: compile_regex(&format!(r"\A(?:{source})\z"))? })
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// What the text says, if the expression fits the whole of it. It is a tag, wherever it was
    /// said: only so is it comparable with tags that no expression fits.
    pub fn read(&self, text: &str) -> Option<Reading> {
        let trimmed = text.trim();
        if trimmed.len() > MAX_LENGTH {
            return None;
        }
        let found = self.regex.captures(trimmed.as_bytes())?;
        // An expression may cut a letter that is not ASCII in two: that is not part of a version.
        let group = |name| {
            found.name(name).and_then(|g| str::from_utf8(g.as_bytes()).ok()).unwrap_or_default()
        };
        let mut version = Version { release: release_numbers(group)?, ..Version::default() };
        group("pre").clone_into(&mut version.pre_text);
        version.pre = prerelease_identifiers(group("pre"));
        group("build").clone_into(&mut version.build);
        group("variant").clone_into(&mut version.variant);
        group("revision").clone_into(&mut version.packaging);
        version.revisions = version
            .packaging
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(Number::parse)
            .collect();
        Some(Reading::new(Scheme::ImageTag, text, Body::Version(version)))
    }
}

/// Reads the tag of a product's image: by the first expression that fits, else as any tag. `v3` is
/// the release of a company, but of a product it says less than `v3.1`.
pub fn read_tag(patterns: &[Pattern], tag: &str) -> Reading {
    if let Some(reading) = patterns.iter().find_map(|pattern| pattern.read(tag)) {
        return reading;
    }
    let plain = read(Scheme::ImageTag, tag);
    match plain.version() {
        Some(version) if version.v_prefix || version.detail == Detail::BuildNumber => {
            let mut version = Version { v_prefix: false, ..version.clone() };
            // Products do not count builds in bare numbers: `120` is the beginning of `120.0.1`.
            if version.detail == Detail::BuildNumber {
                version.detail = Detail::None;
            }
            Reading::new(Scheme::ImageTag, tag, Body::Version(version))
        }
        _ => plain,
    }
}

/// `\d` is 0 to 9, and `\w` a letter of ASCII: so are versions, and the tables of Unicode are
/// large.
fn compile_regex(source: &str) -> Result<Regex, PatternError> {
    let built = RegexBuilder::new(source)
        .unicode(false)
        .size_limit(MAX_SIZE)
        .dfa_size_limit(MAX_SIZE)
        .build();
    built.map_err(|error| match error {
        // The last line is the reason; those above quote the expression.
        regex::Error::Syntax(message) => {
            let reason = message.lines().last().unwrap_or_default();
            PatternError::Syntax(reason.trim_start_matches("error: ").to_owned())
        }
        _ => PatternError::Size,
    })
}

/// A number that is left out before another is zero: Java's `8u402` is 8.0.402.
fn release_numbers<'a>(group: impl Fn(&'static str) -> &'a str) -> Option<Vec<Number>> {
    let mut release = Vec::new();
    for (place, name) in NUMBERS.iter().enumerate() {
        let text = group(name);
        if !text.is_empty() {
            release.resize(release.len().max(place), Number::from(0));
            for number in text.split('.') {
                release.push(Number::parse(number)?);
            }
        }
    }
    (!release.is_empty()).then_some(release)
}

fn prerelease_identifiers(text: &str) -> Vec<Identifier> {
    let parts = || text.split(['.', '-']).filter(|part| !part.is_empty());
    tail::prerelease_stage(text)
        .unwrap_or_else(|| parts().map(|part| Identifier::parse(&part.to_lowercase())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::{Body, Direction, Level, difference};

    fn pattern(source: &str) -> Pattern {
        Pattern::new(source).unwrap_or_else(|error| panic!("{source}: {error}"))
    }

    #[test]
    fn groups_say_what_is_what() {
        let all = pattern(
            r"(?<major>\d+)\.(?<minor>\d+)\.(?<patch>\d+(\.\d+)*)(-(?<pre>rc\d+))?(_(?<build>\d+))?-(?<variant>[a-z]+-\d+)-(?<revision>r\d+)",
        );
        let reading = all.read(" 1.2.3.4-rc1_7-debian-12-r9 ").unwrap();
        let version = reading.version().unwrap();
        let numbers: Vec<String> = version.release.iter().map(ToString::to_string).collect();
        assert_eq!(numbers, ["1", "2", "3", "4"]);
        assert_eq!((version.pre_canonical().as_str(), version.pre_text.as_str()), ("rc.1", "rc1"));
        assert_eq!((version.build.as_str(), version.variant.as_str()), ("7", "debian-12"));
        assert_eq!(
            (version.packaging.as_str(), version.revisions.as_slice()),
            ("r9", &[Number::from(9)][..])
        );
        assert_eq!(reading.text(), " 1.2.3.4-rc1_7-debian-12-r9 ");
        assert_eq!(all.read("1.2.3"), None);
        assert_eq!(all.read("x1.2.3-debian-12-r9"), None);
    }

    #[test]
    fn a_number_left_out_is_zero() {
        let java = pattern(r"(?<major>8)u(?<patch>\d+)-b(?<build>\d+)");
        let reading = java.read("8u402-b06").unwrap();
        assert_eq!(difference(&reading, &read(Scheme::ImageTag, "8.0.402_06")).level, Level::Equal);
    }

    #[test]
    fn an_expression_is_for_the_whole_text_and_of_known_groups() {
        let error = |source: &str| Pattern::new(source).unwrap_err();
        assert!(matches!(error("(?<major>"), PatternError::Syntax(_)));
        assert!(
            matches!(error(r"(?<major>\d+)a)|(?:b"), PatternError::Syntax(reason) if !reason.contains('\n'))
        );
        assert_eq!(
            error(r"(?<major>\d+)\.(?<mayor>\d+)"),
            PatternError::UnknownGroup("mayor".into())
        );
        assert_eq!(error(r"(?<minor>\d+)"), PatternError::NoMajor);
        assert_eq!(error(r"(?<major>(\w{999}){999})"), PatternError::Size);
        assert_eq!(pattern(r"(?<major>\d+)|y").read("y"), None);
        assert_eq!(pattern(r"(?<major>\w+)").read("x1"), None);
        assert_eq!(pattern(r"(?<major>\d+)").read("\u{663}"), None);
        assert!(pattern(r"(?<major>\d+)-(?<variant>.+)").read("1-ünï").is_some());
    }

    #[test]
    fn readings_by_a_pattern_compare_with_plain_ones() {
        let security =
            [pattern(r"(?<major>\d+)\.(?<minor>\d+)\.(?<patch>\d+)-(?<revision>security-\d+)")];
        let of = |b: &str, c: &str| {
            let apart = difference(&read_tag(&security, b), &read_tag(&security, c));
            (apart.level, apart.direction)
        };
        assert_eq!(of("10.4.1-security-01", "10.4.1-security-01"), (Level::Equal, None));
        assert_eq!(of("10.4.1", "10.4.1-security-01"), (Level::Build, Some(Direction::Ahead)));
        assert_eq!(
            of("10.4.1-security-01", "10.4.1-security-02"),
            (Level::Build, Some(Direction::Ahead))
        );
        assert_eq!(of("10.4.1-security-01", "10.4.2"), (Level::Patch, Some(Direction::Ahead)));
        assert_eq!(of("10.4", "10.4.1-security-01"), (Level::WithinPrecision, None));
        assert_eq!(*read_tag(&security, "latest").body(), Body::Floating);
    }

    #[test]
    fn a_products_v3_says_less_than_v3_1() {
        let of = |b: &str, c: &str| difference(&read_tag(&[], b), &read_tag(&[], c)).level;
        assert_eq!(of("v3", "v3.1.2"), Level::WithinPrecision);
        assert_eq!(of("v3.0.1", "v3.1.2"), Level::Minor);
    }
}
