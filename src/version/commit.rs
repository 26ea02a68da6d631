//! A commit, and what a tag says around it.

use super::level::Level;

/// A commit's hash in a tag, or a digest written as one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commit {
    /// Abbreviated or whole, in lower case; with `-dirty`, because what was not committed is of no
    /// commit.
    pub hash: String,
    /// Numbers behind it, which say which build of the commit it is. Empty if none.
    pub build: String,
    /// The words before it: `main` of `main-3f2a9bc`. Empty if none.
    pub channel: String,
    /// What else is in the image: `alpine` of `3f2a9bc-alpine`. Empty if none.
    pub variant: String,
    /// Whether the channel is the name of the environment that runs it, and so says nothing.
    pub is_own_channel: bool,
}

impl Commit {
    /// How far apart two are; `None` if they are two commits, which have no order. An abbreviated
    /// hash is true of the whole one.
    pub(super) fn distance_to(&self, other: &Self) -> Option<Level> {
        if self.hash == other.hash {
            return Some(if self.build == other.build { Level::Equal } else { Level::Build });
        }
        let is_short = |short: &Self, long: &Self| {
            long.hash.starts_with(&short.hash) && !long.hash.contains('-')
        };
        (is_short(self, other) || is_short(other, self)).then_some(Level::WithinPrecision)
    }
}
