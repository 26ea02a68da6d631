//! Whether evidence is of now.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Coverage, Failure, FailureKind, Source};

/// How far a target's clock may be ahead of the run's end.
pub const MAX_AHEAD: Duration = Duration::from_secs(5 * 60);

/// Why a target's answer does not count now, if it does not. Nothing in the words changes from
/// run to run. Declared facts are judged by their end alone.
pub fn check_staleness(target: &Coverage, max_age: Duration, now: Timestamp) -> Option<Failure> {
    // What nothing was read of has no age, and has said so already.
    if !target.parts.is_empty() && !target.is_read_at_all() {
        return None;
    }
    if target.source == Source::Declared {
        let today = now.to_zoned(TimeZone::UTC).date();
        if target.taken.to_zoned(TimeZone::UTC).date() > today {
            return Some(Failure::new(FailureKind::Future, "the declared fact is not valid yet"));
        }
        return target.expires.filter(|expires| *expires < today).map(|expires| {
            Failure::new(FailureKind::Stale, format!("the declared fact expired on {expires}"))
                .with_advice("check the fact and renew it in the profile")
        });
    }
    let age = now.duration_since(target.taken);
    let limit = |limit: Duration| SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX);
    if age > limit(max_age) {
        let shown = super::duration_words(max_age);
        let failure =
            Failure::new(FailureKind::Stale, format!("the answer is older than {shown} (max-age)"));
        return Some(match target.source {
            Source::Recorded { .. } => failure.with_advice(
                "record it again, raise max-age:, or write its time as taken: if the file is newer \
                 than it seems",
            ),
            Source::Live | Source::Declared => failure,
        });
    }
    if -age > limit(MAX_AHEAD) {
        let message = "the answer is more than 5 minutes ahead of this run's time";
        return Some(Failure::new(FailureKind::Future, message));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::config::COLLECTORS;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn kind(source: Source, taken: &str, expires: Option<&str>) -> Option<FailureKind> {
        let coverage = Coverage {
            target: "redis/cache".into(),
            kind: COLLECTORS.kind_of(&"redis/cache".into()),
            component: "redis/cache".into(),
            mapped: Arc::default(),
            endpoint: String::new(),
            required: true,
            source,
            taken: taken.parse().unwrap(),
            expires: expires.map(|date| date.parse().unwrap()),
            notes: Vec::new(),
            parts: BTreeMap::new(),
        };
        let now = "2026-04-02T12:00:00Z".parse().unwrap();
        check_staleness(&coverage, Duration::from_secs(86_400), now).map(|failure| failure.kind)
    }

    #[test]
    fn old_and_future_answers_do_not_count() {
        assert_eq!(kind(Source::Live, "2026-04-02T11:59:00Z", None), None);
        assert_eq!(kind(Source::Live, "2026-04-01T12:00:00Z", None), None);
        assert_eq!(kind(Source::Live, "2026-04-01T11:59:59Z", None), Some(FailureKind::Stale));
        assert_eq!(kind(Source::Live, "2026-04-02T12:05:00Z", None), None);
        assert_eq!(kind(Source::Live, "2026-04-02T12:05:01Z", None), Some(FailureKind::Future));
    }

    #[test]
    fn a_declared_fact_counts_through_its_last_day_however_old() {
        assert_eq!(kind(Source::Declared, "2020-01-01T00:00:00Z", Some("2026-04-02")), None);
        assert_eq!(
            kind(Source::Declared, "2020-01-01T00:00:00Z", Some("2026-04-01")),
            Some(FailureKind::Stale)
        );
    }
}
