//! Reports of earlier audits, from files.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, anyhow};

use crate::report::escape::terminal;
use crate::wire::report::DriftReport;

/// Larger files are no report of ours.
const MAX: u64 = 256 * 1024 * 1024;

/// Reads a report that an audit wrote as YAML or JSON.
pub(super) fn read(path: &Path) -> anyhow::Result<DriftReport> {
    let shown = terminal(&path.display().to_string());
    let open = || -> std::io::Result<String> {
        // Asked before it is opened: opening a FIFO waits for its writer.
        if !std::fs::metadata(path)?.is_file() {
            return Err(std::io::Error::other("it is no regular file"));
        }
        let mut text = String::new();
        if std::fs::File::open(path)?.take(MAX + 1).read_to_string(&mut text)? as u64 > MAX {
            return Err(std::io::Error::other(format!("it exceeds {} MiB", MAX >> 20)));
        }
        Ok(text)
    };
    let text = open().with_context(|| format!("failed to read the report {shown}"))?;
    DriftReport::read(&text).map_err(|error| {
        let place = if error.line > 0 { format!("{shown}:{}", error.line) } else { shown };
        anyhow!("{place} is no report: {error}; a report is what `envparity audit -o yaml` or `-o json` writes")
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
