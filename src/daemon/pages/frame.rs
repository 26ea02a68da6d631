//! What both pages share: style, policy, times and words of verdicts.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::report::age_words;
use crate::report::html::{STYLE, content_policy};

const OWN_STYLE: &str = include_str!("pages.css");

/// The head of a page.
pub(super) struct PageFrame {
    pub(super) policy: String,
    pub(super) style: String,
}

impl PageFrame {
    /// A page that runs one script, or none if that is empty.
    pub(super) fn new(script: &str) -> Self {
        let style = format!("{STYLE}{OWN_STYLE}");
        Self { policy: content_policy(&style, script), style }
    }
}

/// A moment, for people and for programs.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    /// RFC 3339, in UTC.
    pub(super) utc: String,
    /// `Mon 2026-04-13 22:05 +02:00`.
    pub(super) local: String,
    /// `5 min ago`, `in 9 h`.
    pub(super) ago: String,
}

impl Moment {
    pub(super) fn new(at: Timestamp, now: Timestamp, zone: &TimeZone) -> Self {
        let apart = at.duration_since(now).unsigned_abs();
        let words = age_words(Duration::from_secs(apart.as_secs()));
        let ago = if at > now { format!("in {words}") } else { format!("{words} ago") };
        Self { utc: at.to_string(), local: local_time(at, zone), ago }
    }
}

/// `Mon 2026-04-13 22:05 +02:00`.
pub(super) fn local_time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M %:z").to_string()
}

/// The class of a tag for the word of a verdict.
pub(super) fn verdict_tone(word: &str) -> &'static str {
    match word {
        "go" => "done",
        "no-go" | "failed" => "failed",
        "incomplete" => "state-expiring",
        _ => "",
    }
}
