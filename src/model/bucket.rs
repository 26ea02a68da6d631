//! Load as it is kept: what a server did in each five minutes, and the hours of that.
//!
//! Times are unix seconds. A bucket is named by its end: `at` stands for (at - length, at]. All
//! sources share one grid, whose lines are the multiples of the length in UTC.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};
use std::str::FromStr;

/// How long a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketLength(i64);

impl BucketLength {
    /// Five minutes.
    pub const DEFAULT: Self = Self(300);

    /// A length of whole seconds; tests use a shorter one. Below 1 it is 1.
    pub const fn new(seconds: i64) -> Self {
        Self(if seconds < 1 { 1 } else { seconds })
    }

    /// In seconds.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// In seconds, to count with.
    #[expect(clippy::cast_precision_loss, reason = "a length of seconds is far below 2^53")]
    pub const fn as_f64(self) -> f64 {
        self.0 as f64
    }

    /// The last line of the grid at or before a time.
    pub const fn floor(self, at: i64) -> i64 {
        at.div_euclid(self.0) * self.0
    }

    /// The first line of the grid at or after a time.
    pub const fn ceil(self, at: i64) -> i64 {
        self.floor(at + self.0 - 1)
    }

    /// The bucket that a moment falls into, by its end. What happened on a line of the grid belongs
    /// to the bucket that ends there, as `last_over_time(…[5m])` has it.
    pub const fn end_of(self, millis: i64) -> i64 {
        self.ceil(millis.div_euclid(1000) + (millis.rem_euclid(1000) > 0) as i64)
    }
}

impl Default for BucketLength {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What one series did in one bucket.
///
/// A gap has no `up`; what was counted over it is spread over its buckets and the one that ends it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Its end, on the grid.
    pub at: i64,
    /// Seconds of it that samples cover: its length, if as many were taken as usual. In a gap 0.
    pub covered: f64,
    /// Calls, or the value of the series: see [`Series`].
    pub a: f64,
    /// Microseconds, where the series has a time.
    pub b: f64,
    /// What must be known to read the figures.
    pub flags: BucketFlags,
}

/// What one series did in one hour: the sum of its buckets and the worst of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hour {
    /// Its end, a multiple of 3600.
    pub at: i64,
    /// Seconds of it that samples cover.
    pub covered: f64,
    /// Sum of `a`; of a gauge, as `keys`, its last value.
    pub sum_a: f64,
    /// Sum of `b`.
    pub sum_b: f64,
    /// The largest `a` of one bucket.
    pub max_a: f64,
    /// The largest `b` of one bucket.
    pub max_b: f64,
    /// Everything that any of its buckets is marked with.
    pub flags: BucketFlags,
}

/// Marks of a bucket, as one whole number in the store. Bits are added and never renamed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct BucketFlags(i64);

impl BucketFlags {
    /// No mark.
    pub const NONE: Self = Self(0);
    /// The figures are a lower bound.
    pub const AT_LEAST: Self = Self(1);
    /// The server was started in it.
    pub const RESTART: Self = Self(1 << 1);
    /// The server's counters were reset in it.
    pub const RESET: Self = Self(1 << 2);
    /// It stands in a gap or ends one; the gap's difference is spread evenly over its buckets.
    pub const SPREAD: Self = Self(1 << 3);
    /// The difference begins before the bucket: the one before lacks samples.
    pub const LATE: Self = Self(1 << 4);
    /// In `up`: commands that have no row were not called in it. With neither this mark nor
    /// [`Self::UNPROVEN`] they were not, as far as was seen around a cut.
    pub const ZEROS: Self = Self(1 << 5);
    /// In `up`: the server was a primary at its end.
    pub const PRIMARY: Self = Self(1 << 6);
    /// In `up`: the server was a replica at its end.
    pub const REPLICA: Self = Self(1 << 7);
    /// In `up`: the server's role is another one than in the bucket before.
    pub const FAILOVER: Self = Self(1 << 8);
    /// The source tells no time of commands in it: `b` is a lower bound.
    pub const UNTIMED: Self = Self(1 << 9);
    /// Nothing bounds what is missing: a breach is one, and all else is unknown. In `up`: commands
    /// that have no row may have been called.
    pub const UNPROVEN: Self = Self(1 << 10);
    /// In `up`: another server answered before it. What was counted until then is not this one's.
    pub const OTHER_SERVER: Self = Self(1 << 11);

    /// All of them with their words, in the order of their bits.
    const NAMES: [(Self, &'static str); 12] = [
        (Self::AT_LEAST, "at-least"),
        (Self::RESTART, "restart"),
        (Self::RESET, "reset"),
        (Self::SPREAD, "spread"),
        (Self::LATE, "late"),
        (Self::ZEROS, "zeros"),
        (Self::PRIMARY, "primary"),
        (Self::REPLICA, "replica"),
        (Self::FAILOVER, "failover"),
        (Self::UNTIMED, "untimed"),
        (Self::UNPROVEN, "unproven"),
        (Self::OTHER_SERVER, "other-server"),
    ];

    /// From the store. Bits of a later version are kept.
    pub const fn from_bits(bits: i64) -> Self {
        Self(bits)
    }

    /// For the store.
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// Whether all marks of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The marks of both, in constants.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those of `other` that are set.
    #[must_use]
    pub const fn only(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Without the marks of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// `other` if the condition holds.
    #[must_use]
    pub const fn when(self, condition: bool) -> Self {
        if condition { self } else { Self::NONE }
    }

    /// The words of the marks that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(flag, _)| self.contains(*flag)).map(|(_, name)| name)
    }
}

impl BitOr for BucketFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for BucketFlags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for BucketFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// What is counted. [`fmt::Display`] and [`FromStr`] are its name in the store.
///
/// `up` has a row for every bucket that is covered at all, the others only those that are not zero
/// or not proven: see [`Series::is_stored`]. Of `walk` each hour has a row, so that hours by
/// another list are told from those without a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Series {
    /// `up`: `a` is the number of samples.
    Up,
    /// `walk/<list>`: `a` is the calls of all walking commands, `b` their time. A list of other
    /// commands makes another series, so that nobody compares one with the other.
    Walk(ListDigest),
    /// `cpu`: `b` is the time of CPU, user and system.
    Cpu,
    /// `ops`: `a` is the commands processed.
    Ops,
    /// `logins`: `a` is the calls by which clients log in.
    Logins,
    /// `keys`: `a` is the keys in all databases at the end. It is not a sum.
    Keys,
    /// `restarts`: `a` is how often the server was started, as far as samples show.
    Restarts,
    /// `resets`: `a` is how often its counters were reset, as far as samples show.
    Resets,
    /// `cmd/<name>`: `a` is the calls of a command, `b` its time. The name is lower case,
    /// subcommands are `config|get`.
    Command(String),
}

/// Eight hex digits that tell one list of commands from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListDigest(pub u32);

impl fmt::Display for ListDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// A name in the store that stands for no series of this version.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown series {0:?}")]
pub struct UnknownSeries(String);

impl Series {
    /// Whether it tells a state and not what was counted: hours keep its last value.
    pub const fn is_gauge(&self) -> bool {
        matches!(self, Self::Keys)
    }

    /// Whether a bucket of it is worth a row.
    pub fn is_stored(&self, bucket: &Bucket) -> bool {
        let is_open = bucket.flags.contains(BucketFlags::UNPROVEN);
        matches!(self, Self::Up) || bucket.a != 0.0 || bucket.b != 0.0 || is_open
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up => f.write_str("up"),
            Self::Walk(list) => write!(f, "walk/{list}"),
            Self::Cpu => f.write_str("cpu"),
            Self::Ops => f.write_str("ops"),
            Self::Logins => f.write_str("logins"),
            Self::Keys => f.write_str("keys"),
            Self::Restarts => f.write_str("restarts"),
            Self::Resets => f.write_str("resets"),
            Self::Command(name) => write!(f, "cmd/{name}"),
        }
    }
}

impl FromStr for Series {
    type Err = UnknownSeries;

    fn from_str(text: &str) -> Result<Self, UnknownSeries> {
        let unknown = || UnknownSeries(text.to_owned());
        if let Some(name) = text.strip_prefix("cmd/") {
            return Ok(Self::Command(name.to_owned()));
        }
        if let Some(list) = text.strip_prefix("walk/") {
            let digest = u32::from_str_radix(list, 16).map_err(|_| unknown())?;
            return Ok(Self::Walk(ListDigest(digest)));
        }
        let plain = [
            Self::Up,
            Self::Cpu,
            Self::Ops,
            Self::Logins,
            Self::Keys,
            Self::Restarts,
            Self::Resets,
        ];
        plain.into_iter().find(|series| series.to_string() == text).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_names_of_series_are_read_as_they_are_written() {
        let all = [
            Series::Up,
            Series::Walk(ListDigest(0x0a1b)),
            Series::Cpu,
            Series::Ops,
            Series::Logins,
            Series::Keys,
            Series::Restarts,
            Series::Resets,
            Series::Command("config|get".to_owned()),
        ];
        for series in all {
            assert_eq!(series.to_string().parse(), Ok(series));
        }
        assert!("walk/zz".parse::<Series>().is_err() && "walks".parse::<Series>().is_err());
    }

    #[test]
    fn load_moments_belong_to_the_bucket_that_ends_after_them() {
        let length = BucketLength::DEFAULT;
        let ends = [0, 1, 300_000, 300_001, 599_999, -1].map(|millis| length.end_of(millis));
        assert_eq!(ends, [0, 300, 300, 600, 600, 0]);
        assert_eq!((length.floor(-1), length.ceil(-1), length.ceil(301)), (-300, 0, 600));
        assert_eq!(BucketLength::new(0).seconds(), 1);
    }

    #[test]
    fn load_marks_have_one_bit_each() {
        let all = BucketFlags::NAMES.iter().fold(BucketFlags::NONE, |all, (flag, _)| all | *flag);
        assert_eq!((all.bits(), all.names().count()), ((1 << 12) - 1, 12));
        assert!(!all.without(BucketFlags::RESET).contains(BucketFlags::RESET));
        assert_eq!(format!("{:?}", BucketFlags::from_bits(3)), "{\"at-least\", \"restart\"}");
    }
}
