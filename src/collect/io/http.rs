//! GET, and only GET, over HTTP/1.1: the method is not a parameter.
//!
//! hyper speaks the protocol; this adds the cap, and says what a status means.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, Fuse};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::Request;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{HeaderMap, HeaderValue};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::net::{self, Capped, Duplex, Heard};
use super::tls;
use crate::model::{Failure, FailureKind, Secret};

/// Bytes of a refusal's body that are looked at.
const MAX_SAID: usize = 4096;

/// How long they are waited for: the status is said already, and means the most.
const SAID_WITHIN: Duration = Duration::from_millis(100);

/// What is asked for.
pub(in crate::collect) struct HttpRequest<'a> {
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
    /// Sent besides. Values that are secrets are marked as sensitive.
    pub(in crate::collect) headers: Option<&'a HeaderMap>,
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
    wanted: &HttpRequest<'_>,
) -> Result<Answer, Failure> {
    let mut reply = open(stream, wanted).await?;
    let mut body = Vec::new();
    while let Some(piece) = reply.piece().await? {
        body.extend_from_slice(&piece);
    }
    Ok(Answer { headers: reply.headers, body: body.into() })
}

/// An answer of 200 whose body is still to be read.
pub(in crate::collect) struct Reply {
    pub(in crate::collect) headers: HeaderMap,
    body: Limited<Incoming>,
    connection: Fuse<BoxFuture<'static, ()>>,
    heard: Arc<Heard>,
    path: String,
    cap: usize,
    /// The connection lasts as long as somebody might send another request.
    _sender: http1::SendRequest<Empty<Bytes>>,
}

impl Reply {
    /// The next piece of the body; `None` at its end.
    pub(in crate::collect) async fn piece(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let frame = tokio::select! {
                biased;
                frame = self.body.frame() => frame,
                // It may end together with the answer.
                () = &mut self.connection => continue,
            };
            match frame {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    // Trailers are not part of the body.
                    if let Ok(piece) = frame.into_data() {
                        return Ok(Some(piece));
                    }
                }
                Some(Err(e)) => {
                    return Err(body_failure(e.as_ref(), &self.heard, &self.path, self.cap));
                }
            }
        }
    }

    /// The words of a refusal, as far as they come: it is judged by its status, however its body
    /// ends.
    async fn said(&mut self) -> Vec<u8> {
        let mut said = Vec::new();
        let reading = async {
            while said.len() < MAX_SAID
                && let Ok(Some(piece)) = self.piece().await
            {
                said.extend_from_slice(&piece[..piece.len().min(MAX_SAID - said.len())]);
            }
        };
        // What came in time is kept.
        let _ = timeout(SAID_WITHIN, reading).await;
        said
    }
}

/// Asks for it on a fresh connection. Anyone who gets the reply reads it piece by piece.
pub(in crate::collect) async fn open(
    stream: Box<dyn Duplex>,
    wanted: &HttpRequest<'_>,
) -> Result<Reply, Failure> {
    const HEADERS: u64 = 64 * 1024;
    let HttpRequest { host, cap, .. } = *wanted;
    let path = wanted.shown;
    tracing::debug!(host, path, "GET");
    // Chunked bodies carry some framing besides.
    let (stream, heard) = Capped::new(stream, HEADERS + 2 * cap as u64);
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|e| failure(&e, &heard, path))?;
    let mut connection = connection.map(drop).boxed().fuse();
    let request = request(wanted)?;
    let sent = sender.send_request(request);
    tokio::pin!(sent);
    let response = tokio::select! {
        biased;
        response = &mut sent => response,
        () = &mut connection => sent.await,
    };
    let (parts, body) = response.map_err(|e| failure(&e, &heard, path))?.into_parts();
    let mut reply = Reply {
        headers: parts.headers,
        body: Limited::new(body, cap),
        connection,
        heard,
        path: path.to_owned(),
        cap,
        _sender: sender,
    };
    // Any other success (206 is the usual one) is not known to be the whole answer.
    if parts.status == hyper::StatusCode::OK {
        return Ok(reply);
    }
    let said = reply.said().await;
    let is_elsewhere = reply.headers.contains_key(hyper::header::LOCATION);
    Err(status_failure(parts.status, is_elsewhere, &said, path, wanted.advice))
}

fn request(wanted: &HttpRequest<'_>) -> Result<Request<Empty<Bytes>>, Failure> {
    let mut request = Request::get(wanted.path)
        .header(hyper::header::HOST, wanted.host)
        .header(hyper::header::ACCEPT, wanted.accept)
        .header(hyper::header::USER_AGENT, concat!("envparity/", env!("CARGO_PKG_VERSION")));
    if let Some(token) = wanted.token {
        request = request.header(hyper::header::AUTHORIZATION, bearer(token)?);
    }
    for (name, value) in wanted.headers.into_iter().flatten() {
        request = request.header(name, value);
    }
    request.body(Empty::new()).map_err(|e| {
        let message = format!("cannot build a request for {}: {e}", wanted.shown);
        Failure::new(FailureKind::Protocol, message)
    })
}

fn bearer(token: &Secret) -> Result<HeaderValue, Failure> {
    secret_value("token", &format!("Bearer {}", token.expose()))
}

/// The value of `Authorization` with a user name and a password.
///
/// # Errors
/// If no header can hold it.
pub(in crate::collect) fn basic_value(
    username: &str,
    password: &Secret,
) -> Result<HeaderValue, Failure> {
    let pair = STANDARD.encode(format!("{username}:{}", password.expose()));
    secret_value("password", &format!("Basic {pair}"))
}

/// The value of a header that is a secret, which messages call `what`.
pub(in crate::collect) fn secret_value(what: &str, text: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Failure::new(
            FailureKind::Secret,
            format!("the {what} contains characters that a header cannot contain"),
        )
        .advise("use one line of printable ASCII characters")
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
            format!("the answer to GET {path} exceeds {}", size(cap)),
        );
    }
    match error.downcast_ref::<hyper::Error>() {
        Some(error) => failure(error, heard, path),
        None => Failure::new(FailureKind::Cut, format!("the answer to GET {path} broke off")),
    }
}

/// In words.
fn size(bytes: usize) -> String {
    if bytes < 1 << 20 { format!("{} KiB", bytes >> 10) } else { format!("{} MiB", bytes >> 20) }
}

fn status_failure(
    status: hyper::StatusCode,
    is_elsewhere: bool,
    body: &[u8],
    path: &str,
    advice: &Advice,
) -> Failure {
    let said = String::from_utf8_lossy(body);
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
                "look for a proxy or cache in between that truncates answers; the server itself \
                 answers 200",
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::mutation::{MUTATIONS, attacks, enter};

    const CAP: usize = 64 * 1024;

    /// What a server that answers so, whatever it is asked, is taken to say.
    fn answered(bytes: &[u8]) -> Result<Answer, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        let advice =
            Advice { unauthorized: String::new(), forbidden: String::new(), broken: String::new() };
        let wanted = HttpRequest {
            host: "h",
            path: "/",
            shown: "/",
            accept: "*/*",
            token: None,
            headers: None,
            cap: CAP,
            advice: &advice,
        };
        runtime.block_on(async {
            let server = async {
                let mut request = [0; 512];
                let _ = theirs.read(&mut request).await;
                let _ = theirs.write_all(bytes).await;
                drop(theirs);
            };
            let asked = timeout(Duration::from_secs(20), get(Box::new(ours), &wanted));
            let (answer, ()) = tokio::join!(asked, server);
            answer.expect("no answer that ends is waited for")
        })
    }

    #[test]
    fn a_length_that_cannot_be_is_never_a_whole_answer() {
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        for chunk in [
            "fffffffffffffffff\r\n{}",
            "10000000000000002\r\n{}\r\n0\r\n\r\n",
            "ffffffffffffffff\r\n{}",
            "-2\r\n{}\r\n0\r\n\r\n",
            "-\r\n{}\r\n0\r\n\r\n",
            "+2\r\n{}\r\n0\r\n\r\n",
            "0x2\r\n{}\r\n0\r\n\r\n",
            " 2\r\n{}\r\n0\r\n\r\n",
            "\r\n{}\r\n0\r\n\r\n",
            ";a=b\r\n{}\r\n0\r\n\r\n",
            "2\r\n{}",
            "2\r\n{}\r\n",
            "2\r\n{}}\r\n0\r\n\r\n",
            &format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "x".repeat(1 << 17)),
        ] {
            let answer = answered(format!("{chunked}{chunk}").as_bytes());
            assert!(answer.is_err(), "{:?}", &chunk[..chunk.len().min(40)]);
        }
        for head in [
            "content-length: 99999999999999999999",
            "content-length: -2",
            "content-length: 2\r\ncontent-length: 3",
            "content-length: 3",
            "content-length: 0x2",
        ] {
            let answer = answered(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{{}}").as_bytes());
            assert!(answer.is_err(), "{head}");
        }
        let whole = answered(format!("{chunked}2;a=b\r\n{{}}\r\n0\r\n\r\n").as_bytes());
        assert_eq!(whole.ok().map(|answer| answer.body), Some(Bytes::from_static(b"{}")));
    }

    #[test]
    fn mutated_answers() {
        let seeds = [
            "HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{\"a\": \"1.2.3\"}",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: \
             chunked\r\n\r\n5\r\n{\"a\":\r\n2;x=y\r\n1}\r\n0\r\nt: u\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\n{}",
            "HTTP/1.1 302 Found\r\nlocation: http://other/\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\n\r\nno!\n",
            "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 0-1/9\r\n\r\n{}",
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        ];
        let seeds = [seeds.map(|text| text.as_bytes().to_vec()).into(), attacks()].concat();
        let entry = |data: &[u8]| match answered(data) {
            Ok(answer) => assert!(answer.body.len() <= CAP),
            Err(failure) => assert!(!failure.message.is_empty()),
        };
        enter(entry, &seeds, MUTATIONS);
    }
}
