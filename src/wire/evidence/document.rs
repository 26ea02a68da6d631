//! The shape of an evidence file, of today and of before.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::format::EvidenceFormat;
use crate::wire::header::{FileKind, FormatVersion};

/// An environment's observations, coverage and time.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Document {
    #[serde(rename = "apiVersion")]
    pub(super) api_version: FormatVersion,
    pub(super) kind: FileKind,
    /// Which keys there may be: `1.1` is written; a file without it is of format 1.0.
    #[serde(default)]
    pub(super) format: EvidenceFormat,
    /// Where it was collected.
    pub(super) environment: String,
    /// When the collection ended, in UTC.
    #[schemars(with = "String")]
    pub(super) taken: Timestamp,
    /// One for each target.
    pub(super) targets: Vec<Target>,
    /// Totals; a file that broke off has none, or others.
    pub(super) end: End,
}

/// What a whole file holds. YAML that breaks off between two items is still YAML.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct End {
    /// Targets in the file.
    pub(super) targets: usize,
    /// Images in all of them.
    pub(super) images: usize,
    /// Samples in all of them; format 1.0 has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) samples: Option<usize>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Target {
    /// `<collector>/<target name>`.
    pub(super) id: String,
    /// Address, without user name and password.
    pub(super) endpoint: String,
    /// When the target answered, in UTC.
    #[schemars(with = "String")]
    pub(super) taken: Timestamp,
    /// What became of each part.
    pub(super) parts: BTreeMap<String, Part>,
    /// Facts about the target itself, verbatim.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) fields: BTreeMap<String, String>,
    /// Facts about hosts or nodes in the target, verbatim.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) places: BTreeMap<String, BTreeMap<String, String>>,
    /// What each server of the target counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) samples: Vec<Sample>,
    /// Format 1.0 only: counters and sizes of the one server.
    #[serde(default, skip_serializing)]
    pub(super) figures: Option<BTreeMap<String, f64>>,
    /// Format 1.0 only: counters of its commands.
    #[serde(default, skip_serializing)]
    pub(super) commands: Option<BTreeMap<String, OldCommand>>,
    /// Format 1.0 only: its error replies by prefix.
    #[serde(default, skip_serializing)]
    pub(super) errors: Option<BTreeMap<String, u64>>,
    /// Images in use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) images: Vec<Image>,
    /// Facts that a person vouches for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) declared: Vec<Declared>,
    /// Containers or workloads that the profile excluded.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) left_out: u64,
}

/// What became of one part.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Part {
    Complete,
    LeftOut,
    Failed(Failed),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Failed {
    /// The class of failure.
    pub(super) kind: String,
    pub(super) message: String,
    pub(super) advice: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the engine calls it image ID")]
pub(super) struct Image {
    /// As the container names it.
    pub(super) reference: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) image_id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) repo_digests: Vec<String>,
    /// Tags of that content, where the container names it by its ID.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) repo_tags: Vec<String>,
    /// What runs it, where that is told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) runtime: String,
    /// `org.opencontainers.image.version`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) version_label: String,
    /// `org.opencontainers.image.ref.name`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) ref_name: String,
    /// `app.kubernetes.io/version` of the workload.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) app_version: String,
    /// `helm.sh/chart` of the workload.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) chart: String,
    /// `running`; `scheduled`, `rolling out`, `unreachable` and `state unknown`, which count, too;
    /// or the source's own word for a state that does not run.
    pub(super) state: String,
    /// Compose project or namespace.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) namespace: String,
    /// Compose service or workload.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) workload: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) container: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Declared {
    pub(super) component: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) product: String,
    pub(super) version: String,
    pub(super) by: String,
    #[schemars(with = "String")]
    pub(super) on: jiff::civil::Date,
    #[schemars(with = "String")]
    pub(super) expires: jiff::civil::Date,
}

/// What one server of a target counts, as it names it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Sample {
    /// The server's address; left out where it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) place: String,
    /// What tells this start of the server from every other.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) run_id: String,
    /// `master`, `slave`, `sentinel`, as the server names it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) role: String,
    /// When the server answered, in UTC.
    #[schemars(with = "String")]
    pub(super) taken: Timestamp,
    /// Sections that the server told: what is not in them is zero.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) sections: BTreeSet<String>,
    /// Numbers of their own.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        serialize_with = "serialize_figures"
    )]
    pub(super) figures: BTreeMap<String, f64>,
    /// Numbers by group: `cmdstat_keys: {calls: 1, usec: 25}`.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        serialize_with = "serialize_groups"
    )]
    pub(super) groups: BTreeMap<String, BTreeMap<String, f64>>,
    /// Numbers that the server told beyond what is kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) left_out: u64,
}

/// Counters of a command in format 1.0.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct OldCommand {
    pub(super) calls: u64,
    /// Microseconds.
    pub(super) usec: u64,
    #[serde(default)]
    pub(super) rejected: u64,
    #[serde(default)]
    pub(super) failed: u64,
}

/// Counters are whole numbers: they are written so.
fn serialize_figures<S: Serializer>(
    map: &BTreeMap<String, f64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(map.iter().map(|(name, &figure)| (name, json_number(figure))))
}

fn serialize_groups<S: Serializer>(
    map: &BTreeMap<String, BTreeMap<String, f64>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let numbers = |group: &BTreeMap<String, f64>| -> BTreeMap<String, serde_json::Number> {
        group.iter().map(|(name, &figure)| (name.clone(), json_number(figure))).collect()
    };
    serializer.collect_map(map.iter().map(|(name, group)| (name, numbers(group))))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
pub(super) fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// A JSON number that is whole where the figure is.
pub(super) fn json_number(figure: f64) -> serde_json::Number {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if figure.fract() == 0.0 && figure.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole, and within 53 bits")]
        return serde_json::Number::from(figure as i64);
    }
    serde_json::Number::from_f64(figure).unwrap_or_else(|| 0.into())
}

impl End {
    pub(super) fn for_targets(targets: &[Target], format: EvidenceFormat) -> Self {
        let samples = targets.iter().map(|target| target.samples.len()).sum();
        Self {
            targets: targets.len(),
            images: targets.iter().map(|target| target.images.len()).sum(),
            samples: (format != EvidenceFormat::FIRST).then_some(samples),
        }
    }
}

/// The JSON Schema of the format.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Document)
}

/// As profiles allow names: letters, digits, `-`, `_` and `.`; components also have `/`.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
