//! How far apart two readings are.

use std::cmp::Ordering;

use super::level::{Difference, Direction, Incomparable, Level};
use super::levels::Levels;
use super::number::Number;
use super::number::cmp_numbers;
use super::order::{order, runtime_name};
use super::reading::{Body, Date, Detail, Reading, Version};
use super::scheme::Scheme;
use super::system::parse_system_name;

/// How far `current` is from `baseline`, for versions of major, minor and patch.
pub fn difference(baseline: &Reading, current: &Reading) -> Difference {
    difference_of(&Levels::DEFAULT, baseline, current)
}

/// How far `current` is from `baseline`, for a product whose numbers mean `levels`.
///
/// The level is told by the parts, the direction by the scheme's order. What the order calls
/// equal is at most a build apart, and what it does not is at least that.
pub fn difference_of(levels: &Levels, baseline: &Reading, current: &Reading) -> Difference {
    let level = level_by_parts(levels, baseline, current);
    let ordering = order(baseline, current);
    let level = match (level, ordering) {
        (Level::Incomparable(_) | Level::WithinPrecision, _) => {
            return Difference { level, direction: None };
        }
        (Level::Equal | Level::Build, _) if ordering.is_some_and(Ordering::is_eq) => level,
        (Level::Equal, Some(_)) => Level::Build,
        (_, Some(Ordering::Equal)) => Level::Build,
        (level, _) => level,
    };
    let direction = ordering.and_then(|ordering| match ordering {
        Ordering::Less => Some(Direction::Ahead),
        Ordering::Greater => Some(Direction::Behind),
        Ordering::Equal => None,
    });
    Difference { level, direction }
}

/// The level by the parts alone.
fn level_by_parts(levels: &Levels, baseline: &Reading, current: &Reading) -> Level {
    if baseline.is_unreleased() || current.is_unreleased() {
        return Level::Incomparable(Incomparable::Unreleased);
    }
    match (baseline.body(), current.body()) {
        (Body::Version(_), Body::Version(_)) if os_name(baseline) != os_name(current) => {
            Level::Incomparable(Incomparable::SchemeMismatch)
        }
        (Body::Version(_), Body::Version(_))
            if baseline.counting() != current.counting() || runtimes_differ(baseline, current) =>
        {
            Level::Incomparable(Incomparable::SchemeMismatch)
        }
        (Body::Version(b), Body::Version(c)) => {
            if is_imprecise(levels, baseline, current) || is_imprecise(levels, current, baseline) {
                return Level::WithinPrecision;
            }
            of_versions(levels, b, c, baseline.scheme() == current.scheme())
        }
        (Body::Date(b), Body::Date(c)) => of_dates(b, c),
        (Body::Api(b), Body::Api(c)) if b.major == c.major && b.group == c.group => {
            match b.cmp(c) {
                Ordering::Equal => Level::Equal,
                _ => Level::Prerelease,
            }
        }
        (Body::Api(_), Body::Api(_)) => Level::Incomparable(Incomparable::SchemeMismatch),
        (Body::Commit(b), Body::Commit(c)) => {
            b.distance_to(c).unwrap_or(Level::Incomparable(Incomparable::Opaque))
        }
        (Body::Floating, _) | (_, Body::Floating) => Level::Incomparable(Incomparable::Floating),
        (Body::Opaque | Body::Commit(_), _) | (_, Body::Opaque | Body::Commit(_)) => {
            Level::Incomparable(Incomparable::Opaque)
        }
        (Body::Date(_) | Body::Api(_), _) | (_, Body::Date(_) | Body::Api(_)) => {
            Level::Incomparable(Incomparable::SchemeMismatch)
        }
    }
}

/// `jammy-20240427` is a day of a line of its own.
fn of_dates(b: &Date, c: &Date) -> Level {
    if b.before != c.before {
        return Level::Incomparable(Incomparable::SchemeMismatch);
    }
    if b.year != c.year {
        Level::Major
    } else if b.month != c.month {
        Level::Minor
    } else if (b.day, &b.micro) != (c.day, &c.micro) {
        Level::Patch
    } else if b.pre != c.pre {
        Level::Prerelease
    } else if b.behind != c.behind {
        Level::Build
    } else {
        Level::Equal
    }
}

/// Whether a text says less than the other and what it says is true of it: `7` of `7.2.4`.
fn is_imprecise(levels: &Levels, short: &Reading, long: &Reading) -> bool {
    let (Some(s), Some(l)) = (short.version(), long.version()) else { return false };
    // `17beta1` is of 17.0, and never 17.2.
    if !s.pre.is_empty() || !l.release.starts_with(&s.release) {
        return false;
    }
    let is_shorter = s.release.len() < l.release.len();
    // Who says `8.0` says it of every Aurora of it, and an Aurora does not say which 8.0 it is.
    if s.service_numbers().is_empty() != l.service_numbers().is_empty() {
        return is_shorter || s.service_numbers().is_empty();
    }
    if s.detail == Detail::Beginning {
        return is_shorter || l.detail != Detail::Beginning;
    }
    if short.scheme() != Scheme::ImageTag
        || matches!(s.detail, Detail::BuildNumber | Detail::BuildId)
    {
        return false;
    }
    // A company's `v22` is as whole as `v22.1`, and the beginning of `v22.1.3`.
    if s.is_company_release() {
        return l.release.len() > 2;
    }
    let lacks_update = !is_shorter && s.updates().is_empty() && !l.updates().is_empty();
    (is_shorter || lacks_update) && !short.is_full_precision(levels)
}

/// Two container runtimes, both by name.
fn runtimes_differ(baseline: &Reading, current: &Reading) -> bool {
    let is_uri = |reading: &Reading| reading.scheme() == Scheme::RuntimeUri;
    if !is_uri(baseline) || !is_uri(current) {
        return false;
    }
    let (b, c) = (runtime_name(baseline.text()), runtime_name(current.text()));
    !b.is_empty() && !c.is_empty() && b != c
}

/// Two numbers of different systems say nothing of each other.
fn os_name(reading: &Reading) -> Option<String> {
    (reading.scheme() == Scheme::OsImage).then(|| parse_system_name(reading.text()))
}

fn of_versions(levels: &Levels, baseline: &Version, current: &Version, one_scheme: bool) -> Level {
    // A missing epoch is zero; across sources only the upstream part counts.
    if one_scheme && epoch_of(baseline) != epoch_of(current) {
        return Level::Major;
    }
    let zero = 0.into();
    let longest = baseline.release.len().max(current.release.len());
    let differing = (0..longest).find(|&i| {
        baseline.release.get(i).unwrap_or(&zero) != current.release.get(i).unwrap_or(&zero)
    });
    match differing {
        Some(i) => levels.level_at(i, &baseline.release, &current.release),
        None if baseline.pre != current.pre => Level::Prerelease,
        None if baseline.more != current.more => of_rare(baseline, current),
        None if build_texts(baseline) != build_texts(current) => Level::Build,
        None if one_scheme && baseline.detail != current.detail => Level::Build,
        None => Level::Equal,
    }
}

/// The service around it counts as any version does, and updates are a patch.
fn of_rare(baseline: &Version, current: &Version) -> Level {
    let (b, c) = (baseline.service_numbers(), current.service_numbers());
    if cmp_numbers(b, c).is_ne() {
        let index = (0..b.len()).find(|i| b.get(*i) != c.get(*i));
        return Levels::DEFAULT.level_at(index.unwrap_or(2), b, c);
    }
    if baseline.updates() != current.updates() {
        Level::Patch
    } else if build_texts(baseline) != build_texts(current) {
        Level::Build
    } else {
        Level::Equal
    }
}

fn epoch_of(version: &Version) -> Option<&Number> {
    match &version.detail {
        Detail::Package { epoch, .. } if !epoch.is_zero() => Some(epoch),
        _ => None,
    }
}

/// What differs without making another version of it. The detail does too, but only says something
/// to its own scheme.
fn build_texts(version: &Version) -> (&str, &str, &[Number]) {
    (&version.build, &version.packaging, &version.revisions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::read;

    fn diff(scheme: Scheme, baseline: &str, current: &str) -> (Level, Option<Direction>) {
        let d = difference(&read(scheme, baseline), &read(scheme, current));
        (d.level, d.direction)
    }

    #[test]
    fn levels_and_directions_are_seen_from_the_baseline() {
        use Direction::{Ahead, Behind};
        let generic = |b, c| diff(Scheme::Generic, b, c);
        assert_eq!(generic("7.0.15", "7.0.15"), (Level::Equal, None));
        assert_eq!(generic("7.0.15", "7.2.4"), (Level::Minor, Some(Ahead)));
        assert_eq!(generic("7.0.15", "6.2.5"), (Level::Major, Some(Behind)));
        assert_eq!(generic("1.2.3.4", "1.2.3.5"), (Level::Patch, Some(Ahead)));
        assert_eq!(generic("1.2.3", "1.2.3-rc1"), (Level::Prerelease, Some(Behind)));
        assert_eq!(generic("1.27.3-gke.100", "1.27.3"), (Level::Build, None));
        assert_eq!(generic("7.2", "7.2.0"), (Level::Equal, None));
    }

    #[test]
    fn what_stands_around_a_date_counts() {
        use Direction::{Ahead, Behind};
        let tag = |b, c| diff(Scheme::ImageTag, b, c);
        let lines = Level::Incomparable(Incomparable::SchemeMismatch);
        assert_eq!(tag("jammy-20240427", "noble-20240427"), (lines, None));
        assert_eq!(
            tag("bookworm-20240513-slim", "bookworm-20240514-slim"),
            (Level::Patch, Some(Ahead))
        );
        assert_eq!(tag("16.4-20240910", "15.8-20240911"), (Level::Major, Some(Behind)));
        assert_eq!(tag("20240910-1", "20240910-2"), (Level::Build, Some(Ahead)));
        assert_eq!(tag("main-20240910-abc1234", "main-20240910-def5678").0, Level::Build);
    }

    #[test]
    fn a_short_pre_release_is_of_one_version() {
        use Direction::Behind;
        let tag = |b, c| diff(Scheme::ImageTag, b, c);
        assert_eq!(tag("17.2", "17beta1"), (Level::Minor, Some(Behind)));
        assert_eq!(tag("1.23.0", "1.23rc2"), (Level::Prerelease, Some(Behind)));
    }

    #[test]
    fn a_short_tag_is_neither_equal_nor_drift() {
        let tag = |b, c| diff(Scheme::ImageTag, b, c).0;
        assert_eq!(tag("7", "7.2.4"), Level::WithinPrecision);
        assert_eq!(tag("7.2", "7.2.4-alpine"), Level::WithinPrecision);
        assert_eq!(tag("7.1", "7.2.4"), Level::Minor);
        assert_eq!(tag("v21", "v22"), Level::Major);
        // A company's release is whole: its hotfix is another version.
        assert_eq!(tag("v22", "v22.1"), Level::Minor);
        assert_eq!(tag("22", "v22.1"), Level::WithinPrecision);
        assert_eq!(tag("7.2.4-alpine", "7.2.4-bookworm"), Level::Equal);
    }

    #[test]
    fn what_has_no_order_says_why() {
        let os = |b, c| diff(Scheme::OsImage, b, c).0;
        let mismatch = Level::Incomparable(Incomparable::SchemeMismatch);
        assert_eq!(os("Debian GNU/Linux 12 (bookworm)", "Ubuntu 24.04.1 LTS"), mismatch);
        assert_eq!(os("Ubuntu 22.04.1 LTS", "Ubuntu 24.04.1 LTS"), Level::Major);
        assert_eq!(os("Alpine Linux v3.18", "Alpine Linux v3.19"), Level::Minor);
        assert_eq!(os("Talos (v1.7.1)", "Talos (v1.7.4)"), Level::Patch);
        let opaque = Level::Incomparable(Incomparable::Opaque);
        assert_eq!(diff(Scheme::Generic, "strange", "strange").0, opaque);
        let tag = |b, c| diff(Scheme::ImageTag, b, c).0;
        assert_eq!(tag("latest", "7.2.4"), Level::Incomparable(Incomparable::Floating));
        assert_eq!(tag("latest", "latest"), Level::Incomparable(Incomparable::Floating));
        assert_eq!(tag("deadbeef", "7.2.4"), Level::Incomparable(Incomparable::Opaque));
        assert_eq!(tag("20230601", "7.2.4"), Level::Incomparable(Incomparable::SchemeMismatch));
        let generic = diff(Scheme::Generic, "255.255.255", "7.2.4").0;
        assert_eq!(generic, Level::Incomparable(Incomparable::Unreleased));
    }
}
