//! What a target was sent as a credential, noted by anyone who sends it, so that nothing that the
//! target answers can carry it into a report.

use std::sync::{Arc, Mutex, PoisonError};

use super::repeats::Repeats;

tokio::task_local! {
    /// Of the target that the task reads.
    static SENT: SentCredentials;
}

/// The credentials that one target was sent.
#[derive(Clone, Default)]
pub(in crate::collect) struct SentCredentials(Arc<Mutex<Repeats>>);

impl SentCredentials {
    /// `work`, which reads the target.
    pub(in crate::collect) fn listen<F: Future>(
        &self,
        work: F,
    ) -> impl Future<Output = F::Output> + use<F> {
        SENT.scope(self.clone(), work)
    }

    /// What must not be repeated; from now on nothing more is noted.
    pub(in crate::collect) fn take(&self) -> Repeats {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Notes a credential of the target that this task reads, if it reads one.
pub(in crate::collect) fn note(user: Option<&str>, secret: &str) {
    let add = |sent: &SentCredentials| {
        sent.0.lock().unwrap_or_else(PoisonError::into_inner).add(user, secret);
    };
    // Tests read without a run.
    let _ = SENT.try_with(add);
}
