//! The report as JUnit XML, for the test views of GitLab, Jenkins and others, by the schema of
//! Jenkins' xunit plugin.
//!
//! A suite is a pair of environments (`qualif -> ovh-production`), an environment, `several
//! environments` or `coverage`; a case is a component, in `coverage` a target. `docs/FORMATS.md`
//! says which, and how a case ends: a finding above info is a failure, what the verdict needs and
//! was not read an error, what is waived or not judged is skipped, and everything else passes and
//! is told in `system-out`. A finding that blocks nothing is a failure too: what tells the verdict
//! is the exit code. Times are the run's; nothing is timed, so that `time` is left out.
//!
//! `suites.rs` decides which suites and cases there are, `cases.rs` how each ends.

mod cases;
mod suites;
#[cfg(test)]
mod tests;

use super::view::ReportView;
use super::{Audit, Format, RenderError, RenderOptions};

pub(super) struct Junit;

impl Format for Junit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn summary(&self) -> &'static str {
        "for a CI's test view: a suite for each pair of environments, a case for each component, \
         a failure where it has findings"
    }

    fn render(&self, report: &Audit, _: &RenderOptions) -> Result<String, RenderError> {
        let xml = render_xml(&ReportView::new(report));
        xml.map_err(|message| RenderError { format: self.name(), message })
    }
}

fn render_xml(view: &ReportView<'_>) -> Result<String, String> {
    let mut whole = quick_junit::Report::new("envparity");
    whole.add_test_suites(suites::all_suites(view));
    let text = whole.to_string().map_err(|e| e.to_string())?;
    // The library counts skipped cases of the whole too, which the schema has no attribute for. The
    // name of the whole is ours: this is the first place that looks so.
    Ok(text.replacen(&format!(" skipped=\"{}\"", whole.skipped), "", 1))
}
