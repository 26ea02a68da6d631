//! Why a window is not known. Each reason makes it INCOMPLETE, and says so in plain words.

use std::fmt;

use crate::model::{BucketFlags, LoadSpan};

/// A reason. Times are unix seconds, and shown in UTC; who has a zone words them anew.
#[derive(Clone, Debug, PartialEq)]
pub enum Unknown {
    /// The target has no server.
    NoServers,
    /// Nothing at all was sampled.
    NoSamples,
    /// The source holds nothing from before.
    HeldSince(i64),
    /// A gap in which anything may have happened.
    LongGap(LoadSpan),
    /// A gap before which or after which no counters are known.
    OpenGap(LoadSpan),
    /// Too little of the window is covered.
    LowCoverage {
        /// Share that is covered.
        covered: f64,
        /// Share that the policy wants.
        wanted: f64,
    },
    /// What was counted over a short gap would be a breach if it came at once.
    GapMayHide {
        /// End of the gap's last bucket.
        at: i64,
        /// The indicator, if it came at once.
        possible: f64,
    },
    /// Some buckets are lower bounds of which nothing says how far they are off.
    Unproven {
        /// End of the first of them.
        first: i64,
        /// How many, hours as twelve each.
        count: u64,
        /// Why, in the first of them.
        cause: UnprovenCause,
    },
    /// Hours that are kept by no list of walking commands.
    NoWalkHours(i64),
    /// No past window can be judged, so that nothing tells whether the figure rose.
    NothingToCompare,
    /// A gap in the past may hide a burst as high as today's.
    PastMayBeHigher {
        /// The most that it may be.
        possible: f64,
    },
    /// The series are of another server.
    AnotherServer {
        /// The server's own `run_id`.
        live: String,
        /// That of the series.
        found: String,
    },
    /// Another server answered until then: what it counted is not this one's.
    OtherServerUntil(i64),
    /// Nothing tells whose the series are.
    NoIdentity,
    /// The clocks are so far apart that samples stand at a wrong time.
    Clock {
        /// Seconds by which the source is ahead of us.
        ahead: f64,
    },
    /// The source warned: its answer may lack something.
    Warnings {
        /// The first (untrusted).
        first: String,
        /// How many.
        count: usize,
    },
}

/// Why a bucket is a lower bound without a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnprovenCause {
    /// More than a minute before a restart or reset was not seen.
    Cut,
    /// The source tells no time of commands.
    Untimed,
    /// More commands were processed than the source tells calls of, or a counter came or went.
    Hidden,
}

impl UnprovenCause {
    pub(super) fn from_flags(flags: BucketFlags) -> Self {
        let is_set = |flag| flags.contains(flag);
        if is_set(BucketFlags::UNTIMED) {
            Self::Untimed
        } else if is_set(BucketFlags::RESTART) || is_set(BucketFlags::RESET) {
            Self::Cut
        } else {
            Self::Hidden
        }
    }

    fn as_words(self) -> &'static str {
        match self {
            Self::Cut => "a restart or reset hides more than a fifth of it",
            Self::Untimed => "the source tells no time of commands that were called",
            Self::Hidden => "the calls that the source tells do not add up to those processed",
        }
    }
}

impl Unknown {
    /// Whether what was read may be another server's: then even a breach is none. All else that is
    /// not known only adds to what was read, or moves it in time.
    pub fn is_distrust(&self) -> bool {
        matches!(self, Self::AnotherServer { .. } | Self::NoIdentity)
    }

    /// Whether it is about the source, and not about what was sampled.
    pub fn is_of_source(&self) -> bool {
        match self {
            Self::AnotherServer { .. }
            | Self::NoIdentity
            | Self::Clock { .. }
            | Self::Warnings { .. } => true,
            Self::OtherServerUntil(_)
            | Self::NoServers
            | Self::NoSamples
            | Self::HeldSince(_)
            | Self::LongGap(_)
            | Self::OpenGap(_)
            | Self::LowCoverage { .. }
            | Self::GapMayHide { .. }
            | Self::Unproven { .. }
            | Self::NoWalkHours(_)
            | Self::NothingToCompare
            | Self::PastMayBeHigher { .. } => false,
        }
    }
}

/// `2026-04-13 20:05Z`.
fn time_text(at: i64) -> String {
    jiff::Timestamp::from_second(at)
        .map_or_else(|_| at.to_string(), |at| at.strftime("%F %H:%MZ").to_string())
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoServers => f.write_str("the target has no server that tells its load"),
            Self::NoSamples => f.write_str("nothing was sampled"),
            Self::HeldSince(at) => write!(f, "held since {}", time_text(*at)),
            Self::LongGap(span) => {
                let minutes = span.seconds() / 60;
                write!(f, "{minutes} min without samples from {}", time_text(span.from))
            }
            Self::OpenGap(span) => {
                write!(f, "nothing tells what was counted from {} on", time_text(span.from))?;
                write!(f, " ({} min)", span.seconds() / 60)
            }
            Self::LowCoverage { covered, wanted } => {
                write!(f, "{:.1} % covered, {:.0} % wanted", covered * 100.0, wanted * 100.0)
            }
            Self::GapMayHide { at, .. } => {
                write!(f, "the gap that ends at {} may hide a breach", time_text(*at))
            }
            Self::Unproven { first, count, cause } => {
                let words = cause.as_words();
                write!(f, "{count} buckets are a lower bound, from {}: {words}", time_text(*first))
            }
            Self::NoWalkHours(at) => {
                write!(f, "hours until {} tell nothing of walking commands", time_text(*at))
            }
            Self::NothingToCompare => f.write_str("no past window to compare with"),
            Self::PastMayBeHigher { .. } => {
                f.write_str("a gap in the past may hide a burst as high")
            }
            Self::AnotherServer { live, found } => {
                write!(f, "another server: its run_id is {live}, that of the series {found}")
            }
            Self::OtherServerUntil(at) => {
                write!(f, "until {} another server answered here", time_text(*at))
            }
            Self::NoIdentity => f.write_str("nothing tells which server the series are of"),
            Self::Clock { ahead } => {
                let word = if *ahead < 0.0 { "behind" } else { "ahead" };
                write!(f, "the source's clock is {:.0} s {word}", ahead.abs())
            }
            Self::Warnings { first, count: 1 } => write!(f, "the source warned: {first}"),
            Self::Warnings { first, count } => {
                write!(f, "the source warned {count} times, first: {first}")
            }
        }
    }
}
