//! Bodies of an API server's answers, each within its bounds: an answer whole, of a refusal as much
//! as comes.

use std::io;
use std::time::Duration;

use http_body_util::BodyExt;
use kube::client::Body;
use tokio::time::{Instant, timeout_at};

use crate::model::{Failure, FailureKind};

/// A page of 500 pods is some 5 MiB; where it is more, pages become smaller. Twice that much is
/// held: one page comes while another is parsed.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// What an API server says of an error is some hundred bytes.
pub(super) const MAX_STATUS: usize = 64 * 1024;

/// How long the words of a refusal are waited for: its status is said already, and means the most.
const SAID_WITHIN: Duration = Duration::from_secs(1);

/// All of an answer, into an empty `body`; `path` is for messages.
pub(super) async fn read(mut rest: Body, path: &str, body: &mut Vec<u8>) -> Result<(), Failure> {
    while let Some(frame) = rest.frame().await {
        let frame = frame.map_err(|e| body_failure(&e, path))?;
        let data = frame.data_ref().map_or(&[][..], |data| data);
        if body.len() + data.len() > MAX_BODY {
            let message = format!("the answer to GET {path} exceeds {} MiB", MAX_BODY >> 20);
            return Err(Failure::new(FailureKind::TooLarge, message));
        }
        body.extend_from_slice(data);
    }
    Ok(())
}

/// The words of a refusal, into an empty `body`, as far as they come: it is judged by its status,
/// however its body ends. Of what is too long there is more than [`MAX_STATUS`].
pub(super) async fn read_refusal(mut rest: Body, deadline: Instant, body: &mut Vec<u8>) {
    let now = Instant::now();
    // Time must be left to report it.
    let until = now + SAID_WITHIN.min(deadline.saturating_duration_since(now) / 2);
    let reading = async {
        while body.len() <= MAX_STATUS
            && let Some(Ok(frame)) = rest.frame().await
        {
            let data = frame.data_ref().map_or(&[][..], |data| data);
            body.extend_from_slice(&data[..data.len().min(MAX_STATUS + 1 - body.len())]);
        }
    };
    // What came in time is kept.
    let _ = timeout_at(until, reading).await;
}

/// An error and what is behind it, the outermost first.
pub(super) fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |&outer: &&'a (dyn std::error::Error + 'static)| {
        outer.source()
    })
}

/// An error of input may be wrapped in others of its kind.
pub(super) fn innermost(mut error: &io::Error) -> &io::Error {
    while let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>()) {
        error = inner;
    }
    error
}

/// A body that ends early is the connection's; what cannot be unpacked is the server's.
fn body_failure(error: &(dyn std::error::Error + 'static), path: &str) -> Failure {
    use io::ErrorKind as E;
    let is_of_http = causes(error).any(|error| error.is::<hyper::Error>());
    let has = |kinds: &[E]| {
        let mut all = causes(error).filter_map(|error| error.downcast_ref::<io::Error>());
        all.any(|io| kinds.contains(&innermost(io).kind()))
    };
    let (kind, what) = if is_of_http && has(&[E::InvalidData, E::InvalidInput]) {
        (FailureKind::Protocol, "is malformed")
    } else if !is_of_http && has(&[E::InvalidData, E::InvalidInput, E::Other]) {
        (FailureKind::Protocol, "is not what its encoding says")
    } else {
        (FailureKind::Cut, "broke off")
    };
    Failure::new(kind, format!("the answer to GET {path} {what}"))
}
