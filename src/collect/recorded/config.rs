//! What a profile says of a recorded target.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::collect::kubernetes::config::{KubernetesPart, NamespacesConfig};
use crate::collect::target::TargetConfig;
use crate::model::{CollectorKind, CollectorPart, Facts, Occurs};
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

/// A part whose name says that nothing is known of what the file holds.
pub(super) const FILE: &str = "file";

/// A file that holds what targets answered: evidence of `envparity collect`, the text of INFO (of
/// several servers, if `host:port` stands in front of each: they are nodes of one target), or
/// the JSON (or YAML) of `kubectl get
/// pods,deployments,statefulsets,daemonsets,cronjobs,nodes,namespaces -A
/// -o json` (and, behind it, of `kubectl version -o json`).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RecordedConfig {
    /// Name of the target. The text of INFO named `cache` is the component `redis/cache`,
    /// kubectl's JSON named `mks` the target `kubernetes/mks`.
    pub name: Located<String>,
    /// The file, relative to the profile's folder; `/dev/stdin` is what is piped into the program.
    pub path: PathBuf,
    /// When it was taken, in UTC, if the file does not say or says it wrongly.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub taken: Option<Timestamp>,
    /// Of what kubectl printed: what counts (default: all that the file holds).
    #[serde(default = "KubernetesPart::all")]
    pub read: Vec<KubernetesPart>,
    /// Of what kubectl printed: which namespaces count.
    #[serde(default)]
    pub namespaces: NamespacesConfig,
    /// Whether the verdict needs it; else the environment says.
    #[serde(default)]
    pub required: Option<bool>,
}

impl TargetConfig for RecordedConfig {
    fn kind(&self) -> &'static CollectorKind {
        &Self::KIND
    }

    fn name(&self) -> &Located<String> {
        &self.name
    }

    fn required(&self) -> Option<bool> {
        self.required
    }

    fn file(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn check(&self) -> Vec<Problem> {
        self.namespaces.check()
    }
}

impl RecordedConfig {
    /// What the other stages know of it.
    pub const KIND: CollectorKind = CollectorKind {
        name: "recorded",
        noun: "recorded target",
        facts: Facts::OfOthers,
        parts: &[CollectorPart { name: FILE, occurs: Occurs::Always, holds: &[] }],
        is_service: false,
        jointly: &[],
        identity: None,
        groups: &[],
        products: &[],
        deadline: Duration::from_secs(15),
        clashes_with_files: false,
    };

    /// The file that a target of that name falls back on; all of it counts.
    pub(in crate::collect) fn in_place_of(name: &Located<String>, path: &Path) -> Self {
        Self {
            name: name.clone(),
            path: path.to_owned(),
            taken: None,
            read: KubernetesPart::all(),
            namespaces: NamespacesConfig::default(),
            required: None,
        }
    }
}
