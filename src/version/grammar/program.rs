//! What programs and managed services say of themselves: a name in front of a version.
//!
//! `nginx/1.25.4`, `OpenSearch_2.11`, `go1.22.1`, `Docker version 24.0.7, build afdd53b`. Only a
//! version of at least two numbers counts, and only words may stand before it: what else a text
//! says is not searched for numbers.

use super::super::number::{Number, split_digits};
use super::super::reading::{Detail, Version};

/// Programs that glue their name to the version.
const GLUED: &[&str] = &["go", "php", "ruby", "jdk", "ver", "version", "v."];

/// Words that say that what follows is not a release, or only the name of a branch.
const NO_PROGRAMS: &[&str] = &[
    "alpha", "beta", "rc", "pre", "dev", "snapshot", "nightly", "canary", "latest", "sha",
    "commit", "build", "date", "branch", "tag",
];

/// Where the name may end.
const LONGEST_NAME: usize = 64;

/// Whether a text has what stands in commands and formulas, and in no version of any scheme.
pub(super) fn is_command(text: &str) -> bool {
    text.bytes().any(|byte| b"|;&$`\\{}".contains(&byte))
}

/// The version in a text that begins with the name of a program; `None` where there is none.
pub(in super::super) fn version_in(text: &str) -> Option<&str> {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    // What Microsoft's database says of itself names the year before the version.
    if text.starts_with("Microsoft SQL ") {
        let (_, version) = text.split_once(" - ")?;
        return version
            .split_whitespace()
            .next()
            .filter(|version| count_leading_numbers(version) >= 2);
    }
    let at = text.bytes().position(|b| b.is_ascii_digit()).filter(|at| *at <= LONGEST_NAME)?;
    let (name, rest) = text.split_at(at);
    let is_name = |b: u8| b.is_ascii_alphabetic() || b" /_-=:.()+,".contains(&b);
    if !name.bytes().all(is_name) {
        return None;
    }
    // `v1.2.3` behind a separator.
    let bare = name.strip_suffix(['v', 'V']).filter(|name| !ends_in_letter(name)).unwrap_or(name);
    let last = bare.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
    let last = last.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    if last.len() < 2 && bare.ends_with(' ') {
        return None;
    }
    if NO_PROGRAMS.iter().any(|word| last.eq_ignore_ascii_case(word)) {
        return None;
    }
    let wanted = match bare.bytes().last() {
        // Names of branches and packages end so: `release-1.4`.
        Some(b'-' | b'.' | b'+') => return None,
        Some(b) if b.is_ascii_alphabetic() => {
            GLUED.iter().find(|name| last.eq_ignore_ascii_case(name))?;
            2
        }
        _ => 2,
    };
    let end = rest.find(|c: char| c.is_whitespace() || ",;()".contains(c)).unwrap_or(rest.len());
    let version = &rest[..end];
    (count_leading_numbers(version) >= wanted).then_some(version)
}

fn ends_in_letter(text: &str) -> bool {
    text.ends_with(|c: char| c.is_ascii_alphabetic())
}

/// How many numbers a version begins with.
fn count_leading_numbers(text: &str) -> usize {
    let mut rest = text;
    let mut count = 0;
    loop {
        let (digits, after) = split_digits(rest);
        if digits.is_empty() {
            return count;
        }
        count += 1;
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None => return count,
        }
    }
}

/// Google's names of database versions: `POSTGRES_15`, `MYSQL_8_0_36`, `SQLSERVER_2019_STANDARD`.
/// Fewer than three numbers are the beginning of the version that runs, unless a maintenance
/// release is named: `POSTGRES_15_4.R20240102.00_05`.
pub(super) fn read_enumerated(text: &str) -> Option<Version> {
    let (name, rest) = text.split_once('_')?;
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let (rest, maintenance) = rest.split_once(".R").unwrap_or((rest, ""));
    let mut version = Version::default();
    for part in rest.split('_') {
        match Number::parse(part) {
            Some(number) if version.variant.is_empty() => version.release.push(number),
            _ if part.bytes().all(|b| b.is_ascii_uppercase()) && !part.is_empty() => {
                part.clone_into(&mut version.variant);
            }
            _ => return None,
        }
    }
    if !maintenance.is_empty() {
        version.packaging = format!("R{maintenance}");
        let digits = maintenance.split(|c: char| !c.is_ascii_digit());
        version.revisions.extend(digits.filter_map(Number::parse));
    } else if version.release.len() < 3 {
        version.detail = Detail::Beginning;
    }
    (!version.release.is_empty()).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_before_a_version() {
        for (text, want) in [
            ("go1.22.1", Some("1.22.1")),
            ("go version go1.22.1 linux/amd64", Some("1.22.1")),
            ("OpenSearch_2.11", Some("2.11")),
            ("nginx/1.25.4", Some("1.25.4")),
            ("nginx version: nginx/1.25.4 (Ubuntu)", Some("1.25.4")),
            ("Docker version 24.0.7, build afdd53b", Some("24.0.7")),
            ("Redis server v=7.2.4 sha=00000000:0 malloc=jemalloc-5.3.0", Some("7.2.4")),
            (
                "Microsoft SQL Server 2019 (RTM-CU18) (KB5017593) - 15.0.4261.1 (X64)",
                Some("15.0.4261.1"),
            ),
            ("OpenSSH_9.6p1", Some("9.6p1")),
            ("curl 8.5.0 (x86_64-pc-linux-gnu)", Some("8.5.0")),
            ("Python 3.11.2", Some("3.11.2")),
            ("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)", Some("5.2.15")),
            ("jq-1.7.1", None),
            ("v 1.2.3", None),
            ("release-1.4", None),
            ("beta-1.2.3", None),
            ("alpine3.18", None),
            ("r22", None),
            ("latest", None),
        ] {
            assert_eq!(version_in(text), want, "{text}");
        }
    }

    #[test]
    fn google_writes_its_versions_with_underscores() {
        let numbers = |text| read_enumerated(text).map(|v| (v.release.len(), v.detail));
        assert_eq!(numbers("POSTGRES_15"), Some((1, Detail::Beginning)));
        assert_eq!(numbers("MYSQL_8_0_36"), Some((3, Detail::None)));
        assert_eq!(numbers("POSTGRES_15_4.R20240102.00_05"), Some((2, Detail::None)));
        assert_eq!(numbers("SQLSERVER_2019_STANDARD"), Some((1, Detail::Beginning)));
        assert_eq!(numbers("OpenSearch_2"), None);
        assert_eq!(numbers("X_Y"), None);
    }
}
