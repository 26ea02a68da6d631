//! GET, and only GET, of a Kubernetes API server: the method is not a parameter.
//!
//! Lists come page by page; while one page is parsed the next is on its way. Nothing is tried again but
//! a list whose pages expired (410), once.

use std::error::Error as _;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{Request, StatusCode, header};
use kube::Error;
use kube::client::Body;

use super::access::Access;
use super::parse;
use super::question::{Question, Resource};
use crate::collect::{Context, net, tls};
use crate::model::{Failure, FailureKind};

/// A page of 500 pods is some 5 MiB, of very large ones ten times that.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// A cluster that can be asked.
#[derive(Clone)]
pub(super) struct Api {
    access: Arc<Access>,
    context: Context,
}

/// Why a list ended early.
enum Stop {
    /// Its pages are no more: 410.
    Expired(Failure),
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Api {
    pub(super) fn new(access: Access, context: &Context) -> Self {
        Self { access: Arc::new(access), context: context.clone() }
    }

    /// The answer to a question that is no list.
    pub(super) async fn get(&self, question: &Question) -> Result<Bytes, Failure> {
        let answer = net::within(self.context.deadline, self.context.allowed, self.body(&question.path())).await;
        answer.and_then(|(status, body)| self.accepted(status, &body, question).map(|()| body))
    }

    /// All pages of a list, read into `empty` by `page`. Whatever was read is lost if one fails.
    pub(super) async fn list<S: Clone + Send + 'static>(
        &self,
        resource: Resource,
        namespace: Option<&str>,
        empty: &S,
        page: impl Fn(&mut S, &[u8]) -> Result<(), Failure> + Clone + Send + 'static,
    ) -> Result<S, Failure> {
        let question = Question::list(resource, namespace);
        let pages = || self.pages(&question, resource, empty.clone(), page.clone());
        let read = async {
            match pages().await {
                Err(Stop::Expired(_)) => {
                    tracing::debug!(path = question.path(), "the list expired: starting again");
                    pages().await
                }
                ended => ended,
            }
            .map_err(|(Stop::Expired(failure) | Stop::Failed(failure))| failure)
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
        let of_path =
            |failure: Failure| Failure { message: format!("GET {}: {}", question.path(), failure.message), ..failure };
        let mut parsing = tokio::task::spawn_blocking(move || Ok(empty));
        let mut token: Option<String> = None;
        loop {
            let (status, body) = self.body(&question.page(token.as_deref())).await?;
            if status == StatusCode::GONE {
                let message =
                    format!("GET {} was answered {status}: its pages expire while they are read", question.path());
                let advice = "the cluster changes faster than it is read: try again, or read single namespaces";
                return Err(Stop::Expired(Failure::new(FailureKind::Protocol, message).advise(advice)));
            }
            self.accepted(status, &body, question)?;
            let next = next_page(&body, resource).map_err(of_path)?;
            let mut state = join(parsing).await?.map_err(of_path)?;
            let page = page.clone();
            parsing = tokio::task::spawn_blocking(move || page(&mut state, &body).map(|()| state));
            match next {
                None => return Ok(join(parsing).await?.map_err(of_path)?),
                next if next == token => {
                    return Err(of_path(Failure::new(
                        FailureKind::Protocol,
                        "the list never ends: a page asks for itself",
                    ))
                    .into());
                }
                next => token = next,
            }
        }
    }

    /// One exchange.
    async fn body(&self, path: &str) -> Result<(StatusCode, Bytes), Failure> {
        tracing::debug!(server = self.access.shown, path, "GET");
        let request = Request::get(path)
            .header(header::ACCEPT, "application/json")
            .body(Body::empty())
            .map_err(|_| Failure::new(FailureKind::Protocol, format!("no request can be made of {path}")))?;
        let response = self.access.client.send(request).await.map_err(|e| self.exchange_failure(&e))?;
        let status = response.status();
        let body =
            Limited::new(response.into_body(), MAX_BODY).collect().await.map_err(|e| body_failure(e.as_ref(), path))?;
        let body = body.to_bytes();
        tracing::trace!(%status, bytes = body.len(), "answered");
        Ok((status, body))
    }

    /// Whether it is an answer, or else what the status means.
    fn accepted(&self, status: StatusCode, body: &[u8], question: &Question) -> Result<(), Failure> {
        if status == StatusCode::OK {
            return Ok(());
        }
        let said = parse::status_message(body);
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
            429 | 502..=504 => Failure::new(FailureKind::Unavailable, message),
            _ => Failure::new(FailureKind::Protocol, message),
        })
    }

    fn without_credentials(&self, advice: &str) -> String {
        match &self.access.anonymous {
            Some(why) => format!("requests were anonymous, because {why}: name one that has credentials"),
            None => advice.to_owned(),
        }
    }

    /// What an exchange that brought no answer means.
    fn exchange_failure(&self, error: &Error) -> Failure {
        let shown = &self.access.shown;
        let mut cause = error.source();
        while let Some(inner) = cause {
            if let Some(io) = inner.downcast_ref::<io::Error>() {
                let is_tls = io.get_ref().is_some_and(|e| e.is::<rustls::Error>());
                return if is_tls {
                    of_kubeconfig(tls::handshake_failure(io))
                } else {
                    net::exchange_failure(io, shown)
                };
            }
            if let Some(hyper) = inner.downcast_ref::<hyper::Error>() {
                if hyper.is_incomplete_message() || hyper.is_closed() || hyper.is_canceled() {
                    return Failure::new(FailureKind::Cut, format!("{shown} closed the connection without an answer"));
                }
                if hyper.is_parse() {
                    return Failure::new(FailureKind::Protocol, format!("the answer of {shown} is not HTTP"));
                }
            }
            cause = inner.source();
        }
        let text = error.to_string();
        match () {
            () if text.contains("tunnel") || text.contains("proxy") => {
                Failure::new(FailureKind::Unreachable, format!("the proxy does not lead to {shown}"))
                    .advise("check the proxy (proxy: in the profile, proxy-url in the kubeconfig, $HTTPS_PROXY)")
            }
            () => Failure::new(FailureKind::Unreachable, format!("no connection to {shown}")),
        }
    }
}

/// A certificate is named in the kubeconfig, not in the profile.
fn of_kubeconfig(failure: Failure) -> Failure {
    let advice = failure.advice.replace("tls.ca in the profile", "certificate-authority in the kubeconfig");
    let advice = advice.replace("tls.server-name in the profile", "tls-server-name in the kubeconfig");
    let advice =
        advice.replace("tls.cert and tls.key in the profile", "client-certificate and client-key in the kubeconfig");
    Failure { advice, ..failure }
}

/// The token of the next page, of a page that is of the right kind.
fn next_page(body: &[u8], resource: Resource) -> Result<Option<String>, Failure> {
    let strange = |what: &str| Err(Failure::new(FailureKind::Protocol, what));
    match parse::head(body) {
        Some(head) if head.kind == resource.list => Ok(head.next),
        Some(head) if head.kind == "Status" => {
            strange(&format!("a Status in place of a list: {}", parse::status_message(body)))
        }
        Some(head) => {
            let kind: String = head.kind.chars().take(80).collect();
            strange(&format!("expected {}, found {kind}", resource.list))
        }
        None if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() => strange("the answer is no list"),
        None => strange("the answer is no JSON"),
    }
}

async fn join<T>(task: tokio::task::JoinHandle<T>) -> Result<T, Failure> {
    task.await.map_err(|_| Failure::new(FailureKind::Unsupported, "parsing failed: this is a defect of envparity"))
}

fn body_failure(error: &(dyn std::error::Error + Send + Sync + 'static), path: &str) -> Failure {
    if error.is::<LengthLimitError>() {
        return Failure::new(FailureKind::TooLarge, format!("the answer to GET {path} exceeds {} MiB", MAX_BODY >> 20));
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        let io = inner.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::InvalidData || io.kind() == io::ErrorKind::InvalidInput) {
            return Failure::new(
                FailureKind::Protocol,
                format!("the answer to GET {path} is not what its encoding says"),
            );
        }
        cause = inner.source();
    }
    Failure::new(FailureKind::Cut, format!("the answer to GET {path} broke off"))
}
