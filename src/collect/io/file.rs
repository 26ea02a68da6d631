//! Files that a profile names, read off the async threads.

use std::io;
use std::path::PathBuf;

use super::aside::aside;
use crate::wire::file;

/// A whole regular file of at most `cap` bytes, read so that a slow disk holds up nothing else.
///
/// # Errors
/// As [`file::read`].
pub(in crate::collect) async fn read_aside(path: PathBuf, cap: u64) -> io::Result<Vec<u8>> {
    let read = aside(move || file::read(&path, cap)).await;
    read.unwrap_or_else(|failure| Err(io::Error::other(failure.message)))
}
