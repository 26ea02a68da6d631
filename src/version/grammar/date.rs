//! Calendar dates: in tags, as versions (CalVer), and MinIO's.
//!
//! <https://calver.org>: years of two or four digits, months, days, and a count within the day.

use super::super::identifier::Identifier;
use super::super::number::{Number, is_digits};
use super::super::reading::{Body, Date};
use super::tail;

/// A date as the whole tag or as whole `-` parts of it: `20230601`, `sid-20260202`,
/// `release-2026-01-30`, `v2026-01-30`. Behind a part that starts a version it is that one's build.
pub(in super::super) fn in_tag(tag: &str) -> Option<Date> {
    // Most tags are not dates, and a date has eight digits.
    if tag.len() < 8 || tag.bytes().filter(u8::is_ascii_digit).count() < 8 {
        return None;
    }
    let bare = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
    // `2024.01.30` is a version that counts in years.
    if !bare.contains('-') && bare.find('.').unwrap_or(bare.len()) != 8 {
        return None;
    }
    let parts: Vec<&str> = bare.split('-').collect();
    // Perhaps with a count within the day: `20240911.1`.
    let compact = |part: &str| {
        let (day, count) = part.split_once('.').unwrap_or((part, ""));
        let is_day = day.len() == 8 && is_digits(day) && (count.is_empty() || is_digits(count));
        let found = is_day.then(|| checked_date(&day[..4], &day[4..6], &day[6..])).flatten()?;
        Some(Date { micro: Number::parse(count), ..found })
    };
    let split = |at: usize| match parts.get(at..at + 3) {
        Some([year, month, day]) if year.len() == 4 && month.len() == 2 && day.len() == 2 => {
            checked_date(year, month, day)
        }
        _ => None,
    };
    for (at, part) in parts.iter().enumerate() {
        let found = compact(part).map(|date| (1, date)).or_else(|| Some((3, split(at)?)));
        if let Some((length, date)) = found {
            let before = parts[..at].join("-");
            return Some(Date { before, behind: parts[at + length..].join("-"), ..date });
        }
        if part.trim_start_matches(['v', 'V']).starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
    }
    None
}

/// `RELEASE.2024-01-16T16-07-38Z`, perhaps with a tail such as `-cpuv1`.
pub(in super::super) fn read_minio(text: &str) -> Option<Date> {
    let text = text.strip_prefix("minio version ").unwrap_or(text);
    let text = text.split(' ').next().unwrap_or(text);
    let (day, time) = text.strip_prefix("RELEASE.")?.split_once('T')?;
    let mut parts = day.split('-');
    let found = checked_date(parts.next()?, parts.next()?, parts.next()?)?;
    let digits: String = time.split('Z').next()?.chars().filter(|c| *c != '-').collect();
    (digits.len() == 6).then_some(Date { micro: Some(Number::parse(&digits)?), ..found })
}

/// `[v]YYYY.MM[.DD][.N][-stage]`, with `.`, `-` or `_` between, or `YYYYMMDD`.
pub(in super::super) fn read_calver(text: &str) -> Body {
    parse_calver(text).map_or(Body::Opaque, Body::Date)
}

fn parse_calver(text: &str) -> Option<Date> {
    let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let mut parts = bare.split(['.', '-', '_']).peekable();
    let first = parts.next()?;
    let mut found = if first.len() == 8 && is_digits(first) {
        checked_date(&first[..4], &first[4..6], &first[6..])?
    } else {
        let month = parts.next()?;
        match parts.peek().copied().filter(|day| is_digits(day)) {
            Some(day) => {
                parts.next();
                // What is no day of the month counts within it, unless it is written as a day.
                match checked_date(first, month, day) {
                    Some(found) => found,
                    None if day.len() == 2 && first.len() == 4 && bare.contains('-') => {
                        return None;
                    }
                    None => {
                        Date { micro: Some(Number::parse(day)?), ..year_and_month(first, month)? }
                    }
                }
            }
            None => year_and_month(first, month)?,
        }
    };
    if let Some(number) =
        parts.peek().copied().filter(|part| is_digits(part) && found.micro.is_none())
    {
        parts.next();
        found.micro = Number::parse(number);
    }
    let rest: Vec<&str> = parts.collect();
    if rest.iter().any(|part| part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric())) {
        return None;
    }
    if !rest.is_empty() {
        let joined = rest.join(".");
        found.pre = tail::prerelease_stage(&joined)
            .unwrap_or_else(|| rest.iter().map(|part| Identifier::parse(part)).collect());
    }
    Some(found)
}

fn year_and_month(year: &str, month: &str) -> Option<Date> {
    let found = checked_date(year, month, "1")?;
    Some(Date { day: 0, ..found })
}

fn checked_date(year: &str, month: &str, day: &str) -> Option<Date> {
    if ![year, month, day].iter().all(|part| is_digits(part))
        || !matches!(year.len(), 2 | 4)
        || month.len() > 2
        || day.len() > 2
    {
        return None;
    }
    let written: u16 = year.parse().ok()?;
    if year.len() == 4 && !(1970..2200).contains(&written) {
        return None;
    }
    let (month, day): (u8, u8) = (month.parse().ok()?, day.parse().ok()?);
    let full = if year.len() == 2 { 2000 + written } else { written };
    let exists = day >= 1 && day <= days_in(full, month);
    let (before, behind) = (String::new(), String::new());
    exists.then_some(Date {
        year: written,
        month,
        day,
        micro: None,
        pre: Vec::new(),
        before,
        behind,
    })
}

/// Zero for a month that does not exist.
fn days_in(year: u16, month: u8) -> u8 {
    match month {
        2 if (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(u16, u8, u8, Option<u64>)> {
        parse_calver(text).map(|d| (d.year, d.month, d.day, d.micro.and_then(|n| n.to_u64())))
    }

    #[test]
    fn calendar_versions() {
        assert_eq!(parts("v26.4.11"), Some((26, 4, 11, None)));
        assert_eq!(parts("2026-01-30"), Some((2026, 1, 30, None)));
        assert_eq!(parts("2024.1.5.2"), Some((2024, 1, 5, Some(2))));
        assert_eq!(parts("22.04"), Some((22, 4, 0, None)));
        assert_eq!(parts("2024.01.117"), Some((2024, 1, 0, Some(117))));
        assert_eq!(parts("v2026-02-31"), None);
        for text in ["2026-13-01", "v2026-01-30-", "v2026-01-30-rc/1", "2026..01"] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn minio_counts_seconds() {
        let read = |text| read_minio(text).map(|d| (d.day, d.micro));
        assert_eq!(read("RELEASE.2024-01-16T16-07-38Z"), Some((16, Some(160_738.into()))));
        assert_eq!(read("RELEASE.2024-01-16T16-07Z"), None);
    }
}
