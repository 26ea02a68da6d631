//! GET, and only GET, of a Kubernetes API server: the method is not a parameter.
//!
//! Lists come page by page; while one page is parsed the next is on its way. Nothing is tried again
//! but a list whose pages expired (410), once.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use http_body_util::BodyExt;
use hyper::{Request, Response, StatusCode, header};
use kube::Error;
use kube::client::Body;

use super::access::Access;
use super::parse;
use super::question::{Question, Resource};
use crate::collect::collector::Context;
use crate::collect::io::{net, tls};
use crate::model::{Failure, FailureKind};

/// A page of 500 pods is some 5 MiB; where it is more, pages become smaller. Twice that much is
/// held: one page comes while another is parsed.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// A cluster that can be asked.
pub(super) struct Api {
    access: Access,
    context: Context,
    /// Whether a connection may be left over from an earlier question.
    answered: AtomicBool,
}

/// Why a list ended early.
enum Stop {
    /// Its pages are no more: 410.
    Expired(Failure),
    /// A page holds more than is read at once.
    TooLarge(Failure),
    /// The server does not know the resource, not in this version at least: 404.
    Unknown(Failure),
    Failed(Failure),
}

impl Stop {
    fn failure(self) -> Failure {
        let (Self::Expired(failure)
        | Self::TooLarge(failure)
        | Self::Unknown(failure)
        | Self::Failed(failure)) = self;
        failure
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Api {
    pub(super) fn new(access: Access, context: &Context) -> Self {
        Self { access, context: context.clone(), answered: AtomicBool::new(false) }
    }

    /// The server's address, and what a reader should know of it.
    pub(super) fn shown(&self) -> &str {
        &self.access.shown
    }

    /// The answer to a question that is no list.
    pub(super) async fn get(&self, question: &Question) -> Result<Vec<u8>, Failure> {
        let exchange = async {
            let mut body = Vec::new();
            let status = self.exchange(&question.path(), &mut body).await?;
            self.accepted(status, &body, question).map(|()| body)
        };
        net::within(self.context.deadline, self.context.allowed, exchange).await
    }

    /// All pages of a list, read into `empty` by `page`. Whatever was read is lost if one fails.
    pub(super) async fn list<S: Clone + Send + 'static>(
        &self,
        resource: Resource,
        namespace: Option<&str>,
        empty: &S,
        page: impl Fn(&mut S, &[u8]) -> Result<(), Failure> + Clone + Send + 'static,
    ) -> Result<S, Failure> {
        let ask = async |resource: Resource| {
            let question = Question::list(resource, namespace);
            let pages = async |question: &Question| {
                self.pages(question, resource, empty.clone(), page.clone()).await
            };
            match pages(&question).await {
                Err(Stop::Expired(_)) => {
                    tracing::debug!(path = question.path(), "the list expired: starting again");
                    pages(&question).await
                }
                Err(Stop::TooLarge(_)) => {
                    tracing::debug!(
                        path = question.path(),
                        "the page is too large: starting again with smaller ones"
                    );
                    pages(&question.in_small_pages()).await
                }
                ended => ended,
            }
        };
        let read = async {
            match (ask(resource).await, resource.older()) {
                (Err(Stop::Unknown(_)), Some(older)) => ask(older).await,
                (ended, _) => ended,
            }
            .map_err(Stop::failure)
        };
        net::within(self.context.deadline, self.context.allowed, read).await
    }

    async fn pages<S: Send + 'static>(
        &self,
        question: &Question,
        resource: Resource,
        empty: S,
        page: impl Fn(&mut S, &[u8]) -> Result<(), Failure> + Clone + Send + 'static,
    ) -> Result<S, Stop> {
        let of_path = |failure: Failure| Failure {
            message: format!("GET {}: {}", question.path(), failure.message),
            ..failure
        };
        // Two bodies take turns: one is filled while the other is parsed.
        let mut body = Vec::new();
        let mut parsing = tokio::task::spawn_blocking(move || Ok((empty, Vec::new())));
        let (mut token, mut seen) = (None::<String>, BTreeSet::new());
        loop {
            let exchange = self.exchange(&question.page(token.as_deref()), &mut body).await;
            let status = exchange.map_err(|failure| match failure.kind {
                FailureKind::TooLarge => Stop::TooLarge(failure),
                _ => Stop::Failed(failure),
            })?;
            if status == StatusCode::GONE {
                return Err(Stop::Expired(expired(question)));
            }
            match self.accepted(status, &body, question) {
                Err(failure) if status == StatusCode::NOT_FOUND => {
                    return Err(Stop::Unknown(failure));
                }
                accepted => accepted?,
            }
            let next = self.next_page(&body, resource).map_err(of_path)?;
            let (mut state, parsed) = join(parsing).await?.map_err(of_path)?;
            let (page, whole) = (page.clone(), std::mem::replace(&mut body, parsed));
            parsing = tokio::task::spawn_blocking(move || {
                page(&mut state, &whole).map(|()| (state, whole))
            });
            match next {
                None => return Ok(join(parsing).await?.map_err(of_path)?.0),
                Some(next) if !seen.insert(next.clone()) => {
                    let endless = Failure::new(
                        FailureKind::Protocol,
                        "the list never ends: a page asks for one before it",
                    );
                    return Err(of_path(endless).into());
                }
                next => token = next,
            }
        }
    }

    /// One exchange; `body` is overwritten.
    async fn exchange(&self, path: &str, body: &mut Vec<u8>) -> Result<StatusCode, Failure> {
        tracing::debug!(server = self.access.shown, path, "GET");
        let response = self.send(path).await?;
        let (status, mut rest) = (response.status(), response.into_body());
        body.clear();
        // Without the query: a token says nothing to a reader.
        let path = path.split('?').next().unwrap_or(path);
        while let Some(frame) = rest.frame().await {
            let frame = frame.map_err(|e| body_failure(&e, path))?;
            let data = frame.data_ref().map_or(&[][..], |data| data);
            if body.len() + data.len() > MAX_BODY {
                let message = format!("the answer to GET {path} exceeds {} MiB", MAX_BODY >> 20);
                return Err(Failure::new(FailureKind::TooLarge, message));
            }
            body.extend_from_slice(data);
        }
        tracing::trace!(%status, bytes = body.len(), "answered");
        Ok(status)
    }

    /// The head of an answer. A server may close a connection that it had left open: then once
    /// more, on another.
    async fn send(&self, path: &str) -> Result<Response<Body>, Failure> {
        let request = || {
            let request =
                Request::get(path).header(header::ACCEPT, "application/json").body(Body::empty());
            request.map_err(|_| {
                Failure::new(FailureKind::Protocol, format!("no request can be made of {path}"))
            })
        };
        let is_first = !self.answered.swap(true, Ordering::Relaxed);
        let sent = self.access.client.send(request()?).await.map_err(|e| self.exchange_failure(&e));
        match sent {
            Err(failure) if failure.kind == FailureKind::Cut && !is_first => {
                tracing::debug!(path, "the connection was closed meanwhile: once more");
                self.access.client.send(request()?).await.map_err(|e| self.exchange_failure(&e))
            }
            sent => sent,
        }
    }

    /// Whether it is an answer, or else what the status means.
    fn accepted(
        &self,
        status: StatusCode,
        body: &[u8],
        question: &Question,
    ) -> Result<(), Failure> {
        if status == StatusCode::OK {
            return Ok(());
        }
        let said = self.said(body);
        let said = if said.is_empty() { said } else { format!(": {said}") };
        let message = format!("GET {} was answered {status}{said}", question.path());
        Err(match status.as_u16() {
            401 => Failure::new(FailureKind::Authentication, message).advise(self.without_credentials(
                "the cluster does not accept the credentials: renew them, and try kubectl with the same context",
            )),
            403 => Failure::new(FailureKind::Permission, message)
                .advise(self.without_credentials(&format!("grant the auditing user {}", question.rule()))),
            400 if String::from_utf8_lossy(&body[..body.len().min(1024)]).contains("HTTPS server") => {
                Failure::new(FailureKind::Tls, "the server speaks TLS on this port")
                    .advise("write https:// in the kubeconfig's cluster")
            }
            300..=399 => Failure::new(FailureKind::Protocol, format!("{message}: redirects are not followed"))
                .advise("name the API server itself in the kubeconfig"),
            404 => Failure::new(FailureKind::Protocol, message)
                .advise("this cluster does not have it, or the kubeconfig's server is no API server"),
            429 | 502..=504 => Failure::new(FailureKind::Unavailable, message),
            500 => Failure::new(FailureKind::Protocol, message).advise("see the API server's log"),
            _ => Failure::new(FailureKind::Protocol, message)
                .advise("check that the kubeconfig's server is an API server, and no page in front of it"),
        })
    }

    /// The token of the next page, of a page that is of the right kind.
    fn next_page(&self, body: &[u8], resource: Resource) -> Result<Option<String>, Failure> {
        let strange = |what: &str| Err(Failure::new(FailureKind::Protocol, what));
        match parse::head(body) {
            Some(head) if head.kind == resource.list => Ok(head.next),
            Some(head) if head.kind == "Status" => {
                strange(&format!("a Status in place of a list: {}", self.said(body)))
            }
            Some(head) => {
                let kind: String =
                    self.access.without_secrets(head.kind).chars().take(80).collect();
                strange(&format!("expected {}, found {kind}", resource.list))
            }
            None if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() => {
                strange("the answer is no list")
            }
            None => strange("the answer is no JSON"),
        }
    }

    /// The server's words on an error.
    fn said(&self, body: &[u8]) -> String {
        // Cut only then: a part of a secret is not found any more.
        self.access.without_secrets(parse::status_message(body)).chars().take(300).collect()
    }

    fn without_credentials(&self, advice: &str) -> String {
        match &self.access.anonymous {
            Some(why) => {
                format!("requests were anonymous, because {why}: name one that has credentials")
            }
            None => advice.to_owned(),
        }
    }

    /// What an exchange that brought no answer means.
    fn exchange_failure(&self, error: &Error) -> Failure {
        let shown = &self.access.shown;
        let cause = |error: &(dyn std::error::Error + 'static)| {
            if let Some(io) = error.downcast_ref::<io::Error>().map(innermost) {
                let is_tls = io.get_ref().is_some_and(|e| e.is::<rustls::Error>());
                return Some(if is_tls {
                    of_kubeconfig(tls::handshake_failure(io))
                } else {
                    net::exchange_failure(io, shown)
                });
            }
            let hyper = error.downcast_ref::<hyper::Error>()?;
            if hyper.is_parse() {
                let failure = Failure::new(
                    FailureKind::Protocol,
                    format!("the answer of {shown} is not HTTP"),
                );
                return Some(failure.advise(
                    "check the cluster's server in the kubeconfig, and whether it is https://",
                ));
            }
            let ended = hyper.is_incomplete_message() || hyper.is_closed() || hyper.is_canceled();
            ended.then(|| {
                Failure::new(
                    FailureKind::Cut,
                    format!("{shown} closed the connection without an answer"),
                )
            })
        };
        // The words of the tunnel's own errors: its type cannot be named.
        let tunnel =
            causes(error).map(ToString::to_string).find(|text| text.starts_with("tunnel error: "));
        if let Some(text) = tunnel {
            let what = text.trim_start_matches("tunnel error: ");
            return Failure::new(
                FailureKind::Unreachable,
                format!("the proxy does not lead to {shown}: {what}"),
            )
            .advise("check the proxy, and the user name and password that it may want");
        }
        causes(error).find_map(cause).unwrap_or_else(|| {
            Failure::new(FailureKind::Unreachable, format!("no connection to {shown}")).advise(
                "check the cluster's server in the kubeconfig, and the proxy if there is one",
            )
        })
    }
}

/// An error and what is behind it, the outermost first.
fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |&outer: &&'a (dyn std::error::Error + 'static)| {
        outer.source()
    })
}

/// An error of input may be wrapped in others of its kind.
fn innermost(mut error: &io::Error) -> &io::Error {
    while let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>()) {
        error = inner;
    }
    error
}

/// A certificate is named in the kubeconfig, not in the profile.
fn of_kubeconfig(failure: Failure) -> Failure {
    let advice =
        failure.advice.replace("tls.ca in the profile", "certificate-authority in the kubeconfig");
    let advice =
        advice.replace("tls.server-name in the profile", "tls-server-name in the kubeconfig");
    let advice = advice.replace(
        "tls.cert and tls.key in the profile",
        "client-certificate and client-key in the kubeconfig",
    );
    Failure { advice, ..failure }
}

async fn join<T>(task: tokio::task::JoinHandle<T>) -> Result<T, Failure> {
    task.await.map_err(|_| {
        Failure::new(FailureKind::Unsupported, "parsing failed: this is a defect of envparity")
    })
}

fn expired(question: &Question) -> Failure {
    let message =
        format!("GET {} was answered 410: its pages expire while they are read", question.path());
    Failure::new(FailureKind::Protocol, message)
        .advise("the cluster changes faster than it is read: try again, or read single namespaces")
}

/// A body that ends early is the connection's; what cannot be unpacked is the server's.
fn body_failure(error: &(dyn std::error::Error + 'static), path: &str) -> Failure {
    let is_unpacking = |error: &(dyn std::error::Error + 'static)| {
        let io = error.downcast_ref::<io::Error>().map(innermost);
        io.is_some_and(|io| {
            matches!(
                io.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other
            )
        })
    };
    if !causes(error).any(|error| error.is::<hyper::Error>()) && causes(error).any(is_unpacking) {
        return Failure::new(
            FailureKind::Protocol,
            format!("the answer to GET {path} is not what its encoding says"),
        );
    }
    Failure::new(FailureKind::Cut, format!("the answer to GET {path} broke off"))
}
