//! Connections and answers.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Error;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, future, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::{Method, Response, header, service};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::access::{self, Asked, Request, Rule, plain_status};
use super::cluster::fixture;
use super::faults::{self, Fault, Piece, When};
use super::list::{Store, Wanted};
use super::{discovery, encode};

/// The user of the token.
pub(super) const TOKEN_USER: &str = "system:serviceaccount:audit:reader";
/// The user of the client certificate: its common name.
const CERTIFICATE_USER: &str = "client";
/// A real server compresses what is longer.
const GZIP_FROM: usize = 128 * 1024;
/// And sends what is longer in pieces.
const CHUNK: usize = 32 * 1024;

/// What the server does where a client would rather have protobuf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protobuf {
    Spoken,
    /// JSON comes in its place.
    Ignored,
    /// `406 Not Acceptable`, unless JSON alone is asked for.
    Refused,
}

/// The media type, and how such a request or answer is told.
pub(super) const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const JSON: &str = "application/json";

pub(super) struct State {
    pub(super) store: Store,
    pub(super) token: String,
    /// The whole value of `Authorization` that is as good as the token.
    pub(super) basic: Mutex<Option<String>>,
    /// Anyone who asks is let in: behind a proxy that has logged in already.
    pub(super) open: bool,
    pub(super) gzip: AtomicBool,
    pub(super) protobuf: Mutex<Protobuf>,
    /// How long each answer takes, in JSON and in protobuf.
    pub(super) pace: Mutex<[Duration; 2]>,
    pub(super) connections: AtomicUsize,
    pub(super) requests: Mutex<Vec<Request>>,
    pub(super) rules: Mutex<Option<Vec<Rule>>>,
    pub(super) faults: Mutex<Vec<Armed>>,
    /// Compressed answers by media type and path with query: a client is measured beside the server, on the same
    /// processors.
    pub(super) compressed: Mutex<BTreeMap<(&'static str, String), Bytes>>,
}

/// A fault that waits for its request.
pub(super) struct Armed {
    pub(super) prefix: String,
    pub(super) when: When,
    pub(super) fault: Fault,
    pub(super) asked: BTreeMap<String, usize>,
}

type Body = UnsyncBoxBody<Bytes, Error>;

pub(super) async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        state.connections.fetch_add(1, Ordering::SeqCst);
        drop(stream.set_nodelay(true));
        let (tls, state) = (tls.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            let Some(tls) = tls else { return state.connection(stream, None).await };
            // a client that does not trust the certificate has gone
            let Ok(stream) = tls.accept(stream).await else { return };
            let certified = stream.get_ref().1.peer_certificates().map(|_| CERTIFICATE_USER);
            state.connection(stream, certified).await;
        });
    }
}

/// What is to be sent, before compression.
struct Answer {
    code: u16,
    body: Bytes,
    media_type: &'static str,
}

impl Answer {
    fn status(status: &Value) -> Self {
        let code = status["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(500);
        Self { code, body: super::list::indented(status).into(), media_type: JSON }
    }

    fn ok(body: Vec<u8>) -> Self {
        Self { code: 200, body: body.into(), media_type: JSON }
    }

    /// In protobuf, where there is such a form of it.
    fn in_protobuf(self) -> Self {
        let json = serde_json::from_slice(&self.body).ok();
        match json.and_then(|json| encode::whole(&json)) {
            Some(body) => Self { body: body.into(), media_type: PROTOBUF, ..self },
            None => self,
        }
    }

    fn into_response(self) -> Response<Body> {
        let mut response = typed_response(self.code, self.media_type, whole(self.body));
        if matches!(self.code, 429 | 503) {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        response
    }
}

impl State {
    async fn connection<S>(self: Arc<Self>, stream: S, certified: Option<&'static str>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service::service_fn(|request| {
            let state = Arc::clone(&self);
            async move { Ok::<_, Infallible>(state.answer(&request, certified).await) }
        });
        // an error means that the client has gone
        drop(
            auto::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service)
                .await,
        );
    }

    async fn answer(
        &self,
        request: &hyper::Request<Incoming>,
        certified: Option<&'static str>,
    ) -> Response<Body> {
        let recorded = Request::new(request);
        self.requests.lock().expect("no thread panics with the lock").push(recorded.clone());
        let bearer = access::text(request.headers(), &header::AUTHORIZATION);
        let bearer = bearer.is_some_and(|value| value.strip_prefix("Bearer ") == Some(&self.token));
        let basic = self.basic.lock().expect("no thread panics with the lock").clone();
        let said = access::text(request.headers(), &header::AUTHORIZATION);
        let bearer = bearer || (basic.is_some() && said == basic);
        let user = if bearer || self.open { Some(TOKEN_USER) } else { certified };
        let Some(user) = user else { return Answer::status(&fixture("error-401")).into_response() };
        if request.method() != Method::GET {
            return Answer::status(&plain_status(405)).into_response();
        }
        let fault = self.fault(request.uri().path(), request.uri().query().unwrap_or_default());
        let begun = Instant::now();
        let response = match fault {
            Some(fault) => self.faulty(fault, request.uri(), user).await,
            None => self.compressed(self.preferred(request.uri(), user, &recorded), &recorded),
        };
        let [json, protobuf] = *self.pace.lock().expect("no thread panics with the lock");
        let is_protobuf =
            response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t == PROTOBUF);
        // What it took to make is a part of it.
        tokio::time::sleep_until(begun + if is_protobuf { protobuf } else { json }).await;
        response
    }

    /// What a real server would answer, in the form that the client likes best.
    fn preferred(&self, uri: &hyper::Uri, user: &str, request: &Request) -> Answer {
        let protobuf = *self.protobuf.lock().expect("no thread panics with the lock");
        let is_wanted = request.accept.as_deref().is_some_and(|accept| accept.contains(PROTOBUF));
        match protobuf {
            Protobuf::Spoken if is_wanted => {
                let asked = Asked::read(uri.path()).filter(|asked| asked.name.is_none());
                let list = asked.filter(|asked| self.allows(asked)).and_then(|asked| {
                    let wanted = Wanted::read(uri.query()?, asked.namespace).ok()?;
                    self.store.list_in_protobuf(asked.resource, &wanted)
                });
                match list {
                    Some(list) => Answer { media_type: PROTOBUF, ..Answer::ok(list) },
                    None => self.right(uri, user, false).in_protobuf(),
                }
            }
            Protobuf::Refused if is_wanted => Answer::status(&plain_status(406)),
            _ => self.right(uri, user, false),
        }
    }

    fn allows(&self, asked: &Asked) -> bool {
        let rules = self.rules.lock().expect("no thread panics with the lock");
        rules.as_ref().is_none_or(|rules| rules.iter().any(|rule| rule.allows(asked)))
    }

    /// The fault that this request meets, if any.
    fn fault(&self, path: &str, query: &str) -> Option<Fault> {
        let continues = query
            .split('&')
            .any(|pair| pair.starts_with("continue=") && pair.len() > "continue=".len());
        let mut faults = self.faults.lock().expect("no thread panics with the lock");
        let mut met = None;
        for armed in faults.iter_mut().filter(|armed| path.starts_with(&armed.prefix)) {
            if !continues && matches!(armed.fault, Fault::ExpiredOnce | Fault::ExpiredAlways) {
                continue;
            }
            let asked = armed.asked.entry(path.to_owned()).or_default();
            *asked += 1;
            if met.is_none() && armed.when.is_now(*asked) {
                met = Some(armed.fault.clone());
            }
        }
        met
    }

    async fn faulty(&self, fault: Fault, uri: &hyper::Uri, user: &str) -> Response<Body> {
        let right = |for_ever| self.right(uri, user, for_ever);
        let streamed = |code, pieces| json_response(code, streamed(pieces));
        match fault {
            Fault::Status(code) => Answer::status(&refusal(code)).into_response(),
            Fault::TruncatedStatus(code) => {
                let body = plain_status(code).to_string().into();
                streamed(code, faults::truncated_later(&body).boxed())
            }
            Fault::EndlessStatus(code) => streamed(code, faults::endless().boxed()),
            Fault::SilentStatus(code) => streamed(code, stream::pending().boxed()),
            Fault::ExpiredOnce | Fault::ExpiredAlways => expired(uri).into_response(),
            Fault::StatusInsteadOfList => {
                json_response(200, whole(plain_status(500).to_string().into()))
            }
            Fault::RepeatsToken => {
                // As long as it takes for a limit on the message to fall into the token.
                let message = format!("{:285}{}", "invalid bearer token", self.token);
                Answer::status(&access::status(403, "Forbidden", &message, None)).into_response()
            }
            Fault::Says(message) => {
                Answer::status(&access::status(500, "InternalError", &message, None))
                    .into_response()
            }
            Fault::NotJson => with_header(
                200,
                header::CONTENT_TYPE,
                "text/html; charset=utf-8",
                whole(LOGIN.into()),
            ),
            Fault::Redirect(to) => with_header(302, header::LOCATION, &to, whole(Bytes::new())),
            Fault::Silent => future::pending().await,
            Fault::Truncated => {
                streamed(200, stream::iter(faults::truncated(&right(false).body)).boxed())
            }
            Fault::SlowBody => streamed(200, faults::slow(right(false).body).boxed()),
            Fault::Endless => streamed(200, faults::endless().boxed()),
            Fault::GzipBomb => gzipped(streamed(200, faults::gzip_bomb().boxed())),
            Fault::BadGzip => {
                gzipped(json_response(200, whole(faults::bad_gzip(&right(false).body))))
            }
            Fault::SamePageForEver => right(true).into_response(),
            Fault::Protobuf(spoiled) => {
                typed_response(200, PROTOBUF, whole(spoiled.answer(&right(false).body)))
            }
            Fault::ProtobufCalledJson => json_response(200, whole(right(false).in_protobuf().body)),
            spoil => json_response(200, whole(faults::spoiled(&spoil, &right(false).body))),
        }
    }

    /// What a real server would answer.
    fn right(&self, uri: &hyper::Uri, user: &str, for_ever: bool) -> Answer {
        let path = uri.path();
        if let Some(found) = discovery::answer(path, &self.store) {
            return Answer::ok(found);
        }
        let Some(asked) = Asked::read(path) else { return Answer::status(&plain_status(404)) };
        if !self.allows(&asked) {
            return Answer::status(&asked.forbidden(user));
        }
        if let Some(name) = &asked.name {
            let found = self.store.get(
                asked.resource,
                asked.namespace.as_deref().unwrap_or_default(),
                name,
            );
            return found.map_or_else(|| Answer::status(&asked.not_found()), Answer::ok);
        }
        match Wanted::read(uri.query().unwrap_or_default(), asked.namespace) {
            Ok(wanted) if for_ever => {
                Answer::ok(self.store.list(asked.resource, &wanted.at_the_start_for_ever()))
            }
            Ok(wanted) => Answer::ok(self.store.list(asked.resource, &wanted)),
            Err(message) => Answer::status(&access::status(400, "BadRequest", &message, None)),
        }
    }

    fn compressed(&self, answer: Answer, request: &Request) -> Response<Body> {
        let wanted = self.gzip.load(Ordering::SeqCst) && request.offers_gzip();
        if !wanted || answer.code != 200 || answer.body.len() <= GZIP_FROM {
            return answer.into_response();
        }
        let known = self
            .compressed
            .lock()
            .expect("no thread panics with the lock")
            .get(&(answer.media_type, request.path.clone()))
            .cloned();
        let body = known.unwrap_or_else(|| {
            let body = Bytes::from(faults::gzip(&answer.body));
            let mut compressed = self.compressed.lock().expect("no thread panics with the lock");
            compressed.insert((answer.media_type, request.path.clone()), body.clone());
            body
        });
        gzipped(typed_response(200, answer.media_type, whole(body)))
    }
}

fn expired(uri: &hyper::Uri) -> Answer {
    let mut status = plain_status(410);
    let wanted = Wanted::read(uri.query().unwrap_or_default(), None);
    if let Some(token) = wanted.ok().and_then(|wanted| wanted.go_on()) {
        status["metadata"]["continue"] = Value::from(token);
    }
    Answer::status(&status)
}

/// Those that were recorded are as recorded.
fn refusal(code: u16) -> Value {
    match code {
        401 => fixture("error-401"),
        403 => fixture("error-403-pods"),
        code => plain_status(code),
    }
}

const LOGIN: &str = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form action=\"/login\" \
    method=\"post\"><input name=\"user\"><input name=\"password\" type=\"password\"></form></body></html>\n";

/// Small bodies have a length; larger ones come in pieces, whose sum a client is not told.
fn whole(body: Bytes) -> Body {
    if body.len() <= CHUNK {
        return Full::new(body).map_err(|never| match never {}).boxed_unsync();
    }
    let piece = |mut rest: Bytes| {
        let piece = rest.split_to(CHUNK.min(rest.len()));
        (!piece.is_empty()).then_some((Ok(piece), rest))
    };
    streamed(stream::unfold(body, move |rest| future::ready(piece(rest))).boxed())
}

fn streamed(pieces: stream::BoxStream<'static, Piece>) -> Body {
    StreamBody::new(pieces.map(|piece| piece.map(Frame::data))).boxed_unsync()
}

fn json_response(code: u16, body: Body) -> Response<Body> {
    typed_response(code, JSON, body)
}

fn typed_response(code: u16, media_type: &str, body: Body) -> Response<Body> {
    with_header(code, header::CONTENT_TYPE, media_type, body)
}

fn with_header(code: u16, name: header::HeaderName, value: &str, body: Body) -> Response<Body> {
    let response =
        Response::builder().status(code).header(header::CACHE_CONTROL, "no-cache, private");
    response.header(name, value).body(body).expect("the status and the header are valid")
}

fn gzipped(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
    headers.insert(header::VARY, header::HeaderValue::from_static("Accept-Encoding"));
    response
}
