//! `envparity history export` and `import`

use std::io::{self, BufReader, BufWriter, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, anyhow};

use crate::cli::args::{HistoryExportArguments, HistoryImportArguments};
use crate::cli::exit::Exit;
use crate::cli::files::OutputFiles;
use crate::cli::inputs::Inputs;
use crate::cli::past::HistoryPlace;
use crate::cli::{CommandError, output};
use crate::history::{EXPORT_BEGINS, HistoryError, TransferError};
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
        place.protect(&mut inputs);
        inputs.spare(&arguments.to)?;
        refuse_other_files(&arguments.to)?;
    }
    let mut history = place.open_to_read().map_err(|error| place.failed(&error))?;
    if is_stdout {
        let mut stdout = BufWriter::new(io::stdout().lock());
        let written = history.export(&mut stdout);
        match written.and_then(|()| Ok(stdout.flush()?)) {
            // A reader who has gone away has read enough.
            Err(TransferError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
            written => {
                written.map_err(|error| failed(&place, &error, "write", "standard output"))?;
            }
        }
    } else {
        let shown = arguments.to.display().to_string();
        files.write_by(&arguments.to, |file| {
            history.export(file).map_err(|error| failed(&place, &error, "write", &shown))
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
    let beginning = file::read_beginning(path, EXPORT_BEGINS.len() as u64)?;
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
        read(&place, &mut io::stdin().lock(), "standard input")?
    } else {
        let shown = arguments.from.display().to_string();
        let file = std::fs::File::open(&arguments.from);
        let file = file.with_context(|| format!("failed to read {}", terminal(&shown)))?;
        read(&place, &mut BufReader::new(file), &shown)?
    };
    output::print(&format!("{} read; envparity history verify checks them\n", count(rows, "row")))?;
    Ok(Exit::Done)
}

fn read(place: &HistoryPlace, lines: &mut dyn io::BufRead, shown: &str) -> anyhow::Result<usize> {
    if let HistoryPlace::File(path) = place
        && !path.exists()
    {
        return read_aside(place, path, lines, shown);
    }
    let mut history = place.open_to_write().map_err(|error| place.failed(&error))?;
    history.import(lines).map_err(|error| failed(place, &error, "read", shown))
}

/// A new file is there whole or not at all: it is made beside its place and moved there.
fn read_aside(
    place: &HistoryPlace,
    path: &Path,
    lines: &mut dyn io::BufRead,
    shown: &str,
) -> anyhow::Result<usize> {
    let unopened = |error: io::Error| place.failed(&HistoryError::Unopened(error.to_string()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // Who may read it is said by the umask, as for any file that SQLite makes.
    let made = tempfile::Builder::new()
        .prefix(".envparity-import-")
        .suffix(".db")
        .permissions(std::fs::Permissions::from_mode(0o644))
        .tempfile_in(folder);
    let aside = made.map_err(unopened)?.into_temp_path();
    let mut history = HistoryPlace::File(aside.to_path_buf())
        .open_to_write()
        .map_err(|error| place.failed(&error))?;
    let rows = history.import(lines).map_err(|error| failed(place, &error, "read", shown))?;
    // It writes its log back, and takes it away.
    drop(history);
    match aside.persist_noclobber(path) {
        Ok(()) => Ok(rows),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(failed(place, &TransferError::NotEmpty, "read", shown))
        }
        Err(error) => Err(unopened(error.error)),
    }
}

/// Each is told of what it is about: the history, or the file beside it.
fn failed(place: &HistoryPlace, error: &TransferError, to: &str, shown: &str) -> anyhow::Error {
    match error {
        TransferError::History(error) => place.failed(error),
        TransferError::NotEmpty => anyhow!("the history {place}: {error}"),
        TransferError::Io(_) | TransferError::Line(..) => {
            anyhow!("failed to {to} {}: {error}", terminal(shown))
        }
    }
}
