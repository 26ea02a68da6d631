//! A Docker context: an engine that `docker context create` has described on this machine.
//!
//! Its files are read when the target is, without Docker's client. Of the client's variables only
//! `$DOCKER_CONFIG` counts, which says where they are: a profile that names its engine must not
//! read another one because of `$DOCKER_HOST`.

mod parse;

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use super::config::EngineAddress;
use super::endpoint::EngineEndpoint;
use crate::collect::io::aside::run_blocking;
use crate::collect::io::config::TlsConfig;
use crate::collect::io::system::without_errno;
use crate::collect::io::{file, tls};
use crate::model::{Failure, FailureKind, meant_or_known};
use crate::wire;

/// The client's own name for the engine of this machine.
const DEFAULT: &str = "default";
const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

const MAX_META: u64 = 64 * 1024;

/// Reads the files of a context; connects to nothing.
pub(super) async fn find(name: &str) -> Result<EngineEndpoint, Failure> {
    if name == DEFAULT {
        let address = EngineAddress::Unix(DEFAULT_SOCKET.into());
        let shown = format!("unix://{DEFAULT_SOCKET} (context {DEFAULT})");
        return Ok(EngineEndpoint {
            address,
            tls: tls::TlsSettings::default(),
            verify: true,
            shown,
        });
    }
    let contexts = folder()?;
    let meta = contexts.join("meta").join(parse::folder(name)).join("meta.json");
    let bytes = match file::read_aside(meta.clone(), MAX_META).await {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(unknown(name, &contexts).await),
        Err(e) => return Err(unusable(name, &meta, &without_errno(&e))),
    };
    let endpoint = parse::endpoint(&bytes).map_err(|why| unusable(name, &meta, why))?;
    let certificates =
        certificates(name, &contexts.join("tls").join(parse::folder(name)).join("docker")).await?;
    let tls = certificates.is_some() || endpoint.skip_tls_verify;
    let address = parse::address(&endpoint.host, tls, name)?;
    let verify = !endpoint.skip_tls_verify;
    let tls = tls::TlsSettings(certificates.unwrap_or_default());
    let mut way = EngineEndpoint { address, tls, verify, shown: String::new() };
    let note = if way.is_unverified() { ", its certificate is not verified" } else { "" };
    way.shown = format!("{} (context {name}{note})", way.address.shown(&endpoint.host));
    Ok(way)
}

/// The files of a context, be they there or not.
pub(super) fn files(name: &str) -> Vec<PathBuf> {
    let Ok(contexts) = folder() else { return Vec::new() };
    let tls = contexts.join("tls").join(parse::folder(name)).join("docker");
    let certificates = ["ca.pem", "cert.pem", "key.pem"].map(|file| tls.join(file));
    let meta = contexts.join("meta").join(parse::folder(name)).join("meta.json");
    certificates.into_iter().chain([meta]).collect()
}

/// Where the client keeps its contexts.
fn folder() -> Result<PathBuf, Failure> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = set("DOCKER_CONFIG").or_else(|| set("HOME").map(|home| home.join(".docker")));
    let config = config.ok_or_else(|| {
        Failure::new(
            FailureKind::File,
            "neither $HOME nor $DOCKER_CONFIG says where Docker's contexts are",
        )
        .with_advice("set one of them, or name the engine by host: in the profile")
    })?;
    Ok(config.join("contexts"))
}

/// The certificates of a context, if it has any.
async fn certificates(name: &str, folder: &Path) -> Result<Option<TlsConfig>, Failure> {
    let mut found = [None, None, None];
    for (slot, file) in found.iter_mut().zip(["ca.pem", "cert.pem", "key.pem"]) {
        let path = folder.join(file);
        match tokio::fs::metadata(&path).await {
            Ok(_) => *slot = Some(path),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(unusable(name, &path, &without_errno(&e))),
        }
    }
    let [ca, cert, key] = found;
    if cert.is_some() != key.is_some() {
        let missing = folder.join(if cert.is_some() { "key.pem" } else { "cert.pem" });
        return Err(unusable(name, &missing, "no such file or directory"));
    }
    let any = ca.is_some() || cert.is_some();
    Ok(any.then_some(TlsConfig { ca, cert, key, server_name: None }))
}

async fn unknown(name: &str, contexts: &Path) -> Failure {
    let meta = contexts.join("meta");
    let known = run_blocking(move || known(&meta)).await.unwrap_or_default();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    Failure::new(FailureKind::File, format!("no Docker context {name} in {}", contexts.display()))
        .with_advice(format!("check context: in the profile; {}", meant_or_known(name, &known)))
}

/// The names of all contexts; what cannot be read is none.
fn known(meta: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(meta).into_iter().flatten().flatten();
    let read = |folder: PathBuf| {
        parse::name(&wire::file::read_capped(&folder.join("meta.json"), MAX_META).ok()?)
    };
    let mut names: Vec<String> = entries.filter_map(|entry| read(entry.path())).collect();
    names.sort();
    names.insert(0, DEFAULT.to_owned());
    names
}

fn unusable(name: &str, path: &Path, why: &str) -> Failure {
    Failure::new(
        FailureKind::File,
        format!("the context {name} cannot be used: {}: {why}", path.display()),
    )
    .with_advice(format!(
        "check the file's permissions, and the context with docker context inspect {name}"
    ))
}

/// A failure whose advice is about a profile that names certificates itself.
pub(super) fn advised(failure: Failure, name: &str) -> Failure {
    let is_of_tls = matches!(failure.kind, FailureKind::Tls | FailureKind::Cut);
    if !is_of_tls || !failure.advice.contains("profile") {
        return failure;
    }
    failure.with_advice(format!(
        "the certificates are those of the context: docker context inspect {name} tells where \
         they are, docker context update {name} --docker host=…,ca=…,cert=…,key=… replaces \
         them"
    ))
}
