//! GET, and only GET, over HTTP/1.1: the method is not a parameter.
//!
//! hyper speaks the protocol; this adds the cap, and says what a status means.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::{HeaderMap, HeaderValue};
use hyper_util::rt::TokioIo;

use super::net::{self, Capped, Duplex, Heard};
use super::tls;
use crate::model::{Failure, FailureKind, Secret};

/// What is asked for.
pub(in crate::collect) struct Wanted<'a> {
    /// With the port, where it is not the scheme's own.
    pub(in crate::collect) host: &'a str,
    /// With the query.
    pub(in crate::collect) path: &'a str,
    /// The path as messages show it.
    pub(in crate::collect) shown: &'a str,
    /// What kinds of answer are wanted.
    pub(in crate::collect) accept: &'static str,
    /// Sent as `Authorization: Bearer`.
    pub(in crate::collect) token: Option<&'a Secret>,
    /// Bytes of body that are read at most.
    pub(in crate::collect) cap: usize,
    /// What helps if the server refuses.
    pub(in crate::collect) advice: &'a Advice,
}

/// What helps where the server answers, and not with what was asked for.
pub(in crate::collect) struct Advice {
    /// To 401.
    pub(in crate::collect) unauthorized: String,
    /// To 403.
    pub(in crate::collect) forbidden: String,
    /// To 500 and above.
    pub(in crate::collect) broken: String,
}

/// What was answered.
pub(in crate::collect) struct Answer {
    pub(in crate::collect) headers: HeaderMap,
    pub(in crate::collect) body: Bytes,
}

/// Fetches it on a fresh connection.
pub(in crate::collect) async fn get(
    stream: Box<dyn Duplex>,
    wanted: &Wanted<'_>,
) -> Result<Answer, Failure> {
    const HEADERS: u64 = 64 * 1024;
    let Wanted { host, cap, .. } = *wanted;
    let path = wanted.shown;
    tracing::debug!(host, path, "GET");
    // Chunked bodies carry some framing besides.
    let (stream, heard) = Capped::new(stream, HEADERS + 2 * cap as u64);
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|e| failure(&e, &heard, path))?;
    let mut request = Request::get(wanted.path)
        .header(hyper::header::HOST, host)
        .header(hyper::header::ACCEPT, wanted.accept)
        .header(hyper::header::USER_AGENT, concat!("envparity/", env!("CARGO_PKG_VERSION")));
    if let Some(token) = wanted.token {
        request = request.header(hyper::header::AUTHORIZATION, bearer(token)?);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|e| {
        Failure::new(FailureKind::Protocol, format!("no request can be made of {path}: {e}"))
    })?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(|e| failure(&e, &heard, path))?;
        let status = response.status();
        let headers = response.headers().clone();
        let body = Limited::new(response.into_body(), cap)
            .collect()
            .await
            .map_err(|e| body_failure(e.as_ref(), &heard, path, cap))?;
        let body = body.to_bytes();
        // Any other success (206 is the usual one) is not known to be the whole answer.
        if status == hyper::StatusCode::OK {
            Ok(Answer { headers, body })
        } else {
            let is_elsewhere = headers.contains_key(hyper::header::LOCATION);
            Err(status_failure(status, is_elsewhere, &body, path, wanted.advice))
        }
    };
    tokio::pin!(exchange);
    tokio::select! {
        biased;
        done = &mut exchange => done,
        // The connection may end together with the answer.
        _ = connection => exchange.await,
    }
}

fn bearer(token: &Secret) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| {
        Failure::new(FailureKind::Secret, "the token holds what no header can hold")
            .advise("a token is one line of letters, digits and signs")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn failure(error: &hyper::Error, heard: &Heard, path: &str) -> Failure {
    let inner = std::error::Error::source(error).and_then(|e| e.downcast_ref::<std::io::Error>());
    if let Some(io) = inner.filter(|io| tls::is_tls(io)) {
        tls::handshake_failure(io)
    } else if heard.is_tls() {
        Failure::new(FailureKind::Tls, "the server speaks TLS on this port")
            .advise("add tls: to the target in the profile")
    } else if heard.bytes() == 0 {
        Failure::new(FailureKind::Cut, "the server closed the connection without an answer")
    } else if let Some(io) = inner {
        net::read_failure(io)
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        Failure::new(
            FailureKind::Cut,
            format!("the connection ended in the middle of the answer to GET {path}"),
        )
    } else {
        Failure::new(FailureKind::Protocol, format!("the answer to GET {path} is not HTTP"))
    }
}

fn body_failure(
    error: &(dyn std::error::Error + Send + Sync + 'static),
    heard: &Heard,
    path: &str,
    cap: usize,
) -> Failure {
    if error.is::<LengthLimitError>() {
        return Failure::new(
            FailureKind::TooLarge,
            format!("the answer to GET {path} exceeds {} MiB", cap >> 20),
        );
    }
    match error.downcast_ref::<hyper::Error>() {
        Some(error) => failure(error, heard, path),
        None => Failure::new(FailureKind::Cut, format!("the answer to GET {path} broke off")),
    }
}

fn status_failure(
    status: hyper::StatusCode,
    is_elsewhere: bool,
    body: &[u8],
    path: &str,
    advice: &Advice,
) -> Failure {
    let said = String::from_utf8_lossy(&body[..body.len().min(4096)]);
    if status == 400 && said.contains("HTTPS server") {
        return Failure::new(FailureKind::Tls, "the server speaks TLS on this port")
            .advise("add tls: to the target in the profile");
    }
    let message = format!("GET {path} was answered {status}");
    match status.as_u16() {
        401 => Failure::new(FailureKind::Authentication, message).advise(&advice.unauthorized),
        429 | 503 => Failure::new(FailureKind::Unavailable, message),
        500..=599 => Failure::new(FailureKind::Protocol, message).advise(&advice.broken),
        403 => Failure::new(FailureKind::Permission, message).advise(&advice.forbidden),
        200..=299 => {
            let message = format!("{message}, which is not the whole answer");
            Failure::new(FailureKind::Protocol, message).advise(
                "look for a proxy or cache in between that cuts answers; the server itself says 200",
            )
        }
        300..=399 if is_elsewhere => {
            let message = format!("{message}: redirects are not followed");
            Failure::new(FailureKind::Protocol, message)
                .advise("name the server itself in the profile")
        }
        _ => Failure::new(FailureKind::Protocol, message),
    }
}
