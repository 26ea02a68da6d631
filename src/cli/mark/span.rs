//! `envparity mark span`: says what a span of time was, and whether its load counts.

use anyhow::{Context as _, anyhow, bail};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::cli::args::MarkSpanArguments;
use crate::cli::exit::Exit;
use crate::cli::past::HistoryPlace;
use crate::cli::{CommandError, author, clock, output, problems};
use crate::history::parse_moment;
use crate::model::{EnvironmentName, LoadSpan, SpanMark, meant_and_known};
use crate::profile::Profiles;
use crate::report::escape::{terminal, terminal_lines};

/// How far ahead the end of a span may be: what is planned, and not what is to be hidden for ever.
const AHEAD: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Longer ones are stories.
const LONGEST_LABEL: usize = 200;

pub(super) fn run(arguments: &MarkSpanArguments) -> Result<Exit, CommandError> {
    let profiles = problems::load(&arguments.profiles.profiles)?;
    let environment = known(&arguments.environment, &profiles)?;
    let now = clock()();
    let span = span(&arguments.span, now, &profiles.timezone)?;
    let mark = SpanMark {
        span,
        label: label(&arguments.label)?,
        by: author::claimed(),
        is_excluded: arguments.exclude,
    };
    let place = HistoryPlace::of_or_default(&arguments.history, Some(&profiles))?;
    let mut history = place.open_to_write().map_err(|error| place.failed(&error))?;
    let others = history.marked_spans(&environment).map_err(|error| place.failed(&error))?;
    let saved =
        history.mark_span(&environment, &mark, now).map_err(|error| place.failed(&error))?;
    let zone = &profiles.timezone;
    let mut text = format!("run:{:.8} marks {}\n", saved.digest, told(&environment, &mark, zone));
    for other in others.iter().filter(|other| other.span.overlaps(mark.span)) {
        text.push_str(&format!("  it overlaps {}\n", told(&environment, other, zone)));
    }
    output::print(&(terminal_lines(&text) + "\n"))?;
    Ok(Exit::Done)
}

fn known(name: &str, profiles: &Profiles) -> anyhow::Result<EnvironmentName> {
    let names: Vec<&str> = profiles.environments.iter().map(|e| e.name.as_str()).collect();
    if names.contains(&name) {
        return Ok(name.into());
    }
    bail!("unknown environment {:?}; {}", terminal(name), meant_and_known(name, &names))
}

/// Both ends, in whole seconds.
fn span(text: &str, now: Timestamp, zone: &TimeZone) -> anyhow::Result<LoadSpan> {
    let (from, to) = text.split_once("..").ok_or_else(|| {
        anyhow!("{:?} is no span: write FROM..TO, as in -2h..now", terminal(text))
    })?;
    let moment = |text: &str| match text {
        "now" => Ok(now),
        text => parse_moment(text, now, zone),
    };
    let from = moment(from).context("the beginning of the span")?;
    let to = moment(to).context("the end of the span")?;
    let span = LoadSpan { from: from.as_second(), to: to.as_second() };
    if span.from >= span.to {
        bail!("the span ends at {to}, and begins at {from}: write the earlier time first");
    }
    if to.duration_since(now) > AHEAD {
        bail!("the span ends at {to}, more than 31 days ahead: mark it when it is nearer");
    }
    Ok(span)
}

fn label(text: &str) -> anyhow::Result<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        bail!("the label says nothing, or more than a line: write what it was, as in reproduction");
    }
    if text.chars().count() > LONGEST_LABEL {
        bail!("the label has more than {LONGEST_LABEL} characters");
    }
    Ok(text.to_owned())
}

/// `qualif, 2026-04-14 11:05+02:00 to 2026-04-14 11:30+02:00: reproduction, excluded, by alice
/// (claimed)`.
pub(in crate::cli) fn told(
    environment: &EnvironmentName,
    mark: &SpanMark,
    zone: &TimeZone,
) -> String {
    let time = |second: i64| {
        let at = Timestamp::from_second(second).unwrap_or_default();
        at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M%:z").to_string()
    };
    let SpanMark { span, label, by, is_excluded } = mark;
    let excluded = if *is_excluded { ", excluded" } else { "" };
    let (from, to) = (time(span.from), time(span.to));
    format!("{environment}, {from} to {to}: {label}{excluded}, by {by} (claimed)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(i64, i64), String> {
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let read = span(text, now, &zone).map_err(|error| format!("{error:#}"))?;
        Ok((read.from - now.as_second(), read.to - now.as_second()))
    }

    #[test]
    fn a_span_has_two_ends_in_their_order() {
        assert_eq!(read("-2h..-1h"), Ok((-7_200, -3_600)));
        assert_eq!(read("-90m..now"), Ok((-5_400, 0)));
        assert_eq!(read("2026-11-23T10:00+01:00..2026-11-23T12:00Z"), Ok((-10_800, 0)));
        // What is planned may be marked, and not for ever.
        assert_eq!(read("now..2026-11-27T12:00Z"), Ok((0, 4 * 86_400)));
        for (text, said) in [
            ("-2h", "write FROM..TO"),
            ("-1h..-2h", "the earlier time first"),
            ("-1h..-1h", "the earlier time first"),
            ("now..2026-12-25T12:00Z", "more than 31 days ahead"),
            ("2026-11-23T10:00..now", "has no offset"),
            ("2026-11-23T10:00 CET..now", "CET is +01:00; Paris was at +01:00 that day"),
            ("-2h..2026-11-23", "is a whole day"),
            ("-2h..+1h", "would be a time to come"),
            ("..", "is not a time"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
