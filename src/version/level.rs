//! How far apart two readings are.

use std::cmp::Ordering;

use super::reading::{Body, Reading, Scheme, Version};

/// The distance of two readings, least first. Symmetric: which is newer is a [`Direction`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The same version.
    Equal,
    /// The shorter of two tags is true of the longer: `7` and `7.2.4`. Neither equal nor drift.
    WithinPrecision,
    /// Only build metadata or packaging differ.
    Build,
    /// Only the pre-release differs.
    Prerelease,
    /// The third or a later number differs.
    Patch,
    /// The second number differs.
    Minor,
    /// The first number differs.
    Major,
    /// The two have no order.
    Incomparable(Incomparable),
}

/// Why two readings have no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Incomparable {
    /// At least one text is no version of its scheme, or a commit.
    Opaque,
    /// At least one is a tag that moves.
    Floating,
    /// A date against a version, or schemes that have no common part.
    SchemeMismatch,
    /// At least one is a sentinel that no release carries.
    Unreleased,
}

/// Where the current side stands, seen from the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Newer than the baseline.
    Ahead,
    /// Older than the baseline.
    Behind,
    /// Of several readings, some are newer and some older.
    Mixed,
}

/// A level, and the direction where one exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Difference {
    /// How far apart.
    pub level: Level,
    /// `None` for equal, incomparable, and what differs without an order.
    pub direction: Option<Direction>,
}

impl Level {
    /// Whether the two are known to differ.
    pub fn is_drift(self) -> bool {
        matches!(self, Self::Build | Self::Prerelease | Self::Patch | Self::Minor | Self::Major)
    }

    /// The word used in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::WithinPrecision => "within-precision",
            Self::Build => "build",
            Self::Prerelease => "prerelease",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Incomparable(_) => "incomparable",
        }
    }
}

impl Incomparable {
    /// The reason in words that fit behind "cannot be ordered: ".
    pub fn reason(self) -> &'static str {
        match self {
            Self::Opaque => "a text that says no version",
            Self::Floating => "a tag that moves",
            Self::SchemeMismatch => "versions of different schemes",
            Self::Unreleased => "a build that was never released",
        }
    }
}

impl Direction {
    /// The word used in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ahead => "ahead",
            Self::Behind => "behind",
            Self::Mixed => "mixed",
        }
    }
}

/// How far `current` is from `baseline`.
pub fn difference(baseline: &Reading, current: &Reading) -> Difference {
    let none = |level| Difference { level, direction: None };
    if baseline.is_unreleased() || current.is_unreleased() {
        return none(Level::Incomparable(Incomparable::Unreleased));
    }
    match (baseline.body(), current.body()) {
        (Body::Version(b), Body::Version(c)) => {
            let tag = baseline.scheme() == Scheme::ImageTag || current.scheme() == Scheme::ImageTag;
            of_versions(b, c, tag)
        }
        (Body::Date(b), Body::Date(c)) => {
            let level = if b.year != c.year {
                Level::Major
            } else if b.month != c.month {
                Level::Minor
            } else if b.day != c.day {
                Level::Patch
            } else {
                Level::Equal
            };
            Difference { level, direction: direction(b.cmp(c)) }
        }
        (Body::Commit(b), Body::Commit(c)) if b == c => none(Level::Equal),
        (Body::Opaque, Body::Opaque) if baseline.text() == current.text() => none(Level::Equal),
        (Body::Floating, _) | (_, Body::Floating) => none(Level::Incomparable(Incomparable::Floating)),
        (Body::Opaque | Body::Commit(_), _) | (_, Body::Opaque | Body::Commit(_)) => {
            none(Level::Incomparable(Incomparable::Opaque))
        }
        (Body::Date(_), Body::Version(_)) | (Body::Version(_), Body::Date(_)) => {
            none(Level::Incomparable(Incomparable::SchemeMismatch))
        }
    }
}

fn of_versions(baseline: &Version, current: &Version, tag: bool) -> Difference {
    let common = baseline.release.len().min(current.release.len());
    let prefix_agrees = baseline.release[..common] == current.release[..common];
    let shorter_is_imprecise = common < 3 && baseline.release.len() != current.release.len();
    if tag && prefix_agrees && shorter_is_imprecise {
        return Difference { level: Level::WithinPrecision, direction: None };
    }
    let ordering = current.cmp_precedence(baseline);
    let zero = 0.into();
    let longest = baseline.release.len().max(current.release.len());
    let differing =
        (0..longest).find(|&i| baseline.release.get(i).unwrap_or(&zero) != current.release.get(i).unwrap_or(&zero));
    let level = match differing {
        Some(0) => Level::Major,
        Some(1) => Level::Minor,
        Some(_) => Level::Patch,
        None if ordering.is_ne() => Level::Prerelease,
        None if (&baseline.build, &baseline.packaging) != (&current.build, &current.packaging) => Level::Build,
        None => Level::Equal,
    };
    Difference { level, direction: direction(ordering.reverse()) }
}

/// `ordering` is the baseline's, seen from the current side.
fn direction(ordering: Ordering) -> Option<Direction> {
    match ordering {
        Ordering::Less => Some(Direction::Ahead),
        Ordering::Greater => Some(Direction::Behind),
        Ordering::Equal => None,
    }
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
    fn a_short_tag_is_neither_equal_nor_drift() {
        let tag = |b, c| diff(Scheme::ImageTag, b, c).0;
        assert_eq!(tag("7", "7.2.4"), Level::WithinPrecision);
        assert_eq!(tag("7.2", "7.2.4-alpine"), Level::WithinPrecision);
        assert_eq!(tag("7.1", "7.2.4"), Level::Minor);
        assert_eq!(tag("v21", "v22"), Level::Major);
        assert_eq!(tag("7.2.4-alpine", "7.2.4-bookworm"), Level::Equal);
    }

    #[test]
    fn what_has_no_order_says_why() {
        let tag = |b, c| diff(Scheme::ImageTag, b, c).0;
        assert_eq!(tag("latest", "7.2.4"), Level::Incomparable(Incomparable::Floating));
        assert_eq!(tag("latest", "latest"), Level::Incomparable(Incomparable::Floating));
        assert_eq!(tag("deadbeef", "7.2.4"), Level::Incomparable(Incomparable::Opaque));
        assert_eq!(tag("20230601", "7.2.4"), Level::Incomparable(Incomparable::SchemeMismatch));
        let generic = diff(Scheme::Generic, "255.255.255", "7.2.4").0;
        assert_eq!(generic, Level::Incomparable(Incomparable::Unreleased));
    }
}
