//! Files that a profile names, read off the async threads.

use std::io;
use std::path::PathBuf;

use crate::wire::file;

/// A whole regular file of at most `cap` bytes, read so that a slow disk holds up nothing else.
///
/// # Errors
/// As [`file::read`].
pub(in crate::collect) async fn read_aside(path: PathBuf, cap: u64) -> io::Result<Vec<u8>> {
    tokio::task::spawn_blocking(move || file::read(&path, cap))
        .await
        .unwrap_or_else(|e| Err(io::Error::other(e)))
}
