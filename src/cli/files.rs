//! The files that a command writes: each appears whole or not at all, also where a signal ends the
//! program.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::anyhow;
use tempfile::NamedTempFile;

use super::stderr::print_error_line;
use crate::report::escape::terminal;

/// Links that are followed, as many as Linux does.
const MAX_LINKS: usize = 40;

/// Writes files for one command; its clones are of the same command.
#[derive(Clone, Default)]
pub(super) struct OutputFiles(Arc<Mutex<OutputState>>);

#[derive(Default)]
struct OutputState {
    /// The command has ended: nothing may be written any more.
    is_over: bool,
    /// What is being written aside.
    aside: Vec<PathBuf>,
}

impl OutputFiles {
    /// Writes a file aside and renames it, so that it is there whole or as it was before. What
    /// exists and is not a regular file (a device, a pipe), and what another program has opened for
    /// us (`/dev/fd/3`), is written to as it is; a link stays a link, wherever it leads.
    pub(super) fn write(&self, path: &Path, text: &str) -> anyhow::Result<()> {
        let write = || -> io::Result<()> {
            match std::fs::metadata(path) {
                Ok(metadata) if !metadata.is_file() || is_open_already(path) => {
                    OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes())
                }
                Ok(_) => self.replace(&std::fs::canonicalize(path)?, text),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.replace(&end_of_links(path)?, text)
                }
                Err(error) => Err(error),
            }
        };
        write().map_err(|error| anyhow!("failed to write {}: {}", path.display(), words(&error)))
    }

    /// The same for what is written piece by piece.
    pub(super) fn write_by(
        &self,
        path: &Path,
        write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let failed =
            |error: io::Error| anyhow!("failed to write {}: {}", path.display(), words(&error));
        let is_written_as_it_is =
            std::fs::metadata(path).is_ok_and(|found| !found.is_file() || is_open_already(path));
        if is_written_as_it_is {
            let opened = OpenOptions::new().write(true).open(path).map_err(failed)?;
            let mut buffer = io::BufWriter::new(opened);
            write(&mut buffer)?;
            return buffer.flush().map_err(failed);
        }
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let mut aside = self.create_beside(&real).map_err(failed)?;
        let mut buffer = io::BufWriter::new(aside.file.as_file_mut());
        write(&mut buffer)?;
        buffer.flush().map_err(failed)?;
        drop(buffer);
        aside.file.as_file().sync_all().map_err(failed)?;
        aside.persist(&real).map_err(failed)
    }

    /// Removes what is half written, and lets nothing more be written. What has its name already is
    /// whole. An interrupted command leaves the thread that writes behind, and must not leave the
    /// file.
    pub(super) fn abandon(&self) {
        let mut state = self.state();
        state.is_over = true;
        for path in state.aside.drain(..) {
            // If that fails there is nothing more to do.
            let _ = std::fs::remove_file(path);
        }
    }

    fn replace(&self, path: &Path, text: &str) -> io::Result<()> {
        let before = std::fs::metadata(path).ok();
        let mut aside = self.create_beside(path)?;
        if let Some(before) = before {
            keep_owner_and_mode(aside.file.as_file(), &before, path)?;
        }
        aside.file.write_all(text.as_bytes())?;
        aside.file.as_file().sync_all()?;
        aside.persist(path)
    }

    /// An empty file in the folder of `path`.
    fn create_beside(&self, path: &Path) -> io::Result<PartialFile<'_>> {
        use std::os::unix::fs::PermissionsExt;
        let folder =
            path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // As other programs create files, less what the umask takes away; a file that was there
        // keeps who may read it.
        let permissions = std::fs::Permissions::from_mode(0o666);
        // Locked, so that no file comes to be behind the back of `abandon`.
        let mut state = self.open_state()?;
        let file = tempfile::Builder::new().permissions(permissions).tempfile_in(folder)?;
        let path = file.path().to_owned();
        state.aside.push(path.clone());
        drop(state);
        Ok(PartialFile { file, listed: ListedFile { files: self, path } })
    }

    /// The state, unless the command has ended.
    fn open_state(&self) -> io::Result<MutexGuard<'_, OutputState>> {
        let state = self.state();
        if state.is_over { Err(io::ErrorKind::Interrupted.into()) } else { Ok(state) }
    }

    fn state(&self) -> MutexGuard<'_, OutputState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file that is being written. It is gone when this is, unless it was given its name.
struct PartialFile<'a> {
    // Dropped first: while the file is there, `abandon` must know of it.
    file: NamedTempFile,
    listed: ListedFile<'a>,
}

impl PartialFile<'_> {
    fn persist(self, path: &Path) -> io::Result<()> {
        let Self { file, listed } = self;
        // Locked until it has its name: from then on it is whole.
        let state = listed.files.open_state()?;
        let done = file.persist(path).map_err(|error| error.error);
        drop(state);
        done.map(drop)
    }
}

/// That `abandon` knows of a file.
struct ListedFile<'a> {
    files: &'a OutputFiles,
    path: PathBuf,
}

impl Drop for ListedFile<'_> {
    fn drop(&mut self) {
        self.files.state().aside.retain(|path| *path != self.path);
    }
}

/// Gives a new file the owner and the mode of the one that it replaces, and says so on stderr where
/// this user may not.
fn keep_owner_and_mode(file: &File, before: &Metadata, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let ours = file.metadata()?;
    let mut lost = Vec::new();
    // One after the other: a user may give a file to a group of his, and not to another user.
    if ours.gid() != before.gid() && fchown(file, None, Some(before.gid())).is_err() {
        lost.push(format!("group ({})", before.gid()));
    }
    if ours.uid() != before.uid() && fchown(file, Some(before.uid()), None).is_err() {
        lost.push(format!("owner ({})", before.uid()));
    }
    if !lost.is_empty() {
        let shown = terminal(&path.display().to_string());
        print_error_line(&format!(
            "warning: {shown} could not keep its {}: this user may not set it",
            lost.join(" and its ")
        ));
    }
    // Behind the owner, whose change takes some bits of the mode away.
    file.set_permissions(before.permissions())
}

/// Whether a path names what this process has open: to put another file in its place would not
/// reach anyone who opened it.
fn is_open_already(path: &Path) -> bool {
    let parent = path.parent().unwrap_or(Path::new(""));
    let streams = ["/dev/stdin", "/dev/stdout", "/dev/stderr"];
    streams.iter().any(|stream| path == Path::new(stream))
        || parent == Path::new("/dev/fd")
        || (parent.starts_with("/proc") && parent.ends_with("fd"))
}

/// Where a path leads, of which the last part may be missing: the file that a dangling link names.
pub(super) fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match std::fs::read_link(&path) {
            Ok(next) => path = path.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

/// The system's words; those of an error of the file beside name that file, which nobody has asked
/// for.
fn words(error: &io::Error) -> String {
    let cause = error.get_ref().and_then(|inner| inner.source()).map(ToString::to_string);
    let text = cause.unwrap_or_else(|| error.to_string());
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn an_ended_command_leaves_nothing_and_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report");
        let files = OutputFiles::default();
        files.write(&path, "whole").unwrap();
        let (one, other) =
            (files.create_beside(&path).unwrap(), files.create_beside(&path).unwrap());
        assert_eq!(names(folder.path()).len(), 3);
        files.clone().abandon();
        assert_eq!(names(folder.path()), ["report"]);
        assert!(one.persist(&path).is_err() && files.write(&path, "late").is_err());
        drop(other);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole");
        // Another command is not concerned.
        OutputFiles::default().write(&path, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    fn what_could_not_be_written_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let files = OutputFiles::default();
        drop(files.create_beside(&folder.path().join("report")).unwrap());
        assert!(names(folder.path()).is_empty() && files.state().aside.is_empty());
    }
}
