//! What a server did between two answers of its own, seconds apart: certain, and never too much.
//!
//! It serves whoever watches a release: what has been counted so far only grows, so that a breach
//! is final long before its five minutes are over.

use std::collections::BTreeMap;

use super::commands::CommandLists;
use super::cut::{Link, ServerCut};
use super::delta;
use super::moment::{Moment, Timeline};
use crate::model::{BucketFlags, CounterRow, CounterTable, LoadRole, ServerCounters};

/// Calls and microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WatchedCalls {
    /// Calls.
    pub calls: f64,
    /// Microseconds in them.
    pub micros: f64,
}

/// What a server did from one answer to the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WatchedSlice {
    /// When it began, in unix milliseconds.
    pub from_millis: i64,
    /// When it ended.
    pub to_millis: i64,
    /// Commands that walk and were called: at least so often.
    pub walking: BTreeMap<String, WatchedCalls>,
    /// Microseconds of CPU, at least.
    pub cpu_micros: f64,
    /// Why it may have been more; `None` if it was not.
    pub doubt: Option<&'static str>,
}

impl WatchedSlice {
    /// Between two answers of one place; `None` if the second is not later than the first.
    pub fn between_answers(
        before: &ServerCounters,
        after: &ServerCounters,
        lists: &CommandLists,
    ) -> Option<Self> {
        let mut table = CounterTable::default();
        for server in [before, after] {
            let row = CounterRow {
                at_millis: server.taken.as_millisecond(),
                run: None,
                role: LoadRole::from_word(&server.role),
                samples: 1,
                is_cut: false,
                own_calls: 0,
                own_logins: 0,
            };
            let index = table.push_row(&server.run_id, row)?;
            table.set_indicators(index, &server.indicators);
        }
        let none = CounterTable::default();
        let timeline = Timeline::of_tables(&none, &table);
        let link = Link::new(&timeline, Moment::Sample(0), Moment::Sample(1));
        let (mut walking, mut flags) = (BTreeMap::new(), BucketFlags::NONE);
        for (name, command) in timeline.commands().iter().filter(|(n, _)| lists.is_walking(n)) {
            let found = delta::of_command(&timeline, &[link], command);
            flags |= found.flags;
            if found.calls > 0.0 {
                let calls = WatchedCalls { calls: found.calls, micros: found.micros };
                walking.insert((*name).to_owned(), calls);
            }
        }
        let cpu = delta::of_cpu(&timeline, &[link]);
        let is_whole = before.is_whole && after.is_whole;
        let doubt = match link.cut {
            Some(ServerCut::Restart) => Some("it was started anew"),
            Some(ServerCut::Reset) => Some("its counters were reset"),
            Some(ServerCut::Other) => Some("another server answered in its place"),
            None if cpu.flags.contains(BucketFlags::UNPROVEN) => Some("it does not tell its CPU"),
            None if !is_whole => Some("it told more counters than are kept"),
            None if !delta::proves_zeros(&timeline, link) => {
                Some("the calls of its commands are not all that it processed")
            }
            None if flags.contains(BucketFlags::UNTIMED) => {
                Some("it does not tell the time of its commands")
            }
            None if flags.contains(BucketFlags::UNPROVEN) => Some("its counters contradict"),
            None => None,
        };
        Some(Self {
            from_millis: before.taken.as_millisecond(),
            to_millis: after.taken.as_millisecond(),
            walking,
            cpu_micros: cpu.value,
            doubt,
        })
    }

    /// Microseconds in commands that walk.
    pub fn walk_micros(&self) -> f64 {
        // The sum of nothing is -0.
        self.walking.values().map(|one| one.micros).sum::<f64>() + 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Indicator, Indicators};

    fn server(second: i64, run_id: &str, told: &[(&str, f64, f64)], hidden: f64) -> ServerCounters {
        let mut indicators = Indicators::default();
        for (name, calls, micros) in told {
            indicators.add(Indicator::Calls, name, *calls);
            indicators.add(Indicator::Time, name, *micros);
        }
        let processed: f64 = told.iter().map(|(_, calls, _)| calls).sum();
        indicators.add(Indicator::Operations, "", processed + hidden);
        indicators.add(Indicator::CpuUser, "", 1.0);
        indicators.add(Indicator::CpuSystem, "", 1.0);
        ServerCounters {
            place: String::new(),
            run_id: run_id.to_owned(),
            role: "master".to_owned(),
            replicas: 0.0,
            taken: jiff::Timestamp::from_second(second).unwrap(),
            is_whole: true,
            indicators,
        }
    }

    fn slice(before: &ServerCounters, after: &ServerCounters) -> WatchedSlice {
        WatchedSlice::between_answers(before, after, &CommandLists::builtin_lists()).unwrap()
    }

    #[test]
    fn trend_counts_the_first_call_ever_between_two_answers() {
        let before = server(0, "r", &[("get", 10.0, 10.0)], 0.0);
        let after = server(15, "r", &[("get", 20.0, 20.0), ("keys", 2.0, 128_000.0)], 0.0);
        let found = slice(&before, &after);
        let keys = WatchedCalls { calls: 2.0, micros: 128_000.0 };
        assert_eq!(found.walking, BTreeMap::from([("keys".to_owned(), keys)]));
        assert_eq!((found.walk_micros().to_bits(), found.doubt), (128_000_f64.to_bits(), None));
        // Commands that do not walk are not in it, and an answer that is no later says nothing.
        assert!(slice(&before, &server(15, "r", &[("get", 99.0, 1e9)], 0.0)).walking.is_empty());
        let same = WatchedSlice::between_answers(&before, &before, &CommandLists::builtin_lists());
        assert_eq!(same, None);
    }

    #[test]
    fn trend_says_why_it_may_have_been_more() {
        let before = server(0, "r", &[("get", 10.0, 10.0)], 0.0);
        let hidden = server(15, "r", &[("get", 20.0, 20.0)], 3.0);
        assert!(slice(&before, &hidden).doubt.unwrap().contains("not all that it processed"));
        let again = server(15, "s", &[("get", 3.0, 3.0), ("keys", 1.0, 64_000.0)], 0.0);
        let found = slice(&before, &again);
        assert_eq!(found.walking["keys"].calls.to_bits(), 1_f64.to_bits());
        assert_eq!(found.doubt, Some("it was started anew"));
        let fewer = server(15, "r", &[("get", 3.0, 3.0)], 0.0);
        assert_eq!(slice(&before, &fewer).doubt, Some("its counters were reset"));
    }
}
