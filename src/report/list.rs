//! The list of formats.

use super::Format;

/// Every format, in the order of their names.
pub const FORMATS: &[&dyn Format] = &[
    &super::csv::Csv,
    &super::html::Html,
    &super::json::Json,
    &super::junit::Junit,
    &super::markdown::Markdown,
    &super::openmetrics::OpenMetrics,
    &super::sarif::Sarif,
    &super::table::Table,
    &super::yaml::Yaml,
];

/// The format of that name.
pub fn by_name(name: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|format| format.name() == name)
}
