//! The load of targets as an audit judged it: plain data, before any format.
//!
//! Values of shares are parts of one: 0.05 is 5 %. Times are unix seconds.

use super::{EnvironmentName, Failure, LoadSpan, SpanMark, TargetId};

/// The load of one target in an audit.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedLoad {
    /// Where it is.
    pub environment: EnvironmentName,
    /// Which.
    pub target: TargetId,
    /// The windows, newest first.
    pub windows: Vec<JudgedWindow>,
    /// The indicators, each in all windows.
    pub rows: Vec<LoadRow>,
    /// Sources that told nothing, and why.
    pub failed: Vec<(String, Failure)>,
    /// What is worth telling of a source: its clock, what it warned of.
    pub notes: Vec<String>,
    /// How indicators went over the newest window, as far as that is known.
    pub courses: Vec<LoadCourse>,
}

/// How one indicator went over a window: its worst in each part of that, all parts of one length.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadCourse {
    /// `walk-share`, …
    pub indicator: &'static str,
    /// In the order of time; `None` is a gap, and not zero.
    pub parts: Vec<Option<f64>>,
}

/// What is known of a window, whatever the indicator.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedWindow {
    /// `24h`, `-7d`, `-30d`, `cumulative`.
    pub window: &'static str,
    /// When.
    pub span: LoadSpan,
    /// What told it; empty if nothing did.
    pub source: String,
    /// Whose the series are: `proven` by each server's own answer, `by-labels`, `another-server`,
    /// `unknown`.
    pub identity: &'static str,
    /// The first moment that the source holds.
    pub held_since: Option<i64>,
    /// The share that samples cover, of the server with the least.
    pub covered: f64,
    /// By server.
    pub servers: Vec<WindowServer>,
}

/// What is known of one server in a window.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowServer {
    /// Its address; empty where the target is one server.
    pub place: String,
    /// Samples in the window.
    pub samples: f64,
    /// The share that they cover.
    pub covered: f64,
    /// Starts of the server.
    pub restarts: f64,
    /// Resets of its counters.
    pub resets: f64,
    /// When its role changed.
    pub failovers: Vec<i64>,
    /// Spans without samples.
    pub gaps: Vec<LoadSpan>,
    /// What somebody left out.
    pub excluded: Vec<SpanMark>,
}

/// One indicator in all windows.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadRow {
    /// `walk-share`, `cpu`, `ops`, `logins`.
    pub indicator: &'static str,
    /// Whether its values are shares; else numbers a second.
    pub is_share: bool,
    /// The most that the worst five minutes of a window may be.
    pub max: Option<f64>,
    /// By what share the last 24 hours may be above the past.
    pub change: Option<f64>,
    /// One for each window, in their order.
    pub cells: Vec<LoadCell>,
    /// The last 24 hours against the past, if that is judged.
    pub risen: Option<LoadChange>,
}

/// One indicator in one window: the worst server.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadCell {
    /// The worst five minutes.
    pub worst: Option<LoadWorst>,
    /// What 95 of 100 full buckets of that server do not exceed.
    pub p95: Option<f64>,
    /// How it came out against the most that is allowed.
    pub outcome: LoadOutcome,
    /// Why nobody knows, worst server first; empty if it is known.
    pub unknown: Vec<String>,
}

/// The worst five minutes of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadWorst {
    /// In the indicator's unit.
    pub value: f64,
    /// When they end; where hours are all that is kept, when their hour ends.
    pub at: i64,
    /// Whether it may have been more.
    pub is_at_least: bool,
    /// Which server; empty where the target is one.
    pub place: String,
    /// `restart`, `reset` …; `aligned` where no samples are kept that five minutes could slide over.
    pub marks: Vec<&'static str>,
}

/// The last 24 hours against the past.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadChange {
    /// The worst of the past, and its window; `None` if no past window could be judged.
    pub base: Option<(f64, &'static str)>,
    /// The most that was allowed.
    pub limit: Option<f64>,
    /// How it came out.
    pub outcome: LoadOutcome,
    /// Why nobody knows.
    pub unknown: Vec<String>,
}

/// How a figure came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LoadOutcome {
    /// Nothing is asked of it.
    Printed,
    /// It holds.
    Met,
    /// It may or may not hold.
    Unknown,
    /// It does not hold.
    Breached,
}

impl LoadOutcome {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Printed => "printed",
            Self::Met => "met",
            Self::Unknown => "unknown",
            Self::Breached => "breached",
        }
    }
}
