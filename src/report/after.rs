//! What became of a release in production: lines as they come, and the whole as a file.

use super::checklist::{figure_dto, of_run};
use super::escape::terminal;
use crate::model::{AfterEnd, AfterEvent, AfterResult, Run};
use crate::wire::after as v1;
use crate::wire::checklist::SettledBy;
use crate::wire::header::{FileKind, FormatVersion};
use crate::wire::yaml;

/// A line of what was seen: `22:05:15  redis/cache  KEYS 1 call, new …`.
pub fn event_line(event: &AfterEvent, run: &Run) -> String {
    let there = event.at.to_zoned(run.timezone.clone());
    format!("{}  {}\n", there.strftime("%H:%M:%S"), terminal(&event.text))
}

/// The last lines: how it ended, and what to do.
pub fn ending_lines(result: &AfterResult, exit: u8) -> String {
    let word = match result.end {
        AfterEnd::Back => format!("BACK {}", result.target),
        AfterEnd::NotBack => format!("NOT BACK {}", result.target),
        other => format!("{} {}", other.as_str().to_uppercase(), result.release),
    };
    let seconds = result.ended.duration_since(result.changed.unwrap_or(result.started)).as_secs();
    let after = match seconds {
        0..=599 => format!("{seconds} s"),
        _ => format!("{} min", seconds / 60),
    };
    let line = format!("{word}: {} (exit {exit}, after {after})", result.because);
    let mut text = format!("{}\n", terminal(&line));
    for (index, (command, takes)) in result.next.iter().enumerate() {
        let head = if index == 0 { "NEXT  " } else { "      " };
        text.push_str(&format!("{head}{}   {}\n", terminal(command), terminal(takes)));
    }
    text
}

/// The public report, which YAML and JSON spell.
pub fn after_dto(result: &AfterResult) -> v1::AfterReleaseReport {
    let event = |one: &AfterEvent| v1::SeenEvent { at: one.at, text: one.text.clone() };
    let next = |(command, takes): &(String, String)| SettledBy {
        command: command.clone(),
        takes: takes.clone(),
    };
    v1::AfterReleaseReport {
        api_version: FormatVersion::V1,
        kind: FileKind::AfterReleaseReport,
        watched: result.kind.as_str().to_owned(),
        release: result.release.clone(),
        digest: result.digest.clone(),
        target: result.target.clone(),
        environment: result.environment.to_string(),
        verdict: result.end.verdict().as_str().to_owned(),
        end: result.end.as_str().to_owned(),
        because: result.because.clone(),
        next: result.next.iter().map(next).collect(),
        started: result.started,
        changed: result.changed,
        ended: result.ended,
        rounds: result.rounds,
        events: result.events.iter().map(event).collect(),
        figures: result.figures.iter().map(figure_dto).collect(),
        run: of_run(&result.run),
    }
}

/// As YAML.
///
/// # Errors
/// If it cannot be written so.
pub fn to_yaml(result: &AfterResult) -> Result<String, String> {
    yaml::write(&after_dto(result)).map_err(|error| error.to_string())
}

/// As JSON.
///
/// # Errors
/// If it cannot be written so.
pub fn to_json(result: &AfterResult) -> Result<String, String> {
    let text = serde_json::to_string_pretty(&after_dto(result));
    text.map(|text| super::escape::json(&text) + "\n").map_err(|error| error.to_string())
}
