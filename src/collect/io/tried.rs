//! Addresses that have failed while others were still waited for, so that a target whose time is
//! over says more than that.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::Failure;

tokio::task_local! {
    /// Of what the task waits for.
    static TRIED: AddressesTried;
}

/// The last failures of addresses that have not been followed by an answer.
#[derive(Clone, Default)]
pub(super) struct AddressesTried(Arc<Mutex<Vec<(SocketAddr, Failure)>>>);

impl AddressesTried {
    /// `work`, which tries addresses.
    pub(super) fn listen<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        TRIED.scope(self.clone(), work)
    }

    /// A timeout with what is known of its cause.
    pub(super) fn explain(&self, mut timeout: Failure) -> Failure {
        let tried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (address, failure) in tried.iter() {
            timeout.message = format!("{}; at {address}: {}", timeout.message, failure.message);
            timeout.advice.clone_from(&failure.advice);
        }
        timeout
    }
}

/// One address has failed, and others may still answer.
pub(super) fn note_failed(address: SocketAddr, failure: &Failure) {
    // Tests read without a run.
    let _ = TRIED.try_with(|tried| {
        let mut tried = tried.0.lock().unwrap_or_else(PoisonError::into_inner);
        tried.retain(|(known, _)| *known != address);
        tried.push((address, failure.clone()));
    });
}

/// One address has answered: what others said is of no interest any more.
pub(super) fn note_answered() {
    let _ = TRIED.try_with(|tried| {
        tried.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    });
}
