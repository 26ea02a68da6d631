//! Connections to an API server, by a proxy or straight, each to one address of whichever comes
//! first on the way.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use futures::{FutureExt, TryFutureExt};
use hyper::Uri;
use hyper::header::HeaderValue;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use kube::config::Config;
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use crate::collect::io::net::{Endpoint, TlsEndpoint};
use crate::collect::io::percent::percent_decoded;
use crate::collect::io::stream::OpenStream;
use crate::collect::io::tls::{self, Roots};
use crate::model::{Failure, FailureKind};

type BoxError = Box<dyn Error + Send + Sync>;

/// A failure of ours on its way through hyper.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct CarriedByHyper(pub(super) Failure);

impl From<Failure> for CarriedByHyper {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

/// The way to one API server.
pub(super) struct Route {
    /// To the proxy if there is one, else to the server.
    pub(super) first_hop: Endpoint,
    proxy: Option<ThroughProxy>,
}

/// How a proxy leads on to the server.
struct ThroughProxy {
    proxy: Uri,
    credentials: Option<HeaderValue>,
    tls: Option<TlsEndpoint>,
}

impl Route {
    pub(super) async fn new(config: &Config, shown: &str) -> Result<Self, Failure> {
        let is_tls = config.cluster_url.scheme_str() != Some("http");
        let to_proxy = config.proxy_url.as_ref().map(|proxy| proxy.scheme_str());
        if !matches!(to_proxy, None | Some(Some("http" | "https"))) {
            let what = "the proxy is neither http:// nor https://";
            return Err(Failure::new(FailureKind::Unsupported, what)
                .with_advice("name another by proxy: in the profile"));
        }
        let proxy_is_tls = to_proxy == Some(Some("https"));
        let connector =
            if is_tls || proxy_is_tls { Some(tls_connector(config).await?) } else { None };
        let way = |url: &Uri| {
            let name = config.tls_server_name.as_deref().or(url.host()).unwrap_or_default();
            let connector = connector.clone().expect("there is one for whatever speaks TLS");
            Ok::<_, Failure>(TlsEndpoint::new(server_name(name)?, connector))
        };
        let tls = is_tls.then(|| way(&config.cluster_url)).transpose()?;
        let Some(proxy) = &config.proxy_url else {
            let (host, port) = place(&config.cluster_url);
            let first_hop = Endpoint::new(host, port, tls, shown.to_owned());
            return Ok(Self { first_hop, proxy: None });
        };
        let tls_to_proxy = proxy_is_tls.then(|| way(proxy)).transpose()?;
        let (host, port) = place(proxy);
        let first_hop = Endpoint::new(host, port, tls_to_proxy, format!("{host}:{port}"));
        let credentials = proxy_credentials(proxy)?;
        Ok(Self { first_hop, proxy: Some(ThroughProxy { proxy: proxy.clone(), credentials, tls }) })
    }
}

fn unusable() -> Failure {
    Failure::new(
        FailureKind::Tls,
        "the kubeconfig's certificates or keys cannot be used: they are not PEM, too old a form \
         of it, or do not fit",
    )
    .with_advice("check certificate-authority, client-certificate and client-key in the kubeconfig")
}

/// Whom the kubeconfig trusts, and who it says that we are.
async fn tls_connector(config: &Config) -> Result<TlsConnector, Failure> {
    let roots = match &config.root_cert {
        _ if config.accept_invalid_certs => Roots::Unverified,
        Some(certificates) => Roots::These(certificates.clone()),
        None => Roots::System,
    };
    let user = &config.auth_info;
    let data = |text: &str| STANDARD.decode(text.trim()).map_err(|_| unusable());
    let certificate = user.client_certificate_data.as_deref().map(data).transpose()?;
    let key = user.client_key_data.as_ref().map(|key| data(key.expose_secret())).transpose()?;
    let identity = match (certificate, key) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => return Err(unusable()),
    };
    let made = tls::connector(roots, identity).await;
    made.map_err(|failure| failure.unwrap_or_else(unusable))
}

fn server_name(name: &str) -> Result<ServerName<'static>, Failure> {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(bare.to_owned()).map_err(|_| {
        let what = format!("{bare:?} is not a valid certificate name");
        Failure::new(FailureKind::Tls, what)
            .with_advice("check the cluster's server and tls-server-name in the kubeconfig")
    })
}

/// The user name and password of the proxy's URL, if it has them.
fn proxy_credentials(url: &Uri) -> Result<Option<HeaderValue>, Failure> {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let Some((user, _)) = authority.rsplit_once('@') else { return Ok(None) };
    let wrong = || {
        Failure::new(FailureKind::Authentication, "the proxy's user name and password are not text")
    };
    let user = percent_decoded(user).ok_or_else(wrong)?;
    let value = format!("Basic {}", STANDARD.encode(user));
    HeaderValue::from_str(&value).map(Some).map_err(|_| wrong())
}

/// Host and port of a URL.
fn place(url: &Uri) -> (&str, u16) {
    let default = if url.scheme_str() == Some("http") { 80 } else { 443 };
    (url.host().unwrap_or_default(), url.port_u16().unwrap_or(default))
}

/// What connects to the server by one address of the first hop.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) route: Arc<Route>,
    pub(super) at: SocketAddr,
}

impl Connector {
    async fn connect(self, server: Uri) -> Result<OpenStream, BoxError> {
        let route = Arc::clone(&self.route);
        let Some(ThroughProxy { proxy, credentials, tls }) = &route.proxy else {
            return Ok(self.first_hop().await?);
        };
        let mut tunnel = Tunnel::new(proxy.clone(), ToProxy(self));
        if let Some(credentials) = credentials {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        // The tunnel would take 443 for a server without a port, whatever its scheme.
        let (host, port) = place(&server);
        let server: Uri = format!("http://{host}:{port}").parse()?;
        let stream = tunnel.call(server).await?.into_inner();
        match tls {
            Some(tls) => Ok(OpenStream::new(tls.over(stream).await.map_err(CarriedByHyper)?)),
            None => Ok(stream),
        }
    }

    async fn first_hop(&self) -> Result<OpenStream, CarriedByHyper> {
        let (stream, _) = self.route.first_hop.connect(self.at).await?;
        Ok(OpenStream::new(stream))
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<OpenStream>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        self.clone().connect(server).map_ok(TokioIo::new).boxed()
    }
}

/// What connects to a proxy.
struct ToProxy(Connector);

impl Service<Uri> for ToProxy {
    type Response = TokioIo<OpenStream>;
    type Error = CarriedByHyper;
    type Future = BoxFuture<'static, Result<Self::Response, CarriedByHyper>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), CarriedByHyper>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connector = self.0.clone();
        async move { connector.first_hop().await.map(TokioIo::new) }.boxed()
    }
}

impl Connection for OpenStream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_without_a_port_has_its_schemes_own() {
        let of = |url: &str| {
            let url: Uri = url.parse().unwrap();
            let (host, port) = place(&url);
            (host.to_owned(), port)
        };
        assert_eq!(of("https://a.example"), ("a.example".to_owned(), 443));
        assert_eq!(of("http://a.example/x"), ("a.example".to_owned(), 80));
        assert_eq!(of("https://[::1]:6443"), ("[::1]".to_owned(), 6443));
    }
}
