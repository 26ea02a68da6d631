//! The axes of a chart: round values, and hours as the clocks on the wall had them. Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::trend::shown_value;

/// Minutes between two labels: of an hour, of a day, and days.
const MINUTES: [i64; 11] = [5, 10, 15, 30, 60, 120, 180, 360, 720, DAY, 7 * DAY];

/// Minutes of a day.
const DAY: i64 = 1_440;

/// Times are looked at by five minutes where labels are as close as that, else by quarters of an
/// hour: no zone is off by less.
const FIVE: i64 = 300;
const QUARTER: i64 = 900;

/// The top of an axis that holds a value: 1, 2, 4 or 5 and as many zeros.
pub(super) fn axis_top(value: f64) -> f64 {
    if !(value.is_finite() && value > 0.0) {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 4.0, 5.0, 10.0];
    let found = steps.into_iter().map(|step| step * power).find(|top| *top >= value * 0.999_999);
    found.unwrap_or(power * 10.0)
}

/// A value with its unit: `5.37 %`, `1480`, `12 ms`.
pub(super) fn value_text(unit: &str, value: f64) -> String {
    match unit {
        "share" => shown_value(true, value),
        "seconds" => seconds_text(value),
        _ => shown_value(false, value),
    }
}

/// What one unit is, behind a name: ` a second`.
pub(super) fn unit_words(unit: &str) -> &'static str {
    match unit {
        "share" => "% of the time of a core",
        "per-second" => "a second",
        "seconds" => "time of a call",
        _ => "calls in a bucket",
    }
}

fn seconds_text(value: f64) -> String {
    let (factor, unit) = match value {
        v if v >= 1.0 => (1.0, "s"),
        v if v >= 1e-3 => (1e3, "ms"),
        _ => (1e6, "µs"),
    };
    format!("{} {unit}", shown_value(false, value * factor))
}

/// A label of the axis of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tick {
    /// Unix seconds.
    pub(super) at: i64,
    /// `14 Apr 00h`, `06h`, `14 Apr`, `06:15`.
    pub(super) label: String,
}

/// Labels of a span, `most` at most. In the nights in which clocks change there is an hour more or
/// less between two of them.
pub(super) fn axis_ticks((from, to): (i64, i64), most: usize, zone: &TimeZone) -> Vec<Tick> {
    let minutes = MINUTES.into_iter().find(|minutes| {
        let count = (to - from) / (minutes * 60);
        usize::try_from(count).is_ok_and(|count| count < most.max(1))
    });
    let minutes = minutes.unwrap_or(28 * DAY);
    let grid = if minutes < 15 { FIVE } else { QUARTER };
    let mut ticks: Vec<Tick> = Vec::new();
    let mut at = from + (-from).rem_euclid(grid);
    while at < to {
        if let Some(label) = tick_label(at, minutes, ticks.is_empty(), zone) {
            ticks.push(Tick { at, label });
        }
        at += grid;
    }
    ticks
}

fn tick_label(at: i64, minutes: i64, is_first: bool, zone: &TimeZone) -> Option<String> {
    let there = Timestamp::from_second(at).ok()?.to_zoned(zone.clone());
    let of_day = i64::from(there.hour()) * 60 + i64::from(there.minute());
    if there.second() != 0 || of_day % minutes.min(DAY) != 0 {
        return None;
    }
    if minutes >= DAY {
        let days = i32::try_from(minutes / DAY).ok()?;
        // Days of the calendar, counted from one that all zones share.
        let since = jiff::civil::date(1970, 1, 5).until(there.date()).ok()?.get_days();
        return (since % days == 0).then(|| there.strftime("%-d %b").to_string());
    }
    let form = match (of_day == 0 || is_first, minutes < 60) {
        (true, false) => "%-d %b %Hh",
        (false, false) => "%Hh",
        (true, true) => "%-d %b %H:%M",
        (false, true) => "%H:%M",
    };
    Some(there.strftime(form).to_string())
}

/// `14 Apr 11:05`.
pub(super) fn moment_text(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%-d %b %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_top_is_round_and_not_below_the_value() {
        for (value, wanted) in
            [(0.0, 1.0), (0.05, 0.05), (0.34, 0.4), (0.051, 0.1), (1480.0, 2000.0), (1.0, 1.0)]
        {
            assert!(
                (axis_top(value) - wanted).abs() < wanted * 1e-9,
                "{value}: {}",
                axis_top(value)
            );
        }
    }

    #[test]
    fn hours_are_those_of_the_wall_in_both_nights() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_second();
        let labels = |from: &str, to: &str, most| -> Vec<String> {
            axis_ticks((at(from), at(to)), most, &zone).into_iter().map(|tick| tick.label).collect()
        };
        // 23 hours, of which 02h is left out.
        let spring = labels("2026-03-28T23:00Z", "2026-03-29T22:00Z", 24);
        assert_eq!(spring.len(), 23);
        assert_eq!(&spring[..3], ["29 Mar 00h", "01h", "03h"]);
        // 25 hours, of which 02h is there twice.
        let autumn = labels("2026-10-24T22:00Z", "2026-10-25T23:00Z", 26);
        assert_eq!(&autumn[..4], ["25 Oct 00h", "01h", "02h", "02h"]);
        assert_eq!(autumn.len(), 25);
        let few = labels("2026-10-24T22:00Z", "2026-10-25T23:00Z", 6);
        assert_eq!(few, ["25 Oct 00h", "06h", "12h", "18h"]);
        let days = labels("2026-10-20T22:00Z", "2026-10-27T23:00Z", 8);
        assert_eq!(days[..2], ["21 Oct", "22 Oct"]);
        assert_eq!(days.len(), 7);
        let quarters = labels("2026-10-20T21:40Z", "2026-10-20T22:40Z", 5);
        assert_eq!(quarters, ["20 Oct 23:45", "21 Oct 00:00", "00:15", "00:30"]);
        let close = labels("2026-10-20T06:02Z", "2026-10-20T06:20Z", 5);
        assert_eq!(close, ["20 Oct 08:05", "08:10", "08:15"]);
    }
}
