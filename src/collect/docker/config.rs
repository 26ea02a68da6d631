//! What a profile says of a Docker Engine.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::collect::config::{TlsConfig, check_globs, check_tls};
use crate::wire::duration::DurationText;
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

/// A Docker Engine, or what answers its API.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DockerConfig {
    /// Name of the target.
    pub name: Located<String>,
    /// `unix:///var/run/docker.sock` or `tcp://host:2375`.
    pub host: Located<String>,
    /// Certificates; with them `tcp://` speaks TLS.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    /// Only these containers count (default: all).
    #[serde(default)]
    pub include: Option<SelectionConfig>,
    /// These containers do not count; it wins over `include`.
    #[serde(default)]
    pub exclude: Option<SelectionConfig>,
    /// File to use when the live target cannot be reached: evidence.
    #[serde(default)]
    pub else_recorded: Option<PathBuf>,
    /// Whether the verdict needs it; else the environment says.
    #[serde(default)]
    pub required: Option<bool>,
    /// How long reading it may take (default 15s).
    #[serde(default)]
    pub deadline: Option<DurationText>,
}

/// Containers, by patterns; one that fits selects.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SelectionConfig {
    /// Compose projects: `sandbox-*`.
    #[serde(default)]
    pub projects: Vec<Located<String>>,
    /// Container names.
    #[serde(default)]
    pub names: Vec<Located<String>>,
    /// Labels, as `key` or `key=value`.
    #[serde(default)]
    pub labels: Vec<Located<String>>,
}

impl SelectionConfig {
    fn patterns(&self) -> impl Iterator<Item = &Located<String>> {
        self.projects.iter().chain(&self.names).chain(&self.labels)
    }
}

/// Where the engine listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    Unix(PathBuf),
    Tcp { host: String, port: u16, tls: bool },
}

impl DockerConfig {
    /// Everything that is wrong with it.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.address().err().into_iter().collect();
        problems.extend(check_tls(self.tls.as_ref(), &self.name));
        let selections = self.include.iter().chain(&self.exclude);
        if self.include.as_ref().is_some_and(|include| include.patterns().next().is_none()) {
            let advice = "leave include: out for all containers, or give it projects:, names: or labels:";
            problems.push(Problem::at(&self.name, "include: without a pattern selects no container", advice));
        }
        problems.extend(check_globs(selections.flat_map(SelectionConfig::patterns)));
        problems
    }

    pub(super) fn address(&self) -> Result<Address, Problem> {
        const SHAPE: &str = "write unix:///var/run/docker.sock or tcp://host:2375";
        let wrong = |message: &str, advice: &str| Problem::at(&self.host, message, advice);
        let url = Url::parse(&self.host).map_err(|_| wrong("this is no URL", SHAPE))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(
                "the URL holds a user name or password",
                "an engine knows none: use tls: with a certificate",
            ));
        }
        match url.scheme() {
            "unix" if url.path().len() > 1 && url.host_str().is_none_or(str::is_empty) => {
                Ok(Address::Unix(url.path().into()))
            }
            "unix" => Err(wrong("the path of a socket is absolute", SHAPE)),
            "tcp" => {
                let host =
                    url.host_str().filter(|h| !h.is_empty()).ok_or_else(|| wrong("the URL names no host", SHAPE))?;
                let tls = self.tls.is_some();
                let port = url.port().unwrap_or(if tls { 2376 } else { 2375 });
                Ok(Address::Tcp { host: host.to_owned(), port, tls })
            }
            _ => Err(wrong("the host is neither unix:// nor tcp://", SHAPE)),
        }
    }
}
