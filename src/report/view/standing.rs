//! Since when findings stand and environments run what they run: the words for it.

use std::time::Duration;

use jiff::Timestamp;

use super::coverage::age_words;
use crate::model::{Audit, JudgedFinding};

/// A time from which on something stands, seen from the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) struct StandingSince {
    pub(in crate::report) since: Timestamp,
    age: Duration,
}

impl StandingSince {
    fn new(since: Timestamp, now: Timestamp) -> Self {
        Self { since, age: Duration::try_from(now.duration_since(since)).unwrap_or_default() }
    }

    /// Of a finding; nothing without a history.
    pub(super) fn of_finding(judged: &JudgedFinding, audit: &Audit) -> Option<Self> {
        Some(Self::new(audit.first_seen(&judged.id)?, audit.run.at))
    }

    /// Of what runs.
    pub(super) fn of_running(since: Timestamp, audit: &Audit) -> Self {
        Self::new(since, audit.run.at)
    }

    /// Whether no run before this one has seen it.
    fn is_new(self) -> bool {
        self.age < Duration::from_secs(1)
    }

    /// `for 43 d`; `first seen now`.
    pub(in crate::report) fn age_words(self) -> String {
        if self.is_new() { "first seen now".to_owned() } else { format!("for {}", self.age_text()) }
    }

    /// `43 d`, beside what runs; nothing if no run before this one has seen it.
    pub(in crate::report) fn short_words(self) -> Option<String> {
        (!self.is_new()).then(|| self.age_text())
    }

    fn age_text(self) -> String {
        age_words(self.age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_is_told_in_days_and_at_first_not_at_all() {
        let of = |seconds: i64| {
            let at = |second| Timestamp::from_second(second).unwrap();
            let standing = StandingSince::new(at(1_000_000), at(1_000_000 + seconds));
            (standing.age_words(), standing.short_words())
        };
        assert_eq!(of(43 * 86_400), ("for 43 d".to_owned(), Some("43 d".to_owned())));
        assert_eq!(of(3 * 3_600), ("for 3 h".to_owned(), Some("3 h".to_owned())));
        assert_eq!(of(0), ("first seen now".to_owned(), None));
    }
}
