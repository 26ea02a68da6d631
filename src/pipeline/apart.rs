//! Work that holds up its thread, as reading and writing a history does: other tasks go on.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// Does `work` on this thread, and hands the other tasks of it to another one. A runtime of one
/// thread has none, and waits.
pub(super) fn run_blocking<T>(work: impl FnOnce() -> T) -> T {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    if matches!(flavor, Ok(RuntimeFlavor::MultiThread)) { block_in_place(work) } else { work() }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn history_does_not_hold_up_other_tasks() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build();
        let runtime = runtime.unwrap();
        let (said, heard) = mpsc::channel();
        let (began, begins) = tokio::sync::oneshot::channel();
        let slow = runtime.spawn(async move {
            began.send(()).unwrap();
            // Nobody says anything as long as this holds up the only worker.
            run_blocking(|| heard.recv_timeout(Duration::from_secs(60)))
        });
        let other = runtime.spawn(async move {
            begins.await.unwrap();
            said.send("tick").unwrap();
        });
        runtime.block_on(async {
            other.await.unwrap();
            assert_eq!(slow.await.unwrap(), Ok("tick"));
        });
    }

    #[test]
    fn history_is_read_where_there_is_one_thread_or_none() {
        assert_eq!(run_blocking(|| 1), 1);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(async { run_blocking(|| 2) }), 2);
    }
}
