//! `READ`: what the verdict rests on, and what was not read, with what would help.

use super::fold::{Fold, first, shortened};
use super::grid::grid;
use super::sheet::Sheet;
use crate::model::{Coverage, Source, TimeSource};
use crate::policy::without_version;
use crate::report::RenderOptions;
use crate::report::escape::terminal;
use crate::report::view::coverage::{
    EnvironmentView, Gap, GapOf, NOT_REQUIRED, TargetView, age_words, hides,
};

/// Failures of fewer targets for one reason are each told.
const ALIKE: usize = 3;

pub(super) fn section(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let Sheet { shown, view, paint, .. } = sheet;
    let heading = ["READ", "targets", "components", "not read"];
    let mut rows = vec![heading.iter().map(|h| paint.bold(h)).collect::<Vec<_>>()];
    for environment in &shown.environments {
        let mut lines = told(environment, sheet, fold).into_iter();
        rows.push(vec![
            terminal(environment.name()),
            environment.complete().to_string(),
            environment.components.to_string(),
            lines.next().unwrap_or_default(),
        ]);
        rows.extend(lines.map(|line| vec![String::new(), String::new(), String::new(), line]));
    }
    grid(rows, view.width)
}

/// What there is to say of an environment, painted: what was not read first.
fn told(environment: &EnvironmentView<'_>, sheet: &Sheet<'_>, fold: &Fold) -> Vec<String> {
    let Sheet { report, view, paint, .. } = sheet;
    let audited = environment.audited;
    let name = &audited.snapshot.environment;
    let mut gaps = unread(environment, view, fold);
    if report.gates.iter().any(|gate| [&gate.from, &gate.to].contains(&name)) {
        for (needed, text) in without_version(&audited.snapshot) {
            gaps.push(format!("{text}{}", optional(audited.required && needed)));
        }
    }
    // Where lines are few, what was read as it should be gives way to what was not.
    let is_short = fold.lines == 1 && !gaps.is_empty();
    let files = if is_short { Vec::new() } else { files(environment, view) };
    let mut others: Vec<String> = audited.snapshot.coverage.iter().filter_map(left_out).collect();
    others.extend(notes(&audited.snapshot.coverage, view));
    others.extend(files);
    let gaps = gaps.iter().map(|line| paint.yellow(&terminal(line)));
    let others = others.iter().map(|line| paint.dim(&terminal(line)));
    let (mut lines, more) = first(gaps.chain(others).collect(), fold.lines);
    if more > 0 {
        lines.push(paint.dim(&format!("and {more} more (-v)")));
    }
    lines
}

fn optional(is_needed: bool) -> String {
    if is_needed { String::new() } else { format!(" ({NOT_REQUIRED})") }
}

fn gap_line(gap: &Gap<'_>, fold: &Fold) -> String {
    let part = match gap.of {
        GapOf::Part(part) => format!(" {part}"),
        GapOf::Target | GapOf::Time => String::new(),
    };
    let hidden = if gap.hides > 0 { format!(" [{}]", hides(gap.hides)) } else { String::new() };
    let message = shortened(&gap.failure.message, fold.message);
    let (target, advice) = (&gap.target.target, &gap.failure.advice);
    format!("{target}{part}: {message}{hidden} -> {advice}{}", optional(gap.is_needed))
}

/// A line for each gap; folded one line for many of one reason.
fn unread(environment: &EnvironmentView<'_>, view: &RenderOptions, fold: &Fold) -> Vec<String> {
    let mut groups: Vec<Vec<Gap<'_>>> = Vec::new();
    for gap in environment.gaps() {
        let is_alike = |group: &[Gap<'_>]| group.first().is_some_and(|other| other.is_alike(&gap));
        match groups.iter_mut().find(|group| is_alike(group)) {
            Some(group) => group.push(gap),
            None => groups.push(vec![gap]),
        }
    }
    let mut lines = Vec::new();
    for group in &groups {
        match group.split_first() {
            Some((first, others)) if !view.unfold && group.len() >= ALIKE => {
                let more = others.len();
                let line = gap_line(first, fold);
                lines.push(format!("{line}; {more} more targets likewise (-v)"));
            }
            _ => lines.extend(group.iter().map(|gap| gap_line(gap, fold))),
        }
    }
    lines
}

fn left_out(target: &Coverage) -> Option<String> {
    Some(format!("{}: {}", target.target, target.left_out()?))
}

/// What is odd, though it decides nothing; the rest of what there is to say by `-v`.
fn notes(coverage: &[Coverage], view: &RenderOptions) -> Vec<String> {
    let mut told = Vec::new();
    for target in coverage {
        let shown = target.notes.iter().filter(|note| note.is_odd || view.unfold);
        told.extend(shown.map(|note| format!("{}: {}", target.target, note.text)));
    }
    told
}

/// What was read from files: one line for each, or folded one for all that say no more than that.
fn files(environment: &EnvironmentView<'_>, view: &RenderOptions) -> Vec<String> {
    let limit = environment.max_age().map(|limit| format!(" (limit {limit})")).unwrap_or_default();
    let mut plain = Vec::new();
    let mut lines = Vec::new();
    // A file that could not be read has said so already, and has no age.
    for target in environment.targets.iter().filter(|target| target.coverage.is_complete()) {
        let Some((line, says_more)) = file_line(target, &limit) else { continue };
        if view.unfold || says_more { lines.push(line) } else { plain.push((target.age, line)) }
    }
    let oldest = plain.iter().filter_map(|(age, _)| *age).max().unwrap_or_default();
    match plain.len() {
        0 => {}
        1 => lines.extend(plain.into_iter().map(|(_, line)| line)),
        n => lines.push(format!(
            "{n} targets read from files, {} old at most{limit} (-v)",
            age_words(oldest)
        )),
    }
    lines
}

/// How old a file is, and whether there is more to say of it than that.
fn file_line(target: &TargetView<'_>, limit: &str) -> Option<(String, bool)> {
    let Source::Recorded { time, instead_of, path } = &target.coverage.source else { return None };
    let is_weak = matches!(time, TimeSource::FileModified | TimeSource::Printed);
    let by = if is_weak { format!(" by {}", time.as_str()) } else { String::new() };
    let why = instead_of.as_ref().map(|failure| format!(" ({failure})")).unwrap_or_default();
    let age = age_words(target.age.unwrap_or_default());
    let line = format!("{}: read from {path}, {age} old{by}{limit}{why}", target.name());
    // What kubectl printed tells its own time; a file's can be that of a copy.
    let may_mislead = matches!(time, TimeSource::FileModified);
    Some((line, instead_of.is_some() || may_mislead))
}
