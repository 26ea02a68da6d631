//! Columns without lines, as wide as the terminal, and colours where they may be used.

use anstyle::{AnsiColor, Style as Ansi};
use tabled::builder::Builder;
use tabled::settings::{Padding, Style};

/// Paints text, or leaves it plain.
#[derive(Clone, Copy)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    fn with(self, style: Ansi, text: &str) -> String {
        if self.0 && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.with(Ansi::new().bold(), text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.with(Ansi::new().dimmed(), text)
    }

    pub(super) fn red(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    pub(super) fn yellow(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    pub(super) fn green(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default().bold(), text)
    }

    /// A severity in its colour.
    pub(super) fn severity(self, severity: crate::model::Severity) -> String {
        use crate::model::Severity as S;
        match severity {
            S::Critical | S::High => self.red(severity.as_str()),
            S::Medium => self.yellow(severity.as_str()),
            S::Low | S::Info | S::Off => severity.as_str().to_owned(),
        }
    }
}

/// Between two columns.
const GAP: usize = 3;

/// A column is not shrunk below this.
const NARROWEST: usize = 14;

/// Rows of one table, the heading first; names (the first column) are shrunk last.
pub(super) fn grid(rows: Vec<Vec<String>>, width: Option<usize>) -> String {
    let widths = width.map(|width| fitting(&rows, width));
    let mut builder = Builder::default();
    for row in rows {
        builder.push_record(row.into_iter().enumerate().map(|(column, cell)| match &widths {
            Some(widths) => textwrap::fill(&cell, widths.get(column).copied().unwrap_or(NARROWEST)),
            None => cell,
        }));
    }
    let mut table = builder.build();
    table.with(Style::empty()).with(Padding::new(0, GAP, 0, 0));
    let text = table.to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

/// The width of each column: its own, unless all together exceed the terminal. Then the last, which
/// holds sentences, gives way first, then the widest one by one.
fn fitting(rows: &[Vec<String>], width: usize) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let cell =
        |row: &Vec<String>, column| row.get(column).map_or(0, |cell: &String| textwrap::core::display_width(cell));
    let mut widths: Vec<usize> =
        (0..columns).map(|column| rows.iter().map(|row| cell(row, column)).max().unwrap_or(0).max(1)).collect();
    let room = width.saturating_sub(GAP * columns.saturating_sub(1));
    let over = |widths: &[usize]| widths.iter().sum::<usize>().saturating_sub(room);
    if let Some(last) = columns.checked_sub(1) {
        let sentence = NARROWEST * 2;
        widths[last] -= over(&widths).min(widths[last].saturating_sub(sentence));
    }
    while over(&widths) > 0 {
        let widest = (1..columns).max_by_key(|&column| widths[column]).filter(|&column| widths[column] > NARROWEST);
        match widest.or((widths.first() > Some(&NARROWEST)).then_some(0)) {
            Some(column) => widths[column] -= 1,
            None => break,
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_whole_and_sentences_wrap() {
        let row = |last: &str| vec!["  image/team/label-printer".to_owned(), "v22".to_owned(), last.to_owned()];
        let text = grid(vec![row("a sentence that is longer than what is left of the line")], Some(60));
        assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
        assert!(text.starts_with("  image/team/label-printer   v22   a sentence"), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with(&" ".repeat(35))), "{text}");
    }
}
