//! How a cluster is reached: by a kubeconfig, or by the service account of the pod that we run in.
//!
//! The crate `kube` knows the formats. It would find the proxy by matching `$NO_PROXY` against the
//! proxy, and read the service account's token with its line end: both are done here.

use std::env;
use std::net::IpAddr;
use std::path::Path;

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube::config::Config;
use secrecy::ExposeSecret;
use url::Url;

use super::client::ClusterClient;
use super::config::Proxy;
use super::kubeconfig::{self, ClusterEndpoint, ClusterSettings};
use crate::collect::collector::CollectContext;
use crate::collect::io::aside::run_blocking;
use crate::collect::io::percent::percent_decoded;
use crate::collect::io::repeats::Repeats;
use crate::collect::io::sent;
use crate::model::{Failure, FailureKind};

/// A way to a cluster.
pub(super) struct ClusterAccess {
    pub(super) client: ClusterClient,
    /// The server's address, and what a reader should know of it.
    pub(super) shown: String,
    /// Why requests carry no credentials, if so.
    pub(super) anonymous: Option<String>,
    /// Whether the kubeconfig wants the server's certificate to prove nothing.
    pub(super) unverified: bool,
    /// What requests carry: a server may repeat it in an error.
    secrets: Repeats,
}

impl ClusterAccess {
    /// The text without anything that was sent as a credential.
    pub(super) fn without_secrets(&self, text: String) -> String {
        self.secrets.hide(&text).unwrap_or(text)
    }
}

/// Finds the way; connects to nothing yet.
pub(super) async fn find(
    settings: &ClusterSettings,
    context: &CollectContext,
) -> Result<ClusterAccess, Failure> {
    let ClusterEndpoint { mut config, anonymous, proxy_url } = match kubeconfig::load(settings)
        .await?
    {
        Some(kubeconfig) => {
            kubeconfig::choose(kubeconfig, settings.context.as_deref(), context).await?
        }
        None => ClusterEndpoint { config: in_cluster().await?, anonymous: None, proxy_url: None },
    };
    config.proxy_url = proxy(&config.cluster_url, settings.proxy.as_ref(), proxy_url.as_deref())?;
    let mut shown = address(&config.cluster_url);
    let unverified = config.accept_invalid_certs && config.cluster_url.scheme_str() != Some("http");
    if unverified {
        shown.push_str(" (its certificate is not verified)");
    }
    if let Some(proxy) = &config.proxy_url {
        shown.push_str(&format!(" (by the proxy {})", address(proxy)));
    }
    if anonymous.is_some() {
        shown.push_str(" (anonymous)");
    }
    let secrets = secrets(&config);
    let client = ClusterClient::new(config, &shown).await?;
    Ok(ClusterAccess { client, shown, anonymous, unverified, secrets })
}

/// What requests carry: the user's password or token, and what the proxy wants.
fn secrets(config: &Config) -> Repeats {
    let mut repeats = Repeats::default();
    let mut add = |user: Option<&str>, secret: &str| {
        if !secret.is_empty() {
            repeats.add(user, secret);
            sent::note(user, secret);
        }
    };
    let user = &config.auth_info;
    for secret in user.token.iter().chain(&user.password) {
        add(user.username.as_deref(), secret.expose_secret());
    }
    let proxy = config.proxy_url.as_ref().and_then(|url| Url::parse(&url.to_string()).ok());
    if let Some((proxy, password)) = proxy.as_ref().and_then(|url| Some((url, url.password()?))) {
        add(Some(proxy.username()), password);
        // One that cannot be decoded is never sent: it stays as it is written.
        let meant = |part: &str| {
            let bytes = percent_decoded(part).unwrap_or_else(|| part.into());
            String::from_utf8_lossy(&bytes).into_owned()
        };
        add(Some(&meant(proxy.username())), &meant(password));
    }
    repeats
}

/// The service account of the pod that we run in.
async fn in_cluster() -> Result<Config, Failure> {
    let no_account = |why: String| {
        Failure::new(
            FailureKind::Authentication,
            format!("the pod's service account cannot be used: {why}"),
        )
        .with_advice("set automountServiceAccountToken, or name a kubeconfig: in the profile")
    };
    let mut config =
        run_blocking(Config::incluster).await?.map_err(|e| no_account(e.to_string()))?;
    if let Some(path) = config.auth_info.token_file.take() {
        config.auth_info.token = Some(kubeconfig::token(Path::new(&path)).await?);
    }
    Ok(config)
}

/// The profile's proxy, else the kubeconfig's, else that of the environment as `kubectl` finds it.
fn proxy(
    cluster: &Uri,
    of_profile: Option<&Proxy>,
    of_kubeconfig: Option<&str>,
) -> Result<Option<Uri>, Failure> {
    let text = match (of_profile, of_kubeconfig) {
        (Some(Proxy::Never), _) => return Ok(None),
        (Some(Proxy::By(proxy)), _) => return Ok(Some(proxy.clone())),
        (None, Some(text)) => Some(text.to_owned()),
        (None, None) => of_environment(cluster),
    };
    let no_url = |()| {
        Failure::new(
            FailureKind::File,
            "the proxy of the kubeconfig or of $HTTPS_PROXY is not a URL",
        )
        .with_advice("write http://host:port, or name one by proxy: in the profile")
    };
    // The crate takes an invalid port for another one.
    let parsed = text.map(|text| match Url::parse(&text) {
        Ok(url) if url.port() != Some(0) => text.parse().map_err(drop),
        Ok(_) | Err(_) => Err(()),
    });
    parsed.transpose().map_err(no_url)
}

/// Never for this machine itself, and never by `$ALL_PROXY`: that is Go's rule, and so `kubectl`'s.
fn of_environment(cluster: &Uri) -> Option<String> {
    let host = cluster.host()?.trim_matches(['[', ']']);
    if host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) {
        return None;
    }
    // What the matcher does not know: everything, and a host with its port.
    let excepted = env::var("NO_PROXY").or_else(|_| env::var("no_proxy")).unwrap_or_default();
    let is_excepted = |entry: &str| {
        entry == "*" || cluster.authority().is_some_and(|host| host.as_str() == entry)
    };
    if excepted.split(',').map(str::trim).any(is_excepted) {
        return None;
    }
    Matcher::from_env().intercept(cluster)?;
    let names: [&str; 2] = if cluster.scheme_str() == Some("http") {
        ["HTTP_PROXY", "http_proxy"]
    } else {
        ["HTTPS_PROXY", "https_proxy"]
    };
    let text =
        names.into_iter().find_map(|name| env::var(name).ok().filter(|text| !text.is_empty()))?;
    Some(if text.contains("://") { text } else { format!("http://{text}") })
}

/// Without user name and password.
fn address(url: &Uri) -> String {
    let host = url.authority().map_or("", |authority| authority.as_str());
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{}://{host}{}", url.scheme_str().unwrap_or("https"), url.path().trim_end_matches('/'))
}
