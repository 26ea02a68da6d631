//! What is usual at this hour of the week, and what is more than that. Pure.
//!
//! Of each of the last four weeks the worst bucket of the same hour counts, in the zone of the
//! profiles: an import at three each Monday night is usual on Monday at three, and not on Tuesday.
//! What happened in an incident is no example of what is usual.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _, Zoned};

use crate::trend::{LoadCriterion, LoadIndicator};

/// Weeks that are looked at.
const WEEKS: i64 = 4;

/// Of which so many must be there.
const ENOUGH: usize = 2;

/// How much more than usual is too much, in median absolute deviations.
const DEVIATIONS: f64 = 5.0;

/// What a figure was at this hour in the weeks before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usual {
    /// The median of the weeks' worst buckets.
    pub median: f64,
    /// The median of how far they are from it.
    pub deviation: f64,
    /// Weeks that are known.
    pub weeks: usize,
}

/// The most that a figure may be, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WatchLimit {
    /// The most.
    pub most: f64,
    /// What it is by; `None` if by the criterion alone.
    pub usual: Option<Usual>,
}

impl Usual {
    /// Of the worst buckets of weeks; `None` if there are too few of them.
    pub fn of(worst: &[f64]) -> Option<Self> {
        if worst.len() < ENOUGH {
            return None;
        }
        let median = median(worst.to_vec());
        let deviation = worst.iter().map(|value| (value - median).abs()).collect();
        Some(Self { median, deviation: self::median(deviation), weeks: worst.len() })
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        return values[middle];
    }
    f64::midpoint(values[middle - 1], values[middle])
}

/// The most that a figure may be: what is usual and the scatter of that, where it is known, else
/// the criterion. Weeks that scatter much do not lift it above the criterion, or above twice what
/// is usual.
pub fn limit_of(
    indicator: LoadIndicator,
    criterion: &LoadCriterion,
    usual: Option<Usual>,
) -> Option<WatchLimit> {
    let Some(found) = usual else {
        return criterion.max.map(|most| WatchLimit { most, usual: None });
    };
    let more = (DEVIATIONS * found.deviation).max(indicator.change_floor());
    let cap =
        criterion.max.unwrap_or(f64::INFINITY).max(2.0 * found.median + indicator.change_floor());
    Some(WatchLimit { most: (found.median + more).min(cap), usual })
}

/// The same hour of the weeks before, newest first: unix seconds, from and to. An hour that the
/// clock skips is not there.
pub fn same_hours(end: i64, zone: &TimeZone) -> Vec<(i64, i64)> {
    let Ok(moment) = Timestamp::from_second(end - 1) else { return Vec::new() };
    let here = moment.to_zoned(zone.clone());
    let week = |back: i64| {
        let there = here.checked_sub((7 * back).days()).ok()?;
        hour_of(&there).filter(|_| is_same_hour(&here, &there))
    };
    (1..=WEEKS).filter_map(week).collect()
}

/// The hour that a moment is in, as the clock on the wall has it.
fn hour_of(moment: &Zoned) -> Option<(i64, i64)> {
    let into = i64::from(moment.minute()) * 60 + i64::from(moment.second());
    let begins = moment.timestamp().checked_sub(SignedDuration::from_secs(into)).ok()?;
    Some((begins.as_second(), begins.as_second() + 3_600))
}

fn is_same_hour(one: &Zoned, other: &Zoned) -> bool {
    let of = |at: &Zoned| -> (Weekday, i8) { (at.weekday(), at.hour()) };
    of(one) == of(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRITERION: LoadCriterion = LoadCriterion { max: Some(0.05), change: Some(0.2) };

    fn most(indicator: LoadIndicator, weeks: &[f64]) -> f64 {
        limit_of(indicator, &CRITERION, Usual::of(weeks)).unwrap().most
    }

    #[test]
    fn a_limit_is_what_is_usual_and_its_scatter() {
        use LoadIndicator::WalkShare;
        let table: &[(&[f64], f64)] = &[
            // Too few weeks: the criterion alone.
            (&[], 0.05),
            (&[0.2], 0.05),
            // Quiet weeks: what exceeds the floor has risen.
            (&[0.0, 0.0], 0.005),
            (&[0.0, 0.0, 0.0, 0.0], 0.005),
            // One week with an accident that nobody noticed.
            (&[0.0, 0.34, 0.0, 0.0], 0.005),
            // An import that is usual, above the criterion.
            (&[0.08, 0.08, 0.08], 0.085),
            (&[0.08, 0.09, 0.08, 0.07], 0.08 + 5.0 * 0.005),
            // Weeks that scatter do not make one blind.
            (&[0.0, 0.34], 0.345),
            (&[0.01, 0.04, 0.02, 0.03], 0.055),
        ];
        for (weeks, wanted) in table {
            let found = most(WalkShare, weeks);
            assert!((found - wanted).abs() < 1e-9, "{weeks:?}: {found}, not {wanted}");
        }
        assert!((most(LoadIndicator::Cpu, &[0.2, 0.21, 0.2, 0.22]) - 0.255).abs() < 1e-9);
        let open = LoadCriterion { max: None, change: None };
        assert_eq!(limit_of(WalkShare, &open, None), None);
    }

    fn shown(at: &str, zone: &str) -> Vec<String> {
        let zone = TimeZone::get(zone).unwrap();
        let end = at.parse::<Timestamp>().unwrap().as_second();
        let hours = same_hours(end, &zone);
        let there = |at: i64| Timestamp::from_second(at).unwrap().to_zoned(zone.clone());
        hours.iter().map(|(from, _)| there(*from).strftime("%a %m-%d %H:%M").to_string()).collect()
    }

    #[test]
    fn hours_are_those_of_the_wall_clock_whatever_it_did_meanwhile() {
        let spring = shown("2026-04-13T20:05:00Z", "Europe/Paris");
        let weeks = ["Mon 04-06 22:00", "Mon 03-30 22:00", "Mon 03-23 22:00", "Mon 03-16 22:00"];
        assert_eq!(spring, weeks);
        // The bucket that ends on the hour belongs to the hour before.
        assert_eq!(shown("2026-04-13T20:00:00Z", "Europe/Paris")[0], "Mon 04-06 21:00");
        // On 29 March there was no 02:00 to 03:00.
        let skipped = shown("2026-04-05T00:30:00Z", "Europe/Paris");
        assert_eq!(skipped, ["Sun 03-22 02:00", "Sun 03-15 02:00", "Sun 03-08 02:00"]);
        // In autumn there were two of it: the first is taken.
        let twice = shown("2026-11-01T01:30:00Z", "Europe/Paris");
        assert_eq!(twice.len(), 4);
        assert_eq!(twice[0], "Sun 10-25 02:00");
    }
}
