//! Evidence of the model as a document, and a document as evidence.

use std::collections::BTreeMap;

use super::document::{Declared, Document, End, Failed, Image, Part, Sample, Target, is_name};
use super::format::EvidenceFormat;
use super::samples;
use crate::model;
use crate::wire::header::{FileKind, FormatVersion};

impl From<&model::Evidence> for Document {
    fn from(evidence: &model::Evidence) -> Self {
        let targets: Vec<Target> = evidence.targets.iter().map(Target::from).collect();
        Self {
            api_version: FormatVersion::V1,
            kind: FileKind::Evidence,
            format: EvidenceFormat::OURS,
            environment: evidence.environment.to_string(),
            taken: evidence.taken,
            end: End::for_targets(&targets, EvidenceFormat::OURS),
            targets,
        }
    }
}

impl From<&model::TargetEvidence> for Target {
    fn from(target: &model::TargetEvidence) -> Self {
        let (mut fields, mut places) = (BTreeMap::new(), BTreeMap::<_, BTreeMap<_, _>>::new());
        for model::Field { place, name, value } in &target.fields {
            let group = if place.is_empty() {
                &mut fields
            } else {
                places.entry(place.clone()).or_default()
            };
            // Of a name that stands twice the first counts, as for who asks the live target.
            group.entry(name.clone()).or_insert_with(|| value.clone());
        }
        Self {
            id: target.id.to_string(),
            endpoint: target.endpoint.clone(),
            taken: target.taken,
            parts: target
                .parts
                .iter()
                .map(|(name, outcome)| (name.to_string(), outcome.into()))
                .collect(),
            fields,
            places,
            samples: target.samples.iter().map(Sample::from).collect(),
            figures: None,
            commands: None,
            errors: None,
            images: target.images.iter().map(Image::from).collect(),
            declared: target.declared.iter().map(Declared::from).collect(),
            left_out: target.left_out as u64,
        }
    }
}

impl From<&model::Outcome> for Part {
    fn from(outcome: &model::Outcome) -> Self {
        match outcome {
            model::Outcome::Complete => Self::Complete,
            model::Outcome::LeftOut => Self::LeftOut,
            model::Outcome::Failed(f) => Self::Failed(Failed {
                kind: f.kind.as_str().to_owned(),
                message: f.message.clone(),
                advice: f.advice.clone(),
            }),
        }
    }
}

impl From<&model::ImageUse> for Image {
    fn from(image: &model::ImageUse) -> Self {
        Self {
            reference: image.reference.clone(),
            image_id: image.image_id.clone(),
            repo_digests: image.repo_digests.clone(),
            repo_tags: image.repo_tags.clone(),
            runtime: image.runtime.clone(),
            version_label: image.version_label.clone(),
            ref_name: image.ref_name.clone(),
            app_version: image.app_version.clone(),
            chart: image.chart.clone(),
            state: state_word(&image.state).to_owned(),
            namespace: image.locator.namespace.clone(),
            workload: image.locator.workload.clone(),
            container: image.locator.container.clone(),
        }
    }
}

const RUNNING: &str = "running";
const SCHEDULED: &str = "scheduled";

/// How a file calls a state.
pub(super) fn state_word(of: &model::RunState) -> &str {
    match of {
        model::RunState::Running => RUNNING,
        model::RunState::Scheduled => SCHEDULED,
        model::RunState::Presumed(why) => why.as_str(),
        // A word of the source's that would be read as its opposite.
        model::RunState::NotRunning(word) if run_state(word).counts() => "not-running",
        model::RunState::NotRunning(word) => word,
    }
}

/// What a word of the file means.
fn run_state(word: &str) -> model::RunState {
    match word {
        RUNNING => model::RunState::Running,
        SCHEDULED => model::RunState::Scheduled,
        _ => model::Presumed::ALL.into_iter().find(|why| why.as_str() == word).map_or_else(
            || model::RunState::NotRunning(word.to_owned()),
            model::RunState::Presumed,
        ),
    }
}

impl From<&model::Declared> for Declared {
    fn from(d: &model::Declared) -> Self {
        Self {
            component: d.component.clone(),
            product: d.product.clone(),
            version: d.version.clone(),
            by: d.by.clone(),
            on: d.on,
            expires: d.expires,
        }
    }
}

impl Target {
    pub(super) fn into_model(
        mut self,
        path: &str,
        format: EvidenceFormat,
        collectors: model::Collectors,
    ) -> Result<model::TargetEvidence, String> {
        let samples = samples::of_target(&mut self, format)?;
        let id = model::TargetId::from(self.id);
        if !id.name().split('/').all(is_name) {
            return Err("invalid target id".to_owned());
        }
        let kind = collectors.kind_of(&id);
        let parts = part_outcomes(kind, self.parts)?;
        let is_declared = kind.facts == model::Facts::Declared;
        if is_declared == self.declared.is_empty() {
            return Err(format!("the target {id} and the facts that it declares do not fit"));
        }
        let own = self.fields.into_iter().map(|(name, value)| model::Field::of_target(name, value));
        let places = self.places.into_iter().flat_map(|(place, fields)| {
            fields.into_iter().map(move |(name, value)| model::Field {
                place: place.clone(),
                name,
                value,
            })
        });
        // A fact that a person vouches for stays one: it is judged by its end, not by its age.
        let source = if is_declared {
            model::Source::Declared
        } else {
            model::Source::Recorded {
                path: path.to_owned(),
                time: model::TimeSource::Evidence,
                instead_of: None,
            }
        };
        Ok(model::TargetEvidence {
            source,
            parts,
            fields: own.chain(places).collect(),
            samples,
            images: self.images.into_iter().map(Image::into_model).collect(),
            declared: self.declared.into_iter().map(Declared::into_model).collect(),
            left_out: usize::try_from(self.left_out).unwrap_or(usize::MAX),
            ..model::TargetEvidence::new(id, self.endpoint, self.taken)
        })
    }
}

/// What became of each part. One that this version cannot interpret, and one that is missing, was
/// not read.
fn part_outcomes(
    kind: &model::CollectorKind,
    read: BTreeMap<String, Part>,
) -> Result<BTreeMap<model::PartName, model::Outcome>, String> {
    let failed = |message: &str| {
        model::Outcome::Failed(model::Failure::new(model::FailureKind::Unsupported, message))
    };
    // A file that was not read has no evidence of its own.
    let is_known = |name: &str| kind.facts != model::Facts::OfOthers && kind.part(name).is_some();
    // Where there are nodes, none of them is the target itself.
    let has_others_instead = read.keys().any(|name| {
        kind.part(name).is_some_and(|part| part.occurs == model::Occurs::ForEachInstead)
    });
    let mut parts = BTreeMap::new();
    for (name, part) in read {
        let outcome = match part.into_model()? {
            // Why it was not read then is more than that we could not interpret it now.
            outcome @ model::Outcome::Failed(_) => outcome,
            outcome if is_known(&name) => outcome,
            _ => failed("this version cannot interpret it"),
        };
        parts.insert(name.into(), outcome);
    }
    for name in kind.always().filter(|name| !has_others_instead && is_known(name)) {
        parts.entry(name.into()).or_insert_with(|| failed("the file says nothing of it"));
    }
    if parts.is_empty() {
        parts.insert("unknown".into(), failed("this version cannot interpret it"));
    }
    Ok(parts)
}

impl Part {
    pub(super) fn into_model(self) -> Result<model::Outcome, String> {
        Ok(match self {
            Self::Complete => model::Outcome::Complete,
            Self::LeftOut => model::Outcome::LeftOut,
            Self::Failed(Failed { kind, message, advice }) => {
                let known = model::FailureKind::ALL.iter().find(|k| k.as_str() == kind);
                let kind = *known.ok_or_else(|| format!("unknown kind of failure {kind:?}"))?;
                model::Outcome::Failed(model::Failure { kind, message, advice })
            }
        })
    }
}

impl Image {
    fn into_model(self) -> model::ImageUse {
        let state = run_state(&self.state);
        model::ImageUse {
            locator: model::Locator {
                namespace: self.namespace,
                workload: self.workload,
                container: self.container,
            },
            reference: self.reference,
            image_id: self.image_id,
            repo_digests: self.repo_digests,
            repo_tags: self.repo_tags,
            runtime: self.runtime,
            version_label: self.version_label,
            ref_name: self.ref_name,
            app_version: self.app_version,
            chart: self.chart,
            state,
        }
    }
}

impl Declared {
    fn into_model(self) -> model::Declared {
        let Self { component, product, version, by, on, expires } = self;
        model::Declared { component, product, version, by, on, expires }
    }
}
