//! What a profile says of a Docker Engine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::collect::io::config::{TlsConfig, check_tls};
use crate::collect::io::ssh_address::{NoAddress, SshAddress};
use crate::collect::patterns::check_globs;
use crate::collect::target::TargetConfig;
use crate::model::{CollectorKind, CollectorPart, Facts, Holds, IdentityField, Occurs};
use crate::wire::duration::DurationText;
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

pub(super) const ENGINE: &str = "engine";
pub(super) const CONTAINERS: &str = "containers";
pub(super) const IMAGES: &str = "images";

/// A Docker Engine, or what answers its API.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DockerConfig {
    /// Name of the target.
    pub name: Located<String>,
    /// `unix:///var/run/docker.sock`, `tcp://host:2375` or `ssh://user@host`; the last starts
    /// `ssh`, with this user's keys, and the client of Docker on that host.
    #[serde(default)]
    pub host: Option<Located<String>>,
    /// Instead of `host`: a context that `docker context create` has made, with its certificates.
    /// They are read from `~/.docker`, or from the folder that `$DOCKER_CONFIG` names; no other
    /// variable of Docker's counts.
    #[serde(default)]
    pub context: Option<Located<String>>,
    /// Certificates; with them `tcp://` speaks TLS.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    /// Only these containers count (default: all). What nobody deployed never does: containers of
    /// `docker compose run`, those that hold a pod, those of `kube-system`.
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
    #[serde(default, deserialize_with = "crate::wire::duration::limit")]
    pub deadline: Option<DurationText>,
}

/// Containers, by patterns; one that fits selects.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SelectionConfig {
    /// Compose projects and Swarm stacks: `sandbox-*`.
    #[serde(default)]
    pub projects: Vec<Located<String>>,
    /// Container names; those that links of other containers give (`other/alias`) count, too.
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

const SHAPE: &str = "write unix:///var/run/docker.sock, tcp://host:2375 or ssh://user@host";

/// Where the engine listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EngineAddress {
    Unix(PathBuf),
    Tcp { host: String, port: u16, tls: bool },
    Ssh(SshAddress),
}

impl EngineAddress {
    pub(super) fn parse(host: &str, tls: bool) -> Result<Self, NoAddress> {
        let wrong = |message, advice| NoAddress { message, advice };
        let url = Url::parse(host).map_err(|_| wrong("invalid URL", SHAPE))?;
        if url.scheme() == "ssh" {
            if tls {
                return Err(wrong("ssh encrypts by itself", "leave tls: out"));
            }
            return SshAddress::of(&url).map(Self::Ssh);
        }
        if !url.username().is_empty() || url.password().is_some() {
            let advice = "Docker Engine has no passwords: use tls: with a certificate";
            return Err(wrong("the URL holds a user name or password", advice));
        }
        if url.query().is_some() || url.fragment().is_some() {
            let advice = "remove what follows ? and #: it is not sent to the engine";
            return Err(wrong("the URL has a query or a fragment", advice));
        }
        match url.scheme() {
            "tcp" if !matches!(url.path(), "" | "/") => {
                Err(wrong("the URL has more than a host and a port", SHAPE))
            }
            "unix" if url.path().len() > 1 && url.host_str().is_none_or(str::is_empty) => {
                Ok(Self::Unix(url.path().into()))
            }
            "unix" => Err(wrong("the path of the socket must be absolute", SHAPE)),
            "tcp" => {
                let host = url.host_str().filter(|h| !h.is_empty());
                let host = host.ok_or_else(|| wrong("the URL names no host", SHAPE))?;
                let port = url.port().unwrap_or(if tls { 2376 } else { 2375 });
                Ok(Self::Tcp { host: host.to_owned(), port, tls })
            }
            _ => Err(wrong("the host is neither unix:// nor tcp:// nor ssh://", SHAPE)),
        }
    }

    /// For people, given the text that it was read from; user names are not shown.
    pub(super) fn shown(&self, text: &str) -> String {
        match self {
            Self::Ssh(address) => format!("ssh://{}", address.shown()),
            Self::Unix(_) | Self::Tcp { .. } => text.to_owned(),
        }
    }
}

/// What a profile names an engine by.
#[derive(Clone, Debug)]
pub(super) enum EngineName {
    Host(EngineAddress),
    Context(String),
}

impl TargetConfig for DockerConfig {
    fn kind(&self) -> &'static CollectorKind {
        &Self::KIND
    }

    fn name(&self) -> &Located<String> {
        &self.name
    }

    fn required(&self) -> Option<bool> {
        self.required
    }

    fn deadline(&self) -> Option<DurationText> {
        self.deadline
    }

    fn tls(&self) -> Vec<&TlsConfig> {
        self.tls.iter().collect()
    }

    fn grant(&self, _part: Option<&str>) -> Option<String> {
        Some(
            "of a socket proxy (examples/docker): -allowGET=/(version|info|containers/json|\
             images/json)\nof the socket itself: usermod -aG docker USER"
                .to_owned(),
        )
    }

    fn else_recorded(&self) -> Option<&Path> {
        self.else_recorded.as_deref()
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.named().err().into_iter().collect();
        problems.extend(check_tls(self.tls.as_ref(), &self.name));
        let selections = self.include.iter().chain(&self.exclude);
        if self.include.as_ref().is_some_and(|include| include.patterns().next().is_none()) {
            let advice =
                "leave include: out for all containers, or give it projects:, names: or labels:";
            problems.push(Problem::at(
                &self.name,
                "include: without a pattern selects no container",
                advice,
            ));
        }
        problems.extend(check_globs(selections.flat_map(SelectionConfig::patterns)));
        problems
    }
}

impl DockerConfig {
    /// What the other stages know of it.
    pub const KIND: CollectorKind = CollectorKind {
        name: "docker",
        noun: "docker target",
        facts: Facts::Engine,
        parts: &[
            CollectorPart {
                name: ENGINE,
                occurs: Occurs::Always,
                holds: &[Holds::Group("docker"), Holds::Group("host")],
            },
            CollectorPart {
                name: CONTAINERS,
                occurs: Occurs::Always,
                holds: &[Holds::Group("image")],
            },
            CollectorPart { name: IMAGES, occurs: Occurs::Always, holds: &[] },
        ],
        is_service: false,
        // Labels and digests are told by the images.
        jointly: &[Holds::Group("image")],
        identity: Some(IdentityField { field: "id", noun: "engine ID" }),
        groups: &["docker", "host", "image"],
        products: &[("docker/containerd", "containerd"), ("docker/runc", "runc")],
        deadline: Duration::from_secs(15),
        clashes_with_files: false,
    };

    /// The one of `host:` and `context:` that is there.
    pub(super) fn named(&self) -> Result<EngineName, Problem> {
        match (&self.host, &self.context) {
            (Some(host), None) => EngineAddress::parse(host, self.tls.is_some())
                .map(EngineName::Host)
                .map_err(|wrong| Problem::at(host, wrong.message, wrong.advice)),
            (None, Some(context)) if context.trim().is_empty() => Err(Problem::at(
                context,
                "the context has no name",
                "docker context ls lists their names",
            )),
            (None, Some(context)) if self.tls.is_some() => {
                let advice = "leave tls: out, or name the engine by host:";
                Err(Problem::at(context, "a context brings its own certificates", advice))
            }
            (None, Some(context)) => Ok(EngineName::Context(context.value.clone())),
            (Some(_), Some(context)) => Err(Problem::at(
                context,
                "the target names both a host and a context",
                "leave one of them out",
            )),
            (None, None) => {
                Err(Problem::at(&self.name, "the target names neither host: nor context:", SHAPE))
            }
        }
    }
}
