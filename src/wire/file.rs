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
/// If it is not a regular file, larger, or cannot be read.
pub fn read_capped(path: &Path, cap: u64) -> io::Result<Vec<u8>> {
    let bytes = read_beginning(path, cap.saturating_add(1))?;
    if bytes.len() as u64 > cap {
        return Err(io::Error::other(format!("it exceeds {cap} bytes")));
    }
    Ok(bytes)
}

/// The same as text.
///
/// # Errors
/// As [`read_capped`], and if it is not UTF-8.
pub fn read_text(path: &Path, cap: u64) -> io::Result<String> {
    let no_text = |_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8 text");
    String::from_utf8(read_capped(path, cap)?).map_err(no_text)
}

/// The first bytes of a file, as many as wanted or there are.
///
/// # Errors
/// If it is not a regular file, or cannot be read.
pub fn read_beginning(path: &Path, wanted: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.take(wanted).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A short text that the kernel makes when it is asked: `/proc/sys/kernel/hostname`.
///
/// # Errors
/// If it cannot be read, or is not UTF-8.
pub fn of_system(path: &'static str) -> io::Result<String> {
    const MAX: u64 = 64 * 1024;
    let mut text = String::new();
    File::open(path)?.take(MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn open_regular(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let irregular = || io::Error::other("not a regular file");
    // Before opening: that alone may wait for somebody, or move a device.
    if !std::fs::metadata(path)?.is_file() || is_of_kernel(path)? {
        return Err(irregular());
    }
    // Another one may have taken its place meanwhile.
    let no_wait = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(no_wait).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(irregular()) }
}

/// Whether the kernel makes a file up when it is read. Such a file looks like any other: but
/// reading `/proc/kmsg` or `trace_pipe` waits for what comes next, and takes it from anyone else
/// who reads it.
fn is_of_kernel(path: &Path) -> io::Result<bool> {
    // proc, sysfs, debugfs, tracefs, securityfs, and both kinds of control groups (magic.h)
    const MADE_UP: [u64; 7] =
        [0x9fa0, 0x6265_6572, 0x6462_6720, 0x7472_6163, 0x7363_6673, 0x0027_e0eb, 0x6367_7270];
    let kind = u64::try_from(rustix::fs::statfs(path)?.f_type).unwrap_or_default();
    Ok(MADE_UP.contains(&kind))
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
        assert_eq!(read_capped(&path, 5).unwrap(), b"12345");
        assert_eq!(read_capped(&path, 4).unwrap_err().to_string(), "it exceeds 4 bytes");
        assert_eq!(read_beginning(&path, 3).unwrap(), b"123");
        assert_eq!(read_text(&path, 5).unwrap(), "12345");
        std::fs::write(&path, b"\xff").unwrap();
        assert_eq!(read_text(&path, 5).unwrap_err().to_string(), "not UTF-8 text");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(read_capped(&link, 5).unwrap(), b"\xff");
    }

    #[test]
    fn nothing_else_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let (kmsg, link) = (Path::new("/proc/kmsg"), folder.path().join("link"));
        std::os::unix::fs::symlink("/proc/self/environ", &link).unwrap();
        for path in [fifo.as_path(), folder.path(), Path::new("/dev/zero"), kmsg, &link] {
            let error = read_capped(path, 5).unwrap_err();
            assert_eq!(error.to_string(), "not a regular file", "{}", path.display());
        }
        let missing = folder.path().join("missing");
        assert_eq!(read_capped(&missing, 5).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
