//! Columns without lines, as wide as the terminal, and colours where they may be used.

use anstyle::{AnsiColor, Style as Ansi};
use tabled::builder::Builder;
use tabled::settings::peaker::Priority;
use tabled::settings::{Padding, Style, Width};

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

/// Rows of one table, the heading first.
pub(super) fn grid(rows: Vec<Vec<String>>, width: Option<usize>) -> String {
    let mut builder = Builder::default();
    rows.into_iter().for_each(|row| builder.push_record(row));
    let mut table = builder.build();
    table.with(Style::empty()).with(Padding::new(0, 3, 0, 0));
    if let Some(width) = width {
        table.with(Width::wrap(width).priority(Priority::max(true)).keep_words(true));
    }
    let text = table.to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}
