//! `--eol-data`: files of support cycles.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::model::Cycles;
use crate::report::escape::terminal;
use crate::wire::{self, file};

/// All products of endoflife.date are a fifth of this.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// The cycles of each file, with its name.
pub(super) fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<(String, Cycles)>> {
    paths.iter().map(|path| Ok((path.display().to_string(), read_one(path)?))).collect()
}

fn read_one(path: &Path) -> anyhow::Result<Cycles> {
    let shown = terminal(&path.display().to_string());
    let bytes =
        file::read_capped(path, MAX_FILE).with_context(|| format!("failed to read {shown}"))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| anyhow!("{shown}: not support cycles: not UTF-8 text"))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let modified = modified(path).with_context(|| format!("failed to read {shown}"))?;
    wire::cycles::read_cycles(&text, &name, modified).map_err(|error| {
        let message = terminal(&error.to_string());
        anyhow!("{shown}: not support cycles: {message}\n  help: {}", error.advice())
    })
}

/// The day of a file, in UTC.
fn modified(path: &Path) -> anyhow::Result<Date> {
    let time = Timestamp::try_from(std::fs::metadata(path)?.modified()?)?;
    Ok(time.to_zoned(TimeZone::UTC).date())
}
