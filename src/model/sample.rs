//! A sample: what one server had counted at one moment, in its source's own words.
//!
//! Nothing is interpreted here; `normalize/indicators.rs` maps a source's names to ours. What is
//! kept is bounded, because a hostile server may say anything.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::TargetId;

/// The counters of one server of a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The target that the server belongs to: `redis/cache`.
    pub target: TargetId,
    /// The server's address, `10.0.0.1:6379`; empty where the source does not tell it, as the text
    /// of INFO.
    pub place: String,
    /// What tells this start of the server from every other; empty if not told.
    pub run_id: String,
    /// `master`, `slave`, `sentinel`, as the server names it; empty if not told.
    pub role: String,
    /// When the server answered.
    pub taken: Timestamp,
    /// What it had counted.
    pub counters: Counters,
}

impl Sample {
    /// The group of numbers that are not the server's but ours: what it was asked for this sample.
    /// Left out where that was one session and one question.
    pub const OWN: &'static str = "envparity_asked";
    /// Sessions that were opened.
    pub const OWN_SESSIONS: &'static str = "sessions";
    /// Questions besides the one that was answered.
    pub const OWN_QUESTIONS: &'static str = "questions";

    /// What it was asked for this sample: sessions, and questions besides the one that was
    /// answered.
    pub fn own_questions(&self) -> (u32, u32) {
        let Some(own) = self.counters.groups().get(Self::OWN) else { return (1, 0) };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few, and what is beyond the bounds is held at them"
        )]
        let told = |name: &str| own.get(name).map_or(0, |number| *number as u32);
        (told(Self::OWN_SESSIONS), told(Self::OWN_QUESTIONS))
    }
}

/// Numbers by the names that the source gives them: finite, and bounded in count and length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counters {
    figures: BTreeMap<String, f64>,
    groups: BTreeMap<String, BTreeMap<String, f64>>,
    sections: BTreeSet<String>,
    count: usize,
    left_out: u64,
}

impl Counters {
    /// Numbers that are kept. A Redis that has run each of 700 commands tells about 6,000.
    pub const MAX_NUMBERS: usize = 20_000;
    /// Sections that are kept.
    pub const MAX_SECTIONS: usize = 256;
    /// Bytes of a name.
    pub const MAX_NAME: usize = 128;

    /// Adds a number of its own: `total_commands_processed`. The first of a name counts. What is
    /// not finite is not a number, and what is beyond the bounds is counted only.
    pub fn add(&mut self, name: &str, number: f64) {
        if self.has_room(&[name], number) && !self.figures.contains_key(name) {
            self.figures.insert(name.to_owned(), number);
            self.count += 1;
        }
    }

    /// Adds a number of a group: `calls` of `cmdstat_keys`. As [`Self::add`] otherwise.
    pub fn add_item(&mut self, group: &str, name: &str, number: f64) {
        if !self.has_room(&[group, name], number) {
            return;
        }
        let group = self.groups.entry(group.to_owned()).or_default();
        if !group.contains_key(name) {
            group.insert(name.to_owned(), number);
            self.count += 1;
        }
    }

    fn has_room(&mut self, names: &[&str], number: f64) -> bool {
        if !number.is_finite() {
            return false;
        }
        let has_room =
            self.count < Self::MAX_NUMBERS && names.iter().all(|name| name.len() <= Self::MAX_NAME);
        self.left_out += u64::from(!has_room);
        has_room
    }

    /// Notes that the source told a section, even an empty one: what is not in it is zero there.
    pub fn add_section(&mut self, name: &str) {
        if self.sections.len() < Self::MAX_SECTIONS && name.len() <= Self::MAX_NAME {
            self.sections.insert(name.to_owned());
        }
    }

    /// Notes numbers that were left out before.
    pub fn add_left_out(&mut self, count: u64) {
        self.left_out = self.left_out.saturating_add(count);
    }

    /// Numbers of their own.
    pub fn figures(&self) -> &BTreeMap<String, f64> {
        &self.figures
    }

    /// Numbers by group; none is empty.
    pub fn groups(&self) -> &BTreeMap<String, BTreeMap<String, f64>> {
        &self.groups
    }

    /// Sections that the source told: `Keyspace`.
    pub fn sections(&self) -> &BTreeSet<String> {
        &self.sections
    }

    /// Numbers beyond the bounds. If there are any, a counter that is absent is not zero.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Whether it holds no number.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_name_counts_and_what_is_no_number_does_not() {
        let mut counters = Counters::default();
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 7.0] {
            counters.add("a", number);
            counters.add_item("g", "a", number);
        }
        assert_eq!(counters.figures(), &BTreeMap::from([("a".to_owned(), -1.0)]));
        assert_eq!(counters.groups()["g"], BTreeMap::from([("a".to_owned(), -1.0)]));
        assert_eq!(counters.left_out(), 0);
    }

    #[test]
    fn what_is_beyond_the_bounds_is_counted() {
        let mut counters = Counters::default();
        counters.add(&"x".repeat(Counters::MAX_NAME + 1), 1.0);
        counters.add_item("g", &"x".repeat(Counters::MAX_NAME + 1), 1.0);
        assert!(counters.is_empty() && counters.groups().is_empty());
        for i in 0..Counters::MAX_NUMBERS {
            counters.add_item(&format!("g{}", i / 10), &i.to_string(), 1.0);
        }
        counters.add("one more", 1.0);
        (0..1_000).for_each(|i| counters.add_section(&i.to_string()));
        assert_eq!((counters.left_out(), counters.sections().len()), (3, Counters::MAX_SECTIONS));
        assert!(counters.figures().is_empty());
    }
}
