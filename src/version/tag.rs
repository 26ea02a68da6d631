//! The tag of an image reference: what kind of name it is, and the version in it if there is one.
//!
//! In order (a tag is the first that fits): hexadecimal of 7 to 40 characters with a letter is a
//! commit; a calendar date as the tag or as one whole `-` part of it is a date;
//! `sha256-<hex>[.sig]` is a commit; `[vV]?\d+(\.\d+)*` starts a version; all else floats.

use super::generic;
use super::reading::{Body, Date};

pub(super) fn read(tag: &str) -> Body {
    if is_commit(tag) {
        return Body::Commit(tag.to_ascii_lowercase());
    }
    if let Some(date) = date_in(tag) {
        return Body::Date(date);
    }
    if let Some(hex) = tag.strip_prefix("sha256-") {
        let hex = hex.split('.').next().unwrap_or("");
        if hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Body::Commit(hex.to_ascii_lowercase());
        }
    }
    let Some((mut version, tail)) = generic::split(tag) else { return Body::Floating };
    version.variant = generic::read_tail(&mut version, tail);
    Body::Version(version)
}

/// Seven digits alone are a number, not a commit.
fn is_commit(tag: &str) -> bool {
    (7..=40).contains(&tag.len())
        && tag.bytes().all(|b| b.is_ascii_hexdigit())
        && tag.bytes().any(|b| b.is_ascii_alphabetic())
}

fn date_in(tag: &str) -> Option<Date> {
    let parts: Vec<&str> = tag.split('-').collect();
    let whole = parts.iter().find_map(|part| {
        let compact = part.len() == 8 && part.bytes().all(|b| b.is_ascii_digit());
        if compact { date(&part[..4], &part[4..6], &part[6..]) } else { None }
    });
    whole.or_else(|| parts.windows(3).find_map(|w| date(w[0], w[1], w[2])))
}

fn date(year: &str, month: &str, day: &str) -> Option<Date> {
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let year: u16 = year.parse().ok().filter(|y| (1970..2200).contains(y))?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    (day >= 1 && day <= days_in(year, month)).then_some(Date { year, month, day })
}

/// Zero for a month that does not exist.
fn days_in(year: u16, month: u8) -> u8 {
    match month {
        2 if (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::Version;

    fn class(tag: &str) -> &'static str {
        match read(tag) {
            Body::Version(_) => "versioned",
            Body::Date(_) => "date",
            Body::Commit(_) => "commit",
            Body::Floating => "floating",
            Body::Opaque => "opaque",
        }
    }

    fn version(tag: &str) -> Version {
        let Body::Version(version) = read(tag) else { panic!("{tag} is no version") };
        version
    }

    #[test]
    fn classes() {
        let cosign = format!("sha256-{}.sig", "ea".repeat(32));
        for (tag, want) in [
            ("7", "versioned"),
            ("v22", "versioned"),
            ("7.2.4-alpine3.19", "versioned"),
            ("latest", "floating"),
            ("alpine3.18", "floating"),
            ("stable-1", "floating"),
            ("windowsservercore-1809", "floating"),
            ("20230601", "date"),
            ("sid-20260202", "date"),
            ("release-2026-01-30", "date"),
            ("2026-02-31", "versioned"),
            ("deadbeef", "commit"),
            ("1234567", "versioned"),
            (cosign.as_str(), "commit"),
        ] {
            assert_eq!(class(tag), want, "{tag}");
        }
    }

    #[test]
    fn variant_pre_release_and_build_have_places_of_their_own() {
        let v = version("7.2-rc3-bookworm");
        assert_eq!((v.pre_text().as_str(), v.variant.as_str()), ("rc.3", "bookworm"));
        let v = version("17.0.11_9-jdk-alpine");
        assert_eq!((v.build.as_str(), v.variant.as_str()), ("9", "jdk-alpine"));
        assert_eq!(version("16.4-alpine3.20").variant, "alpine3.20");
    }
}
