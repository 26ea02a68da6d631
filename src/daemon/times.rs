//! When a schedule is due: five fields of cron in a time zone.
//!
//! How the clock's changes are met is croner's way, and tested here: a time that the clock skips in
//! spring is due when the gap ends; one that it has twice in autumn is due once, the first time;
//! what is due every so many minutes goes on through both.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Times of a schedule.
#[derive(Clone, Debug)]
pub struct CronTimes {
    cron: Cron,
    zone: TimeZone,
}

/// Why a text is no schedule. Messages are lowercase fragments.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimesError {
    /// Not five fields.
    #[error("a schedule has five fields, and this has {0}")]
    Fields(usize),
    /// A field that is not one.
    #[error("this is not a schedule: {0}")]
    Malformed(String),
    /// There is no such day.
    #[error("there is no such time: it is never due")]
    Never,
}

impl TimesError {
    /// What helps.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Fields(_) | Self::Malformed(_) => {
                "write minute, hour, day, month and weekday, as in \"0 7 * * 1-5\""
            }
            Self::Never => "look at day and month: 30 February and 31 April do not come",
        }
    }
}

impl CronTimes {
    /// Reads five fields.
    ///
    /// # Errors
    /// If it is not a schedule, or of a time that never comes.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, TimesError> {
        let fields = text.split_whitespace().count();
        if fields != 5 {
            return Err(TimesError::Fields(fields));
        }
        let parser =
            CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(text).map_err(|e| {
            let said = e.to_string();
            let said = said.trim_end_matches('.');
            let mut letters = said.chars();
            let first = letters.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
            TimesError::Malformed(first + letters.as_str())
        })?;
        let times = Self { cron, zone: zone.clone() };
        match times.after(Timestamp::UNIX_EPOCH) {
            Some(_) => Ok(times),
            None => Err(TimesError::Never),
        }
    }

    /// The first time behind a moment.
    pub fn after(&self, moment: Timestamp) -> Option<Timestamp> {
        let from = moment.to_zoned(self.zone.clone());
        let next = self.cron.find_next_occurrence(&from, false).ok()?.timestamp();
        // Whatever the library says, time goes on.
        (next > moment).then_some(next)
    }

    /// The next times behind a moment.
    pub fn next(&self, moment: Timestamp, count: usize) -> Vec<Timestamp> {
        let mut times = Vec::new();
        let mut last = moment;
        while times.len() < count
            && let Some(next) = self.after(last)
        {
            times.push(next);
            last = next;
        }
        times
    }

    /// Times behind `from` and up to `to`: the newest `most` of them, and how many older ones there
    /// are besides, as far as that is counted.
    pub fn between(&self, from: Timestamp, to: Timestamp, most: usize) -> (Vec<Timestamp>, usize) {
        /// A minute's schedule over two months.
        const COUNTED: usize = 90_000;
        let (mut times, mut older) = (std::collections::VecDeque::new(), 0);
        let mut last = from;
        while let Some(next) = self.after(last).filter(|next| *next <= to) {
            times.push_back(next);
            if times.len() > most {
                times.pop_front();
                older += 1;
            }
            if older > COUNTED {
                break;
            }
            last = next;
        }
        (times.into(), older)
    }

    /// The zone in which it is due.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The shortest time between the next few.
    pub fn shortest_interval(&self) -> Option<SignedDuration> {
        const LOOKED_AT: usize = 50;
        let times = self.next(Timestamp::UNIX_EPOCH, LOOKED_AT);
        times.windows(2).map(|pair| pair[1].duration_since(pair[0])).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutation::{MUTATIONS, attacks, enter};

    fn paris(text: &str) -> CronTimes {
        CronTimes::parse(text, &TimeZone::get("Europe/Paris").unwrap()).unwrap()
    }

    fn shown(text: &str, from: &str, count: usize) -> Vec<String> {
        let times = paris(text);
        let next = times.next(from.parse().unwrap(), count);
        let there = next.iter().map(|at| at.to_zoned(times.zone().clone()));
        there.map(|at| at.strftime("%m-%d %H:%M %:z").to_string()).collect()
    }

    #[test]
    fn a_time_that_the_clock_skips_is_due_when_the_gap_ends() {
        let spring = shown("30 2 * * *", "2026-03-27T12:00:00Z", 3);
        assert_eq!(spring, ["03-28 02:30 +01:00", "03-29 03:00 +02:00", "03-30 02:30 +02:00"]);
    }

    #[test]
    fn a_time_that_the_clock_has_twice_is_due_once() {
        let autumn = shown("30 2 * * *", "2026-10-24T12:00:00Z", 2);
        assert_eq!(autumn, ["10-25 02:30 +02:00", "10-26 02:30 +01:00"]);
    }

    #[test]
    fn what_is_due_every_few_minutes_goes_on_through_both() {
        let autumn = shown("*/30 * * * *", "2026-10-24T23:45:00Z", 5);
        let wanted = [
            "10-25 02:00 +02:00", "10-25 02:30 +02:00", "10-25 02:00 +01:00", "10-25 02:30 +01:00",
            "10-25 03:00 +01:00",
        ];
        assert_eq!(autumn, wanted);
        let spring = shown("*/30 * * * *", "2026-03-29T00:15:00Z", 3);
        assert_eq!(spring, ["03-29 01:30 +01:00", "03-29 03:00 +02:00", "03-29 03:30 +02:00"]);
    }

    #[test]
    fn weekdays_and_leap_days_come() {
        let work = shown("0 7 * * 1-5", "2026-11-27T12:00:00Z", 2);
        assert_eq!(work, ["11-30 07:00 +01:00", "12-01 07:00 +01:00"]);
        assert_eq!(shown("0 0 29 2 *", "2026-01-01T00:00:00Z", 1), ["02-29 00:00 +01:00"]);
        assert_eq!(shown("0 6 * * 0", "2026-11-27T12:00:00Z", 1), ["11-29 06:00 +01:00"]);
        assert_eq!(shown("0 6 * * 7", "2026-11-27T12:00:00Z", 1), ["11-29 06:00 +01:00"]);
    }

    #[test]
    fn what_is_no_schedule_is_told() {
        let read = |text: &str| CronTimes::parse(text, &TimeZone::UTC).unwrap_err();
        assert_eq!(read("0 7 * *"), TimesError::Fields(4));
        assert_eq!(read("0 0 7 * * 1"), TimesError::Fields(6));
        assert_eq!(read("@daily"), TimesError::Fields(1));
        assert_eq!(read(""), TimesError::Fields(0));
        for never in ["0 0 30 2 *", "0 0 31 4,6 *", "15 3 31 2 *"] {
            assert_eq!(read(never), TimesError::Never, "{never}");
        }
        for wrong in
            ["60 7 * * *", "0 24 * * *", "0 7 * 13 *", "0 7 * * 8", "a b c d e", "0 7 0 * *"]
        {
            assert!(matches!(read(wrong), TimesError::Malformed(_)), "{wrong}: {:?}", read(wrong));
        }
    }

    #[test]
    fn mutated_schedules() {
        let seeds = ["0 7 * * 1-5", "*/15 0-23/2 L * FRI#2,MON", "30 2 29 FEB ?", "0 0 15W 6-8 7"];
        let seeds = [seeds.map(|text| text.as_bytes().to_vec()).into(), attacks()].concat();
        let entry = |data: &[u8]| {
            let text = String::from_utf8_lossy(data);
            match CronTimes::parse(&text, &TimeZone::get("Europe/Paris").unwrap()) {
                Ok(times) => assert!(times.next(Timestamp::UNIX_EPOCH, 3).is_sorted()),
                Err(error) => assert!(!error.to_string().is_empty() && !error.advice().is_empty()),
            }
        };
        enter(entry, &seeds, MUTATIONS);
    }

    #[test]
    fn the_newest_times_of_a_long_span_are_kept_and_all_are_counted() {
        let hourly = paris("0 * * * *");
        let (from, to) =
            ("2026-11-20T00:30:00Z".parse().unwrap(), "2026-11-21T00:00:00Z".parse().unwrap());
        let (times, older) = hourly.between(from, to, 3);
        assert_eq!((times.len(), older), (3, 21));
        assert_eq!(times.last(), Some(&to));
        assert_eq!(hourly.shortest_interval(), Some(SignedDuration::from_hours(1)));
    }
}
