//! The report as JUnit XML, for the test views of GitLab, Jenkins and others, by the schema of Jenkins' xunit plugin.
//!
//! | suite | its cases |
//! |---|---|
//! | `coverage` | a case for each environment (`the environment`) and each of its targets |
//! | `qualif -> ovh-production` | a pair: each gate, each environment with the baseline, and what else has a finding of two; a case for each component that both could have |
//! | `ovh-production` | what is found in one environment; a case for each component that runs there |
//! | `several environments` | findings of more than two, or of what was left out of the audit |
//!
//! The suite is also the class of its cases, behind `envparity.` (Jenkins wants a package). How a case ends:
//!
//! - **failure**: an active finding blocks: it is at or above `fail-on`, in a gate (or shared-instance anywhere), and new
//!   or worse if only that is judged. A report that is no NO-GO has no failure, as it has exit code 0 or 3: a job does not
//!   go red over what its policy lets pass. All findings of the case stand in the text, the worst is the type.
//! - **error**: it was not read (or is too old), and the verdict needs it. A report that is not incomplete has no error.
//! - **skipped**: a waiver covers a finding (type `waived`: its id, end, owner and reason), or it was not read and is not
//!   required (type `not-judged`).
//! - else it passes. Findings that do not block, and versions that differ, are told in `system-out`.
//!
//! A case is what comes first in this list; what else there is to it stands in `system-out`. Times are the run's; nothing is
//! timed, so that `time` is left out.

mod cases;
mod suites;
#[cfg(test)]
mod tests;

use super::{Format, RenderError, Report, View, dto};
use crate::wire::report::DriftReport;

pub(super) struct Junit;

impl Format for Junit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn summary(&self) -> &'static str {
        "for a CI's test view: a suite for each pair of environments, a case for each component; what blocks is a failure"
    }

    fn render(&self, report: &Report, _: &View) -> Result<String, RenderError> {
        xml(&dto::report(report)).map_err(|message| RenderError { format: self.name(), message })
    }
}

fn xml(report: &DriftReport) -> Result<String, String> {
    let mut whole = quick_junit::Report::new("envparity");
    whole.add_test_suites(suites::all(report));
    let text = whole.to_string().map_err(|e| e.to_string())?;
    // The library counts skipped cases of the whole too, which the schema has no attribute for. The name of the
    // whole is ours: this is the first place that looks so.
    Ok(text.replacen(&format!(" skipped=\"{}\"", whole.skipped), "", 1))
}
