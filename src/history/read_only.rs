//! A file of SQLite that may be read and not written: it, or its folder, is not ours.
//!
//! SQLite makes files beside one that has a log (WAL), even to read it. Where it may not, a file
//! without a log is opened as one that nobody writes (`immutable`), and whether somebody does is
//! looked at behind each query. With a log, the files are there, and are used as they are.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, OpenFlags};

/// How a file that may not be written is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadOnly {
    /// Runs stand in its log alone.
    WithLog,
    /// Everything is in the file.
    Whole,
}

impl ReadOnly {
    /// `None` for a file that may be written, or is not there.
    pub(super) fn of_path(path: &Path) -> Option<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let may_write =
            |place: &Path| rustix::fs::access(place, rustix::fs::Access::WRITE_OK).is_ok();
        if !path.exists() || may_write(path) && may_write(folder.unwrap_or(Path::new("."))) {
            return None;
        }
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let has_log = std::fs::metadata(Path::new(&log)).is_ok_and(|found| found.len() > 0);
        Some(if has_log { Self::WithLog } else { Self::Whole })
    }

    pub(super) fn open(self, path: &Path) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        match self {
            Self::WithLog => Connection::open_with_flags(path, flags),
            Self::Whole => {
                let uri = format!("file:{}?immutable=1", escape_path(path));
                Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
            }
        }
    }

    /// How the file is now, where it must stay so.
    pub(super) fn still_file(self, path: &Path) -> Option<Still> {
        (self == Self::Whole).then(|| Still { path: path.to_owned(), then: file_state(path) })
    }
}

/// A file as it was.
pub(super) struct Still {
    path: PathBuf,
    then: Option<(u64, SystemTime)>,
}

impl Still {
    pub(super) fn has_changed(&self) -> bool {
        file_state(&self.path) != self.then
    }
}

fn file_state(path: &Path) -> Option<(u64, SystemTime)> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.len(), found.modified().ok()?))
}

/// A path as it stands in a URI. What begins with two slashes would be the name of a host.
fn escape_path(path: &Path) -> String {
    let mut text = String::new();
    for &byte in path.as_os_str().as_bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
        if byte == b'/' && text == "/" {
            continue;
        }
        if is_plain {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stands_in_a_uri_as_it_is() {
        assert_eq!(escape_path(Path::new("//a b/c?d#e%.db")), "/a%20b/c%3Fd%23e%25.db");
        assert_eq!(escape_path(Path::new("é.db")), "%C3%A9.db");
    }
}
