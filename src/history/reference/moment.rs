//! Moments as people write them: `-7d`, or a time with its offset. Pure.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// Why a text is not a point in time. Each says what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// A zone in place of an offset, or beside one that is not its own.
    #[error("{0}")]
    Zone(String),
    /// A time of day without an offset.
    #[error("{0}")]
    NoOffset(String),
    /// A day without a time.
    #[error("{0:?} is a whole day: write a moment of it, as {0}T20:00+02:00")]
    Day(String),
    /// No time at all.
    #[error("{0:?} is not a time: write -7d, -36h, -90m, or 2026-04-13T20:00+02:00")]
    Shape(String),
    /// Behind now.
    #[error("{0:?} would be a time to come: write -7d for seven days ago")]
    Future(String),
}

/// Words for zones, with what each stands for and where people mean it.
const WORDS: &[(&str, i32, &str)] = &[
    ("CET", 60, "Europe/Paris"),
    ("CEST", 120, "Europe/Paris"),
    ("MET", 60, "Europe/Paris"),
    ("MEST", 120, "Europe/Paris"),
    ("WET", 0, "Europe/Lisbon"),
    ("WEST", 60, "Europe/Lisbon"),
    ("EET", 120, "Europe/Athens"),
    ("EEST", 180, "Europe/Athens"),
    ("GMT", 0, "Europe/London"),
    ("BST", 60, "Europe/London"),
    ("MSK", 180, "Europe/Moscow"),
    ("EST", -300, "America/New_York"),
    ("EDT", -240, "America/New_York"),
    ("CST", -360, "America/Chicago"),
    ("CDT", -300, "America/Chicago"),
    ("MST", -420, "America/Denver"),
    ("MDT", -360, "America/Denver"),
    ("PST", -480, "America/Los_Angeles"),
    ("PDT", -420, "America/Los_Angeles"),
    ("IST", 330, "Asia/Kolkata"),
    ("JST", 540, "Asia/Tokyo"),
    ("AEST", 600, "Australia/Sydney"),
    ("AEDT", 660, "Australia/Sydney"),
];

/// Reads a moment. `zone` is the one of the profiles.
///
/// # Errors
/// What is wrong with it, and what to write.
pub fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, MomentError> {
    let shape = || MomentError::Shape(text.to_owned());
    if let Some(ago) = text.strip_prefix('-') {
        return now.checked_sub(parse_length(ago).ok_or_else(shape)?).map_err(|_| shape());
    }
    if text.strip_prefix('+').is_some_and(|rest| parse_length(rest).is_some())
        || parse_length(text).is_some()
    {
        return Err(MomentError::Future(text.to_owned()));
    }
    let (time, named) = zone_of(text);
    if let Some(moment) = with_offset(time) {
        return match named {
            None => Ok(moment),
            Some(name) => beside_offset(moment, time, name),
        };
    }
    if time.parse::<jiff::civil::Date>().is_ok() && !time.contains([':', 'T', 't', ' ']) {
        return Err(MomentError::Day(time.to_owned()));
    }
    let civil: DateTime = time.parse().map_err(|_| shape())?;
    match named {
        Some(name) => Err(MomentError::Zone(zone_instead(civil, name))),
        None => Err(MomentError::NoOffset(no_offset(civil, zone))),
    }
}

/// A time with an offset; `+02` is one too.
fn with_offset(time: &str) -> Option<Timestamp> {
    time.parse().ok()
}

/// `7d` is seven times 24 hours, whatever the clocks did.
fn parse_length(text: &str) -> Option<SignedDuration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let is_plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let count: i64 = digits.parse().ok().filter(|_| is_plain)?;
    let seconds = match unit {
        "w" => 7 * 86_400,
        "d" => 86_400,
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => return None,
    };
    Some(SignedDuration::from_secs(count.checked_mul(seconds)?))
}

/// The time, and the zone that is named behind it: `[CET]`, ` CET`, `CET`.
fn zone_of(text: &str) -> (&str, Option<&str>) {
    let text = text.trim();
    if let Some((time, rest)) = text.split_once('[') {
        return (time.trim_end(), Some(rest.trim_end_matches(']')));
    }
    let is_of_zone = |c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '_');
    let time = text.trim_end_matches(is_of_zone);
    let word = &text[time.len()..];
    // `Z` is an offset, and the `T` of an empty time no zone.
    if word.len() < 2 { (text, None) } else { (time.trim_end(), Some(word)) }
}

/// A zone beside an offset may only say the same as it: `2026-04-13T20:00+02:00[Europe/Paris]`.
fn beside_offset(moment: Timestamp, time: &str, name: &str) -> Result<Timestamp, MomentError> {
    let whole = format!("{time}[{name}]");
    let is_word = WORDS.iter().any(|(word, ..)| word.eq_ignore_ascii_case(name));
    if !is_word && whole.parse::<jiff::Zoned>().is_ok() {
        return Ok(moment);
    }
    Err(MomentError::Zone(format!("{time} says all: leave {name} out")))
}

fn zone_instead(civil: DateTime, name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    if ["UTC", "ETC/UTC", "ZULU"].contains(&upper.as_str()) {
        return format!("write the offset and not {name}: {}Z", civil_text(civil));
    }
    if let Some((word, minutes, place)) = WORDS.iter().find(|(word, ..)| *word == upper) {
        let own = Offset::from_seconds(minutes * 60).unwrap_or(Offset::UTC);
        let city = city_of(place);
        let there = TimeZone::get(place).map(|zone| zone_offsets(civil, &zone)).unwrap_or_default();
        let at: Vec<String> = there.iter().map(|offset| offset_text(*offset)).collect();
        let mut all = vec![own];
        all.extend(there.into_iter().filter(|offset| *offset != own));
        return format!(
            "{word} is {}; {city} was at {} that day: write {}",
            offset_text(own),
            at.join(" and "),
            either_text(civil, &all)
        );
    }
    match TimeZone::get(name) {
        Ok(zone) => {
            let there = zone_offsets(civil, &zone);
            let at: Vec<String> = there.iter().map(|offset| offset_text(*offset)).collect();
            format!(
                "write the offset and not the zone: {} was at {} that day: write {}",
                city_of(name),
                at.join(" and "),
                either_text(civil, &there)
            )
        }
        Err(_) => format!("invalid offset {name:?}: write {}", either_text(civil, &[Offset::UTC])),
    }
}

fn no_offset(civil: DateTime, zone: &TimeZone) -> String {
    let mut all = vec![Offset::UTC];
    all.extend(zone_offsets(civil, zone).into_iter().filter(|offset| *offset != Offset::UTC));
    let place = zone.iana_name().filter(|_| all.len() > 1).map(city_of);
    let there = place.map(|place| format!(" ({place}'s)")).unwrap_or_default();
    format!("{} has no offset: write {}{there}", civil_text(civil), either_text(civil, &all))
}

/// The offsets that a time of day has in a zone: two where clocks are put back; where they are put
/// forward over it, those before and after.
fn zone_offsets(civil: DateTime, zone: &TimeZone) -> Vec<Offset> {
    use jiff::tz::AmbiguousOffset as A;
    match zone.to_ambiguous_timestamp(civil).offset() {
        A::Unambiguous { offset } => vec![offset],
        A::Gap { before, after } | A::Fold { before, after } => vec![before, after],
    }
}

/// `2026-04-13T20:00Z or 2026-04-13T20:00+02:00`.
fn either_text(civil: DateTime, offsets: &[Offset]) -> String {
    let all: Vec<String> = offsets
        .iter()
        .map(|offset| {
            let text = if *offset == Offset::UTC { "Z".to_owned() } else { offset_text(*offset) };
            format!("{}{text}", civil_text(civil))
        })
        .collect();
    all.join(" or ")
}

fn civil_text(civil: DateTime) -> String {
    if civil.second() == 0 && civil.subsec_nanosecond() == 0 {
        civil.strftime("%Y-%m-%dT%H:%M").to_string()
    } else {
        civil.to_string()
    }
}

fn offset_text(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// `Europe/Paris` is Paris.
fn city_of(zone: &str) -> String {
    zone.rsplit('/').next().unwrap_or(zone).replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let zone = TimeZone::get("Europe/Paris").unwrap();
        match parse(text, now, &zone) {
            Ok(moment) => moment.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn zone_words_are_refused_with_both_readings() {
        let both = "CET is +01:00; Paris was at +02:00 that day: write 2026-04-13T20:00+01:00 or \
                    2026-04-13T20:00+02:00";
        for text in ["2026-04-13T20:00[CET]", "2026-04-13T20:00 CET", "2026-04-13T20:00CET"] {
            assert_eq!(said(text), both, "{text}");
        }
        assert_eq!(said("2026-04-13 20:00 cet"), both);
        let winter = "CET is +01:00; Paris was at +01:00 that day: write 2026-01-13T20:00+01:00";
        assert_eq!(said("2026-01-13T20:00[CET]"), winter);
        assert!(said("2026-07-01T08:00 EST").contains("New York was at -04:00"));
        assert!(said("2026-07-01T08:00 UTC").contains("write the offset and not UTC"));
        assert!(said("2026-07-01T08:00 XYZ").contains("invalid offset"));
        let paris = said("2026-04-13T20:00[Europe/Paris]");
        assert!(paris.ends_with("Paris was at +02:00 that day: write 2026-04-13T20:00+02:00"));
    }

    #[test]
    fn a_time_without_an_offset_is_refused_with_what_it_could_mean() {
        assert_eq!(
            said("2026-04-13T20:00"),
            "2026-04-13T20:00 has no offset: write 2026-04-13T20:00Z or 2026-04-13T20:00+02:00 \
             (Paris's)"
        );
        // The night in which clocks are put back has that hour twice.
        let twice = said("2026-10-25T02:30");
        assert!(twice.contains("02:30+02:00 or 2026-10-25T02:30+01:00"), "{twice}");
        assert!(said("2026-04-13").contains("is a whole day"));
    }

    #[test]
    fn an_offset_beside_its_own_zone_counts() {
        assert_eq!(said("2026-04-13T20:00+02:00[Europe/Paris]"), "2026-04-13T18:00:00Z");
        for wrong in ["2026-04-13T20:00+02:00[CET]", "2026-04-13T20:00+05:00[Europe/Paris]"] {
            assert!(said(wrong).contains("leave"), "{wrong}: {}", said(wrong));
        }
    }

    #[test]
    fn what_is_no_moment_says_so() {
        for text in ["-7", "-d", "-7y", "--7d", "- 7d", "yesterday", "", "-99999999999999999w"] {
            assert!(said(text).contains("is not a time"), "{text}: {}", said(text));
        }
        for text in ["7d", "+7d"] {
            assert!(said(text).contains("a time to come"), "{text}");
        }
    }
}
