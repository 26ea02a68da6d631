//! HTTP to an API server: requests that carry who we are, on connections of ours (`connector`).
//!
//! The crate `kube` reads kubeconfigs and the service account of a pod. Its own client is not used:
//! it waits for the first address of a name, however silent that is. Here the first request goes to
//! one address after another, and the one that answers it is asked from then on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use kube::config::{AuthInfo, Config};
use secrecy::ExposeSecret;
use tokio::sync::Mutex;

use super::connector::{Connector, Route};
use super::exchange::exchange_failure;
use super::payload::{ACCEPT_BOTH, ACCEPT_JSON};
use crate::collect::io::net;
use crate::model::{Failure, FailureKind};

/// What speaks to one API server.
pub(super) struct ClusterClient {
    route: Arc<Route>,
    /// Who is asked. While addresses are tried, other requests wait: a slow server with several
    /// gets one request at each of them, and not all.
    chosen: Mutex<Option<Chosen>>,
    /// What all paths stand behind.
    base: Uri,
    headers: HeaderMap,
    /// Whether the server has refused protobuf.
    wants_json: AtomicBool,
    /// The server in messages.
    shown: String,
}

/// What speaks to one address.
type AtAddress = legacy::Client<Connector, Empty<Bytes>>;

#[derive(Clone)]
struct Chosen {
    http: AtAddress,
    /// Whether there is no other to try.
    is_only: bool,
}

impl ClusterClient {
    /// Connects to nothing yet; `shown` is the server in messages.
    pub(super) async fn new(config: Config, shown: &str) -> Result<Self, Failure> {
        let mut headers = HeaderMap::new();
        let agent = concat!("envparity/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        if !config.disable_compression {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if let Some(credentials) = credentials(&config.auth_info)? {
            headers.insert(AUTHORIZATION, credentials);
        }
        for (name, value) in impersonated(&config.auth_info)? {
            headers.append(name, value);
        }
        let route = Arc::new(Route::new(&config, shown).await?);
        let (chosen, base, shown) = (Mutex::new(None), config.cluster_url, shown.to_owned());
        let wants_json = AtomicBool::new(false);
        Ok(Self { route, chosen, base, headers, wants_json, shown })
    }

    /// From now on, nothing but JSON; `false` if that is what was asked for already.
    pub(super) fn ask_for_json(&self) -> bool {
        !self.wants_json.swap(true, Ordering::Relaxed)
    }

    /// GET. An answer has begun; its body is still to be read.
    pub(super) async fn get(&self, path: &str) -> Result<Response<Incoming>, Failure> {
        let request = self.request(path)?;
        let mut chosen = self.chosen.lock().await;
        if let Some(Chosen { http, is_only }) = chosen.clone() {
            drop(chosen);
            match http.request(request.clone()).await {
                // It has answered before, and may have gone since.
                Err(error) if error.is_connect() && !is_only => chosen = self.chosen.lock().await,
                sent => return sent.map_err(|error| exchange_failure(&error, &self.shown)),
            }
        }
        let addresses = self.route.first_hop.addresses().await?;
        if let [only] = addresses[..] {
            let http = self.at_address(only);
            *chosen = Some(Chosen { http: http.clone(), is_only: true });
            drop(chosen);
            return self.ask(&http, request).await;
        }
        let request = &request;
        let answered = self.route.first_hop.first_of(addresses, |at| async move {
            let http = self.at_address(at);
            match self.ask(&http, request.clone()).await {
                Err(failure) if net::is_no_answer(&failure) => Err(failure),
                answered => Ok(answered.map(|response| (http, response))),
            }
        });
        let (http, response) = answered.await?;
        *chosen = Some(Chosen { http, is_only: false });
        Ok(response)
    }

    fn at_address(&self, at: SocketAddr) -> AtAddress {
        let connector = Connector { route: Arc::clone(&self.route), at };
        legacy::Client::builder(TokioExecutor::new()).build(connector)
    }

    async fn ask(
        &self,
        http: &AtAddress,
        request: Request<Empty<Bytes>>,
    ) -> Result<Response<Incoming>, Failure> {
        http.request(request).await.map_err(|error| exchange_failure(&error, &self.shown))
    }

    fn request(&self, path: &str) -> Result<Request<Empty<Bytes>>, Failure> {
        let no_request =
            |_| Failure::new(FailureKind::Protocol, format!("no request can be made of {path}"));
        let mut parts = self.base.clone().into_parts();
        let before = self.base.path().trim_end_matches('/');
        parts.path_and_query = Some(format!("{before}{path}").parse().map_err(no_request)?);
        let uri = Uri::from_parts(parts).map_err(|_| {
            Failure::new(FailureKind::File, "the cluster's server in the kubeconfig is not a URL")
        })?;
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers.clone();
        let wants_json = self.wants_json.load(Ordering::Relaxed);
        let accepted = if wants_json { ACCEPT_JSON } else { ACCEPT_BOTH };
        request.headers_mut().insert(ACCEPT, accepted);
        Ok(request)
    }
}

fn value(text: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(text).map_err(|_| {
        Failure::new(
            FailureKind::Authentication,
            "the kubeconfig's credentials cannot be used: they hold what no header can hold",
        )
        .advise("try kubectl with the same context")
    })
}

/// A password comes before a token, as for kubectl.
fn credentials(user: &AuthInfo) -> Result<Option<HeaderValue>, Failure> {
    let text = match (&user.username, &user.password, &user.token) {
        (Some(name), Some(password), _) => {
            format!("Basic {}", STANDARD.encode(format!("{name}:{}", password.expose_secret())))
        }
        (_, _, Some(token)) => format!("Bearer {}", token.expose_secret()),
        _ => return Ok(None),
    };
    let mut value = value(&text)?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// Whom the user wants to be taken for. Source: `round_trippers.go` of client-go.
fn impersonated(user: &AuthInfo) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    let mut all: Vec<(String, &String)> = Vec::new();
    all.extend(user.impersonate.iter().map(|name| ("impersonate-user".to_owned(), name)));
    all.extend(user.impersonate_uid.iter().map(|uid| ("impersonate-uid".to_owned(), uid)));
    let groups = user.impersonate_groups.iter().flatten();
    all.extend(groups.map(|group| ("impersonate-group".to_owned(), group)));
    for (key, values) in user.impersonate_user_extra.iter().flatten() {
        let name = format!("impersonate-extra-{}", escaped(key));
        all.extend(values.iter().map(|value| (name.clone(), value)));
    }
    let header = |(name, text): (String, &String)| {
        let name = HeaderName::try_from(name).map_err(|_| {
            Failure::new(
                FailureKind::File,
                "the kubeconfig's as-user-extra has a key that no header can have",
            )
        })?;
        Ok((name, value(text)?))
    };
    all.into_iter().map(header).collect()
}

/// As client-go escapes what a header's name cannot hold.
fn escaped(key: &str) -> String {
    let mut escaped = String::new();
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(yaml: serde_json::Value) -> AuthInfo {
        serde_json::from_value(yaml).unwrap()
    }

    #[test]
    fn credentials_are_those_of_kubectl() {
        let of = |user: AuthInfo| {
            credentials(&user).unwrap().map(|value| value.to_str().unwrap().to_owned())
        };
        let both = user(serde_json::json!({"username": "me", "password": "x", "token": "t"}));
        assert_eq!(of(both).as_deref(), Some("Basic bWU6eA=="));
        let token = user(serde_json::json!({"username": "me", "token": "t"}));
        assert_eq!(of(token).as_deref(), Some("Bearer t"));
        assert_eq!(of(AuthInfo::default()), None);
        let two_lines = user(serde_json::json!({"token": "a\nb"}));
        assert_eq!(credentials(&two_lines).unwrap_err().kind, FailureKind::Authentication);
    }

    #[test]
    fn a_user_may_want_to_be_taken_for_another() {
        let user = user(serde_json::json!({"as": "ci", "as-groups": ["a", "b"],
            "as-user-extra": {"example.com/scope 1": ["x"]}}));
        let headers = impersonated(&user).unwrap();
        let shown: Vec<String> =
            headers.iter().map(|(k, v)| format!("{k}={}", v.to_str().unwrap())).collect();
        assert_eq!(
            shown,
            [
                "impersonate-user=ci",
                "impersonate-group=a",
                "impersonate-group=b",
                "impersonate-extra-example.com%2fscope%201=x"
            ]
        );
    }
}
