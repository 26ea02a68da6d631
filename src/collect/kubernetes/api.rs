//! GET, and only GET, of a Kubernetes API server: the method is not a parameter.
//!
//! Lists come page by page; while one page is parsed the next is on its way. Nothing is tried again
//! but a list whose pages expired (410), once, and what the server puts off (429), twice and when
//! it says.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use hyper::body::Incoming;
use hyper::{Response, StatusCode, header};
use tokio::time::{Instant, sleep_until};

use super::access::ClusterAccess;
use super::body::{self, MAX_STATUS};
use super::page::{Opening, Tokens, expired, opening};
use super::payload::{AnswerBody, Encoding, Payload};
use super::question::{Question, Resource, grant};
use crate::collect::collector::CollectContext;
use crate::collect::io::aside::run_blocking;
use crate::collect::io::{net, silence};
use crate::model::{Failure, FailureKind};

/// A cluster that can be asked.
pub(super) struct Api {
    access: ClusterAccess,
    context: CollectContext,
    /// Whether a connection may be left over from an earlier question.
    answered: AtomicBool,
    /// Whether the last answer was that we ask too much.
    put_off: AtomicBool,
    /// What the user may not ask.
    refused: Mutex<Vec<Question>>,
}

/// How often a question is asked again that was put off.
const AGAIN: usize = 2;

/// Where the server does not say when.
const PAUSE: Duration = Duration::from_secs(1);

/// Why a list ended early.
enum Stop {
    /// Its pages are no more: 410.
    Expired(Failure),
    /// The server does not know the resource, not in this version at least: 404.
    Unknown(Failure),
    Failed(Failure),
}

impl Stop {
    fn failure(self) -> Failure {
        let (Self::Expired(failure) | Self::Unknown(failure) | Self::Failed(failure)) = self;
        failure
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Api {
    pub(super) fn new(access: ClusterAccess, context: &CollectContext) -> Self {
        Self {
            access,
            context: context.clone(),
            answered: AtomicBool::new(false),
            put_off: AtomicBool::new(false),
            refused: Mutex::default(),
        }
    }

    /// Why the server's certificate was not looked at, if so.
    pub(super) fn unverified(&self) -> Option<&'static str> {
        self.access.unverified.then_some("insecure-skip-tls-verify")
    }

    /// Whether the next question would meet the same.
    pub(super) fn is_hopeless(&self, failure: &Failure) -> bool {
        match failure.kind {
            FailureKind::Authentication => true,
            // A connection that broke off in one answer may bring the next.
            FailureKind::Cut => false,
            FailureKind::Unavailable => !self.put_off.load(Ordering::Relaxed),
            kind => kind.is_unreached(),
        }
    }

    /// What the user may not ask, so far.
    pub(super) fn refused(&self) -> Vec<Question> {
        self.refused.lock().map(|refused| refused.clone()).unwrap_or_default()
    }

    /// The server's address, and what a reader should know of it.
    pub(super) fn shown(&self) -> &str {
        &self.access.shown
    }

    /// What `parse` makes of the answer to a question that is not a list.
    pub(super) async fn get<T: Send + 'static>(
        &self,
        question: &Question,
        parse: impl FnOnce(Payload<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let exchange = async {
            let mut body = AnswerBody::default();
            let status = self.exchange(&question.path(), &mut body).await?;
            self.accepted(status, body.payload(), question)?;
            run_blocking(move || parse(body.payload())).await?
        };
        self.within(question, exchange).await
    }

    /// Within the deadline; what takes longer names the question.
    async fn within<T>(
        &self,
        question: &Question,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let ended = net::within(self.context.deadline, self.context.allowed, work).await;
        ended.map_err(|failure| match failure.kind {
            FailureKind::Timeout => {
                let message = format!("GET {}: {}", question.path(), failure.message);
                Failure { message, ..failure }
            }
            _ => failure,
        })
    }

    /// All pages of a list, read into `empty` by `page`. Whatever was read is lost if one fails.
    pub(super) async fn list<S: Clone + Send + 'static>(
        &self,
        resource: Resource,
        namespace: Option<&str>,
        empty: &S,
        page: impl Fn(&mut S, Payload<'_>) -> Result<(), Failure> + Clone + Send + 'static,
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
        self.within(&Question::list(resource, namespace), read).await
    }

    async fn pages<S: Send + 'static>(
        &self,
        question: &Question,
        resource: Resource,
        empty: S,
        page: impl Fn(&mut S, Payload<'_>) -> Result<(), Failure> + Clone + Send + 'static,
    ) -> Result<S, Stop> {
        let path = question.path();
        let of_path = |failure: Failure| Failure {
            message: format!("GET {path}: {}", failure.message),
            ..failure
        };
        // Two bodies take turns: one is filled while the other is parsed.
        let mut body = AnswerBody::default();
        let mut parsing = parsed(move || Ok((empty, AnswerBody::default())));
        let (mut token, mut seen) = (None::<String>, Tokens::default());
        let mut question = question.clone();
        loop {
            let exchange = self.exchange(&question.page(token.as_deref()), &mut body).await;
            let status = match (exchange, question.in_smaller_pages()) {
                (Err(failure), Some(smaller)) if failure.kind == FailureKind::TooLarge => {
                    tracing::debug!(path = question.path(), "the page is too large: a smaller one");
                    question = smaller;
                    continue;
                }
                (exchange, _) => exchange?,
            };
            let question = &question;
            if status == StatusCode::GONE {
                return Err(Stop::Expired(expired(question)));
            }
            match self.accepted(status, body.payload(), question) {
                Err(failure) if status == StatusCode::NOT_FOUND => {
                    return Err(Stop::Unknown(failure));
                }
                accepted => accepted?,
            }
            let (whole, opening) = opening(body).await?;
            let next = self.next_page(whole.payload(), opening, resource).map_err(of_path)?;
            let (mut state, spare) = parsing.await.map_err(of_path)?;
            let page = page.clone();
            body = spare;
            parsing = parsed(move || page(&mut state, whole.payload()).map(|()| (state, whole)));
            match next {
                None => return Ok(parsing.await.map_err(of_path)?.0),
                Some(next) => {
                    seen.meet(&next).map_err(of_path)?;
                    token = Some(next);
                }
            }
        }
    }

    /// One answer, waited for where the server puts us off; `body` is overwritten.
    async fn exchange(&self, path: &str, body: &mut AnswerBody) -> Result<StatusCode, Failure> {
        for _ in 0..AGAIN {
            let (status, pause) = self.exchange_once(path, body).await?;
            // Where there is no time left for it, what was said is more than that time ran out.
            let until = Instant::now() + pause;
            if status != StatusCode::TOO_MANY_REQUESTS || until >= self.context.deadline {
                return Ok(status);
            }
            tracing::debug!(path, ?pause, "put off");
            sleep_until(until).await;
        }
        Ok(self.exchange_once(path, body).await?.0)
    }

    /// One exchange, and when the server wants to be asked again; `body` is overwritten.
    async fn exchange_once(
        &self,
        path: &str,
        body: &mut AnswerBody,
    ) -> Result<(StatusCode, Duration), Failure> {
        tracing::debug!(server = self.access.shown, path, "GET");
        let response = self.send(path).await?;
        let pause = pause(&response);
        let encoding = response.headers().get(header::CONTENT_ENCODING);
        let is_gzip = encoding.is_some_and(|encoding| encoding.as_bytes() == b"gzip");
        body.encoding = Encoding::of(response.headers().get(header::CONTENT_TYPE));
        let (status, rest) = (response.status(), response.into_body());
        self.put_off.store(status == StatusCode::TOO_MANY_REQUESTS, Ordering::Relaxed);
        if status == StatusCode::OK {
            // Without the query: a token says nothing to a reader.
            let path = path.split('?').next().unwrap_or(path);
            body::read(rest, is_gzip, path, &mut body.bytes).await?;
        } else {
            body::read_refusal(rest, is_gzip, self.context.deadline, &mut body.bytes).await;
        }
        tracing::trace!(%status, bytes = body.bytes.len(), encoding = body.encoding.name(), "answered");
        Ok((status, pause))
    }

    /// The head of an answer. A server may close a connection that it had left open: then once
    /// more, on another.
    async fn send(&self, path: &str) -> Result<Response<Incoming>, Failure> {
        let is_first = !self.answered.swap(true, Ordering::Relaxed);
        let sent = self.access.client.get(path).await;
        if sent.is_ok() {
            silence::broken();
        }
        if let Ok(response) = &sent
            && response.status() == StatusCode::NOT_ACCEPTABLE
            && self.access.client.ask_for_json()
        {
            tracing::debug!(path, "no protobuf: once more, for JSON");
            return self.access.client.get(path).await;
        }
        match sent {
            Err(failure) if failure.kind == FailureKind::Cut && !is_first => {
                tracing::debug!(path, "the connection was closed meanwhile: once more");
                self.access.client.get(path).await
            }
            sent => sent,
        }
    }

    /// Whether it is an answer, or else what the status means.
    fn accepted(
        &self,
        status: StatusCode,
        body: Payload<'_>,
        question: &Question,
    ) -> Result<(), Failure> {
        if status == StatusCode::OK {
            return Ok(());
        }
        let said = self.said(body);
        let said = if said.is_empty() { said } else { format!(": {said}") };
        let message = format!("GET {} was answered {status}{said}", question.path());
        Err(match status.as_u16() {
            401 => {
                Failure::new(FailureKind::Authentication, message)
                    .with_advice(self.without_credentials(
                    "the cluster does not accept the credentials: renew them, and try kubectl with \
                 the same context",
                ))
            }
            403 => Failure::new(FailureKind::Permission, message)
                .with_advice(self.missing(question, body)),
            400 if says_tls(body.bytes()) => {
                Failure::new(FailureKind::Tls, "the server speaks TLS on this port")
                    .with_advice("write https:// in the kubeconfig's cluster")
            }
            300..=399 => Failure::new(
                FailureKind::Protocol,
                format!("{message}: redirects are not followed"),
            )
            .with_advice("name the API server itself in the kubeconfig"),
            404 => Failure::new(FailureKind::Protocol, message).with_advice(
                "this cluster does not have it, or the kubeconfig's server is not an API server",
            ),
            429 | 502..=504 => Failure::new(FailureKind::Unavailable, message),
            500 => {
                Failure::new(FailureKind::Protocol, message).with_advice("see the API server's log")
            }
            _ => Failure::new(FailureKind::Protocol, message).with_advice(
                "check that the kubeconfig's server is an API server, and no page in \
                              front of it",
            ),
        })
    }

    /// The token of the next page, of a page that is of the right kind.
    fn next_page(
        &self,
        body: Payload<'_>,
        opening: Opening,
        resource: Resource,
    ) -> Result<Option<String>, Failure> {
        let strange = |what: &str| Err(Failure::new(FailureKind::Protocol, what));
        match opening.head {
            Some(head) if head.kind == resource.list && head.is_page && head.next.is_none() => {
                strange("the list says that there is more, and not how to ask for it")
            }
            Some(head) if head.kind == resource.list => Ok(head.next),
            Some(head) if head.kind == "Status" => {
                strange(&format!("a Status in place of a list: {}", self.said(body)))
            }
            Some(head) => {
                let kind: String =
                    self.access.without_secrets(head.kind).chars().take(80).collect();
                strange(&format!("expected {}, found {kind}", resource.list))
            }
            None if opening.is_well_formed => strange("the answer is not a list"),
            None => strange(&format!("the answer is not {}", body.encoding().name())),
        }
    }

    /// The server's words on an error.
    fn said(&self, body: Payload<'_>) -> String {
        if body.bytes().len() > MAX_STATUS {
            return String::new();
        }
        // Cut only then: a part of a secret is not found any more.
        self.access.without_secrets(body.status_message()).chars().take(300).collect()
    }

    /// What a refused question lacks: a user, or a right. Behind `kubectl proxy` requests carry no
    /// credentials, and the server knows the proxy's.
    fn missing(&self, question: &Question, body: Payload<'_>) -> String {
        let knows_nobody = self.said(body).contains("system:anonymous");
        if knows_nobody && self.access.anonymous.is_some() {
            return self.without_credentials("");
        }
        if let Ok(mut refused) = self.refused.lock() {
            refused.push(question.clone());
        }
        grant([question])
    }

    fn without_credentials(&self, advice: &str) -> String {
        match &self.access.anonymous {
            Some(why) => {
                format!("requests were anonymous, because {why}: name one that has credentials")
            }
            None => advice.to_owned(),
        }
    }
}

/// When to ask again. Kubernetes says it in seconds.
fn pause<B>(response: &Response<B>) -> Duration {
    let told = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    told.and_then(|text| text.trim().parse().ok()).map_or(PAUSE, Duration::from_secs)
}

/// Whether a server that speaks TLS answers what was sent without.
fn says_tls(body: &[u8]) -> bool {
    String::from_utf8_lossy(&body[..body.len().min(1024)]).contains("HTTPS server")
}

/// Begins to parse; the result may be waited for later.
fn parsed<T: Send + 'static>(
    parse: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> BoxFuture<'static, Result<T, Failure>> {
    let parsing = run_blocking(parse);
    async move { parsing.await? }.boxed()
}
