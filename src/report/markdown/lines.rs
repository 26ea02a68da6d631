//! Words, rows of tables and lists, none longer than a comment can bear.

use crate::model::Severity;
use crate::report::escape::{markdown, markdown_code, terminal};

/// No text is longer than this, in bytes; what escaping adds makes it four times that at most.
const LONGEST: usize = 300;

/// No list has more items than this.
const MOST: usize = 8;

/// A sentence, cut where it is too long for a line.
pub(super) fn escape_prose(text: &str) -> String {
    markdown(&cut_line(text))
}

/// A name as it is.
pub(super) fn shown_name(text: &str) -> String {
    markdown_code(&cut_line(text))
}

/// The first digits of an id: as many as tell findings apart, and always as many, so that they are
/// the same from run to run.
pub(super) fn short_id(id: &str) -> String {
    shown_name(&id.chars().take(8).collect::<String>())
}

fn cut_line(text: &str) -> String {
    let safe = terminal(text);
    match safe.char_indices().find(|(start, c)| start + c.len_utf8() > LONGEST) {
        Some((end, _)) => format!("{}…", safe.get(..end).unwrap_or_default()),
        None => safe,
    }
}

/// Names or clauses, with commas.
pub(super) fn comma_list<T: AsRef<str>>(items: &[T]) -> String {
    let mut parts: Vec<String> =
        items.iter().take(MOST).map(|item| escape_prose(item.as_ref())).collect();
    if items.len() > MOST {
        parts.push(format!("{} more", items.len() - MOST));
    }
    parts.join(", ")
}

/// A severity, strong where it may block.
pub(super) fn severity_text(severity: Severity) -> String {
    match severity {
        Severity::Critical | Severity::High => format!("**{severity}**"),
        _ => severity.to_string(),
    }
}

/// One row of a table: a pipe within a cell has a backslash, which GitHub's Markdown takes away
/// before it reads a code span (<https://github.github.com/gfm/#tables-extension->).
pub(super) fn table_row<T: AsRef<str>>(cells: &[T]) -> String {
    let cells = cells.iter().map(|cell| format!(" {} |", cell.as_ref().replace('|', "\\|")));
    format!("|{}\n", cells.collect::<String>())
}

/// The first two lines of a table.
pub(super) fn table_heading<T: AsRef<str>>(titles: &[T]) -> String {
    format!("{}|{}\n", table_row(titles), " --- |".repeat(titles.len()))
}
