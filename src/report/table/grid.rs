//! Columns without lines, as wide as the terminal, and colours where they may be used.

use anstyle::{AnsiColor, Style as Ansi};
use tabled::builder::Builder;
use tabled::settings::{Padding, Style};

/// Paints text, or leaves it plain.
#[derive(Clone, Copy)]
pub(in crate::report) struct Paint(pub(in crate::report) bool);

impl Paint {
    fn paint_with(self, style: Ansi, text: &str) -> String {
        if self.0 && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    pub(in crate::report) fn bold(self, text: &str) -> String {
        self.paint_with(Ansi::new().bold(), text)
    }

    pub(in crate::report) fn dim(self, text: &str) -> String {
        self.paint_with(Ansi::new().dimmed(), text)
    }

    pub(in crate::report) fn red(self, text: &str) -> String {
        self.paint_with(AnsiColor::Red.on_default().bold(), text)
    }

    pub(in crate::report) fn yellow(self, text: &str) -> String {
        self.paint_with(AnsiColor::Yellow.on_default(), text)
    }

    pub(in crate::report) fn green(self, text: &str) -> String {
        self.paint_with(AnsiColor::Green.on_default().bold(), text)
    }

    /// A severity in its colour.
    pub(in crate::report) fn paint_severity(self, severity: crate::model::Severity) -> String {
        use crate::model::Severity as S;
        match severity {
            S::Critical | S::High => self.red(severity.as_str()),
            S::Medium => self.yellow(severity.as_str()),
            S::Low | S::Info | S::Off => severity.as_str().to_owned(),
        }
    }
}

/// Between two columns, if there is room.
const GAP: usize = 3;

/// Between two columns, if there is not.
const NARROW_GAP: usize = 2;

/// A column is not shrunk below this.
const NARROWEST: usize = 14;

/// Narrower sentences go on below the second column rather than in a column of their own.
const SENTENCE: usize = 48;

/// Rows that end with a sentence: beside the other cells if there is room, else it goes on below
/// them.
pub(super) fn sentence_rows(rows: Vec<Vec<String>>, width: Option<usize>) -> String {
    let last = rows.iter().map(Vec::len).max().unwrap_or_default().saturating_sub(1);
    let longest = widest_cell(&rows, last);
    let gap = column_gap(&rows, width);
    let widths: Vec<usize> = (0..last).map(|column| widest_cell(&rows, column) + gap).collect();
    let (Some(width), left) = (width, widths.iter().sum::<usize>()) else {
        return render_grid(rows, width);
    };
    let indent: usize = widths.iter().take(2).sum();
    let has_room = left + longest.min(SENTENCE) <= width;
    if has_room || left > width || indent + SENTENCE > width {
        return render_grid(rows, Some(width));
    }
    let lines = rows.into_iter().map(|mut row| {
        let sentence = row.pop().unwrap_or_default();
        let cells =
            row.iter().zip(&widths).map(|(cell, width)| pad_cell(cell, *width)).collect::<String>();
        let hanging = " ".repeat(indent);
        let below = prose_options(width).initial_indent(&hanging).subsequent_indent(&hanging);
        match sentence.as_str() {
            "" => cells,
            // The cells stand in for the indent of the first line.
            _ if left + NARROWEST <= width => {
                textwrap::fill(&sentence, below.initial_indent(&cells))
            }
            _ => format!("{cells}\n{}", textwrap::fill(&sentence, below)),
        }
    });
    lines
        .map(|line| line.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n")
        .collect()
}

/// Breaks lines between words only: names, paths and versions stay whole.
pub(in crate::report) fn prose_options<'a>(width: usize) -> textwrap::Options<'a> {
    textwrap::Options::new(width)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
}

/// What is left between columns that are as wide as they would be.
fn column_gap(rows: &[Vec<String>], width: Option<usize>) -> usize {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let all: usize = (0..columns).map(|column| widest_cell(rows, column) + GAP).sum();
    if width.is_none_or(|width| all <= width + GAP) { GAP } else { NARROW_GAP }
}

fn pad_cell(cell: &str, width: usize) -> String {
    let missing = width.saturating_sub(textwrap::core::display_width(cell));
    format!("{cell}{}", " ".repeat(missing))
}

fn widest_cell(rows: &[Vec<String>], column: usize) -> usize {
    let cells = rows.iter().filter_map(|row| row.get(column));
    cells.map(|cell| textwrap::core::display_width(cell)).max().unwrap_or_default()
}

/// Rows of one table, the heading first; names (the first column) are shrunk last.
pub(super) fn render_grid(rows: Vec<Vec<String>>, width: Option<usize>) -> String {
    let gap = column_gap(&rows, width);
    let widths = width.map(|width| fit_columns(&rows, width, gap));
    let mut builder = Builder::default();
    for row in rows {
        let last = row.len().saturating_sub(1);
        builder.push_record(row.into_iter().enumerate().map(|(column, cell)| {
            let Some(widths) = &widths else { return cell };
            let width = widths.get(column).copied().unwrap_or(NARROWEST);
            if column == last {
                textwrap::fill(&cell, prose_options(width))
            } else {
                textwrap::fill(&cell, width)
            }
        }));
    }
    let mut table = builder.build();
    table.with(Style::empty()).with(Padding::new(0, gap, 0, 0));
    let text = table.to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

/// The width of each column: its own, unless all together exceed the terminal. Then the last, which
/// holds sentences, gives way first, then the widest one by one.
fn fit_columns(rows: &[Vec<String>], width: usize, gap: usize) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let mut widths: Vec<usize> =
        (0..columns).map(|column| widest_cell(rows, column).max(1)).collect();
    let room = width.saturating_sub(gap * columns.saturating_sub(1));
    let over = |widths: &[usize]| widths.iter().sum::<usize>().saturating_sub(room);
    if let Some(last) = columns.checked_sub(1) {
        let sentence = NARROWEST * 2;
        widths[last] -= over(&widths).min(widths[last].saturating_sub(sentence));
    }
    while over(&widths) > 0 {
        let widest = (1..columns)
            .max_by_key(|&column| widths[column])
            .filter(|&column| widths[column] > NARROWEST);
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
        let row = |last: &str| {
            vec!["  image/team/label-printer".to_owned(), "v22".to_owned(), last.to_owned()]
        };
        let text = render_grid(
            vec![row("a sentence that is longer than what is left of the line")],
            Some(60),
        );
        assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
        assert!(text.starts_with("  image/team/label-printer  v22  a sentence"), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with(&" ".repeat(33))), "{text}");
    }

    #[test]
    fn a_sentence_without_room_goes_on_below() {
        let sentence = "qualif still runs v20, ovh-production already runs v21";
        let row = || {
            vec![
                "  high".to_owned(),
                "b3a9".to_owned(),
                "image/team/label-printer".to_owned(),
                sentence.into(),
            ]
        };
        let text = sentence_rows(vec![row()], Some(80));
        assert_eq!(
            text,
            "  high  b3a9  image/team/label-printer  qualif still runs v20, ovh-production\n              \
                     already runs v21\n"
        );
        assert_eq!(sentence_rows(vec![row()], Some(120)).lines().count(), 1);
        assert_eq!(sentence_rows(vec![row()], None).lines().count(), 1);
    }
}
