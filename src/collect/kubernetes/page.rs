//! How a page of a list begins, and what comes behind it.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::objects::PageHead;
use super::payload::AnswerBody;
use super::question::Question;
use crate::collect::io::aside::run_blocking;
use crate::model::{Failure, FailureKind};

/// How a page begins.
pub(super) struct Opening {
    pub(super) head: Option<PageHead>,
    /// Whether what has no head is in the form that it says at least.
    pub(super) is_well_formed: bool,
}

/// How the page begins, which is given back.
pub(super) async fn opening(page: AnswerBody) -> Result<(AnswerBody, Opening), Failure> {
    let read = move || {
        let head = page.payload().head();
        let is_well_formed = head.is_some() || page.payload().is_well_formed();
        (page, Opening { head, is_well_formed })
    };
    run_blocking(read).await
}

/// The pages that a list has asked for. Tokens are not kept: a server that never ends sends long
/// ones.
#[derive(Default)]
pub(super) struct Tokens {
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl Tokens {
    /// Those of Kubernetes are some 150 bytes, and longer with the names of objects in them.
    const MAX_BYTES: usize = 4096;

    /// A page asks for the one behind this token.
    pub(super) fn meet(&mut self, token: &str) -> Result<(), Failure> {
        if token.len() > Self::MAX_BYTES {
            let message =
                format!("a page asks for the next by more than {} bytes", Self::MAX_BYTES);
            return Err(Failure::new(FailureKind::TooLarge, message));
        }
        if self.seen.insert(self.hasher.hash_one(token)) {
            return Ok(());
        }
        let message = "the list never ends: a page asks for one before it";
        Err(Failure::new(FailureKind::Protocol, message))
    }
}

/// A list whose pages are gone before all of them are read.
pub(super) fn expired(question: &Question) -> Failure {
    let message =
        format!("GET {} was answered 410: its pages expire while they are read", question.path());
    Failure::new(FailureKind::Protocol, message)
        .advise("the cluster changes faster than it is read: try again, or read single namespaces")
}
