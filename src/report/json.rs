//! The public report as JSON, for programs: the same as YAML, spelled otherwise.

use super::{Audit, Format, RenderError, RenderOptions, dto};

pub(super) struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn summary(&self) -> &'static str {
        "the same as yaml, for programs"
    }

    fn render(&self, report: &Audit, _: &RenderOptions) -> Result<String, RenderError> {
        let text = serde_json::to_string_pretty(&dto::drift_report(report));
        text.map(|text| super::escape::json(&text) + "\n")
            .map_err(|e| RenderError { format: self.name(), message: e.to_string() })
    }
}
