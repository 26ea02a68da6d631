//! Credentials from a plugin that a kubeconfig names: run once, within the deadline, without input.
//!
//! Its output holds a token: nothing of it is ever shown, whatever goes wrong. Source of the
//! format: `client.authentication.k8s.io/v1` of Kubernetes.

use std::process::Stdio;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, Cluster, ExecAuthCluster, ExecConfig, ExecInteractiveMode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::time::timeout_at;

use crate::collect::collector::CollectContext;
use crate::collect::io::aside::run_blocking;
use crate::collect::io::program::ProcessGroup;
use crate::collect::io::silence;
use crate::collect::io::system::without_errno;
use crate::model::{Failure, FailureKind};
use crate::wire::duration::DurationText;
use crate::wire::yaml::{self, Origin};

/// A token of some clouds is several KiB, a certificate with its key too.
const MAX_OUTPUT: u64 = 1024 * 1024;

#[derive(Deserialize)]
struct ExecCredential {
    #[serde(default)]
    status: Option<ExecStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecStatus {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    client_certificate_data: Option<String>,
    #[serde(default)]
    client_key_data: Option<String>,
}

/// The user with what the plugin says instead of the plugin.
pub(super) async fn credentials(
    user: AuthInfo,
    plugin: &ExecConfig,
    cluster: &Cluster,
    context: &CollectContext,
) -> Result<AuthInfo, Failure> {
    let ended = timeout_at(context.deadline, run(plugin, cluster)).await;
    let output = ended.unwrap_or_else(|_| {
        let what = format!("did not end within {}", DurationText(context.allowed));
        Err(Failure { kind: FailureKind::Timeout, ..failed(plugin, &what) })
    })?;
    silence::broken();
    let credential = run_blocking(move || parse(output)).await?;
    with_credential(user, plugin, credential)
}

/// YAML, of which JSON is a part: client-go reads both.
fn parse(output: Vec<u8>) -> Option<ExecCredential> {
    String::from_utf8(output).ok().and_then(|text| yaml::read(&text, Origin::Program).ok())
}

/// The user with what the plugin printed; `None` is what is not a credential.
fn with_credential(
    user: AuthInfo,
    plugin: &ExecConfig,
    credential: Option<ExecCredential>,
) -> Result<AuthInfo, Failure> {
    let credential = credential.ok_or_else(|| failed(plugin, "did not print an ExecCredential"))?;
    let status = credential
        .status
        .ok_or_else(|| failed(plugin, "printed an ExecCredential without a status"))?;
    let base64 = |pem: String| STANDARD.encode(pem);
    let user = AuthInfo {
        exec: None,
        token: status
            .token
            .map(|token| token.trim().to_owned())
            .filter(|token| !token.is_empty())
            .map(SecretString::from)
            .or(user.token),
        client_certificate_data: status
            .client_certificate_data
            .map(base64)
            .or(user.client_certificate_data),
        client_key_data: status
            .client_key_data
            .map(base64)
            .map(SecretString::from)
            .or(user.client_key_data),
        ..user
    };
    if user.token.is_none() && user.client_certificate_data.is_none() {
        return Err(failed(plugin, "gave neither a token nor a certificate"));
    }
    if user.token.as_ref().is_some_and(|token| !is_token(token)) {
        return Err(failed(
            plugin,
            "gave a token that holds what no token does: a blank or a line end",
        ));
    }
    Ok(user)
}

async fn run(plugin: &ExecConfig, cluster: &Cluster) -> Result<Vec<u8>, Failure> {
    let unusable = |what: &str| {
        Failure::new(FailureKind::Authentication, format!("the kubeconfig's exec plugin {what}"))
    };
    let program = plugin.command.as_deref().ok_or_else(|| unusable("has no command"))?;
    if plugin.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err(unusable("wants a terminal, and an audit has none")
            .with_advice("use credentials that need no person"));
    }
    let variables = plugin
        .env
        .iter()
        .flatten()
        .filter_map(|pair| Some((pair.get("name")?, pair.get("value")?)));
    let mut child = Command::new(program)
        .args(plugin.args.iter().flatten())
        .envs(variables)
        .env("KUBERNETES_EXEC_INFO", info(plugin, cluster)?)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| not_started(plugin, program, &e))?;
    let group = ProcessGroup::of(&child);
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        let read = stdout.take(MAX_OUTPUT + 1).read_to_end(&mut output).await;
        read.map_err(|_| failed(plugin, "broke off"))?;
    }
    if output.len() as u64 > MAX_OUTPUT {
        return Err(failed(plugin, "printed more than any credential has"));
    }
    let status = child.wait().await.map_err(|_| failed(plugin, "broke off"))?;
    group.has_ended();
    if status.success() { Ok(output) } else { Err(failed(plugin, &format!("failed ({status})"))) }
}

/// What the plugin is told.
fn info(plugin: &ExecConfig, cluster: &Cluster) -> Result<String, Failure> {
    let mut spec = json!({"interactive": false});
    if plugin.provide_cluster_info {
        let unusable = |_| {
            failed(plugin, "wants to know the cluster, whose certificate authority cannot be read")
        };
        let cluster = ExecAuthCluster::try_from(cluster).map_err(unusable)?;
        spec["cluster"] = json!(cluster);
    }
    let version = plugin.api_version.as_deref().unwrap_or("client.authentication.k8s.io/v1");
    Ok(json!({"apiVersion": version, "kind": "ExecCredential", "spec": spec}).to_string())
}

/// Whether a text may be a token: it stands in a header.
pub(super) fn is_token(text: &SecretString) -> bool {
    text.expose_secret().bytes().all(|byte| byte.is_ascii_graphic())
}

fn name(plugin: &ExecConfig) -> &str {
    let command = plugin.command.as_deref().unwrap_or_default();
    command.rsplit('/').next().unwrap_or(command)
}

fn failed(plugin: &ExecConfig, what: &str) -> Failure {
    Failure::new(
        FailureKind::Authentication,
        format!("the kubeconfig's exec plugin `{}` {what}", name(plugin)),
    )
    .with_advice(
        "its output is not shown, because it may hold a token: run it by hand, or kubectl with \
         the same context",
    )
}

fn not_started(plugin: &ExecConfig, program: &str, error: &std::io::Error) -> Failure {
    let why = without_errno(error);
    let failure = Failure::new(
        FailureKind::Authentication,
        format!("the kubeconfig's exec plugin `{program}` cannot be started: {why}"),
    );
    match &plugin.install_hint {
        Some(hint) => failure.with_advice(hint.clone()),
        None => failure.with_advice("install it where this user finds it, or use another context"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutation::{MUTATIONS, attacks, enter};

    #[test]
    fn mutated_credentials() {
        let seeds = [
            r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"abc.def","expirationTimestamp":"2026-11-23T00:00:00Z"}}"#,
            "kind: ExecCredential\nstatus:\n  token: abc\n",
            r#"{"status":{"clientCertificateData":"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----","clientKeyData":"k"}}"#,
            r#"{"kind":"ExecCredential","spec":{"interactive":false}}"#,
        ];
        let seeds = [seeds.map(|text| text.as_bytes().to_vec()).into(), attacks()].concat();
        let plugin =
            ExecConfig { command: Some("/bin/plugin".to_owned()), ..ExecConfig::default() };
        let entry = |data: &[u8]| {
            let credential = parse(data.to_vec());
            let words = "its output is not shown";
            match with_credential(AuthInfo::default(), &plugin, credential) {
                // What is taken for a token may stand in a header.
                Ok(user) => assert!(user.token.as_ref().is_none_or(is_token)),
                Err(failure) => assert!(failure.advice.starts_with(words), "{failure:?}"),
            }
        };
        enter(entry, &seeds, 4 * MUTATIONS);
    }
}
