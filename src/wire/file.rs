//! Files on disk, as everybody here reads them: regular ones only, and never more than a cap.
//!
//! A FIFO or a device behind a path must cost what names it, never the whole run; and a file may
//! grow while it is read. What the text says is for others.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// A whole file of at most `cap` bytes.
///
/// # Errors
/// If it is no regular file, larger, or cannot be read.
pub fn read(path: &Path, cap: u64) -> io::Result<Vec<u8>> {
    let bytes = beginning(path, cap.saturating_add(1))?;
    if bytes.len() as u64 > cap {
        return Err(io::Error::other(format!("it exceeds {cap} bytes")));
    }
    Ok(bytes)
}

/// The same as text.
///
/// # Errors
/// As [`read`], and if it is no UTF-8.
pub fn read_text(path: &Path, cap: u64) -> io::Result<String> {
    let no_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is no UTF-8 text");
    String::from_utf8(read(path, cap)?).map_err(no_text)
}

/// The first bytes of a file, as many as wanted or there are.
///
/// # Errors
/// If it is no regular file, or cannot be read.
pub fn beginning(path: &Path, wanted: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(wanted).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let irregular = || io::Error::other("it is no regular file");
    // Before opening: that alone may wait for somebody, or move a device.
    if !std::fs::metadata(path)?.is_file() {
        return Err(irregular());
    }
    // Another one may have taken its place meanwhile.
    let no_wait = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(no_wait).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(irregular()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn regular_files_are_read_up_to_the_cap() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert_eq!(read(&path, 4).unwrap_err().to_string(), "it exceeds 4 bytes");
        assert_eq!(beginning(&path, 3).unwrap(), b"123");
        assert_eq!(read_text(&path, 5).unwrap(), "12345");
        std::fs::write(&path, b"\xff").unwrap();
        assert_eq!(read_text(&path, 5).unwrap_err().to_string(), "it is no UTF-8 text");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(read(&link, 5).unwrap(), b"\xff");
    }

    #[test]
    fn nothing_else_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        for path in [fifo.as_path(), folder.path(), Path::new("/dev/zero")] {
            let error = read(path, 5).unwrap_err();
            assert_eq!(error.to_string(), "it is no regular file", "{}", path.display());
        }
        let missing = folder.path().join("missing");
        assert_eq!(read(&missing, 5).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
