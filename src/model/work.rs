//! Work that somebody counted: what Redis had done when so many units of it were over.
//!
//! Marks and rehearsals are runs of the history. Here they are plain data, with counters by our own
//! names.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{ComponentName, EnvironmentName, TargetCounters};

/// What the servers of one Redis had counted at one moment, or why that is not known.
pub type WorkReading = Result<TargetCounters, String>;

/// A mark of work.
#[derive(Clone, Debug)]
pub struct WorkMark {
    /// Where.
    pub environment: EnvironmentName,
    /// Of what: `stock-location`.
    pub work: String,
    /// Units since the mark before; `None` for the start.
    pub count: Option<f64>,
    /// Under which release, if that was said.
    pub release: Option<String>,
    /// When.
    pub at: Timestamp,
    /// By Redis.
    pub readings: BTreeMap<ComponentName, WorkReading>,
}

/// A rehearsal: somebody's own load, run under a release.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// The release.
    pub release: String,
    /// Of its builds.
    pub digest: String,
    /// Where.
    pub environment: EnvironmentName,
    /// Of what.
    pub work: String,
    /// Units of it.
    pub count: f64,
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Timestamp,
    /// How it ended.
    pub outcome: RehearsalOutcome,
    /// By Redis: the first reading, the last, and those around cuts.
    pub readings: BTreeMap<ComponentName, Vec<WorkReading>>,
    /// Microseconds in commands that walk, in the worst five minutes, by Redis. It is at least so
    /// much.
    pub worst_walk: BTreeMap<ComponentName, f64>,
    /// Readings of ours on the way, by Redis: what they cost is no load.
    pub own_readings: BTreeMap<ComponentName, f64>,
}

/// How a rehearsal ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RehearsalOutcome {
    /// The command ended with 0, and the builds were the release's all the time.
    Valid,
    /// The command failed, and how.
    Failed(String),
    /// What it rests on is not so, and why.
    Invalid(String),
}

impl RehearsalOutcome {
    /// The word used in files.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Failed(_) => "failed",
            Self::Invalid(_) => "invalid",
        }
    }

    /// Why it is not valid; empty if it is.
    pub fn reason(&self) -> &str {
        match self {
            Self::Valid => "",
            Self::Failed(why) | Self::Invalid(why) => why,
        }
    }
}
