//! `envparity checklist override`: a release goes in spite of its checklist.

use anyhow::anyhow;

use super::args::OverrideArguments;
use super::exit::Exit;
use super::past::HistoryPlace;
use super::{CommandError, author, clock, output, problems};
use crate::history::{HistoryError, Reference, Store, parse_reference};
use crate::model::Override;
use crate::pipeline::{self, OverrideAsked, OverrideError};
use crate::report::escape::{terminal, terminal_lines};

pub(super) fn run(arguments: &OverrideArguments) -> Result<Exit, CommandError> {
    let profiles = problems::load(&arguments.profiles.profiles)?;
    let policy = profiles.policy.as_ref();
    let asked = OverrideAsked {
        digits: digits(&arguments.run)?,
        by: arguments.by.clone(),
        approved_by: arguments.approved_by.clone(),
        reason: arguments.reason.clone(),
        four_eyes: policy.and_then(|policy| policy.four_eyes).unwrap_or(false),
        at: clock()(),
        claims: author::claims(),
    };
    let place = HistoryPlace::of_or_default(&arguments.history, Some(&profiles))?;
    let mut history = place.open_to_read().map_err(|error| place.failed(&error))?;
    let done = pipeline::keep_override(&mut history, &asked).map_err(|error| match error {
        OverrideError::History(error) => place.failed(&error),
        other => anyhow!("{}", terminal(&other.to_string())),
    })?;
    let mut text = format!(
        "run:{:.8} ({}, {}) is overridden {}: run:{:.8}\n",
        done.of,
        done.verdict,
        done.release,
        done.in_words(),
        done.run
    );
    if !asked.four_eyes {
        text.push_str("nobody checked that these are two persons: four-eyes: true of the policy\n");
    }
    output::print(&terminal_lines(&text))?;
    Ok(Exit::Done)
}

/// `run:3f2a`, or the digits alone.
fn digits(text: &str) -> anyhow::Result<String> {
    let text = if text.starts_with("run:") { text.to_owned() } else { format!("run:{text}") };
    let zone = jiff::tz::TimeZone::UTC;
    match parse_reference(&text, jiff::Timestamp::UNIX_EPOCH, &zone)? {
        Reference::Run { digits, environment: None } => Ok(digits),
        _ => Err(anyhow!(
            "{} is not a run: write run:3f2a, as envparity history list shows it",
            terminal(&text)
        )),
    }
}

/// What the history says of overrides, for commands that show its runs.
pub(super) fn known(history: &mut Store) -> Result<Vec<Override>, HistoryError> {
    pipeline::overrides(history)
}
