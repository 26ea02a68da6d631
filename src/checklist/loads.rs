//! What load over time tells of a Redis: whether a command was called in a span, by which source.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{BucketedLoad, ComponentName, LoadIdentity, LoadSpan, PlaceBuckets, SpanMark};
use crate::trend::{CallsInSpan, ClockState, calls_in_span, clock_state};

/// The load of every Redis of an environment, by each source that told any.
pub type Loads = BTreeMap<ComponentName, Vec<ComponentLoad>>;

/// The load of one Redis by one source.
#[derive(Clone, Debug)]
pub struct ComponentLoad {
    /// `history`, `prometheus https://prom/base`.
    pub source: String,
    /// Its buckets.
    pub load: BucketedLoad,
    /// What was marked in its environment.
    pub marks: Vec<SpanMark>,
    /// End of the newest bucket that is over.
    pub end: i64,
}

/// What series tell of the calls of a command in a span.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SeriesCalls {
    /// It was called, at least so often.
    Called {
        /// Calls.
        calls: f64,
        /// Microseconds in them.
        micros: f64,
        /// End of the first five minutes with a call.
        first: Timestamp,
    },
    /// It was not, since this time.
    Never(Timestamp),
    /// Nobody knows, and why.
    NotProven(String),
}

/// What is known of the calls of a command from a time on (of all that is held without one) until
/// another (until the newest bucket without one).
pub(super) fn series_calls(
    loads: &Loads,
    component: &ComponentName,
    command: &str,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> SeriesCalls {
    let own = loads.get(component).map(Vec::as_slice).unwrap_or_default();
    calls_in_series(own, command, from, to)
}

/// The same by the sources of one Redis.
pub(super) fn calls_in_series(
    loads: &[ComponentLoad],
    command: &str,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> SeriesCalls {
    let mut best = SeriesCalls::NotProven("no load of it is kept".to_owned());
    for one in loads {
        let found = one.calls(command, from, to);
        match (&best, &found) {
            (SeriesCalls::Called { .. }, _) => {}
            (_, SeriesCalls::Called { .. }) => best = found,
            (SeriesCalls::NotProven(_), _) => best = found,
            (SeriesCalls::Never(_), _) => {}
        }
    }
    best
}

impl ComponentLoad {
    /// Why nothing is to be taken from it: whose series they are, and when they were written.
    pub(super) fn distrust(&self) -> Option<String> {
        let facts = &self.load.facts;
        if matches!(clock_state(facts.clock_ahead), ClockState::TooFar(_)) {
            return Some("its clock and ours differ".to_owned());
        }
        if let Some(first) = facts.warnings.first() {
            return Some(format!("it warned: {first}"));
        }
        self.load.places.values().find_map(|place| match &place.identity {
            LoadIdentity::AnotherServer { .. } => {
                Some("its series are of another server".to_owned())
            }
            LoadIdentity::Unknown => Some("it tells nothing of this server".to_owned()),
            LoadIdentity::Proven | LoadIdentity::ByLabels => None,
        })
    }

    fn calls(&self, command: &str, from: Option<Timestamp>, to: Option<Timestamp>) -> SeriesCalls {
        let not_proven = |why: String| SeriesCalls::NotProven(format!("{}: {why}", self.source));
        if let Some(why) = self.distrust() {
            return not_proven(why);
        }
        let length = self.load.facts.length;
        let first = self.first();
        let Some(held) = first else { return not_proven("it holds nothing".to_owned()) };
        // A bucket in which a release came is one of it.
        let from = from.map_or(held, |from| length.floor(from.as_second()));
        let to = to.map_or(self.end, |to| length.floor(to.as_second())).min(self.end);
        let span = LoadSpan { from, to };
        if span.from >= span.to {
            return not_proven("it holds nothing of that time yet".to_owned());
        }
        let (mut calls, mut micros, mut first) = (0.0, 0.0, i64::MAX);
        let mut unproven = None;
        for place in self.load.places.values() {
            match calls_in_span(place, command, span, length, &self.marks) {
                CallsInSpan::Called { calls: own, micros: time, first: at, .. } => {
                    calls += own;
                    micros += time;
                    first = first.min(at);
                }
                CallsInSpan::Never => {}
                CallsInSpan::NeverSeen { cuts } => {
                    let why = format!("{cuts} restarts or resets hide the moments before them");
                    unproven = Some(why);
                }
                CallsInSpan::NotProven { .. } => {
                    let why = "the calls of all commands do not add up to those processed";
                    unproven = Some(why.to_owned());
                }
                CallsInSpan::Gaps { gaps } => {
                    let minutes = gaps.iter().map(|gap| gap.seconds()).sum::<i64>() / 60;
                    unproven = Some(format!("{minutes} min of it are not covered"));
                }
            }
        }
        match unproven {
            _ if calls > 0.0 => SeriesCalls::Called { calls, micros, first: second_to_time(first) },
            Some(why) => not_proven(why),
            None => SeriesCalls::Never(second_to_time(span.from)),
        }
    }

    /// Where the first bucket begins that every server has.
    fn first(&self) -> Option<i64> {
        let begin = |place: &PlaceBuckets| {
            let up = place.buckets.get(&crate::model::Series::Up)?;
            up.first().map(|row| row.at - self.load.facts.length.seconds())
        };
        let begins: Option<Vec<i64>> = self.load.places.values().map(begin).collect();
        begins?.into_iter().max()
    }
}

fn second_to_time(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH)
}
