//! What a profile says of a Kubernetes cluster.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper::Uri;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::collect::patterns::{check_globs, globs};
use crate::collect::target::TargetConfig;
use crate::model::{
    CollectorKind, CollectorPart, Facts, Holds, IdentityField, Occurs, REVISIONS_PART,
};
use crate::wire::duration::DurationText;
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

/// A Kubernetes cluster.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KubernetesConfig {
    /// Name of the target.
    pub name: Located<String>,
    /// Kubeconfig file, relative to the profile's folder or `~/…`; else those of `$KUBECONFIG`,
    /// else the service account of the pod that we run in.
    #[serde(default)]
    pub kubeconfig: Option<PathBuf>,
    /// Context in it; else its current one.
    #[serde(default)]
    pub context: Option<String>,
    /// What is read (default: all); what is left out is shown, not incomplete.
    #[serde(default = "KubernetesPart::all")]
    pub read: Vec<KubernetesPart>,
    /// Which namespaces count.
    #[serde(default)]
    pub namespaces: NamespacesConfig,
    /// `http://host:port` of a proxy in front of the cluster, or `none`; else the kubeconfig's
    /// `proxy-url`, else `$HTTPS_PROXY` and `$NO_PROXY`.
    #[serde(default)]
    pub proxy: Option<Located<String>>,
    /// File to use when the cluster cannot be reached: evidence, or `kubectl get … -o json`.
    #[serde(default)]
    pub else_recorded: Option<PathBuf>,
    /// Whether the verdict needs it; else the environment says.
    #[serde(default)]
    pub required: Option<bool>,
    /// How long reading it may take (default 60s).
    #[serde(default, deserialize_with = "crate::wire::duration::limit")]
    pub deadline: Option<DurationText>,
}

/// A part of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KubernetesPart {
    /// Version of the control plane.
    Server,
    /// Kubelet, runtime, kernel and operating system of each node.
    Nodes,
    /// Pods and what owns them.
    Workloads,
    /// UID of `kube-system`.
    Identity,
}

impl KubernetesPart {
    /// All parts.
    pub fn all() -> Vec<Self> {
        vec![Self::Server, Self::Nodes, Self::Workloads, Self::Identity]
    }

    /// Its name in coverage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Nodes => "nodes",
            Self::Workloads => "workloads",
            Self::Identity => "identity",
        }
    }
}

/// What a profile says of a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proxy {
    /// Whatever the kubeconfig and the environment say.
    Never,
    /// This one.
    By(Uri),
}

/// Namespaces, by patterns. Without patterns they are asked one by one, so that a Role in each
/// suffices.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NamespacesConfig {
    /// Only these count (default: all).
    #[serde(default)]
    pub include: Vec<Located<String>>,
    /// These do not count; it wins over `include`.
    #[serde(default)]
    pub exclude: Vec<Located<String>>,
}

impl TargetConfig for KubernetesConfig {
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

    fn grant(&self, part: Option<&str>) -> Option<String> {
        let rule = |groups: &str, resources: &str, verb: &str| {
            format!("- {{apiGroups: [{groups}], resources: [{resources}], verbs: [{verb}]}}")
        };
        let part = KubernetesPart::all().into_iter().find(|own| Some(own.as_str()) == part)?;
        Some(match part {
            KubernetesPart::Server => {
                "- {nonResourceURLs: [\"/version\"], verbs: [\"get\"]}".to_owned()
            }
            KubernetesPart::Identity => {
                "- {apiGroups: [\"\"], resources: [\"namespaces\"], resourceNames: \
                 [\"kube-system\"], verbs: [\"get\"]}"
                    .to_owned()
            }
            KubernetesPart::Nodes => rule("\"\"", "\"nodes\"", "\"list\""),
            KubernetesPart::Workloads => [
                rule("\"\"", "\"pods\"", "\"list\""),
                rule("\"apps\"", "\"deployments\", \"statefulsets\", \"daemonsets\"", "\"list\""),
                rule("\"batch\"", "\"cronjobs\"", "\"list\""),
            ]
            .join("\n"),
        })
    }

    fn else_recorded(&self) -> Option<&Path> {
        self.else_recorded.as_deref()
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems = self.namespaces.check();
        if self.read.is_empty() {
            let advice =
                "leave read: out for all parts, or name some of server, nodes, workloads, identity";
            problems.push(Problem::at(&self.name, "an empty read: reads nothing", advice));
        }
        problems.extend(self.address_of_proxy().err());
        problems
    }
}

impl KubernetesConfig {
    /// What the other stages know of it.
    pub const KIND: CollectorKind = CollectorKind {
        name: "kubernetes",
        noun: "kubernetes target",
        facts: Facts::Cluster,
        parts: &[
            CollectorPart {
                name: KubernetesPart::Server.as_str(),
                occurs: Occurs::Always,
                holds: &[Holds::Component("kubernetes/server")],
            },
            CollectorPart {
                name: KubernetesPart::Nodes.as_str(),
                occurs: Occurs::Always,
                holds: &[
                    Holds::Component("kubernetes/kubelet"),
                    Holds::Component("kubernetes/virtual-kubelet"),
                    Holds::Component("kubernetes/runtime"),
                    Holds::Group("host"),
                ],
            },
            CollectorPart {
                name: KubernetesPart::Workloads.as_str(),
                occurs: Occurs::Always,
                holds: &[Holds::Group("image"), Holds::Group("chart")],
            },
            CollectorPart {
                name: KubernetesPart::Identity.as_str(),
                occurs: Occurs::Always,
                holds: &[],
            },
            CollectorPart { name: REVISIONS_PART, occurs: Occurs::Sometimes, holds: &[] },
        ],
        is_service: false,
        jointly: &[],
        identity: Some(IdentityField { field: "uid", noun: "kube-system UID" }),
        groups: &["kubernetes", "host", "image"],
        products: &[("kubernetes/server", "kubernetes"), ("kubernetes/kubelet", "kubernetes")],
        deadline: Duration::from_secs(60),
        clashes_with_files: false,
    };

    /// The proxy that the profile names.
    pub(super) fn proxy(&self) -> Option<Proxy> {
        self.address_of_proxy().ok().flatten()
    }

    /// Reads the proxy's URL. Its text never goes into the message: a password may be in it.
    fn address_of_proxy(&self) -> Result<Option<Proxy>, Problem> {
        const SHAPE: &str = "write http://host:port, or none";
        let Some(text) = &self.proxy else { return Ok(None) };
        if text.as_str() == "none" {
            return Ok(Some(Proxy::Never));
        }
        let uri: Uri = text.parse().map_err(|_| Problem::at(text, "invalid URL", SHAPE))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(Problem::at(text, "the proxy is neither http:// nor https://", SHAPE));
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            let advice = "leave it out here, and set $HTTPS_PROXY or proxy-url in the kubeconfig";
            return Err(Problem::at(text, "the proxy's URL holds a user name or password", advice));
        }
        // Stricter in what a port is, and in what stands behind it.
        let url = Url::parse(text).map_err(|_| Problem::at(text, "invalid URL", SHAPE))?;
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !is_bare {
            return Err(Problem::at(text, "the URL says more than where the proxy is", SHAPE));
        }
        Ok(Some(Proxy::By(uri)))
    }
}

impl NamespacesConfig {
    /// Patterns that are none.
    pub(in crate::collect) fn check(&self) -> Vec<Problem> {
        check_globs(self.include.iter().chain(&self.exclude))
    }

    /// The names, without those that are excluded, if all that is included is names and no
    /// patterns.
    pub(super) fn literal(&self) -> Option<Vec<String>> {
        let is_name = |text: &str| {
            !text.is_empty() && !text.contains(['*', '?', '[', ']', '{', '}', '!', '\\'])
        };
        let names: Option<Vec<String>> = self
            .include
            .iter()
            .map(|pattern| is_name(pattern).then(|| pattern.to_string()))
            .collect();
        names.filter(|names| !names.is_empty()).map(|mut names| {
            let excluded = globs(&self.exclude);
            names.retain(|name| !excluded.iter().any(|glob| glob.is_match(name)));
            names.sort();
            names.dedup();
            names
        })
    }
}
