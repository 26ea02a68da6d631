//! Files that a profile names, read off the async threads.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

use super::aside::run_blocking;
use crate::wire::file;

/// By this name a file is what the program was piped.
const STANDARD_INPUT: &str = "/dev/stdin";

/// A whole regular file of at most `cap` bytes, read so that a slow disk holds up nothing else.
///
/// # Errors
/// As [`file::read`].
pub(in crate::collect) async fn read_aside(path: PathBuf, cap: u64) -> io::Result<Vec<u8>> {
    let read = run_blocking(move || file::read_capped(&path, cap)).await;
    read.unwrap_or_else(|failure| Err(io::Error::other(failure.message)))
}

/// Whether a file is what the program was piped: `kubectl … | envparity audit`. A file that it was
/// given (`< FILE`) is a file as any other.
pub(in crate::collect) fn is_piped(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let is_pipe = |path| std::fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo());
    path == Path::new(STANDARD_INPUT) && is_pipe(path)
}

/// All that comes through the pipe behind a path, of at most `cap` bytes, within a time. Anyone who
/// writes may never end; nothing waits for him longer than that.
///
/// # Errors
/// If it is not a pipe, if more comes, or if not all has come in time.
pub(in crate::collect) async fn read_pipe(
    path: &Path,
    cap: u64,
    within: Duration,
) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut pipe = pipe::OpenOptions::new().open_receiver(path)?.take(cap.saturating_add(1));
    let late = || io::Error::new(io::ErrorKind::TimedOut, format!("no end came in {within:?}"));
    tokio::time::timeout(within, pipe.read_to_end(&mut bytes)).await.map_err(|_| late())??;
    if bytes.len() as u64 > cap {
        return Err(io::Error::other(format!("it exceeds {cap} bytes")));
    }
    Ok(bytes)
}
