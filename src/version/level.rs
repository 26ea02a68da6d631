//! The words for how far apart two versions are, and which of them is newer.

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
    /// The third or a later number differs; see [`Levels`](super::Levels).
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
    /// At least one text is not a version of its scheme, or a commit.
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

    /// The drift of that word; `None` for every other word.
    pub fn from_drift_word(word: &str) -> Option<Self> {
        let all = [Self::Build, Self::Prerelease, Self::Patch, Self::Minor, Self::Major];
        all.into_iter().find(|level| level.as_str() == word)
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
