//! What windows are judged by: which series, and in what unit.

use super::commands::CommandLists;
use crate::model::{BucketFlags, BucketLength, Series};

/// A figure of load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LoadIndicator {
    /// Time in commands that walk, as a share of wall time. A throttled server inflates it.
    WalkShare,
    /// Time of CPU, as a share of one core.
    Cpu,
    /// Commands a second.
    Ops,
    /// Logins a second.
    Logins,
}

/// The highest value of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadPeak {
    /// In the indicator's unit.
    pub value: f64,
    /// End of its five minutes; where hours are all that is kept, of its hour.
    pub at: i64,
    /// Marks of its bucket: `at-least`, `restart` …
    pub flags: BucketFlags,
}

impl LoadIndicator {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::WalkShare, Self::Cpu, Self::Ops, Self::Logins];

    /// The word used in files, policies and on screens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WalkShare => "walk-share",
            Self::Cpu => "cpu",
            Self::Ops => "ops",
            Self::Logins => "logins",
        }
    }

    /// Whether it is a share, and shown in per cent; else it is a number a second.
    pub const fn is_share(self) -> bool {
        matches!(self, Self::WalkShare | Self::Cpu)
    }

    /// Where its buckets stand.
    pub fn series(self, lists: &CommandLists) -> Series {
        match self {
            Self::WalkShare => Series::Walk(lists.digest()),
            Self::Cpu => Series::Cpu,
            Self::Ops => Series::Ops,
            Self::Logins => Series::Logins,
        }
    }

    /// Its value, from calls and microseconds in a bucket.
    pub fn value(self, (a, b): (f64, f64), length: BucketLength) -> f64 {
        let counted = if self.is_share() { b / 1e6 } else { a };
        counted / length.as_f64()
    }
}

/// Microseconds of one call; `None` without a whole call.
pub fn time_per_call(calls: f64, micros: f64) -> Option<f64> {
    (calls >= 1.0).then(|| micros / calls)
}
