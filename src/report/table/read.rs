//! `READ`: what the verdict rests on, and what was not read, with what would help.

use std::time::Duration;

use super::grid::{Paint, grid};
use crate::model::{Coverage, Outcome, Source, TimeSource, length};
use crate::policy::staleness;
use crate::report::escape::terminal;
use crate::report::{Environment, Report, View};

pub(super) fn section(report: &Report, view: &View, paint: Paint) -> String {
    let heading = ["READ", "targets", "components", "not read"];
    let mut rows = vec![heading.iter().map(|h| paint.bold(h)).collect::<Vec<_>>()];
    for environment in &report.environments {
        let snapshot = &environment.snapshot;
        let fresh = |target: &&Coverage| {
            target.is_complete() && staleness(target, environment.max_age, report.run.at).is_none()
        };
        let complete = snapshot.coverage.iter().filter(fresh).count();
        let mut lines: Vec<String> =
            snapshot.coverage.iter().flat_map(|target| lines(target, environment, report, paint)).collect();
        lines.extend(notes(&snapshot.coverage, view).into_iter().map(|line| paint.dim(&terminal(&line))));
        lines.extend(files(environment, report, view).into_iter().map(|line| paint.dim(&terminal(&line))));
        let components = snapshot.components.values().filter(|c| !c.instances.is_empty()).count();
        let shown = fold(lines, view.unfold, paint);
        rows.push(vec![
            terminal(snapshot.environment.as_str()),
            format!("{complete} of {}", snapshot.coverage.len()),
            components.to_string(),
            shown.first().cloned().unwrap_or_default(),
        ]);
        let more = shown.into_iter().skip(1);
        rows.extend(more.map(|line| vec![String::new(), String::new(), String::new(), line]));
    }
    grid(rows, view.width)
}

/// Many targets may fail for one reason: the first ten tell it.
fn fold(mut lines: Vec<String>, unfold: bool, paint: Paint) -> Vec<String> {
    const SHOWN: usize = 10;
    if !unfold && lines.len() > SHOWN + 1 {
        let more = lines.len() - SHOWN;
        lines.truncate(SHOWN);
        lines.push(paint.dim(&format!("and {more} more (-v)")));
    }
    lines
}

/// What there is to say of a target: one line for each failure, then its age if it is a file.
fn lines(target: &Coverage, environment: &Environment, report: &Report, paint: Paint) -> Vec<String> {
    let optional = if environment.required && target.required { "" } else { " (not required)" };
    let mut lines: Vec<String> = target
        .failures()
        .into_iter()
        .map(|(part, failure)| {
            let what = part.map_or_else(|| target.target.to_string(), |part| format!("{} {part}", target.target));
            let hides: usize = match part {
                Some(part) => {
                    environment.hides.get(&(target.target.to_string(), part.to_string())).copied().unwrap_or(0)
                }
                None => hidden(target, environment),
            };
            let hides = if hides > 0 { format!(" [hides {hides}]") } else { String::new() };
            let text = format!("{what}: {failure}{hides} -> {}{optional}", failure.advice);
            paint.yellow(&terminal(&text))
        })
        .collect();
    if let Some(stale) = staleness(target, environment.max_age, report.run.at) {
        lines.push(paint.yellow(&terminal(&format!("{}: {stale} -> {}{optional}", target.target, stale.advice))));
    }
    lines.extend(left_out(target).map(|text| paint.dim(&terminal(&text))));
    lines
}

fn hidden(target: &Coverage, environment: &Environment) -> usize {
    let of =
        |part: &crate::model::PartName| environment.hides.get(&(target.target.to_string(), part.to_string())).copied();
    target.parts.keys().filter_map(of).sum()
}

fn left_out(target: &Coverage) -> Option<String> {
    let parts: Vec<&str> = target
        .parts
        .iter()
        .filter(|(_, outcome)| **outcome == Outcome::LeftOut)
        .map(|(part, _)| part.as_str())
        .collect();
    // A file may hold less than a profile asks for.
    let by = if matches!(target.source, Source::Recorded { .. }) { "the file or the profile" } else { "the profile" };
    (!parts.is_empty()).then(|| format!("{}: {} left out by {by}", target.target, parts.join(", ")))
}

/// What is odd, though it decides nothing; the rest of what there is to say by `-v`.
fn notes(coverage: &[Coverage], view: &View) -> Vec<String> {
    let shown = coverage.iter().flat_map(|target| target.notes.iter().map(move |note| (target, note)));
    let shown = shown.filter(|(_, note)| note.is_odd || view.unfold);
    shown.map(|(target, note)| format!("{}: {}", target.target, note.text)).collect()
}

/// What was read from files: one line for each, or folded one for all that say no more than that.
fn files(environment: &Environment, report: &Report, view: &View) -> Vec<String> {
    let limit = if environment.max_age == Duration::MAX {
        String::new()
    } else {
        format!(" (limit {})", length(environment.max_age))
    };
    let age = |target: &Coverage| Duration::try_from(report.run.at.duration_since(target.taken)).unwrap_or_default();
    let mut plain = Vec::new();
    let mut lines = Vec::new();
    // A file that could not be read has said so already, and has no age.
    for target in environment.snapshot.coverage.iter().filter(|target| target.is_complete()) {
        let Source::Recorded { time, instead_of, path } = &target.source else { continue };
        let told = if *time == TimeSource::FileModified { format!(" by {}", time.as_str()) } else { String::new() };
        let why = instead_of.as_ref().map(|failure| format!(" ({failure})")).unwrap_or_default();
        let line = format!("{}: read from {path}, {} old{told}{limit}{why}", target.target, rounded(age(target)));
        let says_more = view.unfold || instead_of.is_some() || *time == TimeSource::FileModified;
        if says_more { lines.push(line) } else { plain.push((age(target), line)) }
    }
    let oldest = plain.iter().map(|(age, _)| *age).max().unwrap_or_default();
    match plain.len() {
        0 => {}
        1 => lines.extend(plain.into_iter().map(|(_, line)| line)),
        n => lines.push(format!("{n} targets read from files, {} old at most{limit} (-v)", rounded(oldest))),
    }
    lines
}

/// To the largest unit: `6m`, `3h`, `2d`.
fn rounded(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}
