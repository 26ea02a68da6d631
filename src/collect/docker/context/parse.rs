//! The file `meta.json` of a Docker context. Pure; opens no file.
//!
//! Shape: `{"Name": …, "Endpoints": {"docker": {"Host": …, "SkipTLSVerify": …}}}`; a context of
//! another tool may have no endpoint `docker`.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::collect::docker::config::EngineAddress;
use crate::model::{Failure, FailureKind};
use crate::wire::json;

/// What a context says of its engine.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ContextEndpoint {
    pub(super) host: String,
    pub(super) skip_tls_verify: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContextMeta {
    name: String,
    #[serde(default)]
    endpoints: Endpoints,
}

#[derive(Default, Deserialize)]
struct Endpoints {
    docker: Option<DockerEndpoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerEndpoint {
    #[serde(default)]
    host: String,
    #[serde(default, rename = "SkipTLSVerify")]
    skip_tls_verify: bool,
}

/// The folder of a context, below `meta` and below `tls`.
pub(super) fn folder(name: &str) -> String {
    Sha256::digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The name that a `meta.json` gives its context.
pub(super) fn name(bytes: &[u8]) -> Option<String> {
    json::read_json(bytes).ok().map(|meta: ContextMeta| meta.name)
}

/// The endpoint that a `meta.json` describes; `Err` says what is wrong with the file.
pub(super) fn endpoint(bytes: &[u8]) -> Result<ContextEndpoint, &'static str> {
    let meta: ContextMeta =
        json::read_json(bytes).map_err(|_| "it is not what docker context create writes")?;
    let docker = meta.endpoints.docker.ok_or("it describes no Docker Engine")?;
    if docker.host.trim().is_empty() {
        return Err("it names no host");
    }
    Ok(ContextEndpoint { host: docker.host, skip_tls_verify: docker.skip_tls_verify })
}

/// Where the host of a context is. Its text is not quoted: it may hold a password.
pub(super) fn address(host: &str, tls: bool, context: &str) -> Result<EngineAddress, Failure> {
    EngineAddress::parse(host, tls).map_err(|wrong| {
        Failure::new(
            FailureKind::Unsupported,
            format!("the host of the context {context}: {}", wrong.message),
        )
        .with_advice(format!(
            "check it with docker context inspect {context}, or name the engine by host: in the \
             profile"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_those_of_dockers_client() {
        assert_eq!(
            folder("edge"),
            "a1cb100f57e971cacf269e7c26e4630a25a8e9d4bdd35e32df1a80b66b896254"
        );
    }

    #[test]
    fn what_is_no_context_is_named() {
        let meta = |docker: &str| {
            format!(r#"{{"Name":"x","Metadata":{{}},"Endpoints":{{"docker":{docker}}}}}"#)
        };
        let read =
            endpoint(meta(r#"{"Host":"tcp://h:2376","SkipTLSVerify":true}"#).as_bytes()).unwrap();
        assert_eq!(
            read,
            ContextEndpoint { host: "tcp://h:2376".to_owned(), skip_tls_verify: true }
        );
        assert!(!endpoint(meta(r#"{"Host":"unix:///s"}"#).as_bytes()).unwrap().skip_tls_verify);
        for (text, wrong) in [
            ("{", "docker context create"),
            (r#"{"Name":7}"#, "docker context create"),
            (r#"{"Name":"x","Endpoints":{"kubernetes":{}}}"#, "no Docker Engine"),
            (&meta(r#"{"Host":""}"#), "no host"),
        ] {
            assert!(endpoint(text.as_bytes()).unwrap_err().contains(wrong), "{text}");
        }
    }

    #[test]
    fn no_host_is_quoted() {
        let failed = |host: &str| address(host, false, "edge").unwrap_err();
        assert!(matches!(address("ssh://me@h", false, "edge"), Ok(EngineAddress::Ssh(_))));
        for host in [
            "ssh://me:hunter2@h",
            "npipe:////./pipe/docker_engine",
            "tcp://u:hunter2@h:1",
            "hunter2",
        ] {
            let failure = failed(host);
            assert_eq!(failure.kind, FailureKind::Unsupported, "{host}");
            assert!(!failure.message.contains("hunter2"), "{failure:?}");
        }
    }

    #[test]
    fn mutated_contexts() {
        use crate::mutation::{MUTATIONS, attacks, enter};
        let docker = r#"{"Host":"tcp://h:2376","SkipTLSVerify":false}"#;
        let of = |docker: &str| format!(r#"{{"Name":"x","Endpoints":{{"docker":{docker}}}}}"#);
        let hosts =
            ["unix:///var/run/docker.sock", "ssh://u@h:22/x", "tcp://[::1]:2376", "npipe://"];
        let mut seeds: Vec<Vec<u8>> = vec![of(docker).into_bytes()];
        seeds.extend(hosts.map(|host| of(&format!(r#"{{"Host":"{host}"}}"#)).into_bytes()));
        seeds.extend(hosts.map(|host| host.as_bytes().to_vec()));
        let entry = |data: &[u8]| {
            let _ = name(data);
            let host = endpoint(data).map(|endpoint| endpoint.host);
            let host = host.unwrap_or_else(|_| String::from_utf8_lossy(data).into_owned());
            let _ = address(&host, data.len().is_multiple_of(2), "x");
            let folder = folder(&host);
            assert!(folder.len() == 64 && folder.bytes().all(|byte| byte.is_ascii_hexdigit()));
        };
        enter(entry, &[seeds, attacks()].concat(), 2 * MUTATIONS);
    }
}
