//! When a release came to an environment, and what says so.

use jiff::Timestamp;

use super::Release;

/// When a release came, and when all of it was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Came {
    /// When the first of its changed builds ran: what happened before is not its doing.
    pub first: Option<CameTime>,
    /// When all of its changed builds ran: what happened before is not a trial of it.
    pub complete: Option<CameTime>,
}

/// A time, and what tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CameTime {
    /// When, at the latest.
    pub at: Timestamp,
    /// What says so.
    pub by: CameSource,
}

/// What tells when a build came, the most exact first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CameSource {
    /// The creation of a ReplicaSet or ControllerRevision with its image.
    Revision,
    /// The first stored evidence of it.
    Evidence,
    /// The file of the release, which its capture wrote.
    File,
}

impl CameSource {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revision => "revision",
            Self::Evidence => "evidence",
            Self::File => "file",
        }
    }

    /// As it stands behind a time.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Revision => "by its ReplicaSets",
            Self::Evidence => "by stored evidence",
            Self::File => "by its file",
        }
    }
}

/// The release that load is compared with.
#[derive(Clone, Debug)]
pub struct BaselineRelease<'a> {
    /// `None` if none is known: nothing is compared then.
    pub release: Option<&'a Release>,
    /// When it came to where releases go; `None` if that is not known.
    pub since: Option<CameTime>,
    /// Why it is this one, or why there is none.
    pub told: String,
}
