//! Answers: a page with its type, its tag and its time, or a few words.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Response, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use sha2::{Digest as _, Sha256};

/// A page.
#[derive(Clone, Debug)]
pub(super) struct ServedPage {
    body: Bytes,
    kind: &'static str,
    tag: String,
    /// To the second.
    modified: Timestamp,
}

impl ServedPage {
    pub(super) fn new(text: String, kind: &'static str, modified: Timestamp) -> Self {
        let hash = Sha256::digest(text.as_bytes());
        let tag: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let modified = Timestamp::from_second(modified.as_second()).unwrap_or(modified);
        Self { body: Bytes::from(text), kind, tag: format!("\"{tag}\""), modified }
    }

    pub(super) fn html(text: String, modified: Timestamp) -> Self {
        Self::new(text, HTML, modified)
    }

    /// The page, or that the client's is still the same.
    pub(super) fn answer(&self, method: &Method, asked: &HeaderMap) -> Response<Full<Bytes>> {
        let is_same = self.is_known(asked);
        let status = if is_same { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let is_shown = !is_same && *method != Method::HEAD;
        let body = if is_shown { self.body.clone() } else { Bytes::new() };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        set(headers, header::ETAG, &self.tag);
        set(headers, header::LAST_MODIFIED, &http_date(self.modified));
        if !is_same {
            set(headers, header::CONTENT_TYPE, self.kind);
            set(headers, header::CONTENT_LENGTH, &self.body.len().to_string());
        }
        protect(headers);
        response
    }

    /// Whether the client has this page: by its tag, or else by its time.
    fn is_known(&self, asked: &HeaderMap) -> bool {
        let text = |name| asked.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        if let Some(tags) = text(header::IF_NONE_MATCH) {
            let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
            return tags.split(',').any(|tag| plain(tag) == self.tag || tag.trim() == "*");
        }
        let since = text(header::IF_MODIFIED_SINCE).and_then(|text| rfc2822::parse(text).ok());
        since.is_some_and(|since| self.modified <= since.timestamp())
    }
}

pub(super) const HTML: &str = "text/html; charset=utf-8";
pub(super) const YAML: &str = "application/yaml; charset=utf-8";
pub(super) const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A few words.
pub(super) fn words(status: StatusCode, text: &str, method: &Method) -> Response<Full<Bytes>> {
    let text = format!("{text}\n");
    let length = text.len().to_string();
    let body = if *method == Method::HEAD { Bytes::new() } else { Bytes::from(text) };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    set(headers, header::CONTENT_TYPE, "text/plain; charset=utf-8");
    set(headers, header::CONTENT_LENGTH, &length);
    protect(headers);
    response
}

/// What holds for every answer. What a page itself may load is said in its head.
fn protect(headers: &mut HeaderMap) {
    set(headers, header::CACHE_CONTROL, "no-cache");
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::REFERRER_POLICY, "no-referrer");
    set(headers, header::X_FRAME_OPTIONS, "DENY");
    set(headers, header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'");
}

pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// `Mon, 13 Apr 2026 20:05:00 GMT`.
fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
