//! GET requests to one Prometheus-compatible API, each on a connection of its own.

use std::sync::{Arc, Mutex, PoisonError};

use hyper::header::{AUTHORIZATION, DATE, HeaderMap, HeaderName};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::config::{Base, PrometheusConfig};
use super::parse::{self, AnswerBounds, ReadAnswer};
use super::queries;
use crate::collect::collector::Clock;
use crate::collect::io::aside::run_blocking;
use crate::collect::io::http::{self, Advice, HttpRequest};
use crate::collect::io::{net, secret};
use crate::model::{Failure, LoadSpan, Secret};

/// Bytes of one answer.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// Queries that are told of.
const MAX_QUERIES: usize = 32;

/// What the client keeps of answers besides their series.
#[derive(Clone, Debug, Default)]
pub(super) struct AnswerNotes {
    /// Seconds by which the server's clock is ahead of ours, by its first answer.
    pub(super) clock_ahead: Option<f64>,
    /// Without repetition.
    pub(super) warnings: Vec<String>,
    /// What was asked, without repetition and without times.
    pub(super) queries: Vec<String>,
    /// Over all answers, in their order.
    pub(super) answers: Sha256,
}

/// What is sent with every request.
pub(super) struct Credentials {
    token: Option<Secret>,
    headers: HeaderMap,
}

impl Credentials {
    /// Looks up what the profile refers to.
    pub(super) async fn resolve(config: &PrometheusConfig) -> Result<Self, Failure> {
        let mut headers = HeaderMap::new();
        for (name, reference) in &config.headers {
            let value = secret::resolve(reference, None).await?;
            let what = format!("header {name}");
            let value = http::secret_value(&what, value.expose())?;
            if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
                headers.append(name, value);
            }
        }
        if let Some(basic) = &config.basic_auth {
            let password = secret::resolve(&basic.password, Some(&basic.username)).await?;
            headers.insert(AUTHORIZATION, http::basic_value(&basic.username, &password)?);
        }
        let token = match &config.token {
            Some(reference) => Some(secret::resolve(reference, None).await?),
            None => None,
        };
        Ok(Self { token, headers })
    }
}

/// Asks one API.
pub(super) struct PrometheusClient<'a> {
    pub(super) base: &'a Base,
    pub(super) way: net::Endpoint,
    pub(super) credentials: Credentials,
    pub(super) clock: Clock,
    pub(super) aside: Arc<Mutex<AnswerNotes>>,
}

impl PrometheusClient<'_> {
    /// The label sets of the series that fit.
    pub(super) async fn series(
        &self,
        selector: &str,
        span: Option<LoadSpan>,
    ) -> Result<Vec<parse::SeriesLabels>, Failure> {
        let selectors = [selector.to_owned()];
        let told = self
            .get(&queries::series_path(&self.base.path, &selectors, span), AnswerBounds::ANSWER)
            .await?;
        Ok(told.into_iter().map(|series| series.labels).collect())
    }

    /// The values of a query at each step of a span.
    pub(super) async fn range(
        &self,
        query: &str,
        span: LoadSpan,
        seconds: i64,
    ) -> Result<Vec<parse::ToldSeries>, Failure> {
        let path = queries::range_path(&self.base.path, query, span, seconds);
        self.note_query(query);
        let told = self.get(&path, AnswerBounds::ANSWER).await?;
        if parse::is_on_grid(&told, span, seconds) {
            return Ok(told);
        }
        let shown = shown(&path);
        let message =
            format!("the answer to GET {shown} has values at times that nobody asked for");
        Err(Failure::new(crate::model::FailureKind::Protocol, message).with_advice(
            "look for a cache in between that answers for other times, and go around it",
        ))
    }

    /// What a query tells at one moment, within these bounds.
    pub(super) async fn instant(
        &self,
        query: &str,
        at: i64,
        bounds: AnswerBounds,
    ) -> Result<Vec<parse::ToldSeries>, Failure> {
        self.note_query(query);
        self.get(&queries::instant_path(&self.base.path, query, at), bounds).await
    }

    async fn get(
        &self,
        path: &str,
        bounds: AnswerBounds,
    ) -> Result<Vec<parse::ToldSeries>, Failure> {
        let shown = shown(path).to_owned();
        let wanted = &HttpRequest {
            host: &self.base.authority,
            path,
            shown: &shown,
            accept: "application/json",
            token: self.credentials.token.as_ref(),
            headers: Some(&self.credentials.headers),
            cap: MAX_BODY,
            advice: &advice(),
        };
        tracing::trace!(path, "GET");
        let before = (self.clock)();
        let answer = self.way.first(|at| async move {
            let (stream, _) = self.way.connect(at).await?;
            match http::get(stream, wanted).await {
                Err(failure) if net::is_no_answer(&failure) => Err(failure),
                answered => Ok(answered),
            }
        });
        let answer = answer.await?;
        let ahead = clock_ahead(&answer.headers, before, (self.clock)());
        let body = answer.body;
        let aside = Arc::clone(&self.aside);
        let read = move || {
            aside.lock().unwrap_or_else(PoisonError::into_inner).answers.update(&body);
            parse::read(&body, &shown, bounds)
        };
        let ReadAnswer { series, warnings } = run_blocking(read).await??;
        self.note(ahead, warnings);
        Ok(series)
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, AnswerNotes> {
        self.aside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_query(&self, query: &str) {
        let mut aside = self.locked();
        if aside.queries.len() < MAX_QUERIES && !aside.queries.iter().any(|known| known == query) {
            aside.queries.push(query.to_owned());
        }
    }

    fn note(&self, ahead: Option<f64>, warnings: Vec<String>) {
        let mut aside = self.locked();
        aside.clock_ahead = aside.clock_ahead.or(ahead);
        for warning in warnings {
            if aside.warnings.len() < 16 && !aside.warnings.contains(&warning) {
                aside.warnings.push(warning);
            }
        }
    }
}

/// Without the query, which is long.
fn shown(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}

/// By the header Date, which has whole seconds: 0 if the answer may have been made while we waited.
fn clock_ahead(headers: &HeaderMap, before: Timestamp, after: Timestamp) -> Option<f64> {
    let text = headers.get(DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64();
    let (ahead, behind) = (seconds(after, date), seconds(date, before) - 1.0);
    Some(if ahead > 0.0 { ahead } else { -behind.max(0.0) })
}

fn advice() -> Advice {
    Advice {
        unauthorized: "give it token: ${env:NAME} or basic-auth:, or renew what it has".to_owned(),
        forbidden: "allow the owner of the credentials to query the API".to_owned(),
        broken: "the Prometheus could not answer: look into its log, and that of any proxy in \
                 between"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prometheus_clock_is_told_by_the_date_of_its_answer() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (before, after) = (at("2026-04-13T20:00:00.2Z"), at("2026-04-13T20:00:01.5Z"));
        for (date, wanted) in [
            ("Mon, 13 Apr 2026 20:00:00 GMT", Some(0.0)),
            ("Mon, 13 Apr 2026 20:00:01 GMT", Some(0.0)),
            ("Mon, 13 Apr 2026 21:00:01 GMT", Some(3599.5)),
            ("Mon, 13 Apr 2026 19:00:00 GMT", Some(-3599.2)),
            ("yesterday", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(DATE, date.parse().unwrap());
            let ahead = clock_ahead(&headers, before, after);
            assert_eq!(
                ahead.map(|ahead| (ahead * 10.0).round()),
                wanted.map(|w: f64| (w * 10.0).round()),
                "{date}"
            );
        }
        assert_eq!(clock_ahead(&HeaderMap::new(), before, after), None);
    }
}
