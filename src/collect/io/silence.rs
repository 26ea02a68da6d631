//! Whether a target has said anything yet: one that has may keep its place while others wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

tokio::task_local! {
    /// Of the target that the task reads: every connection of it breaks the same silence.
    static BROKEN: Arc<AtomicBool>;
}

/// The silence of one target.
#[derive(Default)]
pub(in crate::collect) struct Silence(Arc<AtomicBool>);

impl Silence {
    /// `work`, which reads the target.
    pub(in crate::collect) fn listen<F: Future>(
        &self,
        work: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        BROKEN.scope(Arc::clone(&self.0), work)
    }

    pub(in crate::collect) fn is_unbroken(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

/// Says that something was heard of the target that this task reads, if it reads one.
pub(in crate::collect) fn broken() {
    // Tests read without a run.
    let _ = BROKEN.try_with(|broken| broken.store(true, Ordering::Relaxed));
}
