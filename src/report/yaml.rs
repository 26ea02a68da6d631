//! The public report as YAML, for files and reviewers.

use super::{Audit, Format, RenderError, RenderOptions, dto};

pub(super) struct Yaml;

impl Format for Yaml {
    fn name(&self) -> &'static str {
        "yaml"
    }

    fn summary(&self) -> &'static str {
        "the whole report, stable from run to run, for files and reviewers"
    }

    fn render(&self, report: &Audit, _: &RenderOptions) -> Result<String, RenderError> {
        let error = |message: String| RenderError { format: self.name(), message };
        crate::wire::yaml::write(&dto::drift_report(report)).map_err(|e| error(e.to_string()))
    }
}
