//! What a run holds, as canonical JSON, and the digests by which it is known. Pure.
//!
//! Canonical: keys sorted, nothing between them, numbers as serde_json writes them. A digest is the
//! SHA-256 of that text in hex.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::error::HistoryError;
use crate::model::{Bucket, Collectors, Evidence};
use crate::wire::evidence::pieces::{self, PartPiece, SamplePiece, TargetHead};

/// What a run of any kind rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RunBody {
    /// What is worth knowing of how it was made: host, version, digests of the profiles.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) facts: BTreeMap<String, String>,
    /// What environments answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) evidence: Vec<EvidenceHead>,
    /// Active findings: severity by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) findings: BTreeMap<String, String>,
    /// Buckets that were judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) judged: Vec<JudgedHead>,
    /// Since when things stand: digests of texts beside the inventories, by what they tell of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) standing: BTreeMap<String, String>,
    /// What another kind of run has to say: a mark, a release, what was pruned.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(super) said: Value,
}

/// What one environment answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct EvidenceHead {
    pub(super) environment: String,
    pub(super) taken: Timestamp,
    pub(super) targets: Vec<TargetRows>,
}

/// One target: its answer as a whole, and the digests of the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct TargetRows {
    pub(super) head: TargetHead,
    /// By part: one row of `seen` each.
    pub(super) parts: BTreeMap<String, PartRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) samples: Vec<SampleRow>,
}

/// A row of `seen`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PartRow {
    pub(super) digest: String,
    pub(super) outcome: String,
}

/// A row of `sample`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct SampleRow {
    pub(super) place: String,
    /// Microseconds since 1970.
    pub(super) at: i64,
    pub(super) digest: String,
}

/// Buckets of one series that a run judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct JudgedHead {
    pub(super) environment: String,
    pub(super) target: String,
    pub(super) place: String,
    pub(super) name: String,
    /// Ends of the buckets: behind this time, up to that.
    pub(super) from: i64,
    pub(super) to: i64,
    /// Of the rows: see [`of_buckets`].
    pub(super) digest: String,
    /// Where they came from: `history`, `prometheus https://prom/base`.
    pub(super) source: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) query: String,
    /// SHA-256 of the source's answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) answer: String,
}

/// A sample that is ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyedSample {
    pub(super) environment: String,
    pub(super) target: String,
    /// Microseconds since 1970.
    pub(super) at: i64,
    pub(super) piece: SamplePiece,
}

/// Evidence, ready to be stored.
#[derive(Default)]
pub struct Prepared {
    pub(super) heads: Vec<EvidenceHead>,
    /// By digest.
    pub(super) inventories: BTreeMap<String, String>,
    pub(super) samples: Vec<KeyedSample>,
    /// Digests of those inventories that tell since when things stand.
    pub(super) standing: BTreeMap<String, String>,
}

impl KeyedSample {
    pub(super) fn new(
        environment: String,
        target: String,
        taken: Timestamp,
        mut piece: SamplePiece,
    ) -> serde_json::Result<Self> {
        piece.body = canonical_json(&serde_json::from_str(&piece.body)?);
        Ok(Self { environment, target, at: taken.as_microsecond(), piece })
    }

    /// How a run refers to it.
    pub(super) fn sample_row(&self) -> SampleRow {
        let digest = sha256(&self.piece.body);
        SampleRow { place: self.piece.place.clone(), at: self.at, digest }
    }
}

impl Prepared {
    /// Takes evidence apart, before it is judged and gone.
    ///
    /// # Errors
    /// If some of it has no JSON form.
    pub fn new(evidence: &[Evidence], collectors: Collectors) -> Result<Self, HistoryError> {
        prepare_evidence(evidence, collectors).map_err(|error| unwritable(&error))
    }
}

pub(super) fn unwritable(error: &serde_json::Error) -> HistoryError {
    HistoryError::Unsupported(format!("the run cannot be stored: {error}"))
}

fn prepare_evidence(evidence: &[Evidence], collectors: Collectors) -> serde_json::Result<Prepared> {
    let (mut inventories, mut samples, mut heads) = (BTreeMap::new(), Vec::new(), Vec::new());
    for one in evidence {
        let environment = one.environment.to_string();
        let mut targets = Vec::new();
        for target in &one.targets {
            let pieces = pieces::take_apart(target, collectors)?;
            let mut parts = BTreeMap::new();
            for (part, PartPiece { content, outcome }) in pieces.parts {
                let digest = sha256(&content);
                inventories.insert(digest.clone(), content);
                parts.insert(part, PartRow { digest, outcome });
            }
            let taken = target.samples.iter().map(|sample| sample.taken);
            let mut rows = Vec::new();
            for (piece, taken) in pieces.samples.into_iter().zip(taken) {
                let id = pieces.head.id.clone();
                let sample = KeyedSample::new(environment.clone(), id, taken, piece)?;
                rows.push(sample.sample_row());
                samples.push(sample);
            }
            targets.push(TargetRows { head: pieces.head, parts, samples: rows });
        }
        heads.push(EvidenceHead { environment, taken: one.taken, targets });
    }
    Ok(Prepared { heads, inventories, samples, standing: BTreeMap::new() })
}

/// The canonical text of a body.
pub(super) fn text_of(body: &RunBody) -> serde_json::Result<String> {
    Ok(canonical_json(&serde_json::to_value(body)?))
}

/// JSON with sorted keys.
pub(super) fn canonical_json(value: &Value) -> String {
    sort_keys(value).to_string()
}

fn sort_keys(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let by_key: BTreeMap<&String, &Value> = map.iter().collect();
            Value::Object(by_key.into_iter().map(|(k, v)| (k.clone(), sort_keys(v))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sort_keys).collect()),
        other => other.clone(),
    }
}

/// SHA-256 of a text, in hex.
pub(super) fn sha256(text: &str) -> String {
    to_hex(&Sha256::digest(text.as_bytes()))
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Of the buckets of one series: their figures bit by bit, in the order of time.
pub(super) fn of_buckets(buckets: &[Bucket]) -> String {
    to_hex(&Sha256::digest(bytes_of(buckets)))
}

/// What that is the digest of: five numbers of eight bytes a bucket, little-endian.
pub(super) fn bytes_of(buckets: &[Bucket]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(buckets.len() * 40);
    for Bucket { at, covered, a, b, flags } in buckets {
        bytes.extend(at.to_le_bytes());
        for figure in [covered, a, b] {
            // Zero has two forms, and a database may keep one of them.
            bytes.extend((figure + 0.0).to_le_bytes());
        }
        bytes.extend(flags.bits().to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BucketFlags;

    #[test]
    fn canonical_json_has_one_form() {
        let read = |text: &str| canonical_json(&serde_json::from_str(text).unwrap());
        let wanted = r#"{"a":[{"x":1,"y":1.5}],"b":{}}"#;
        assert_eq!(read(r#"{ "b": {}, "a": [ {"y": 1.5, "x": 1} ] }"#), wanted);
        assert_eq!(read(wanted), wanted);
    }

    #[test]
    fn digests_of_buckets_see_every_figure() {
        let bucket = Bucket { at: 300, covered: 300.0, a: 1.0, b: 0.0, flags: BucketFlags::NONE };
        let own = of_buckets(&[bucket]);
        assert_eq!(own, of_buckets(&[Bucket { b: -0.0, ..bucket }]));
        for other in [
            Bucket { at: 600, ..bucket },
            Bucket { covered: 299.0, ..bucket },
            Bucket { a: 1.0 + f64::EPSILON, ..bucket },
            Bucket { b: 1.0, ..bucket },
            Bucket { flags: BucketFlags::RESET, ..bucket },
        ] {
            assert_ne!(own, of_buckets(&[other]), "{other:?}");
        }
        assert_ne!(own, of_buckets(&[bucket, bucket]));
    }
}
