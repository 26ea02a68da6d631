//! What can be said of the formats of a report.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use crate::model::meant_and_known;
use crate::report;

#[derive(Debug, Args)]
pub(in crate::cli) struct OutputArguments {
    /// Write the report as FORMAT (table, yaml, json, html, markdown, junit, sarif, openmetrics,
    /// csv) to PATH, or to stdout without one; repeat for several
    #[arg(short, long, value_name = "FORMAT[=PATH]")]
    pub(in crate::cli) output: Vec<OutputChoice>,

    /// End with 0 where the verdict would say 1 or 3
    #[arg(long)]
    pub(in crate::cli) report_only: bool,
}

/// `table`, `yaml=report.yaml`.
#[derive(Clone)]
pub(in crate::cli) struct OutputChoice {
    pub(in crate::cli) format: &'static dyn report::Format,
    pub(in crate::cli) path: Option<PathBuf>,
}

impl std::fmt::Debug for OutputChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutputChoice")
            .field("format", &self.format.name())
            .field("path", &self.path)
            .finish()
    }
}

/// The text names no format, or an empty path.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum OutputError {
    #[error("unknown format {0:?}; {1}")]
    Format(String, String),
    #[error("no path after the =; leave the = out for stdout")]
    Path,
}

impl FromStr for OutputChoice {
    type Err = OutputError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, path) =
            text.split_once('=').map_or((text, None), |(name, path)| (name, Some(path)));
        let format = report::by_name(name).ok_or_else(|| {
            let known: Vec<&str> = report::FORMATS.iter().map(|format| format.name()).collect();
            OutputError::Format(name.to_owned(), meant_and_known(name, &known))
        })?;
        if path == Some("") {
            return Err(OutputError::Path);
        }
        Ok(Self { format, path: path.filter(|path| *path != "-").map(PathBuf::from) })
    }
}

/// `html=trend.html`.
#[derive(Clone, Debug)]
pub(in crate::cli) struct TrendOutput {
    pub(in crate::cli) format: report::TrendFormat,
    pub(in crate::cli) path: Option<PathBuf>,
}

impl FromStr for TrendOutput {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, path) =
            text.split_once('=').map_or((text, None), |(name, path)| (name, Some(path)));
        let format = report::TrendFormat::by_name(name)
            .map_err(|known| format!("unknown format {name:?}; {known}"))?;
        if path == Some("") {
            return Err("no path after the =; leave the = out for stdout".to_owned());
        }
        Ok(Self { format, path: path.filter(|path| *path != "-").map(PathBuf::from) })
    }
}
