//! Windows: spans that load is judged over. Exact hours of UTC instants, never days of a calendar,
//! so that the nights in which clocks change are windows like all others.

use crate::model::{BucketLength, LoadSpan};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Seconds that a source gets to have the newest bucket whole.
const SETTLING: i64 = 60;

/// Which span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WindowKind {
    /// `24h`: the last 24 hours.
    Day,
    /// `-7d`: the seven days before these.
    Week,
    /// `-30d`: the thirty days before these.
    Month,
    /// `cumulative`: since the baseline release came, without the last 24 hours.
    Cumulative,
    /// `observation`: since a release came, or since its last rehearsal.
    Observation,
}

/// A span to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Which.
    pub kind: WindowKind,
    /// Both ends are lines of the grid.
    pub span: LoadSpan,
}

impl WindowKind {
    /// Those of a checklist, in the order of its columns.
    pub const OF_CHECKLIST: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Cumulative];

    /// The word used in files and on screens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "-7d",
            Self::Month => "-30d",
            Self::Cumulative => "cumulative",
            Self::Observation => "observation",
        }
    }

    /// Whether it is the past that the last 24 hours are compared with.
    pub const fn is_past(self) -> bool {
        matches!(self, Self::Week | Self::Month | Self::Cumulative)
    }
}

/// Where the newest window ends: the last bucket that every source has had a minute for.
pub const fn window_end(now: i64, length: BucketLength) -> i64 {
    length.floor(now - SETTLING)
}

impl Window {
    /// The window of a kind that ends at `end`, or a day before it. `since` is when the baseline
    /// release came; without it there is no cumulative window. There is none either where the
    /// release came within the last 24 hours. An observation has [`Self::observation`].
    pub fn of_kind(
        kind: WindowKind,
        end: i64,
        since: Option<i64>,
        length: BucketLength,
    ) -> Option<Self> {
        let day_before = end - DAY;
        let (from, to) = match kind {
            WindowKind::Day => (day_before, end),
            WindowKind::Week => (day_before - 7 * DAY, day_before),
            WindowKind::Month => (day_before - 30 * DAY, day_before),
            WindowKind::Cumulative => (length.ceil(since?), day_before),
            WindowKind::Observation => return None,
        };
        (from < to).then_some(Self { kind, span: LoadSpan { from, to } })
    }

    /// The window from a moment until `end`.
    pub fn of_observation(since: i64, end: i64, length: BucketLength) -> Option<Self> {
        let from = length.ceil(since);
        let kind = WindowKind::Observation;
        (from < end).then_some(Self { kind, span: LoadSpan { from, to: end } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trend_windows_are_exact_hours_whatever_the_clock_on_the_wall_does() {
        let length = BucketLength::DEFAULT;
        // 2026-03-29T06:03:10Z: clocks in Paris went forward five hours before.
        let now: jiff::Timestamp = "2026-03-29T06:03:10Z".parse().unwrap();
        let end = window_end(now.as_second(), length);
        let text = |at: i64| jiff::Timestamp::from_second(at).unwrap().to_string();
        assert_eq!(text(end), "2026-03-29T06:00:00Z");
        let span = |kind| {
            let since = Some("2026-01-05T20:01:00Z".parse::<jiff::Timestamp>().unwrap());
            let since = since.map(|at| at.as_second());
            let window = Window::of_kind(kind, end, since, length).unwrap();
            (text(window.span.from), text(window.span.to))
        };
        let wanted = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        let day_before = "2026-03-28T06:00:00Z";
        assert_eq!(span(WindowKind::Day), wanted(day_before, "2026-03-29T06:00:00Z"));
        assert_eq!(span(WindowKind::Week), wanted("2026-03-21T06:00:00Z", day_before));
        assert_eq!(span(WindowKind::Month), wanted("2026-02-26T06:00:00Z", day_before));
        assert_eq!(span(WindowKind::Cumulative), wanted("2026-01-05T20:05:00Z", day_before));
    }

    #[test]
    fn trend_leaves_out_windows_that_are_empty() {
        let length = BucketLength::DEFAULT;
        let kind = WindowKind::Cumulative;
        assert_eq!(Window::of_kind(kind, DAY, None, length), None);
        assert_eq!(Window::of_kind(kind, DAY, Some(1), length), None);
        assert_eq!(Window::of_observation(DAY, DAY, length), None);
    }
}
