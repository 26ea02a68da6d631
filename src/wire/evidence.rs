//! `kind: Evidence`, version 1: what `collect` writes and a `recorded` target reads.

mod convert;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::header::{ApiVersion, Kind};
use super::yaml::{self, Origin, ShapeError};
use crate::model;

/// An environment's observations, coverage and time.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Document {
    #[serde(rename = "apiVersion")]
    api_version: ApiVersion,
    kind: Kind,
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
    /// Counters and sizes, as the target names them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", serialize_with = "figures")]
    figures: BTreeMap<String, f64>,
    /// Counters of commands.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    commands: BTreeMap<String, Command>,
    /// Error replies by prefix.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    errors: BTreeMap<String, u64>,
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
struct Command {
    calls: u64,
    /// Microseconds.
    usec: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    rejected: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    failed: u64,
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
    /// What runs it, where that is told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    runtime: String,
    /// `org.opencontainers.image.version`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    version_label: String,
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

/// Counters are whole numbers: they are written so.
fn figures<S: Serializer>(map: &BTreeMap<String, f64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(map.iter().map(|(name, &figure)| (name, number(figure))))
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

/// Reads a YAML document of evidence; `path` is what the source is called.
///
/// # Errors
/// The first thing that is not of this format, with its place.
pub fn read(text: &str, path: &str) -> Result<model::Evidence, ShapeError> {
    let document: Document = yaml::read(text, Origin::Program)?;
    let wrong = |message: String| ShapeError { message, line: 1, column: 1 };
    if document.kind != Kind::Evidence {
        return Err(wrong(format!("expected kind Evidence, found {}", document.kind.as_str())));
    }
    let found = End::of(&document.targets);
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
    let targets: Result<Vec<_>, String> =
        document.targets.into_iter().map(|t| t.into_model(path)).collect();
    Ok(model::Evidence {
        environment: document.environment.into(),
        taken: document.taken,
        targets: targets.map_err(wrong)?,
    })
}

/// The JSON Schema of the format.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Document)
}

impl End {
    fn of(targets: &[Target]) -> Self {
        Self {
            targets: targets.len(),
            images: targets.iter().map(|target| target.images.len()).sum(),
        }
    }
}

/// As profiles allow names: letters, digits, `-`, `_` and `.`; components also have `/`.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CommandFigures, Failure, FailureKind, Field, Outcome, RunState};

    fn sample() -> model::Evidence {
        let taken: Timestamp = "2026-03-30T08:42:00Z".parse().unwrap();
        let mut target =
            model::TargetEvidence::new("redis/cache".into(), "redis://cache:6379", taken);
        target.set_part(
            "info",
            Outcome::Failed(Failure::new(FailureKind::Timeout, "no answer: \"half\"\n\u{1b}[31m")),
        );
        target.fields.push(Field::of_target("redis_version", "7.10"));
        target.fields.push(Field {
            place: "node-1".into(),
            name: "kernel".into(),
            value: "no".into(),
        });
        target.indicators.figures.insert("used_cpu_user".into(), 0.25);
        target.indicators.figures.insert("uptime_in_seconds".into(), 7.0);
        target.indicators.commands.insert(
            "config|get".into(),
            CommandFigures { calls: 1, usec: 2, ..Default::default() },
        );
        target.images.push(model::ImageUse {
            locator: model::Locator {
                namespace: "p".into(),
                workload: "w".into(),
                container: "c".into(),
            },
            reference: "redis:7".into(),
            image_id: "sha256:1".into(),
            repo_digests: vec!["redis@sha256:2".into()],
            runtime: "containerd".into(),
            version_label: String::new(),
            app_version: "1.0".into(),
            chart: "redis-19.1.0".into(),
            state: RunState::NotRunning("exited".into()),
        });
        model::Evidence { environment: "dev".into(), taken, targets: vec![target] }
    }

    #[test]
    fn written_and_read_again_it_is_the_same() {
        let mut expected = sample();
        let text = write(&expected).unwrap();
        assert!(text.contains("uptime_in_seconds: 7\n"), "{text}");
        expected.targets[0].source = model::Source::Recorded {
            path: "f".into(),
            time: model::TimeSource::Evidence,
            instead_of: None,
        };
        assert_eq!(read(&text, "f").unwrap(), expected);
    }

    #[test]
    fn aliases_and_other_kinds_are_refused() {
        let text = write(&sample()).unwrap();
        let error = read(&text.replace("kind: Evidence", "kind: Policy"), "f").unwrap_err();
        assert!(error.message.contains("expected kind Evidence"), "{error:?}");
        let bomb = text
            .replace("environment: dev", "environment: &a dev")
            .replace("id: redis/cache", "id: *a");
        assert!(read(&bomb, "f").is_err());
        assert!(read(&text.replace("&a dev", "dev"), "f").is_ok());
    }

    #[test]
    fn a_file_that_broke_off_or_says_too_much_is_no_evidence() {
        let text = write(&sample()).unwrap();
        let cut = text.split("  images:").next().unwrap();
        assert!(read(cut, "f").is_err());
        let end = &text[text.find("end:").unwrap()..];
        let error = read(&format!("{cut}{end}"), "f").unwrap_err();
        assert!(error.message.contains("broke off"), "{error:?}");
        assert!(
            read(&text.replace("environment: dev", "environment: \"d\\e[31mev\""), "f").is_err()
        );
    }

    #[test]
    fn what_this_version_cannot_interpret_was_not_read() {
        let mut whole = sample();
        whole.targets[0].set_part("info", Outcome::Complete);
        let text = write(&whole).unwrap();
        let failure = |text: &str| {
            let target = read(text, "f").unwrap().targets.remove(0);
            target
                .parts
                .into_values()
                .find_map(|outcome| outcome.failure().cloned())
                .unwrap()
                .message
        };
        assert_eq!(
            failure(&text.replace("id: redis/cache", "id: postgres/x")),
            "this version cannot interpret it"
        );
        assert_eq!(failure(&text.replace("info:", "replicas:")), "the file says nothing of it");
        assert_eq!(
            failure(&text.replace("id: redis/cache", "id: docker/x").replace("info:", "engine:")),
            "the file says nothing of it"
        );
    }

    #[test]
    fn nodes_and_replicas_are_read_as_they_were_written() {
        let mut evidence = sample();
        let target = &mut evidence.targets[0];
        target.parts.clear();
        for part in ["node 10.0.0.7:6379", "node [fd00::7]:6379"] {
            target.set_part(part, Outcome::Complete);
        }
        target.fields.push(Field {
            place: "[fd00::7]:6379".into(),
            name: "run_id".into(),
            value: "1".into(),
        });
        let parts = |evidence: &model::Evidence| {
            read(&write(evidence).unwrap(), "f").unwrap().targets.remove(0).parts
        };
        assert_eq!(
            parts(&evidence),
            evidence.targets[0].parts,
            "nodes have no INFO of the target itself"
        );
        let target = &mut evidence.targets[0];
        target.parts.clear();
        for part in ["info", "sentinel", "replicas", "replica h:1"] {
            target.set_part(part, Outcome::Complete);
        }
        assert_eq!(parts(&evidence), evidence.targets[0].parts);
        for unknown in ["shard h:1", "replica "] {
            evidence.targets[0].set_part(unknown, Outcome::Complete);
            assert!(parts(&evidence)[&unknown.into()].failure().is_some(), "{unknown}");
        }
    }
}
