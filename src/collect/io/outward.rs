//! Connections to somebody who is told something, which `notify` speaks on: with the same TLS, caps
//! and looking up of names as those to targets, and by a proxy where there is one.
//!
//! No collector uses this, and nothing is said here but CONNECT to a proxy.

use std::error::Error;

use hyper::Uri;
use hyper::header::HeaderValue;
use hyper_util::client::proxy::matcher::Matcher;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

use super::config::TlsConfig;
use super::net::{self, CappedStream, Duplex, Endpoint, TlsEndpoint};
use super::stream::OpenStream;
use super::tls::TlsSettings;
use super::{http, secret};
use crate::model::{Failure, FailureKind, Secret};
use crate::wire::secret::SecretReference;

/// Bytes that are read of one answer; nobody looks at its body.
const MAX_ANSWER: u64 = 64 * 1024;

/// Bytes of what a proxy answers to CONNECT.
const MAX_PROXY_ANSWER: usize = 8 * 1024;

/// A URL taken apart. It may be a secret: it has no `Debug`.
pub(crate) struct OutwardAddress {
    tls: bool,
    host: String,
    port: u16,
    /// As the header `Host` has it.
    pub(crate) authority: String,
    /// With the query.
    pub(crate) path: String,
}

impl OutwardAddress {
    /// Reads a URL. The text never goes into the message.
    ///
    /// # Errors
    /// If it is not the URL of an HTTP server.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = |what: &str| {
            Failure::new(FailureKind::Secret, what.to_owned())
                .with_advice("write https://host/path, without user name and password")
        };
        let url = Url::parse(text).map_err(|_| wrong("what it refers to is not a URL"))?;
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(wrong("its URL is neither http:// nor https://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("its URL holds a user name or password"));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("its URL names no host"))?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Self {
            tls,
            host: host.to_owned(),
            port: url.port_or_known_default().unwrap_or(if tls { 443 } else { 80 }),
            authority: url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
            path: format!("{}{query}", url.path()),
        })
    }

    fn uri(&self) -> Option<Uri> {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}:{}", self.host, self.port).parse().ok()
    }
}

/// A proxy on the way.
struct ProxyAddress {
    host: String,
    port: u16,
    /// User name and password, as the header has them.
    credentials: Option<HeaderValue>,
}

/// Looks up a secret that goes to somebody who is told something.
///
/// # Errors
/// If it is not set, or cannot be read.
pub(crate) async fn resolve(reference: &SecretReference) -> Result<Secret, Failure> {
    secret::resolve(reference, None).await
}

/// The value of a header that is a secret, which messages call `what`.
///
/// # Errors
/// If no header can hold it.
pub(crate) fn header_of(what: &str, secret: &Secret) -> Result<HeaderValue, Failure> {
    http::secret_value(what, secret.expose())
}

/// Connects, by `proxy` or by the one that the environment names (`HTTPS_PROXY`, `NO_PROXY`).
///
/// # Errors
/// If nobody answers, or not as the URL says. Where it goes is not told: it may be a secret.
pub(crate) async fn connect(
    to: &OutwardAddress,
    tls: &TlsConfig,
    proxy: Option<&str>,
) -> Result<OpenStream, Failure> {
    const SHOWN: &str = "the host of its URL";
    let settings = TlsSettings(tls.clone());
    let way = if to.tls {
        let name = settings.server_name(&to.host).map_err(|_| {
            Failure::new(FailureKind::Tls, "the host of its URL is no name of a certificate")
        })?;
        Some(TlsEndpoint::new(name, settings.connector().await?))
    } else {
        None
    };
    let stream = match proxy_of(to, proxy)? {
        None => reach(Endpoint::new(&to.host, to.port, way, SHOWN.to_owned())).await?,
        Some(proxy) => {
            let shown = "the proxy".to_owned();
            let straight = reach(Endpoint::new(&proxy.host, proxy.port, None, shown)).await?;
            let through = tunnel(straight, to, &proxy).await?;
            match &way {
                Some(way) => Box::new(way.over(through).await?),
                None => through,
            }
        }
    };
    Ok(OpenStream::new(CappedStream::new(stream, MAX_ANSWER).0))
}

/// Connects to the first address that answers, in the handshake too if there is one.
async fn reach(endpoint: Endpoint) -> Result<Box<dyn Duplex>, Failure> {
    let endpoint = &endpoint;
    endpoint
        .first(|at| async move { endpoint.connect(at).await.map(|(stream, _)| Ok(stream)) })
        .await
}

fn proxy_of(to: &OutwardAddress, own: Option<&str>) -> Result<Option<ProxyAddress>, Failure> {
    let (uri, credentials) = match own {
        Some(own) => (own.parse::<Uri>().ok(), None),
        None => {
            let found = to.uri().and_then(|uri| Matcher::from_env().intercept(&uri));
            let Some(found) = found else { return Ok(None) };
            (Some(found.uri().clone()), found.basic_auth().cloned())
        }
    };
    let uri = uri.filter(|uri| uri.scheme_str() == Some("http"));
    let place = uri.as_ref().and_then(|uri| Some((uri.host()?, uri.port_u16().unwrap_or(80))));
    let Some((host, port)) = place else {
        return Err(Failure::new(FailureKind::Unsupported, "the proxy is not http://")
            .with_advice("name another by proxy: of the sink, or by HTTPS_PROXY"));
    };
    Ok(Some(ProxyAddress { host: host.to_owned(), port, credentials }))
}

/// Asks a proxy for the way to a server.
async fn tunnel(
    mut stream: Box<dyn Duplex>,
    to: &OutwardAddress,
    proxy: &ProxyAddress,
) -> Result<Box<dyn Duplex>, Failure> {
    let place = format!("{}:{}", to.host, to.port);
    let mut asked = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n").into_bytes();
    if let Some(credentials) = &proxy.credentials {
        asked.extend_from_slice(b"Proxy-Authorization: ");
        asked.extend_from_slice(credentials.as_bytes());
        asked.extend_from_slice(b"\r\n");
    }
    asked.extend_from_slice(b"\r\n");
    let cut = |_| Failure::new(FailureKind::Cut, "the proxy closed the connection");
    stream.write_all(&asked).await.map_err(cut)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_PROXY_ANSWER {
            return Err(Failure::new(FailureKind::TooLarge, "the answer of the proxy is too long"));
        }
        // Byte by byte: what follows is not the proxy's.
        head.push(stream.read_u8().await.map_err(cut)?);
    }
    match status_of(&head) {
        Some(200..=299) => Ok(stream),
        Some(407) => {
            let what = "the proxy wants a user name and password";
            Err(Failure::new(FailureKind::Authentication, what)
                .with_advice("HTTPS_PROXY may hold them: http://user:password@proxy:3128"))
        }
        Some(status) => {
            let what = format!("the proxy answered {status}");
            Err(Failure::new(FailureKind::Unavailable, what)
                .with_advice("allow the connection at the proxy, or go around it by NO_PROXY"))
        }
        None => Err(Failure::new(FailureKind::Protocol, "the proxy does not speak HTTP")),
    }
}

/// Of a first line like `HTTP/1.1 200 OK`.
fn status_of(head: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(head).ok()?;
    let mut words = text.lines().next()?.split(' ');
    let version = words.next()?;
    version.strip_prefix("HTTP/1.")?;
    words.next()?.parse().ok()
}

/// What the error of an exchange means.
pub(crate) fn exchange_failure(error: &hyper::Error) -> Failure {
    let inner = error.source().and_then(|e| e.downcast_ref::<std::io::Error>());
    match inner {
        Some(io) => net::exchange_failure(io, "the host of its URL"),
        None if error.is_parse() => {
            Failure::new(FailureKind::Protocol, "what answers does not speak HTTP")
        }
        None => Failure::new(FailureKind::Cut, "the connection ended without an answer"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutation::{MUTATIONS, attacks, enter};

    #[test]
    fn mutated_answers_of_a_proxy_and_mutated_urls() {
        let seeds = [
            "HTTP/1.1 200 Connection established\r\n\r\n",
            "HTTP/1.0 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n",
            "https://hooks.example:8443/services/T0/x?a=b",
            "http://[::1]:80/",
        ];
        let seeds = [seeds.map(|text| text.as_bytes().to_vec()).into(), attacks()].concat();
        let entry = |data: &[u8]| {
            let _ = status_of(data);
            match OutwardAddress::parse(&String::from_utf8_lossy(data)) {
                Ok(to) => assert!(to.path.starts_with('/') && !to.authority.contains('@')),
                Err(failure) => assert_eq!(failure.kind, FailureKind::Secret),
            }
        };
        enter(entry, &seeds, MUTATIONS);
    }

    #[test]
    fn a_proxy_is_believed_by_its_status_line_alone() {
        for (head, status) in [
            ("HTTP/1.1 200 OK\r\n\r\n", Some(200)),
            ("HTTP/1.0 200\r\n\r\n", Some(200)),
            ("HTTP/2 200 OK\r\n\r\n", None),
            ("200 OK\r\n\r\n", None),
            ("HTTP/1.1 OK\r\nHTTP/1.1 200 OK\r\n\r\n", None),
        ] {
            assert_eq!(status_of(head.as_bytes()), status, "{head}");
        }
    }
}
