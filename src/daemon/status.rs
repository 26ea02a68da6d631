//! What `serve` knows at one moment, and how components went over time: what its pages and metrics
//! show. Plain data: whoever shows it reads no clock, no history and no file.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::{Audit, Checklist, EnvironmentName, TargetId};

/// What `serve` knows at one moment.
#[derive(Clone, Debug)]
pub struct ServeStatus {
    /// When it is.
    pub now: Timestamp,
    /// When this process began to serve.
    pub started: Timestamp,
    /// For showing times to people.
    pub timezone: TimeZone,
    /// Whether this process runs schedules, samples and watches: of several over one history one
    /// does.
    pub is_leader: bool,
    /// Whether it was told to end.
    pub is_stopping: bool,
    /// Why the history cannot be written or read; `None` if it can.
    pub history_failure: Option<String>,
    /// Runs that failed in a row: what they were to find is not known.
    pub failed_runs: u32,
    /// The newest audit, judged by today's profiles; `None` if there was none yet.
    pub audit: Option<Arc<Audit>>,
    /// The newest checklist of each release, by name.
    pub checklists: Vec<Arc<Checklist>>,
    /// Each `schedule:`, in the order of the file.
    pub schedules: Vec<ScheduleStatus>,
    /// The newest runs that judged something, newest first.
    pub runs: Vec<PastRun>,
    /// Each server that is sampled.
    pub samples: Vec<SampledServer>,
    /// Incidents, newest first: those that are not over, and those of the last 30 days.
    pub incidents: Vec<IncidentStatus>,
    /// Notices that a sink did not take since this process began.
    pub notifications_failed: u64,
    /// Where people find these pages, if the profiles say so.
    pub public_url: Option<String>,
}

/// One schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleStatus {
    /// Its id: `nightly`.
    pub id: String,
    /// `audit`, or `checklist of v22`.
    pub what: String,
    /// How its last run ended.
    pub last: Option<LastRun>,
    /// Since when one runs.
    pub running_since: Option<Timestamp>,
    /// When it is due next.
    pub next: Option<Timestamp>,
    /// Times at which nobody was there, since the history knows the schedule.
    pub missed: u64,
    /// Times at which another run was in progress.
    pub skipped: u64,
}

/// How the last run of a schedule ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastRun {
    /// When it ended.
    pub at: Timestamp,
    /// `go`, `no-go`, `incomplete`, or `failed`.
    pub verdict: String,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// A run of the history that judged something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRun {
    /// When it ended.
    pub at: Timestamp,
    /// `audit`, `checklist`, …
    pub kind: String,
    /// The release that it is about, if any.
    pub release: Option<String>,
    /// `go`, `no-go`, `incomplete`, `failed`.
    pub verdict: String,
    /// Eight digits of its digest, as `run:3f2a6c01` refers to it.
    pub run: String,
}

/// One server that is sampled.
#[derive(Clone, Debug, PartialEq)]
pub struct SampledServer {
    /// Its environment.
    pub environment: EnvironmentName,
    /// Its target.
    pub target: TargetId,
    /// Its address; empty where the target is one server, or has not answered yet.
    pub place: String,
    /// When it answered last.
    pub last: Option<Timestamp>,
    /// Why it does not answer now (untrusted).
    pub failure: Option<String>,
    /// Whether it is watched: its buckets are judged.
    pub is_watched: bool,
    /// Its newest closed bucket.
    pub bucket: Option<BucketStatus>,
}

/// What a server did in one bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BucketStatus {
    /// Its end, unix seconds.
    pub at: i64,
    /// Share of the time in commands that walk the keyspace or whole collections, 0.05 is 5 %.
    pub walk_share: Option<f64>,
    /// Share of one CPU.
    pub cpu: Option<f64>,
}

/// Something that rose in a watched environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentStatus {
    /// Names it in notices and in the history.
    pub id: String,
    /// Where.
    pub environment: EnvironmentName,
    /// The target that it is about.
    pub target: TargetId,
    /// What rose, from what, to what (untrusted).
    pub title: String,
    /// What else is known of it, a line each: what changed in the hour before (untrusted).
    pub lines: Vec<String>,
    /// Since when.
    pub since: Timestamp,
    /// Until when; `None` if it is not over.
    pub until: Option<Timestamp>,
}

/// How components went over time, and what else happened then.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// Where it begins.
    pub from: Timestamp,
    /// Where it ends.
    pub to: Timestamp,
    /// For showing times to people.
    pub timezone: TimeZone,
    /// Environments in promotion order.
    pub environments: Vec<EnvironmentName>,
    /// A row for each component, by name.
    pub rows: Vec<TimelineRow>,
    /// What else happened, oldest first.
    pub marks: Vec<TimelineMark>,
    /// What is not shown, and why: a history that could not be read.
    pub notes: Vec<String>,
}

/// One component: a strip for each environment in which it ran.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineRow {
    /// `redis/cache`, `image/timemachine`.
    pub component: String,
    /// Whether it is one of the catalogue's own services.
    pub is_own: bool,
    /// In the order of the environments.
    pub strips: Vec<TimelineStrip>,
}

/// What ran of a component in an environment.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineStrip {
    /// The environment.
    pub environment: EnvironmentName,
    /// Oldest first, without overlaps. Between them nothing is known.
    pub spans: Vec<TimelineSpan>,
}

/// One version (or build) from when to when.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineSpan {
    /// When it was first seen.
    pub from: Timestamp,
    /// Until when it was seen, or what followed was.
    pub to: Timestamp,
    /// `7.2.4`, `6.2.5 and 7.0.15`; empty if it was seen not to run (untrusted).
    pub version: String,
}

/// What happened at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineMark {
    /// When it began, or happened.
    pub at: Timestamp,
    /// When it ended, of an incident that is over.
    pub until: Option<Timestamp>,
    /// What.
    pub kind: TimelineMarkKind,
    /// Where; `None` if it is about all.
    pub environment: Option<EnvironmentName>,
    /// In words (untrusted).
    pub label: String,
}

/// What a mark is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimelineMarkKind {
    /// A release came to an environment.
    Release,
    /// An incident.
    Incident,
    /// An audit or a checklist ended `go`.
    Go,
    /// One ended `no-go`.
    NoGo,
    /// One ended `incomplete`, or failed.
    Incomplete,
}

impl TimelineMarkKind {
    /// The word shown: `release`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Incident => "incident",
            Self::Go => "go",
            Self::NoGo => "no-go",
            Self::Incomplete => "incomplete",
        }
    }
}
