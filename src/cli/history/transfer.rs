//! `envparity history export` and `import`

use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, anyhow};

use crate::cli::args::{HistoryExportArguments, HistoryImportArguments};
use crate::cli::exit::Exit;
use crate::cli::files::OutputFiles;
use crate::cli::inputs::Inputs;
use crate::cli::past::HistoryPlace;
use crate::cli::{CommandError, output};
use crate::history::{EXPORT_BEGINS, TransferError};
use crate::model::count;
use crate::report::escape::terminal;
use crate::wire::file;

pub(super) fn export(
    arguments: &HistoryExportArguments,
    files: &OutputFiles,
) -> Result<Exit, CommandError> {
    let (place, profiles) = HistoryPlace::of_command(&arguments.place)?;
    let is_stdout = arguments.to == Path::new("-");
    if !is_stdout {
        let folder = profiles.as_ref().map(|profiles| profiles.folder.as_path());
        let mut inputs = folder.map(Inputs::of_folder).unwrap_or_default();
        if let HistoryPlace::File(history) = &place {
            inputs.add_history(history);
        }
        inputs.spare(&arguments.to)?;
        refuse_other_files(&arguments.to)?;
    }
    let mut history = place.open_to_read().map_err(|error| place.failed(&error))?;
    if is_stdout {
        let mut stdout = BufWriter::new(io::stdout().lock());
        history.export(&mut stdout).map_err(|error| failed(&place, &error))?;
        stdout.flush().context("failed to write to standard output")?;
    } else {
        files.write_by(&arguments.to, |file| {
            history.export(file).map_err(|error| failed(&place, &error))
        })?;
    }
    Ok(Exit::Done)
}

/// A file that exists and is not an export was meant for something else.
fn refuse_other_files(path: &Path) -> anyhow::Result<()> {
    let is_file = std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() > 0);
    if !is_file {
        return Ok(());
    }
    let beginning = file::beginning(path, EXPORT_BEGINS.len() as u64)?;
    if beginning != EXPORT_BEGINS.as_bytes() {
        return Err(anyhow!(
            "{} exists and is not an export of a history: it was not overwritten; name another \
             file with --to",
            terminal(&path.display().to_string())
        ));
    }
    Ok(())
}

pub(super) fn import(arguments: &HistoryImportArguments) -> Result<Exit, CommandError> {
    let (place, _) = HistoryPlace::of_command(&arguments.place)?;
    let rows = if arguments.from == Path::new("-") {
        read(&place, &mut io::stdin().lock())?
    } else {
        let shown = arguments.from.display();
        let file = std::fs::File::open(&arguments.from);
        let file = file.with_context(|| format!("failed to read {shown}"))?;
        read(&place, &mut BufReader::new(file))?
    };
    output::print(&format!("{} read; envparity history verify checks them\n", count(rows, "row")))?;
    Ok(Exit::Done)
}

fn read(place: &HistoryPlace, lines: &mut dyn io::BufRead) -> anyhow::Result<usize> {
    let mut history = place.open_to_write().map_err(|error| place.failed(&error))?;
    history.import(lines).map_err(|error| failed(place, &error))
}

fn failed(place: &HistoryPlace, error: &TransferError) -> anyhow::Error {
    match error {
        TransferError::History(error) => place.failed(error),
        other => anyhow!("the history {place}: {other}"),
    }
}
