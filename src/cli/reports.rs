//! Reports of earlier audits, from files.

use std::path::Path;

use anyhow::{Context, anyhow};

use crate::report::escape::terminal;
use crate::wire::file;
use crate::wire::report::DriftReport;

/// Larger files are not reports of ours.
const MAX: u64 = 256 * 1024 * 1024;

/// Reads a report that an audit wrote as YAML or JSON.
pub(super) fn read(path: &Path) -> anyhow::Result<DriftReport> {
    let shown = terminal(&path.display().to_string());
    let text =
        file::read_text(path, MAX).with_context(|| format!("failed to read the report {shown}"))?;
    DriftReport::read(&text).map_err(|error| {
        let place = if error.line > 0 { format!("{shown}:{}", error.line) } else { shown };
        anyhow!("{place} is not a report: {error}; a report is what `envparity audit -o yaml` or `-o json` writes")
    })
}

/// The same, of an audit: a diff judges nothing, so that nothing could be new since then.
pub(super) fn of_audit(path: &Path) -> anyhow::Result<DriftReport> {
    let report = read(path)?;
    if report.purpose == "audit" {
        return Ok(report);
    }
    Err(anyhow!(
        "{} is the report of a {}, and no audit's",
        terminal(&path.display().to_string()),
        terminal(&report.purpose)
    ))
}
