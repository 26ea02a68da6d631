//! Evidence in pieces, as a history keeps it: what changes with every answer apart from what stays.
//!
//! A piece is what one part of a target told. It holds no time, no age, no counter and no name of a
//! pod, so that the same answer twice is the same piece.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::document::{Declared, Failed, Image, Part, Sample, Target};
use super::format::EvidenceFormat;
use super::revisions::RevisionsPiece;
use super::rows::{DeclaredRow, ImageRow, PartRows};
use crate::model;

/// One target: what changes with every answer, and its pieces by part.
#[derive(Debug)]
pub struct TargetPieces {
    /// What is known of the answer as a whole.
    pub head: TargetHead,
    /// By part.
    pub parts: BTreeMap<String, PartPiece>,
    /// One for each server.
    pub samples: Vec<SamplePiece>,
}

/// What is known of an answer as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TargetHead {
    /// `<collector>/<target name>`.
    pub id: String,
    /// Address, without user name and password.
    pub endpoint: String,
    /// When the target answered.
    pub taken: Timestamp,
    /// Where the answer came from.
    pub source: SourceHead,
    /// Containers or workloads that the profile excluded.
    #[serde(default, skip_serializing_if = "super::document::is_zero")]
    pub left_out: u64,
}

/// Where an answer came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SourceHead {
    /// `live`, `recorded`, `declared`.
    is: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    path: String,
    /// What told its time.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    time: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instead_of: Option<FailureHead>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct FailureHead {
    kind: String,
    message: String,
    advice: String,
}

/// What one part told, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartPiece {
    /// Canonical JSON of what it told.
    pub content: String,
    /// JSON of what became of it.
    pub outcome: String,
}

/// What one server counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SamplePiece {
    /// The server's address; empty where it is not known.
    pub place: String,
    /// What tells this start of the server from every other.
    pub run_id: String,
    /// `master`, `slave`.
    pub role: String,
    /// JSON of everything.
    pub body: String,
}

impl SamplePiece {
    /// Whether what stands beside the body is what the body says.
    pub fn is_as_its_body_says(&self) -> bool {
        let own = serde_json::from_str::<Sample>(&self.body);
        own.is_ok_and(|own| {
            own.place == self.place && own.run_id == self.run_id && own.role == self.role
        })
    }
}

/// What one part told, as [`PartRows`] were written.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct PartContent {
    #[serde(default)]
    fields: BTreeMap<String, String>,
    #[serde(default)]
    places: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    images: Vec<Image>,
    #[serde(default)]
    declared: Vec<Declared>,
    /// Of the part that is asked by checklists alone; no file of evidence holds it.
    #[serde(default)]
    revisions: Option<RevisionsPiece>,
}

/// Takes the evidence of a target apart.
///
/// # Errors
/// If it has no JSON form.
pub fn take_apart(
    target: &model::TargetEvidence,
    collectors: model::Collectors,
) -> Result<TargetPieces, serde_json::Error> {
    let holders = PartHolders::new(target, collectors);
    let names = target.parts.keys().map(model::PartName::as_str);
    let mut told: BTreeMap<&str, PartRows<'_>> =
        names.map(|part| (part, PartRows::default())).collect();
    let mut of_place: BTreeMap<&str, &str> = BTreeMap::new();
    for model::Field { place, name, value } in &target.fields {
        let group = if place.is_empty() {
            &mut told.entry(holders.first).or_default().fields
        } else {
            let part = of_place.entry(place).or_insert_with(|| holders.of_place(place));
            told.entry(part).or_default().places.entry(place).or_default()
        };
        // Of a name that stands twice the first counts, as for who asks the live target.
        group.entry(name).or_insert(value);
    }
    let images = &mut told.entry(holders.images).or_default().images;
    images.extend(target.images.iter().map(ImageRow::from));
    let declared = &mut told.entry(holders.first).or_default().declared;
    declared.extend(target.declared.iter().map(DeclaredRow::from));
    if let Some(revisions) = &target.revisions {
        told.entry(model::REVISIONS_PART).or_default().revisions = Some(revisions.into());
    }
    let mut parts = BTreeMap::new();
    for (part, outcome) in &target.parts {
        let content = told.remove(part.as_str()).unwrap_or_default().canonical()?;
        let outcome = serde_json::to_string(&Part::from(outcome))?;
        parts.insert(part.to_string(), PartPiece { content, outcome });
    }
    let samples: Result<Vec<_>, _> = target.samples.iter().map(sample_piece).collect();
    Ok(TargetPieces { head: target_head(target), parts, samples: samples? })
}

/// Which part of a target told what.
struct PartHolders<'a> {
    target: &'a model::TargetEvidence,
    kind: &'a model::CollectorKind,
    /// Told of the target itself.
    first: &'a str,
    /// Told of images.
    images: &'a str,
}

impl<'a> PartHolders<'a> {
    fn new(target: &'a model::TargetEvidence, collectors: model::Collectors) -> Self {
        let kind = collectors.kind_of(&target.id);
        let parts = || target.parts.keys();
        let any = parts().next().map_or(UNNAMED, model::PartName::as_str);
        let always = kind.always();
        let always = always.filter_map(|name| target.parts.get_key_value(&name.into()));
        let first = always.map(|(part, _)| part.as_str()).next().unwrap_or(any);
        let images = parts().find(|part| kind.could_hold_images(part));
        let images = images.map_or(UNNAMED, model::PartName::as_str);
        Self { target, kind, first, images }
    }

    /// Of a host or node.
    fn of_place(&self, place: &str) -> &'a str {
        let hosts = model::ComponentName::from("host/kernel");
        let own = self.kind.component_of(&self.target.id);
        let parts = || self.target.parts.keys();
        let is_named = |part: &&model::PartName| {
            part.as_str().strip_suffix(place).is_some_and(|rest| rest.ends_with(' '))
        };
        let holds = |part: &&model::PartName| {
            self.kind.part(part.as_str()).is_some() && self.kind.could_hold(part, &own, &hosts)
        };
        let part = parts().find(is_named).or_else(|| parts().find(holds));
        part.map_or(self.first, model::PartName::as_str)
    }
}

/// Where what belongs to no part would go: no evidence is without parts.
const UNNAMED: &str = "";

/// A sample as JSON.
///
/// # Errors
/// If it has no JSON form.
pub fn sample_piece(sample: &model::Sample) -> Result<SamplePiece, serde_json::Error> {
    let sample = Sample::from(sample);
    Ok(SamplePiece {
        place: sample.place.clone(),
        run_id: sample.run_id.clone(),
        role: sample.role.clone(),
        body: serde_json::to_string(&sample)?,
    })
}

/// A sample of a target, from its JSON.
///
/// # Errors
/// What is wrong with it, in a lowercase fragment.
pub fn read_sample(body: &str, target: &model::TargetId) -> Result<model::Sample, String> {
    let read: Sample = serde_json::from_str(body).map_err(|e| format!("invalid sample: {e}"))?;
    read.into_model(target)
}

fn target_head(target: &model::TargetEvidence) -> TargetHead {
    let word = |is: &str| SourceHead {
        is: is.to_owned(),
        path: String::new(),
        time: String::new(),
        instead_of: None,
    };
    let source = match &target.source {
        model::Source::Live => word(LIVE),
        model::Source::Declared => word(DECLARED),
        model::Source::Recorded { path, time, instead_of } => SourceHead {
            path: path.clone(),
            time: time.as_str().to_owned(),
            instead_of: instead_of.as_ref().map(|failure| FailureHead {
                kind: failure.kind.as_str().to_owned(),
                message: failure.message.clone(),
                advice: failure.advice.clone(),
            }),
            ..word(RECORDED)
        },
    };
    TargetHead {
        id: target.id.to_string(),
        endpoint: target.endpoint.clone(),
        taken: target.taken,
        source,
        left_out: target.left_out as u64,
    }
}

const LIVE: &str = "live";
const RECORDED: &str = "recorded";
const DECLARED: &str = "declared";

/// Puts the evidence of a target together again.
///
/// # Errors
/// What is wrong with the pieces, in a lowercase fragment.
pub fn put_together(
    pieces: TargetPieces,
    collectors: model::Collectors,
) -> Result<model::TargetEvidence, String> {
    let TargetPieces { head, parts, samples } = pieces;
    let mut whole = PartContent::default();
    let mut outcomes = BTreeMap::new();
    for (part, piece) in parts {
        let broken = |e: serde_json::Error| format!("what {part} told cannot be read: {e}");
        let content: PartContent = serde_json::from_str(&piece.content).map_err(broken)?;
        whole.fields.extend(content.fields);
        whole.places.extend(content.places);
        whole.images.extend(content.images);
        whole.declared.extend(content.declared);
        whole.revisions = content.revisions.or(whole.revisions);
        let outcome: Part = serde_json::from_str(&piece.outcome).map_err(broken)?;
        outcomes.insert(part, outcome);
    }
    let broken = |e: serde_json::Error| format!("a sample cannot be read: {e}");
    let samples: Result<Vec<Sample>, String> =
        samples.iter().map(|s| serde_json::from_str(&s.body).map_err(broken)).collect();
    let document = Target {
        id: head.id,
        endpoint: head.endpoint,
        taken: head.taken,
        parts: outcomes,
        fields: whole.fields,
        places: whole.places,
        samples: samples?,
        figures: None,
        commands: None,
        errors: None,
        images: whole.images,
        declared: whole.declared,
        left_out: head.left_out,
    };
    let evidence = document.into_model(&head.source.path, EvidenceFormat::OURS, collectors)?;
    let revisions = whole.revisions.map(model::Revisions::from);
    Ok(model::TargetEvidence { source: head.source.into_model()?, revisions, ..evidence })
}

impl SourceHead {
    fn into_model(self) -> Result<model::Source, String> {
        let failure = |failed: FailureHead| match Part::Failed(failed.into()).into_model()? {
            model::Outcome::Failed(failure) => Ok(failure),
            _ => Err("unknown failure".to_owned()),
        };
        match self.is.as_str() {
            LIVE => Ok(model::Source::Live),
            DECLARED => Ok(model::Source::Declared),
            RECORDED => {
                let known = model::TimeSource::ALL.into_iter().find(|s| s.as_str() == self.time);
                Ok(model::Source::Recorded {
                    path: self.path,
                    time: known.ok_or_else(|| format!("unknown source of time {:?}", self.time))?,
                    instead_of: self.instead_of.map(failure).transpose()?,
                })
            }
            other => Err(format!("unknown source {other:?}")),
        }
    }
}

impl From<FailureHead> for Failed {
    fn from(FailureHead { kind, message, advice }: FailureHead) -> Self {
        Self { kind, message, advice }
    }
}
