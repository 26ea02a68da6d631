//! Load over time for people and programs: a chart in the terminal, a page with charts, rows of
//! CSV, and the whole as YAML or JSON.

mod axis;
mod chart;
mod page;
mod rows;
mod slots;

use super::RenderOptions;
use crate::model::meant_and_known;
use crate::wire::trend::TrendReport;

/// How a trend is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrendFormat {
    /// Charts for a terminal.
    Table,
    /// The whole, as YAML.
    Yaml,
    /// The whole, as JSON.
    Json,
    /// A page with charts.
    Html,
    /// A row for each point.
    Csv,
}

impl TrendFormat {
    const ALL: [Self; 5] = [Self::Table, Self::Yaml, Self::Json, Self::Html, Self::Csv];

    /// Its name behind `-o`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Html => "html",
            Self::Csv => "csv",
        }
    }

    /// The format of that name.
    ///
    /// # Errors
    /// What is probably meant, and all that there are.
    pub fn by_name(name: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::as_str);
        let found = Self::ALL.into_iter().find(|format| format.as_str() == name);
        found.ok_or_else(|| meant_and_known(name, &known))
    }

    /// The report as text.
    ///
    /// # Errors
    /// If it cannot be written so.
    pub fn render(self, report: &TrendReport, view: &RenderOptions) -> Result<String, String> {
        match self {
            Self::Table => Ok(chart::all_charts(report, view)),
            Self::Yaml => crate::wire::yaml::write(report).map_err(|e| e.to_string()),
            Self::Json => {
                let text = serde_json::to_string_pretty(report).map_err(|e| e.to_string())?;
                Ok(super::escape::json(&text) + "\n")
            }
            Self::Html => Ok(page::render_page(report)),
            Self::Csv => rows::table_text(report),
        }
    }
}
