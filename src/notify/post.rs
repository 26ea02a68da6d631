//! POST to a sink: the one request of the program that is not a GET.
//!
//! It goes to the address of a sink and to no other: only [`super::deliver`] calls it. The answer's
//! body is never read: what a server says there may repeat the secret that it was sent.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;

use crate::collect::io::outward::{self, OutwardAddress};
use crate::collect::io::stream::OpenStream;
use crate::model::{Failure, FailureKind};

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PostAnswer {
    pub(super) status: u16,
    /// How long the server asks to be left alone.
    pub(super) retry_after: Option<Duration>,
}

/// Sends JSON.
pub(super) async fn post(
    stream: OpenStream,
    to: &OutwardAddress,
    key: Option<(HeaderName, HeaderValue)>,
    body: String,
    now: Timestamp,
) -> Result<PostAnswer, Failure> {
    let failed = |error: hyper::Error| outward::exchange_failure(&error);
    let mut request = Request::post(&to.path)
        .header(HOST, &to.authority)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("envparity/", env!("CARGO_PKG_VERSION")));
    if let Some((name, value)) = key {
        request = request.header(name, value);
    }
    let request = request
        .body(Full::new(Bytes::from(body)))
        .map_err(|_| Failure::new(FailureKind::Secret, "no request can be made of its URL"))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let sent = sender.send_request(request);
    tokio::pin!(sent, connection);
    let response = tokio::select! {
        biased;
        response = &mut sent => response,
        // It may end together with the answer.
        _ = &mut connection => sent.await,
    };
    let response = response.map_err(failed)?;
    let said = response.headers().get(RETRY_AFTER);
    let retry_after = said.and_then(|value| wait_of(value.to_str().ok()?, now));
    Ok(PostAnswer { status: response.status().as_u16(), retry_after })
}

/// Of `Retry-After`: seconds, or a time.
fn wait_of(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_in_seconds_or_by_a_time_when_it_may_be_asked_again() {
        let now = "2026-04-13T20:00:00Z".parse().unwrap();
        for (text, seconds) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Mon, 13 Apr 2026 20:00:30 GMT", Some(30)),
            ("Mon, 13 Apr 2026 19:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(wait_of(text, now), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
