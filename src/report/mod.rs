//! Reports: one format a file, one line each in `list.rs`.
//!
//! A format turns a finished audit into text. It decides nothing, reads no clock and opens no
//! file; text that came from outside is escaped for its reader here and nowhere else.

pub mod after;
pub mod checklist;
mod csv;
mod dto;
pub mod escape;
pub(crate) mod html;
mod json;
mod junit;
mod list;
mod markdown;
pub mod masking;
pub(crate) mod openmetrics;
pub mod release;
mod sarif;
mod table;
mod trend;
mod view;
mod yaml;

use crate::model::{Audit, AuditedEnvironment, Purpose};

pub use dto::drift_report as public;

pub(crate) use view::checklist::sentence as checklist_sentence;
pub(crate) use view::coverage::age_words;

pub use list::{FORMATS, by_name};
pub use trend::TrendFormat;

/// The program that makes the report.
pub const PROGRAM: &str = concat!("envparity ", env!("CARGO_PKG_VERSION"));

/// The exit code of a run of which a report or history could not be written, whatever the verdict.
pub const EXIT_NOT_WRITTEN: u8 = 2;

/// How a report is to look.
#[derive(Clone, Copy, Debug)]
pub struct RenderOptions {
    /// Columns that fit; `None` for no limit.
    pub width: Option<usize>,
    /// Whether colours may be used.
    pub color: bool,
    /// Whether to show what is folded by default.
    pub unfold: bool,
    /// The exit code, for the last line.
    pub exit: u8,
    /// Whether the exit code was asked not to tell of the verdict.
    pub report_only: bool,
}

/// A way to write a report.
pub trait Format: Sync {
    /// Its name behind `-o`.
    fn name(&self) -> &'static str;

    /// What it is for, in a line.
    fn summary(&self) -> &'static str;

    /// The report as text.
    ///
    /// # Errors
    /// If the report has no form in this format.
    fn render(&self, report: &Audit, view: &RenderOptions) -> Result<String, RenderError>;
}

/// A report has no form in a format: a defect, never the report's fault.
#[derive(Debug, thiserror::Error)]
#[error("render the report as {format}: {message}")]
pub struct RenderError {
    /// The format.
    pub format: &'static str,
    /// What its library says.
    pub message: String,
}
