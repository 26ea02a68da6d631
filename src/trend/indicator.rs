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

    /// As people call it.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::WalkShare => "walk share",
            Self::Cpu => "CPU",
            Self::Ops => "ops/s",
            Self::Logins => "logins/s",
        }
    }

    /// A value of it for people: `5.37 %`, `1480`.
    pub fn format_value(self, value: f64) -> String {
        shown_value(self.is_share(), value)
    }

    /// Whether it is a share, and shown in per cent; else it is a number a second.
    pub const fn is_share(self) -> bool {
        matches!(self, Self::WalkShare | Self::Cpu)
    }

    /// Where its buckets stand.
    pub fn series_of(self, lists: &CommandLists) -> Series {
        match self {
            Self::WalkShare => Series::Walk(lists.digest()),
            Self::Cpu => Series::Cpu,
            Self::Ops => Series::Ops,
            Self::Logins => Series::Logins,
        }
    }

    /// Its value, from calls and microseconds in a bucket.
    pub fn value_in_bucket(self, (a, b): (f64, f64), length: BucketLength) -> f64 {
        let counted = if self.is_share() { b / 1e6 } else { a };
        counted / length.as_f64()
    }
}

/// A share in per cent, or a number a second, for people.
pub fn shown_value(is_share: bool, value: f64) -> String {
    if is_share { share_text(value) } else { number_text(value) }
}

/// Two digits behind the point where they say something: a limit of 5 % stands beside 5.37 %.
fn share_text(value: f64) -> String {
    format!("{} %", number_text(value * 100.0))
}

fn number_text(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    let short = if digits > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    // What is not zero is not shown as zero.
    if value > 0.0 && short == "0" { "< 0.01".to_owned() } else { short.to_owned() }
}

/// Microseconds of one call; `None` without a whole call.
pub fn time_per_call(calls: f64, micros: f64) -> Option<f64> {
    (calls >= 1.0).then(|| micros / calls)
}
