//! GET, and only GET, over HTTP/1.1: the method is not a parameter.
//!
//! hyper speaks the protocol; this adds the cap, and says what a status means.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::net::{self, Capped, Duplex, Heard};
use super::tls;
use crate::model::{Failure, FailureKind};

/// Fetches `path` on a fresh connection; at most `cap` bytes of body.
pub(in crate::collect) async fn get(
    stream: Box<dyn Duplex>,
    host: &str,
    path: &str,
    cap: usize,
) -> Result<Bytes, Failure> {
    const HEADERS: u64 = 64 * 1024;
    tracing::debug!(host, path, "GET");
    // Chunked bodies carry some framing besides.
    let (stream, heard) = Capped::new(stream, HEADERS + 2 * cap as u64);
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|e| failure(&e, &heard, path))?;
    let request = Request::get(path)
        .header(hyper::header::HOST, host)
        .header(hyper::header::ACCEPT, "application/json")
        .header(hyper::header::USER_AGENT, concat!("envparity/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .map_err(|e| {
            Failure::new(FailureKind::Protocol, format!("no request can be made of {path}: {e}"))
        })?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(|e| failure(&e, &heard, path))?;
        let status = response.status();
        let location = response.headers().contains_key(hyper::header::LOCATION);
        let body = Limited::new(response.into_body(), cap)
            .collect()
            .await
            .map_err(|e| body_failure(e.as_ref(), &heard, path, cap))?;
        let body = body.to_bytes();
        if status.is_success() {
            Ok(body)
        } else {
            Err(status_failure(status, location, &body, path))
        }
    };
    tokio::pin!(exchange);
    tokio::select! {
        done = &mut exchange => done,
        // The connection may end together with the answer.
        _ = connection => exchange.await,
    }
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

fn status_failure(status: hyper::StatusCode, location: bool, body: &[u8], path: &str) -> Failure {
    let said = String::from_utf8_lossy(&body[..body.len().min(4096)]);
    if status == 400 && said.contains("HTTPS server") {
        return Failure::new(FailureKind::Tls, "the server speaks TLS on this port")
            .advise("add tls: to the target in the profile");
    }
    let message = format!("GET {path} was answered {status}");
    match status.as_u16() {
        401 => Failure::new(FailureKind::Authentication, message).advise(
            "an engine knows no passwords: what stands in front of it wants one, and envparity has none to give",
        ),
        429 | 503 => Failure::new(FailureKind::Unavailable, message),
        500..=599 => Failure::new(FailureKind::Protocol, message)
            .advise("the engine could not answer: look into its log, and that of any proxy in between"),
        403 => Failure::new(FailureKind::Permission, message)
            .advise(format!("allow GET {path} to this client, for example in the socket proxy in front of the engine")),
        300..=399 if location => Failure::new(FailureKind::Protocol, format!("{message}: redirects are not followed"))
            .advise("name the server itself in the profile"),
        _ => Failure::new(FailureKind::Protocol, message),
    }
}
