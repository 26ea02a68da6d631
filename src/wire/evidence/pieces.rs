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
    /// JSON of what it told.
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

/// What one part tells.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct PartContent {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    fields: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    places: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    images: Vec<Image>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    declared: Vec<Declared>,
    /// Of the part that is asked by checklists alone; no file of evidence holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
    let document = Target::from(target);
    let kind = collectors.of(&target.id);
    let mut contents: BTreeMap<String, PartContent> =
        document.parts.keys().map(|part| (part.clone(), PartContent::default())).collect();
    let of = |wanted: &dyn Fn(&model::PartName) -> bool| {
        let mut names = target.parts.keys();
        names.find(|part| wanted(part)).map_or(UNNAMED, model::PartName::as_str).to_owned()
    };
    let first = kind.always().find(|name| target.parts.contains_key(&(*name).into()));
    let first = first.map_or_else(|| of(&|_| true), str::to_owned);
    let images = of(&|part| kind.could_hold_images(part));
    let of_place = |place: &str| {
        let hosts = model::ComponentName::from("host/kernel");
        let own = kind.component_of(&target.id);
        let named = target
            .parts
            .keys()
            .find(|part| part.as_str().strip_suffix(place).is_some_and(|rest| rest.ends_with(' ')));
        let holds = || {
            target.parts.keys().find(|part| {
                kind.part(part.as_str()).is_some() && kind.could_hold(part, &own, &hosts)
            })
        };
        named.or_else(holds).map_or_else(|| first.clone(), ToString::to_string)
    };
    for (place, fields) in document.places {
        let content = contents.entry(of_place(&place)).or_default();
        content.places.insert(place, fields);
    }
    contents.entry(first.clone()).or_default().fields = document.fields;
    contents.entry(images).or_default().images = document.images;
    contents.entry(first).or_default().declared = document.declared;
    if let Some(revisions) = &target.revisions {
        let content = contents.entry(model::REVISIONS_PART.to_owned()).or_default();
        content.revisions = Some(revisions.into());
    }
    let mut parts = BTreeMap::new();
    for (part, outcome) in &document.parts {
        let content = contents.remove(part).unwrap_or_default();
        parts.insert(
            part.clone(),
            PartPiece { content: content.canonical()?, outcome: serde_json::to_string(outcome)? },
        );
    }
    let samples: Result<Vec<_>, _> = document.samples.iter().map(sample_piece).collect();
    Ok(TargetPieces { head: head(target), parts, samples: samples? })
}

/// Where what belongs to no part would go: no evidence is without parts.
const UNNAMED: &str = "";

impl PartContent {
    /// The same whatever the order in which the target listed things.
    fn canonical(mut self) -> Result<String, serde_json::Error> {
        let texts: Result<Vec<_>, _> = self.images.iter().map(serde_json::to_string).collect();
        let mut keyed: Vec<(String, Image)> = texts?.into_iter().zip(self.images).collect();
        keyed.sort_by(|a, b| a.0.cmp(&b.0));
        self.images = keyed.into_iter().map(|(_, image)| image).collect();
        serde_json::to_string(&self)
    }
}

/// A sample as JSON.
///
/// # Errors
/// If it has no JSON form.
pub fn sample(sample: &model::Sample) -> Result<SamplePiece, serde_json::Error> {
    sample_piece(&Sample::from(sample))
}

fn sample_piece(sample: &Sample) -> Result<SamplePiece, serde_json::Error> {
    Ok(SamplePiece {
        place: sample.place.clone(),
        run_id: sample.run_id.clone(),
        role: sample.role.clone(),
        body: serde_json::to_string(sample)?,
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

fn head(target: &model::TargetEvidence) -> TargetHead {
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
