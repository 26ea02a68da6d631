//! `READ`: what the verdict rests on, and what was not read, with what would help.

use std::time::Duration;

use super::fold::{Fold, first, shortened};
use super::grid::grid;
use super::sheet::Sheet;
use crate::model::staleness;
use crate::model::{Coverage, Failure, PartName, Source, TimeSource, length};
use crate::policy::without_version;
use crate::report::escape::terminal;
use crate::report::{Audit, AuditedEnvironment, View};

/// Failures of fewer targets for one reason are each told.
const ALIKE: usize = 3;

pub(super) fn section(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let Sheet { report, view, paint, .. } = sheet;
    let heading = ["READ", "targets", "components", "not read"];
    let mut rows = vec![heading.iter().map(|h| paint.bold(h)).collect::<Vec<_>>()];
    for environment in &report.environments {
        let snapshot = &environment.snapshot;
        let fresh = |target: &&Coverage| environment.counts(target, report.run.at);
        let complete = snapshot.coverage.iter().filter(fresh).count();
        let unread = unread(environment, report, view, fold)
            .into_iter()
            .map(|line| paint.yellow(&terminal(&line)));
        let mut lines: Vec<String> = unread.collect();
        if report.gates.iter().any(|gate| [&gate.from, &gate.to].contains(&&snapshot.environment)) {
            let silent = without_version(snapshot).into_iter();
            lines.extend(silent.map(|(needed, text)| {
                let optional = if environment.required && needed { "" } else { " (not required)" };
                paint.yellow(&terminal(&format!("{text}{optional}")))
            }));
        }
        let told = snapshot.coverage.iter().filter_map(left_out);
        // Where lines are few, what was read as it should be gives way to what was not.
        let files = if fold.lines == 1 && !lines.is_empty() {
            Vec::new()
        } else {
            files(environment, report, view)
        };
        let told = told.chain(notes(&snapshot.coverage, view)).chain(files);
        lines.extend(told.map(|line| paint.dim(&terminal(&line))));
        let (mut lines, more) = first(lines, fold.lines);
        if more > 0 {
            lines.push(paint.dim(&format!("and {more} more (-v)")));
        }
        let components = snapshot.components.values().filter(|c| !c.instances.is_empty()).count();
        let mut lines = lines.into_iter();
        rows.push(vec![
            terminal(snapshot.environment.as_str()),
            format!("{complete} of {}", snapshot.coverage.len()),
            components.to_string(),
            lines.next().unwrap_or_default(),
        ]);
        rows.extend(lines.map(|line| vec![String::new(), String::new(), String::new(), line]));
    }
    grid(rows, view.width)
}

/// What was not read of one target, or is too old to count.
struct Gap<'a> {
    target: &'a Coverage,
    part: Option<&'a PartName>,
    failure: Failure,
    is_needed: bool,
    /// Components that it hides.
    hides: usize,
}

impl Gap<'_> {
    /// Whether both are the same part of two targets, for one reason.
    fn is_alike(&self, other: &Self) -> bool {
        let reason = |gap: &Self| (gap.is_needed, gap.failure.kind, gap.failure.advice.clone());
        self.part == other.part && reason(self) == reason(other)
    }

    fn told(&self, fold: &Fold) -> String {
        let part = self.part.map(|part| format!(" {part}")).unwrap_or_default();
        let hides = if self.hides > 0 { format!(" [hides {}]", self.hides) } else { String::new() };
        let optional = if self.is_needed { "" } else { " (not required)" };
        let message = shortened(&self.failure.message, fold.message);
        format!(
            "{}{part}: {message}{hides} -> {}{optional}",
            self.target.target, self.failure.advice
        )
    }
}

/// All gaps, what the verdict needs first.
fn gaps<'a>(environment: &'a AuditedEnvironment, report: &Audit) -> Vec<Gap<'a>> {
    let mut gaps = Vec::new();
    for target in &environment.snapshot.coverage {
        let is_needed = environment.required && target.required;
        let failed = target.failures().into_iter().map(|(part, failure)| {
            let hides = hidden(target, part, environment);
            Gap { target, part, failure: failure.clone(), is_needed, hides }
        });
        gaps.extend(failed);
        let stale = staleness(target, environment.max_age, report.run.at);
        gaps.extend(stale.map(|failure| Gap { target, part: None, failure, is_needed, hides: 0 }));
    }
    gaps.sort_by_key(|gap| !gap.is_needed);
    gaps
}

/// A line for each gap; folded one line for many of one reason.
fn unread(
    environment: &AuditedEnvironment,
    report: &Audit,
    view: &View,
    fold: &Fold,
) -> Vec<String> {
    let mut groups: Vec<Vec<Gap<'_>>> = Vec::new();
    for gap in gaps(environment, report) {
        match groups
            .iter_mut()
            .find(|group| group.first().is_some_and(|first| first.is_alike(&gap)))
        {
            Some(group) => group.push(gap),
            None => groups.push(vec![gap]),
        }
    }
    let lines = groups.iter().flat_map(|group| match group.split_first() {
        Some((first, others)) if !view.unfold && group.len() >= ALIKE => {
            vec![format!("{}; {} more targets likewise (-v)", first.told(fold), others.len())]
        }
        _ => group.iter().map(|gap| gap.told(fold)).collect(),
    });
    lines.collect()
}

/// Components that other environments have and this part, or all parts, could have shown.
fn hidden(target: &Coverage, part: Option<&PartName>, environment: &AuditedEnvironment) -> usize {
    let of = |part: &PartName| {
        environment.hides.get(&(target.target.to_string(), part.to_string())).copied()
    };
    match part {
        Some(part) => of(part).unwrap_or(0),
        None => target.parts.keys().filter_map(of).sum(),
    }
}

fn left_out(target: &Coverage) -> Option<String> {
    Some(format!("{}: {}", target.target, target.left_out()?))
}

/// What is odd, though it decides nothing; the rest of what there is to say by `-v`.
fn notes(coverage: &[Coverage], view: &View) -> Vec<String> {
    let shown =
        coverage.iter().flat_map(|target| target.notes.iter().map(move |note| (target, note)));
    let shown = shown.filter(|(_, note)| note.is_odd || view.unfold);
    shown.map(|(target, note)| format!("{}: {}", target.target, note.text)).collect()
}

/// What was read from files: one line for each, or folded one for all that say no more than that.
fn files(environment: &AuditedEnvironment, report: &Audit, view: &View) -> Vec<String> {
    let limit = if environment.max_age == Duration::MAX {
        String::new()
    } else {
        format!(" (limit {})", length(environment.max_age))
    };
    let age = |target: &Coverage| {
        Duration::try_from(report.run.at.duration_since(target.taken)).unwrap_or_default()
    };
    let mut plain = Vec::new();
    let mut lines = Vec::new();
    // A file that could not be read has said so already, and has no age.
    for target in environment.snapshot.coverage.iter().filter(|target| target.is_complete()) {
        let Source::Recorded { time, instead_of, path } = &target.source else { continue };
        let is_weak = matches!(time, TimeSource::FileModified | TimeSource::Printed);
        let told = if is_weak { format!(" by {}", time.as_str()) } else { String::new() };
        let why = instead_of.as_ref().map(|failure| format!(" ({failure})")).unwrap_or_default();
        let line = format!(
            "{}: read from {path}, {} old{told}{limit}{why}",
            target.target,
            rounded(age(target))
        );
        // What kubectl printed tells its own time; a file's can be that of a copy.
        let may_mislead = matches!(time, TimeSource::FileModified);
        let says_more = view.unfold || instead_of.is_some() || may_mislead;
        if says_more { lines.push(line) } else { plain.push((age(target), line)) }
    }
    let oldest = plain.iter().map(|(age, _)| *age).max().unwrap_or_default();
    match plain.len() {
        0 => {}
        1 => lines.extend(plain.into_iter().map(|(_, line)| line)),
        n => lines.push(format!(
            "{n} targets read from files, {} old at most{limit} (-v)",
            rounded(oldest)
        )),
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
