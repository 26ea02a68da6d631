//! Work that would hold up the async threads: parsing, files, names. It runs beside them, here and
//! nowhere else.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::model::{Failure, FailureKind};

/// Runs `work` beside the async threads, from now on. Anyone who waits within a deadline stops
/// waiting at the deadline; `work` itself cannot be stopped, so that it must be bounded by the size
/// of its input.
///
/// # Errors
/// If it panics: that is a defect of ours, and costs the target that it is of. And if the machine
/// gives no thread, over which the runtime panics.
pub(in crate::collect) fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Result<T, Failure>> + Send {
    let begun = catch_unwind(AssertUnwindSafe(|| tokio::task::spawn_blocking(work)));
    async move {
        let begun = begun.map_err(|_| {
            Failure::new(FailureKind::Unavailable, "could not start a thread to read it")
                .with_advice(
                    "raise the limit of processes (ulimit -u), or read fewer targets at once",
                )
        })?;
        begun.await.map_err(|_| {
            Failure::new(
                FailureKind::Unsupported,
                "what was read could not be parsed: this is a defect of envparity",
            )
            .with_advice("please report it, with the output of -vvv")
        })
    }
}
