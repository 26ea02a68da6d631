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

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::super::{addresses, net};
    use super::*;
    use crate::model::FailureKind;

    #[tokio::test]
    async fn a_timeout_names_what_another_address_said() {
        let all: Vec<SocketAddr> =
            ["10.0.0.1:6379", "10.0.0.2:6379"].map(|text| text.parse().unwrap()).into();
        let untrusted = || Failure::new(FailureKind::Tls, "the certificate is not trusted");
        let silent_first = |at: SocketAddr| async move {
            if at.ip().to_string() == "10.0.0.1" { pending().await } else { Err(untrusted()) }
        };
        let work = async {
            let read = addresses::first_of::<(), _>(all, silent_first).await;
            read.map_err(|failure| failure.unwrap_or_else(untrusted))
        };
        let allowed = Duration::from_millis(600);
        let told = net::within(Instant::now() + allowed, allowed, work).await.unwrap_err();
        let expected = "no whole answer within 600ms; at 10.0.0.2:6379: the certificate is not \
                        trusted";
        assert_eq!((told.kind, &*told.message), (FailureKind::Timeout, expected));
        assert_eq!(net::with_tls_in_mind(told, true).advice, untrusted().advice);
    }
}
