//! What became of a release in the minutes after it went to production.
//!
//! Plain data, before any format.

use jiff::Timestamp;

use super::{EnvironmentName, ItemFigure, Run, Verdict};

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterKind {
    /// A release that goes to production.
    Release,
    /// A release that is taken back.
    Rollback,
}

impl AfterKind {
    /// The kind of its run in the history.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Release => "after-release",
            Self::Rollback => "after-rollback",
        }
    }
}

/// How a watch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterEnd {
    /// The release must be rolled back.
    RollBack,
    /// It was taken back while it was watched.
    TakenBack,
    /// It holds.
    Holding,
    /// All builds are back, and nothing is breached.
    Back,
    /// They are not, or something is breached still.
    NotBack,
    /// Production did not change.
    Unchanged,
    /// A target was not read for too long.
    Lost,
    /// Not everything is known that the end needs.
    Incomplete,
}

impl AfterEnd {
    /// On screens and in files, in capitals or not.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RollBack => "roll back",
            Self::TakenBack => "taken back",
            Self::Holding => "holding",
            Self::Back => "back",
            Self::NotBack => "not back",
            Self::Unchanged => "unchanged",
            Self::Lost => "lost",
            Self::Incomplete => "incomplete",
        }
    }

    /// What it is as a verdict.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::RollBack | Self::TakenBack | Self::NotBack => Verdict::NoGo,
            Self::Holding | Self::Back => Verdict::Go,
            Self::Unchanged | Self::Lost | Self::Incomplete => Verdict::Incomplete,
        }
    }
}

/// Something that was seen while watching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AfterEvent {
    /// When.
    pub at: Timestamp,
    /// In words; quotes what was read (untrusted).
    pub text: String,
}

/// How the watch of a release ended, and what it saw.
#[derive(Clone, Debug)]
pub struct AfterResult {
    /// What was watched.
    pub kind: AfterKind,
    /// The release.
    pub release: String,
    /// SHA-256 over its builds.
    pub digest: String,
    /// The release that should run in the end.
    pub target: String,
    /// Where.
    pub environment: EnvironmentName,
    /// How it ended.
    pub end: AfterEnd,
    /// Why, in a sentence.
    pub because: String,
    /// What to do, if it did not end well: a command or a sentence, and how long that takes.
    pub next: Vec<(String, String)>,
    /// When watching began.
    pub started: Timestamp,
    /// When the first build changed, or all were back.
    pub changed: Option<Timestamp>,
    /// When it ended.
    pub ended: Timestamp,
    /// What was seen, oldest first.
    pub events: Vec<AfterEvent>,
    /// The figures that it rests on.
    pub figures: Vec<ItemFigure>,
    /// How often production was read.
    pub rounds: usize,
    /// How it was made.
    pub run: Run,
}
