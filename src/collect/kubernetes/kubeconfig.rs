//! Kubeconfig files: which there are, and what a context of them says.
//!
//! The crate `kube` knows the format. Every file that one names (certificates, keys, tokens) is
//! read here, capped and beside the async threads, because the crate would read it whatever it is;
//! errors of the format are told without their words, which may quote a secret.

use std::env;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, Cluster, Config, KubeConfigOptions, Kubeconfig, KubeconfigError};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::config::Proxy;
use super::exec;
use crate::collect::collector::CollectContext;
use crate::collect::io::aside::run_blocking;
use crate::collect::io::file;
use crate::collect::io::system::without_errno;
use crate::model::{Failure, FailureKind, meant_or_known};
use crate::wire;

/// A kubeconfig of some hundred clusters.
const MAX_KUBECONFIG: u64 = 4 * 1024 * 1024;
const MAX_SECRET: u64 = 1024 * 1024;

/// What the profile says of how a cluster is reached.
#[derive(Clone, Debug)]
pub(super) struct ClusterSettings {
    /// A file; else those of the environment.
    pub(super) kubeconfig: Option<PathBuf>,
    /// Else the current one.
    pub(super) context: Option<String>,
    /// Else what the kubeconfig or the environment says.
    pub(super) proxy: Option<Proxy>,
}

/// A cluster and how to speak to it, as a kubeconfig says.
pub(super) struct ClusterEndpoint {
    pub(super) config: Config,
    pub(super) anonymous: Option<String>,
    /// Of the kubeconfig itself, not of the environment.
    pub(super) proxy_url: Option<String>,
}

/// The profile's file, else those of `$KUBECONFIG`, the first of which wins. `None` in a cluster.
pub(super) async fn load(settings: &ClusterSettings) -> Result<Option<Kubeconfig>, Failure> {
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
            "no kubeconfig: the profile names none, $KUBECONFIG is not set, and this is not a pod",
        )
        .with_advice("name one by kubeconfig: in the profile, for example ~/.kube/config"));
    }
    Ok(merged)
}

/// The kubeconfigs of a target, and the files that they name; those that cannot be read name none.
pub(super) fn files(own: Option<PathBuf>) -> Vec<PathBuf> {
    let listed = env::var_os("KUBECONFIG").unwrap_or_default();
    let paths: Vec<PathBuf> = match own {
        Some(path) => vec![path],
        None => env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()).collect(),
    };
    let named = |path: &PathBuf| -> Vec<PathBuf> {
        let text = wire::file::read_text(path, MAX_KUBECONFIG).unwrap_or_default();
        let Ok(mut kubeconfig) = Kubeconfig::from_yaml(&text) else { return Vec::new() };
        resolve_paths(&mut kubeconfig, path);
        let clusters = kubeconfig.clusters.into_iter().filter_map(|named| named.cluster);
        let users = kubeconfig.auth_infos.into_iter().filter_map(|named| named.auth_info);
        let of_user = |user: AuthInfo| [user.client_certificate, user.client_key, user.token_file];
        let authorities = clusters.filter_map(|cluster| cluster.certificate_authority);
        authorities.chain(users.flat_map(of_user).flatten()).map(PathBuf::from).collect()
    };
    let more: Vec<PathBuf> = paths.iter().flat_map(named).collect();
    paths.into_iter().chain(more).collect()
}

/// A file, with its relative paths resolved against its folder.
async fn read(path: &Path) -> Result<Kubeconfig, Failure> {
    let shown = path.display().to_string();
    let bytes = file::read_aside(path.to_owned(), MAX_KUBECONFIG).await;
    let bytes = bytes.map_err(|e| not_usable(&shown, &without_errno(&e)))?;
    let mut kubeconfig = run_blocking(move || parse(bytes, &shown)).await??;
    resolve_paths(&mut kubeconfig, path);
    Ok(kubeconfig)
}

/// Of an error of the parser only the kind is shown: its words may quote a token.
fn parse(bytes: Vec<u8>, shown: &str) -> Result<Kubeconfig, Failure> {
    let text = String::from_utf8(bytes).map_err(|_| not_usable(shown, "not text"))?;
    Kubeconfig::from_yaml(&text).map_err(|e| not_usable(shown, &reason(&e)))
}

/// Relative paths in a kubeconfig are relative to its folder.
fn resolve_paths(kubeconfig: &mut Kubeconfig, path: &Path) {
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
        if let Some(plugin) =
            user.exec.as_mut().filter(|e| e.command.as_ref().is_some_and(|c| c.contains('/')))
        {
            resolve(&mut plugin.command);
        }
    }
}

/// The context of that name, else the current one, with its name.
fn named_context(
    kubeconfig: &Kubeconfig,
    context: Option<&str>,
) -> Result<(String, kube::config::Context), Failure> {
    let name = context
        .map(str::to_owned)
        .or_else(|| kubeconfig.current_context.clone().filter(|c| !c.is_empty()));
    let Some(name) = name else {
        return Err(unusable_entry(
            "the kubeconfig has no current context".to_owned(),
            "name one by context: in the profile",
        ));
    };
    let found = kubeconfig.contexts.iter().find(|c| c.name == name).and_then(|c| c.context.clone());
    let Some(found) = found else {
        let known: Vec<&str> = kubeconfig.contexts.iter().map(|c| c.name.as_str()).collect();
        let known = meant_or_known(&name, &known);
        let advice = format!("check context: in the profile; {known}");
        return Err(unusable_entry(format!("the kubeconfig has no context {name}"), &advice));
    };
    Ok((name, found))
}

fn unusable_entry(what: String, advice: &str) -> Failure {
    Failure::new(FailureKind::File, what).with_advice(advice)
}

/// The endpoint that a context of a kubeconfig names.
pub(super) async fn choose(
    mut kubeconfig: Kubeconfig,
    context: Option<&str>,
    collection: &CollectContext,
) -> Result<ClusterEndpoint, Failure> {
    let (name, found) = named_context(&kubeconfig, context)?;
    let cluster = kubeconfig
        .clusters
        .iter_mut()
        .find(|c| c.name == found.cluster)
        .and_then(|c| c.cluster.as_mut());
    let Some(cluster) = cluster else {
        let what = format!(
            "context {name} names the cluster {}, which the kubeconfig does not have",
            found.cluster
        );
        return Err(unusable_entry(what, "fix the kubeconfig: kubectl config view"));
    };
    complete(cluster).await?;
    // Before a plugin is started, or a token is read, for a server that cannot be asked.
    let server = server_url(cluster.server.as_deref().unwrap_or_default())?;
    // Were there none, the crate would ask the environment: that is done later, and better.
    let proxy_url =
        cluster.proxy_url.replace("http://127.0.0.1".to_owned()).filter(|url| !url.is_empty());
    let cluster = cluster.clone();
    let user_name = found.user.unwrap_or_default();
    let mut anonymous = None;
    match kubeconfig.auth_infos.iter_mut().find(|user| user.name == user_name) {
        // As kubectl does: nobody on the way may read them.
        Some(named) if server.scheme() == "http" => {
            anonymous = Some(
                "the cluster's server is http://, where credentials would be sent in clear"
                    .to_owned(),
            );
            named.auth_info = None;
        }
        Some(named) => {
            let user =
                authenticate(named.auth_info.take().unwrap_or_default(), &cluster, collection)
                    .await?;
            if !has_credentials(&user) {
                anonymous = Some(format!("user {user_name} of context {name} has no credentials"));
            }
            named.auth_info = Some(user);
        }
        None if user_name.is_empty() => anonymous = Some(format!("context {name} names no user")),
        None => {
            let what = format!(
                "context {name} names the user {user_name}, which the kubeconfig does not have"
            );
            return Err(Failure::new(FailureKind::Authentication, what).with_advice(
                "fix the kubeconfig (kubectl config view): without a user, requests are anonymous",
            ));
        }
    }
    let options = KubeConfigOptions { context: Some(name), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let config = config.map_err(|e| not_usable("the kubeconfig", &reason(&e)))?;
    if config.cluster_url.host().is_none_or(str::is_empty) {
        return Err(not_usable("the kubeconfig", "the cluster's server is not a URL"));
    }
    Ok(ClusterEndpoint { config, anonymous, proxy_url })
}

/// The cluster's server, if it can be asked. The crate takes an invalid port for the scheme's own,
/// and any scheme but `http` for TLS: another server would be asked than the one that is meant.
fn server_url(server: &str) -> Result<Url, Failure> {
    let why = match Url::parse(server) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            "the cluster's server URL is neither http:// nor https://"
        }
        Ok(url) if url.port() == Some(0) => "invalid port in the cluster's server URL",
        Ok(url) => return Ok(url),
        Err(url::ParseError::InvalidPort) => "invalid port in the cluster's server URL",
        Err(_) if server.is_empty() => "the cluster has no server",
        Err(_) => "the cluster's server is not a URL",
    };
    Err(not_usable("the kubeconfig", why))
}

/// The cluster with its authority at hand, and a scheme in its address.
async fn complete(cluster: &mut Cluster) -> Result<(), Failure> {
    inline(&mut cluster.certificate_authority, &mut cluster.certificate_authority_data).await?;
    check_authority(cluster.certificate_authority_data.as_deref())?;
    let is_tls = cluster.certificate_authority_data.is_some()
        || cluster.insecure_skip_tls_verify == Some(true);
    if let Some(server) = cluster.server.as_mut().filter(|server| !server.contains("://")) {
        // As kubectl guesses.
        let scheme = if is_tls { "https" } else { "http" };
        *server = format!("{scheme}://{server}");
    }
    Ok(())
}

/// The crate takes an invalid authority for nobody to trust, and the server would be blamed.
/// What is not base64 it tells itself.
fn check_authority(data: Option<&str>) -> Result<(), Failure> {
    let Some(pem) = data.and_then(|data| STANDARD.decode(data.trim()).ok()) else { return Ok(()) };
    if CertificateDer::pem_slice_iter(&pem).any(|found| found.is_ok()) {
        return Ok(());
    }
    let what = "the kubeconfig's certificate-authority is not PEM: it holds no certificate";
    Err(Failure::new(FailureKind::Tls, what)
        .with_advice("name the PEM file of the cluster's authority by certificate-authority"))
}

/// A file's content in place of its path; what is given already wins.
async fn inline(path: &mut Option<String>, data: &mut Option<String>) -> Result<(), Failure> {
    if let (Some(path), None) = (path.take().filter(|path| !path.is_empty()), data.as_ref()) {
        let bytes = file::read_aside(Path::new(&path).to_owned(), MAX_SECRET).await;
        let bytes = bytes.map_err(|e| not_usable(&path, &without_errno(&e)))?;
        *data = Some(STANDARD.encode(bytes));
    }
    Ok(())
}

fn has_credentials(user: &AuthInfo) -> bool {
    user.token.is_some() || user.password.is_some() || user.client_certificate_data.is_some()
}

/// The user with its credentials at hand: from files, and from plugins.
async fn authenticate(
    mut user: AuthInfo,
    cluster: &Cluster,
    context: &CollectContext,
) -> Result<AuthInfo, Failure> {
    if let Some(provider) = &user.auth_provider {
        let what = format!("the kubeconfig's auth-provider {} is not supported", provider.name);
        return Err(Failure::new(FailureKind::Unsupported, what).with_advice(
            "Kubernetes removed auth-providers in 1.26: use the cloud's exec plugin instead",
        ));
    }
    inline(&mut user.client_certificate, &mut user.client_certificate_data).await?;
    let mut key = user.client_key_data.take().map(|key| key.expose_secret().to_owned());
    inline(&mut user.client_key, &mut key).await?;
    user.client_key_data = key.map(SecretString::from);
    let token_text = user.token.map(|token| token.expose_secret().trim().to_owned());
    user.token = token_text.filter(|text| !text.is_empty()).map(SecretString::from);
    // The file is what is renewed: it wins, as for kubectl.
    if let Some(path) = user.token_file.take().filter(|path| !path.is_empty()) {
        user.token = Some(token(Path::new(&path)).await?);
    }
    if user.token.as_ref().is_some_and(|token| !exec::is_token(token)) {
        return Err(Failure::new(
            FailureKind::Authentication,
            "the kubeconfig's token holds what no token does",
        )
        .with_advice("renew it: it may be cut, encoded once more, or several lines"));
    }
    match user.exec.take() {
        Some(plugin) if !has_credentials(&user) => {
            exec::credentials(user, &plugin, cluster, context).await
        }
        _ => Ok(user),
    }
}

/// A token from a file.
pub(super) async fn token(path: &Path) -> Result<SecretString, Failure> {
    let unusable = |why: &str| {
        Failure::new(
            FailureKind::Secret,
            format!("token file {} cannot be used: {why}", path.display()),
        )
        .with_advice("check tokenFile in the kubeconfig, and who may read that file")
    };
    let bytes = file::read_aside(path.to_owned(), MAX_SECRET)
        .await
        .map_err(|e| unusable(&without_errno(&e)))?;
    let text = String::from_utf8(bytes).map_err(|_| unusable("not text"))?;
    let token = text.trim();
    if token.is_empty() { Err(unusable("it is empty")) } else { Ok(SecretString::from(token)) }
}

fn not_usable(file: &str, why: &str) -> Failure {
    Failure::new(FailureKind::File, format!("{file} cannot be used: {why}")).with_advice(
        "check kubeconfig: in the profile (relative to its folder), and the file with \
                 kubectl config view",
    )
}

/// In our words: those of the error may quote what is in the file.
fn reason(error: &KubeconfigError) -> String {
    use KubeconfigError as E;
    match error {
        E::Parse(_) => "not a kubeconfig",
        E::MissingClusterUrl => "the cluster has no server",
        E::ParseClusterUrl(_) => "the cluster's server is not a URL",
        E::ParseProxyUrl(_) => "invalid proxy URL",
        E::LoadCertificateAuthority(_) => "its certificate-authority-data is not base64",
        E::ParseCertificates(_) => "its certificate-authority is not PEM",
        E::KindMismatch | E::ApiVersionMismatch => "its files are not of one kind",
        _ => "it is incomplete",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutation::{MUTATIONS, attacks, enter};

    #[test]
    fn only_an_address_that_can_be_asked_is_taken() {
        for server in
            ["https://h", "http://h:80/p", "HTTPS://H:6443", "https://[::1]:1/", "http://h:65535"]
        {
            assert!(server_url(server).is_ok(), "{server}");
        }
        for (server, why) in [
            ("ftp://h", "neither http:// nor https://"),
            ("ws://h:6443", "neither http:// nor https://"),
            ("unix:///var/run/k8s.sock", "neither http:// nor https://"),
            ("tcp://h:6443", "neither http:// nor https://"),
            ("h:6443", "neither http:// nor https://"),
            ("https+unix://h", "neither http:// nor https://"),
            ("https://h:0", "invalid port"),
            ("http://h:00", "invalid port"),
            ("https://h:65536", "invalid port"),
            ("https://h:99999/x", "invalid port"),
            ("https://h:-1", "invalid port"),
            ("https://h:6443x", "invalid port"),
            ("https://", "not a URL"),
            ("https:// h", "not a URL"),
            ("", "has no server"),
        ] {
            let failure = server_url(server).unwrap_err();
            assert!(failure.message.contains(why), "{server}: {}", failure.message);
        }
    }

    #[test]
    fn mutated_kubeconfigs() {
        let seeds = [
            "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n\
             clusters: [{name: k, cluster: {server: 'https://h:6443', proxy-url: 'http://a:b@p:3128', insecure-skip-tls-verify: true}}]\n\
             users: [{name: u, user: {username: a, password: b}}]\n",
            "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n\
             clusters: [{name: k, cluster: {server: 'h:6443', certificate-authority-data: AA==}}]\n\
             users: [{name: u, user: {token: t, as: x, as-groups: [g]}}]\n",
            "{\"clusters\": null, \"contexts\": [{\"name\": \"c\"}], \"current-context\": \"c\"}",
        ];
        let seeds = [seeds.map(|text| text.as_bytes().to_vec()).into(), attacks()].concat();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let context = CollectContext {
            environment: "prod".into(),
            deadline: tokio::time::Instant::now() + std::time::Duration::from_secs(3_600),
            allowed: std::time::Duration::from_secs(3_600),
            clock: std::sync::Arc::new(|| jiff::Timestamp::UNIX_EPOCH),
        };
        let entry = |data: &[u8]| {
            let Ok(mut kubeconfig) = parse(data.to_vec(), "the kubeconfig") else { return };
            // Nothing is started, and no file is read.
            for user in
                kubeconfig.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut())
            {
                (user.exec, user.token_file) = (None, None);
                (user.client_certificate, user.client_key) = (None, None);
            }
            let clusters = kubeconfig.clusters.iter_mut();
            for cluster in clusters.filter_map(|named| named.cluster.as_mut()) {
                cluster.certificate_authority = None;
            }
            if let Ok(chosen) = runtime.block_on(choose(kubeconfig, None, &context)) {
                let url = chosen.config.cluster_url;
                assert!(matches!(url.scheme_str(), Some("http" | "https")), "{url}");
                assert_ne!(url.port_u16(), Some(0), "{url}");
                assert_eq!(url.port().is_some(), url.port_u16().is_some(), "{url}");
            }
        };
        enter(entry, &seeds, 2 * MUTATIONS);
    }
}
