//! Files that a profile names: regular files only, capped, and off the async threads.
//!
//! A FIFO or a device behind a path must cost its own target, never the audit.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A whole file of at most `cap` bytes.
///
/// # Errors
/// If it is no regular file, larger, or cannot be read.
pub fn read(path: &Path, cap: u64) -> io::Result<Vec<u8>> {
    // Before opening: a FIFO would wait for a writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(cap + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > cap {
        return Err(io::Error::other(format!("it exceeds {cap} bytes")));
    }
    Ok(bytes)
}

/// The same beside the async threads, so that a slow disk holds up nothing else.
///
/// # Errors
/// As [`read`].
pub(in crate::collect) async fn read_aside(path: PathBuf, cap: u64) -> io::Result<Vec<u8>> {
    tokio::task::spawn_blocking(move || read(&path, cap))
        .await
        .unwrap_or_else(|e| Err(io::Error::other(e)))
}
