//! `READ`: what the verdict rests on, and what was not read, with what would help.

use super::fold::{Fold, first_lines, shorten_text};
use super::grid::render_grid;
use super::read_summary::ReadSummary;
use super::sheet::Sheet;
use crate::report::RenderOptions;
use crate::report::escape::terminal;
use crate::report::view::coverage::{Gap, NOT_REQUIRED};

/// Failures of fewer targets for one reason are each told.
const ALIKE: usize = 3;

pub(super) fn read_section(sheet: &Sheet<'_>, fold: &Fold) -> String {
    let Sheet { shown, view, paint, .. } = sheet;
    let heading = ["READ", "targets", "components", "not read"];
    let mut rows = vec![heading.iter().map(|h| paint.bold(h)).collect::<Vec<_>>()];
    for (environment, told) in shown.environments.iter().zip(&sheet.told) {
        let mut lines = environment_lines(told, sheet, fold).into_iter();
        rows.push(vec![
            terminal(environment.name()),
            environment.complete_targets().to_string(),
            environment.components.to_string(),
            lines.next().unwrap_or_default(),
        ]);
        rows.extend(lines.map(|line| vec![String::new(), String::new(), String::new(), line]));
    }
    render_grid(rows, view.width)
}

/// The lines of an environment, painted: what was not read first.
fn environment_lines(told: &ReadSummary<'_>, sheet: &Sheet<'_>, fold: &Fold) -> Vec<String> {
    let Sheet { view, paint, .. } = sheet;
    let mut gaps = unread_lines(&told.gaps, view, fold);
    let silent = told.without_version.iter();
    gaps.extend(silent.map(|(is_needed, text)| format!("{text}{}", optional_word(*is_needed))));
    // Where lines are few, what was read as it should be gives way to what was not.
    let is_short = fold.lines == 1 && !gaps.is_empty();
    let files: &[String] = if is_short { &[] } else { &told.files };
    let gaps = gaps.iter().map(|line| paint.yellow(&terminal(line)));
    let others = told.notes.iter().chain(files).map(|line| paint.dim(&terminal(line)));
    let (mut lines, more) = first_lines(gaps.chain(others).collect(), fold.lines);
    if more > 0 {
        lines.push(paint.dim(&format!("and {more} more (-v)")));
    }
    lines
}

fn optional_word(is_needed: bool) -> String {
    if is_needed { String::new() } else { format!(" ({NOT_REQUIRED})") }
}

fn gap_line(gap: &Gap<'_>, fold: &Fold) -> String {
    gap.gap_line(|message| shorten_text(message, fold.message))
}

/// A line for each gap; folded one line for many of one reason.
fn unread_lines(groups: &[Vec<Gap<'_>>], view: &RenderOptions, fold: &Fold) -> Vec<String> {
    let mut lines = Vec::new();
    for group in groups {
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
