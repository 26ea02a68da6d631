//! How a cluster is reached: by a kubeconfig, or by the service account of the pod that we run in.
//!
//! The crate `kube` reads the formats and speaks the protocol. What it would do without a deadline or
//! print on failure is done here: kubeconfig files, tokens and plugins.

use std::env;
use std::path::{Path, PathBuf};

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube::client::ClientBuilder;
use kube::config::{AuthInfo, Config, KubeConfigOptions, Kubeconfig, KubeconfigError, LoadDataError};
use kube::{Client, Error};
use secrecy::SecretString;

use super::config::Proxy;
use super::exec;
use crate::collect::{file, net};
use crate::model::{Failure, FailureKind};

/// A kubeconfig of some hundred clusters.
const MAX_KUBECONFIG: u64 = 4 * 1024 * 1024;
const MAX_TOKEN: u64 = 64 * 1024;

/// What the profile says of it.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// As the profile names it, and where it is.
    pub(super) kubeconfig: Option<PathBuf>,
    pub(super) context: Option<String>,
    /// `None`: what the kubeconfig or the environment says.
    pub(super) proxy: Option<Proxy>,
}

/// A way to a cluster.
pub(super) struct Access {
    pub(super) client: Client,
    /// The server's address, and what a reader should know of it.
    pub(super) shown: String,
    /// Why requests carry no credentials, if so.
    pub(super) anonymous: Option<String>,
}

/// What a kubeconfig says.
struct Way {
    config: Config,
    anonymous: Option<String>,
    /// Of the kubeconfig itself, not of the environment.
    proxy_url: Option<String>,
}

/// Finds the way; connects to nothing yet.
pub(super) async fn find(settings: &Settings) -> Result<Access, Failure> {
    let Way { mut config, anonymous, proxy_url } = match kubeconfig(settings).await? {
        Some(kubeconfig) => of_kubeconfig(kubeconfig, settings.context.as_deref()).await?,
        None => Way { config: in_cluster().await?, anonymous: None, proxy_url: None },
    };
    config.proxy_url = proxy(&config.cluster_url, settings.proxy.as_ref(), proxy_url.as_deref())?;
    // Its retries would go on for longer than a minute; our deadline holds for everything else.
    config.default_retry = false;
    (config.connect_timeout, config.read_timeout, config.write_timeout) = (None, None, None);
    config.headers.push((
        hyper::header::USER_AGENT,
        hyper::header::HeaderValue::from_static(concat!("envparity/", env!("CARGO_PKG_VERSION"))),
    ));
    let mut shown = address(&config.cluster_url);
    if config.accept_invalid_certs {
        shown.push_str(" (its certificate is not verified)");
    }
    if let Some(proxy) = &config.proxy_url {
        shown.push_str(&format!(" (by the proxy {})", address(proxy)));
    }
    if anonymous.is_some() {
        shown.push_str(" (anonymous)");
    }
    // Certificates and keys are read here.
    let build = || ClientBuilder::try_from(config).map(ClientBuilder::build);
    let client = aside(build).await?.map_err(|e| unusable_client(&e))?;
    Ok(Access { client, shown, anonymous })
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.map_err(|_| Failure::new(FailureKind::Unsupported, "the kubeconfig cannot be used"))
}

/// The profile's file, else those of `$KUBECONFIG`, the first of which wins. `None` in a cluster.
async fn kubeconfig(settings: &Settings) -> Result<Option<Kubeconfig>, Failure> {
    if let Some(path) = &settings.kubeconfig {
        return read(path).await.map(Some);
    }
    let listed = env::var_os("KUBECONFIG").unwrap_or_default();
    let mut merged: Option<Kubeconfig> = None;
    for path in env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()) {
        // As for kubectl: a file of the list may be missing, but not all of them.
        if !path.exists() && env::split_paths(&listed).any(|other| other.exists()) {
            continue;
        }
        let next = read(&path).await?;
        merged = Some(match merged {
            Some(first) => first.merge(next).map_err(|e| not_usable("$KUBECONFIG", &reason(&e)))?,
            None => next,
        });
    }
    if merged.is_none() && env::var_os("KUBERNETES_SERVICE_HOST").is_none() {
        return Err(Failure::new(
            FailureKind::File,
            "no kubeconfig: the profile names none, $KUBECONFIG is not set, and this is no pod",
        )
        .advise("name one by kubeconfig: in the profile, for example ~/.kube/config"));
    }
    Ok(merged)
}

/// A file, with its relative paths resolved against its folder.
async fn read(path: &Path) -> Result<Kubeconfig, Failure> {
    let shown = path.display().to_string();
    let bytes = file::read_aside(path.to_owned(), MAX_KUBECONFIG).await;
    let bytes = bytes.map_err(|e| not_usable(&shown, &net::without_errno(&e)))?;
    let text = String::from_utf8(bytes).map_err(|_| not_usable(&shown, "it is no text"))?;
    // Of an error of the parser only the place is shown: its words may quote a token.
    let mut kubeconfig = Kubeconfig::from_yaml(&text).map_err(|e| not_usable(&shown, &reason(&e)))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let resolve = |path: &mut Option<String>| {
        if let Some(path) = path.as_mut().filter(|path| Path::new(path).is_relative()) {
            *path = folder.join(&*path).to_string_lossy().into_owned();
        }
    };
    for cluster in kubeconfig.clusters.iter_mut().filter_map(|named| named.cluster.as_mut()) {
        resolve(&mut cluster.certificate_authority);
    }
    for user in kubeconfig.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()) {
        resolve(&mut user.client_certificate);
        resolve(&mut user.client_key);
        resolve(&mut user.token_file);
        if let Some(plugin) = user.exec.as_mut().filter(|e| e.command.as_ref().is_some_and(|c| c.contains('/'))) {
            resolve(&mut plugin.command);
        }
    }
    Ok(kubeconfig)
}

/// The way that a context of a kubeconfig tells.
async fn of_kubeconfig(mut kubeconfig: Kubeconfig, context: Option<&str>) -> Result<Way, Failure> {
    let wrong = |what: String, advice: &str| Err(Failure::new(FailureKind::File, what).advise(advice));
    let name = context.map(str::to_owned).or_else(|| kubeconfig.current_context.clone().filter(|c| !c.is_empty()));
    let Some(name) = name else {
        return wrong("the kubeconfig has no current context".to_owned(), "name one by context: in the profile");
    };
    let found = kubeconfig.contexts.iter().find(|c| c.name == name).and_then(|c| c.context.clone());
    let Some(found) = found else {
        let known: Vec<&str> = kubeconfig.contexts.iter().map(|c| c.name.as_str()).collect();
        let advice = format!("check context: in the profile; there are {}", known.join(", "));
        return wrong(format!("the kubeconfig has no context {name}"), &advice);
    };
    let cluster = kubeconfig.clusters.iter().find(|c| c.name == found.cluster).and_then(|c| c.cluster.clone());
    let Some(cluster) = cluster else {
        return wrong(
            format!("context {name} names the cluster {}, which the kubeconfig does not have", found.cluster),
            "mend the kubeconfig: kubectl config view",
        );
    };
    let user_name = found.user.unwrap_or_default();
    let user = kubeconfig.auth_infos.iter_mut().find(|user| user.name == user_name);
    let mut anonymous = None;
    match user {
        Some(named) => {
            let user = authenticate(named.auth_info.take().unwrap_or_default(), &cluster).await?;
            if !has_credentials(&user) {
                anonymous = Some(format!("user {user_name} of context {name} has no credentials"));
            }
            named.auth_info = Some(user);
        }
        None if user_name.is_empty() => anonymous = Some(format!("context {name} names no user")),
        None => {
            let what = format!("context {name} names the user {user_name}, which the kubeconfig does not have");
            return Err(Failure::new(FailureKind::Authentication, what)
                .advise("mend the kubeconfig (kubectl config view): without a user, requests are anonymous"));
        }
    }
    let options = KubeConfigOptions { context: Some(name), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let config = config.map_err(|e| not_usable("the kubeconfig", &reason(&e)))?;
    Ok(Way { config, anonymous, proxy_url: cluster.proxy_url.filter(|url| !url.is_empty()) })
}

fn has_credentials(user: &AuthInfo) -> bool {
    user.token.is_some()
        || user.password.is_some()
        || user.client_certificate.is_some()
        || user.client_certificate_data.is_some()
}

/// The user with its credentials at hand: tokens from files, and from plugins.
async fn authenticate(mut user: AuthInfo, cluster: &kube::config::Cluster) -> Result<AuthInfo, Failure> {
    if let Some(provider) = &user.auth_provider {
        let what = format!("the kubeconfig's auth-provider {} is not supported", provider.name);
        return Err(Failure::new(FailureKind::Unsupported, what)
            .advise("Kubernetes removed auth-providers in 1.26: use the cloud's exec plugin instead"));
    }
    if let (None, Some(path)) = (&user.token, user.token_file.take()) {
        user.token = Some(token(Path::new(&path)).await?);
    }
    match user.exec.take() {
        Some(plugin) if !has_credentials(&user) => exec::credentials(user, &plugin, cluster).await,
        _ => Ok(user),
    }
}

async fn token(path: &Path) -> Result<SecretString, Failure> {
    let unusable =
        |why: &str| Failure::new(FailureKind::Secret, format!("token file {} cannot be used: {why}", path.display()));
    let bytes = file::read_aside(path.to_owned(), MAX_TOKEN).await.map_err(|e| unusable(&net::without_errno(&e)))?;
    let text = String::from_utf8(bytes).map_err(|_| unusable("it is no text"))?;
    let token = text.trim();
    if token.is_empty() { Err(unusable("it is empty")) } else { Ok(SecretString::from(token)) }
}

/// The service account of the pod that we run in.
async fn in_cluster() -> Result<Config, Failure> {
    let no_account = |why: String| {
        Failure::new(FailureKind::Authentication, format!("the pod's service account cannot be used: {why}"))
            .advise("set automountServiceAccountToken, or name a kubeconfig: in the profile")
    };
    let mut config = aside(Config::incluster).await?.map_err(|e| no_account(e.to_string()))?;
    if let Some(path) = config.auth_info.token_file.take() {
        config.auth_info.token = Some(token(Path::new(&path)).await?);
    }
    Ok(config)
}

/// The profile's proxy, else the kubeconfig's, else that of the environment, as `curl` and `kubectl` find it.
/// (The crate would match `$NO_PROXY` against the proxy instead of the cluster.)
fn proxy(cluster: &Uri, of_profile: Option<&Proxy>, of_kubeconfig: Option<&str>) -> Result<Option<Uri>, Failure> {
    let text = match (of_profile, of_kubeconfig) {
        (Some(Proxy::Never), _) => return Ok(None),
        (Some(Proxy::By(proxy)), _) => return Ok(Some(proxy.clone())),
        (None, Some(text)) => Some(text.to_owned()),
        (None, None) => of_environment(cluster),
    };
    let no_url = |_| {
        Failure::new(FailureKind::File, "the proxy of the kubeconfig or of $HTTPS_PROXY is no URL")
            .advise("write http://host:port, or name one by proxy: in the profile")
    };
    text.map(|text| text.parse().map_err(no_url)).transpose()
}

fn of_environment(cluster: &Uri) -> Option<String> {
    Matcher::from_env().intercept(cluster)?;
    let names: [&str; 2] = if cluster.scheme_str() == Some("http") {
        ["HTTP_PROXY", "http_proxy"]
    } else {
        ["HTTPS_PROXY", "https_proxy"]
    };
    let set = |name: &str| env::var(name).ok().filter(|text| !text.is_empty());
    let text = names.into_iter().chain(["ALL_PROXY", "all_proxy"]).find_map(set)?;
    Some(if text.contains("://") { text } else { format!("http://{text}") })
}

/// Without user name and password.
fn address(url: &Uri) -> String {
    let host = url.authority().map_or("", |authority| authority.as_str());
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{}://{host}{}", url.scheme_str().unwrap_or("https"), url.path().trim_end_matches('/'))
}

fn not_usable(file: &str, why: &str) -> Failure {
    Failure::new(FailureKind::File, format!("{file} cannot be used: {why}"))
        .advise("check kubeconfig: in the profile (relative to its folder), and the file by kubectl config view")
}

/// In our words: those of the error may quote what is in the file.
fn reason(error: &KubeconfigError) -> String {
    use KubeconfigError as E;
    let data = |what: &str, error: &LoadDataError| match error {
        LoadDataError::DecodeBase64(_) => format!("its {what}-data is not base64"),
        LoadDataError::ReadFile(e, path) => format!("{} cannot be read: {}", path.display(), net::without_errno(e)),
        LoadDataError::NoBase64DataOrFile => format!("it has no {what}"),
    };
    match error {
        E::Parse(_) => "it is no kubeconfig".to_owned(),
        E::MissingClusterUrl => "the cluster has no server".to_owned(),
        E::ParseClusterUrl(_) => "the cluster's server is no URL".to_owned(),
        E::ParseProxyUrl(_) => "the proxy's URL is none".to_owned(),
        E::LoadCertificateAuthority(e) => data("certificate-authority", e),
        E::LoadClientCertificate(e) => data("client-certificate", e),
        E::LoadClientKey(e) => data("client-key", e),
        E::ParseCertificates(_) => "its certificate-authority is not PEM".to_owned(),
        E::KindMismatch | E::ApiVersionMismatch => "its files are not of one kind".to_owned(),
        _ => "it is incomplete".to_owned(),
    }
}

fn unusable_client(error: &Error) -> Failure {
    match error {
        Error::InferKubeconfig(e) => not_usable("the kubeconfig", &reason(e)),
        Error::ProxyProtocolUnsupported { .. } | Error::ProxyProtocolDisabled { .. } => {
            Failure::new(FailureKind::Unsupported, "the proxy is neither http:// nor https://")
                .advise("name another by proxy: in the profile")
        }
        Error::RustlsTls(_) => Failure::new(
            FailureKind::Tls,
            "the kubeconfig's certificates or keys cannot be used: they are not PEM, or do not fit",
        )
        .advise("check certificate-authority, client-certificate and client-key in the kubeconfig"),
        _ => Failure::new(FailureKind::Authentication, "the kubeconfig's credentials cannot be used")
            .advise("try kubectl with the same context"),
    }
}
