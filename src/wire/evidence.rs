//! `kind: Evidence`: what `collect` writes and a `recorded` target reads.
//!
//! `format` says which keys there may be. What a later minor format adds is passed over, since
//! that is what makes it minor; a later major one is refused.

mod convert;
mod format;
mod newer;
mod samples;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::header::{ApiVersion, Kind};
use super::yaml::{self, Origin, ShapeError};
use crate::model;
use format::Format;
use samples::{OldCommand, Sample};

/// An environment's observations, coverage and time.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Document {
    #[serde(rename = "apiVersion")]
    api_version: ApiVersion,
    kind: Kind,
    /// Which keys there may be: `1.1` is written; a file without it is of format 1.0.
    #[serde(default)]
    format: Format,
    /// Where it was collected.
    environment: String,
    /// When the collection ended, in UTC.
    #[schemars(with = "String")]
    taken: Timestamp,
    /// One for each target.
    targets: Vec<Target>,
    /// Totals; a file that broke off has none, or others.
    end: End,
}

/// What a whole file holds. YAML that breaks off between two items is still YAML.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct End {
    /// Targets in the file.
    targets: usize,
    /// Images in all of them.
    images: usize,
    /// Samples in all of them; format 1.0 has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    samples: Option<usize>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Target {
    /// `<collector>/<target name>`.
    id: String,
    /// Address, without user name and password.
    endpoint: String,
    /// When the target answered, in UTC.
    #[schemars(with = "String")]
    taken: Timestamp,
    /// What became of each part.
    parts: BTreeMap<String, Part>,
    /// Facts about the target itself, verbatim.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    fields: BTreeMap<String, String>,
    /// Facts about hosts or nodes in the target, verbatim.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    places: BTreeMap<String, BTreeMap<String, String>>,
    /// What each server of the target counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    samples: Vec<Sample>,
    /// Format 1.0 only: counters and sizes of the one server.
    #[serde(default, skip_serializing)]
    figures: Option<BTreeMap<String, f64>>,
    /// Format 1.0 only: counters of its commands.
    #[serde(default, skip_serializing)]
    commands: Option<BTreeMap<String, OldCommand>>,
    /// Format 1.0 only: its error replies by prefix.
    #[serde(default, skip_serializing)]
    errors: Option<BTreeMap<String, u64>>,
    /// Images in use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    images: Vec<Image>,
    /// Facts that a person vouches for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    declared: Vec<Declared>,
    /// Containers or workloads that the profile excluded.
    #[serde(default, skip_serializing_if = "is_zero")]
    left_out: u64,
}

/// What became of one part.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Part {
    Complete,
    LeftOut,
    Failed(Failed),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Failed {
    /// The class of failure.
    kind: String,
    message: String,
    advice: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the engine calls it image ID")]
struct Image {
    /// As the container names it.
    reference: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    image_id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    repo_digests: Vec<String>,
    /// Tags of that content, where the container names it by its ID.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    repo_tags: Vec<String>,
    /// What runs it, where that is told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    runtime: String,
    /// `org.opencontainers.image.version`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    version_label: String,
    /// `org.opencontainers.image.ref.name`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    ref_name: String,
    /// `app.kubernetes.io/version` of the workload.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    app_version: String,
    /// `helm.sh/chart` of the workload.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    chart: String,
    /// `running`; `scheduled`, `rolling out`, `unreachable` and `state unknown`, which count, too;
    /// or the source's own word for a state that does not run.
    state: String,
    /// Compose project or namespace.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    namespace: String,
    /// Compose service or workload.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    workload: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    container: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Declared {
    component: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    product: String,
    version: String,
    by: String,
    #[schemars(with = "String")]
    on: jiff::civil::Date,
    #[schemars(with = "String")]
    expires: jiff::civil::Date,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// A JSON number that is whole where the figure is.
pub(super) fn number(figure: f64) -> serde_json::Number {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if figure.fract() == 0.0 && figure.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole, and within 53 bits")]
        return serde_json::Number::from(figure as i64);
    }
    serde_json::Number::from_f64(figure).unwrap_or_else(|| 0.into())
}

/// The evidence as a YAML document.
///
/// # Errors
/// If the YAML library cannot write it.
pub fn write(evidence: &model::Evidence) -> Result<String, String> {
    yaml::write(&Document::from(evidence)).map_err(|e| e.to_string())
}

/// Reads a YAML document of evidence; `path` is what the source is called. What was read by none of
/// `collectors` cannot be interpreted.
///
/// # Errors
/// The first thing that is not of this format, with its place.
pub fn read(
    text: &str,
    path: &str,
    collectors: model::Collectors,
) -> Result<model::Evidence, ShapeError> {
    let wrong = |message: String| ShapeError { message, line: 1, column: 1 };
    let document = document(text)?;
    if document.kind != Kind::Evidence {
        return Err(wrong(format!("expected kind Evidence, found {}", document.kind.as_str())));
    }
    let found = End::of(&document.targets, document.format);
    if found != document.end {
        return Err(wrong(
            "the file broke off, or was edited: its totals (end:) are not what it holds".to_owned(),
        ));
    }
    if !is_name(&document.environment) {
        return Err(wrong("the environment's name is none".to_owned()));
    }
    let mut ids: Vec<&str> = document.targets.iter().map(|target| target.id.as_str()).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(wrong("two targets have one id".to_owned()));
    }
    let format = document.format;
    let targets: Result<Vec<_>, String> =
        document.targets.into_iter().map(|t| t.into_model(path, format, collectors)).collect();
    Ok(model::Evidence {
        environment: document.environment.into(),
        taken: document.taken,
        targets: targets.map_err(wrong)?,
    })
}

/// The document, by the rules of its own format.
fn document(text: &str) -> Result<Document, ShapeError> {
    let read = yaml::read::<Document>(text, Origin::Program);
    // Asked only of a file that is not of our shape: to read it twice takes its time.
    let format = match &read {
        Ok(document) => document.format,
        Err(_) => format::of_text(text)?,
    };
    format.check().map_err(|message| ShapeError { message, line: 1, column: 1 })?;
    match read {
        Err(_) if format.is_newer() => newer::read(text),
        read => read,
    }
}

/// What to do about a file that is no evidence.
pub fn advice(error: &ShapeError) -> &'static str {
    let is_of_later =
        [format::NEWER, "`envparity/v"].iter().any(|said| error.message.contains(said));
    if is_of_later {
        "read it by the version of envparity that wrote it, or collect it again by this one"
    } else {
        "collect it again: envparity collect ENVIRONMENT --to FILE"
    }
}

/// The JSON Schema of the format.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Document)
}

impl End {
    fn of(targets: &[Target], format: Format) -> Self {
        let samples = targets.iter().map(|target| target.samples.len()).sum();
        Self {
            targets: targets.len(),
            images: targets.iter().map(|target| target.images.len()).sum(),
            samples: (format != Format::FIRST).then_some(samples),
        }
    }
}

/// As profiles allow names: letters, digits, `-`, `_` and `.`; components also have `/`.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
