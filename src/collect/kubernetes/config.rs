//! What a profile says of a Kubernetes cluster.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::collect::config::check_globs;
use crate::wire::duration::DurationText;
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

/// A Kubernetes cluster.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KubernetesConfig {
    /// Name of the target.
    pub name: Located<String>,
    /// Kubeconfig file; else `$KUBECONFIG`, else in-cluster.
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
    /// Whether the verdict needs it; else the environment says.
    #[serde(default)]
    pub required: Option<bool>,
    /// How long reading it may take (default 60s).
    #[serde(default)]
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
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Nodes => "nodes",
            Self::Workloads => "workloads",
            Self::Identity => "identity",
        }
    }
}

/// Namespaces, by patterns.
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

impl KubernetesConfig {
    /// Everything that is wrong with it.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = check_globs(self.namespaces.include.iter().chain(&self.namespaces.exclude));
        if self.read.is_empty() {
            let advice = "leave read: out for all parts, or name some of server, nodes, workloads, identity";
            problems.push(Problem::at(&self.name, "an empty read: reads nothing", advice));
        }
        problems
    }
}
