//! The public report as YAML, for files and reviewers.

use super::{Format, RenderError, Report, View, dto, escape};

pub(super) struct Yaml;

impl Format for Yaml {
    fn name(&self) -> &'static str {
        "yaml"
    }

    fn summary(&self) -> &'static str {
        "the whole report, stable from run to run, for files and reviewers"
    }

    fn render(&self, report: &Report, _: &View) -> Result<String, RenderError> {
        let error = |message: String| RenderError { format: self.name(), message };
        let dto = dto::report(report);
        let text = crate::wire::yaml::write(&dto).map_err(|e| error(e.to_string()))?;
        if !text.chars().any(escape::is_deceptive) {
            return Ok(text);
        }
        // YAML would print these as they are, and a reader would see another text than is there.
        let mut value = serde_json::to_value(&dto).map_err(|e| error(e.to_string()))?;
        escape::strings(&mut value);
        crate::wire::yaml::write(&value).map_err(|e| error(e.to_string()))
    }
}
