//! Which path is which page.

use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header;
use hyper::{Method, Request, Response, StatusCode};

use super::guard::{Refusal, ServeGuard};
use crate::daemon::pages::{render_index, render_metrics};
use crate::daemon::served::{METRICS, ServedPage, set, words};
use crate::daemon::state::ServeState;

/// Runs that failed in a row until this process is not healthy.
const UNHEALTHY: u32 = 3;

/// What is served.
pub(in crate::daemon) struct Site {
    pub(in crate::daemon) state: Arc<ServeState>,
    pub(in crate::daemon) guard: ServeGuard,
}

impl Site {
    pub(super) async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let (method, path) = (request.method(), request.uri().path());
        let is_known = PATHS.contains(&path);
        if is_known && !matches!(*method, Method::GET | Method::HEAD) {
            let mut response = words(StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD only", method);
            set(response.headers_mut(), header::ALLOW, "GET, HEAD");
            return response;
        }
        match path {
            "/healthz" => return self.health(method),
            "/readyz" => return self.readiness(method),
            _ => {}
        }
        match self.guard.check(request.headers()) {
            Ok(()) => {}
            Err(Refusal::Token) => {
                let mut response = words(StatusCode::UNAUTHORIZED, "show the token", method);
                let asked = "Basic realm=\"envparity\", charset=\"UTF-8\"";
                set(response.headers_mut(), header::WWW_AUTHENTICATE, asked);
                return response;
            }
            Err(Refusal::Host) => {
                let told = "ask for this machine by its address, or name it by public-url";
                return words(StatusCode::MISDIRECTED_REQUEST, told, method);
            }
        }
        if !is_known {
            return words(StatusCode::NOT_FOUND, "there is no such page", method);
        }
        match self.page(path, request.uri().query()).await {
            Ok(page) => page.answer(method, request.headers()),
            Err(why) => words(StatusCode::SERVICE_UNAVAILABLE, &why, method),
        }
    }

    async fn page(&self, path: &str, query: Option<&str>) -> Result<Arc<ServedPage>, String> {
        let state = &self.state;
        let page = match path {
            "/" => {
                let status = state.status();
                ServedPage::html(render_index(&status), status.now)
            }
            "/metrics" => {
                let status = state.status();
                ServedPage::new(render_metrics(&status), METRICS, status.now)
            }
            "/timeline" => return Arc::clone(state).timeline_page().await,
            "/checklist.html" => return state.checklist_page(release_of(query).as_deref()),
            other => return state.report_page(other.trim_start_matches('/')),
        };
        Ok(Arc::new(page))
    }

    fn health(&self, method: &Method) -> Response<Full<Bytes>> {
        let failed = self.state.status().failed_runs;
        if failed >= UNHEALTHY {
            let told = format!("{failed} runs in a row have failed");
            return words(StatusCode::SERVICE_UNAVAILABLE, &told, method);
        }
        words(StatusCode::OK, "ok", method)
    }

    /// Why the history fails may name what only those with the token may read.
    fn readiness(&self, method: &Method) -> Response<Full<Bytes>> {
        let status = self.state.status();
        let told = match (status.is_stopping, &status.history_failure) {
            (true, _) => "it is ending",
            (false, Some(_)) => "the history cannot be written",
            (false, None) => return words(StatusCode::OK, "ready", method),
        };
        words(StatusCode::SERVICE_UNAVAILABLE, told, method)
    }
}

const PATHS: &[&str] = &[
    "/", "/checklist.html", "/healthz", "/metrics", "/readyz", "/report.html", "/report.yaml",
    "/timeline",
];

/// The release that a query names.
fn release_of(query: Option<&str>) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query?.as_bytes());
    pairs.find(|(name, _)| name == "release").map(|(_, value)| value.into_owned())
}
