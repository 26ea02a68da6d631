//! What a profile says of TLS, whatever the collector.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

/// Files for TLS, relative to the profile's folder. Each is read when the target is.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file of the authority that signed the server's certificate; else the system's.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// PEM file of the client's certificate chain.
    #[serde(default)]
    pub cert: Option<PathBuf>,
    /// PEM file of the client's key.
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// Name that the certificate must have, if not the host's.
    #[serde(default)]
    pub server_name: Option<String>,
}

impl TlsConfig {
    /// The files that it names.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        [&self.ca, &self.cert, &self.key].into_iter().flatten().map(PathBuf::as_path)
    }

    /// The same with paths that hold from anywhere.
    #[must_use]
    pub fn relative_to(&self, folder: &Path) -> Self {
        let resolve = |path: &Option<PathBuf>| path.as_ref().map(|p| folder.join(p));
        Self {
            ca: resolve(&self.ca),
            cert: resolve(&self.cert),
            key: resolve(&self.key),
            server_name: self.server_name.clone(),
        }
    }
}

/// A certificate without its key, or the other way round, proves nothing to the server.
pub(in crate::collect) fn check_tls(
    tls: Option<&TlsConfig>,
    place: &Located<String>,
) -> Option<Problem> {
    tls.filter(|tls| tls.cert.is_some() != tls.key.is_some()).map(|_| {
        Problem::at(
            place,
            "tls names a client certificate without its key, or a key without its certificate",
            "name both",
        )
    })
}
