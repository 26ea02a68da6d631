//! `envparity history export` and `import`

use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, anyhow};

use crate::cli::args::{HistoryExportArguments, HistoryImportArguments};
use crate::cli::exit::Exit;
use crate::cli::files::Files;
use crate::cli::past::Place;
use crate::cli::{Failed, output};
use crate::history::TransferError;
use crate::model::count;

pub(super) fn export(arguments: &HistoryExportArguments, files: &Files) -> Result<Exit, Failed> {
    let (place, _) = Place::of_command(&arguments.place)?;
    let mut history = place.open_to_read().map_err(|error| place.failed(&error))?;
    if arguments.to == Path::new("-") {
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

pub(super) fn import(arguments: &HistoryImportArguments) -> Result<Exit, Failed> {
    let (place, _) = Place::of_command(&arguments.place)?;
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

fn read(place: &Place, lines: &mut dyn io::BufRead) -> anyhow::Result<usize> {
    let mut history = place.open_to_write().map_err(|error| place.failed(&error))?;
    history.import(lines).map_err(|error| failed(place, &error))
}

fn failed(place: &Place, error: &TransferError) -> anyhow::Error {
    match error {
        TransferError::History(error) => place.failed(error),
        other => anyhow!("the history {place}: {other}"),
    }
}
