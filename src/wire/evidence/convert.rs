//! Evidence of the model as a document, and a document as evidence.

use std::collections::BTreeMap;

use super::{Command, Declared, Document, End, Failed, Image, Part, Target, is_name};
use crate::model;
use crate::wire::header::{ApiVersion, Kind};

/// The parts of each collector that this version can interpret.
const KNOWN: &[(&str, &[&str])] = &[
    ("redis", &["info"]),
    ("docker", &["engine", "containers", "images"]),
    ("declared", &["fact"]),
    ("kubernetes", &["server", "nodes", "workloads", "identity"]),
];

/// Those that it can interpret, and that need not be there.
const MAY_BE: &[(&str, &[&str])] = &[("redis", &["sentinel", "replicas"])];

/// How those begin that are one for each server of a target.
const EACH: &[(&str, &[&str])] = &[("redis", &[NODE, "replica "])];

/// Where there are nodes, none of them is the target itself.
const NODE: &str = "node ";

impl From<&model::Evidence> for Document {
    fn from(evidence: &model::Evidence) -> Self {
        let targets: Vec<Target> = evidence.targets.iter().map(Target::from).collect();
        Self {
            api_version: ApiVersion::V1,
            kind: Kind::Evidence,
            environment: evidence.environment.to_string(),
            taken: evidence.taken,
            end: End::of(&targets),
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
        let commands = target.indicators.commands.iter().map(|(name, c)| {
            (
                name.clone(),
                Command { calls: c.calls, usec: c.usec, rejected: c.rejected, failed: c.failed },
            )
        });
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
            figures: target.indicators.figures.clone(),
            commands: commands.collect(),
            errors: target.indicators.errors.clone(),
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
            runtime: image.runtime.clone(),
            version_label: image.version_label.clone(),
            app_version: image.app_version.clone(),
            chart: image.chart.clone(),
            state: match &image.state {
                model::RunState::Running => RUNNING.to_owned(),
                model::RunState::Scheduled => SCHEDULED.to_owned(),
                model::RunState::Presumed(why) => why.as_str().to_owned(),
                // A word of the source's that would be read as its opposite.
                model::RunState::NotRunning(word) if state(word).counts() => {
                    "not-running".to_owned()
                }
                model::RunState::NotRunning(word) => word.clone(),
            },
            namespace: image.locator.namespace.clone(),
            workload: image.locator.workload.clone(),
            container: image.locator.container.clone(),
        }
    }
}

const RUNNING: &str = "running";
const SCHEDULED: &str = "scheduled";

/// What a word of the file means.
fn state(word: &str) -> model::RunState {
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
            version: d.version.clone(),
            by: d.by.clone(),
            on: d.on,
            expires: d.expires,
        }
    }
}

impl Target {
    pub(super) fn into_model(self, path: &str) -> Result<model::TargetEvidence, String> {
        let id = model::TargetId::from(self.id);
        if !id.name().split('/').all(is_name) {
            return Err("the id of a target is none".to_owned());
        }
        let parts = parts(&id, self.parts)?;
        if (id.collector() == "declared") == self.declared.is_empty() {
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
        let commands = self.commands.into_iter().map(|(name, c)| {
            let Command { calls, usec, rejected, failed } = c;
            (name, model::CommandFigures { calls, usec, rejected, failed })
        });
        // A fact that a person vouches for stays one: it is judged by its end, not by its age.
        let source = if id.collector() == "declared" {
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
            indicators: model::Indicators {
                figures: self.figures,
                commands: commands.collect(),
                errors: self.errors,
            },
            images: self.images.into_iter().map(Image::into_model).collect(),
            declared: self.declared.into_iter().map(Declared::into_model).collect(),
            left_out: usize::try_from(self.left_out).unwrap_or(usize::MAX),
            ..model::TargetEvidence::new(id, self.endpoint, self.taken)
        })
    }
}

/// What became of each part. One that this version cannot interpret, and one that is missing, was
/// not read.
fn parts(
    id: &model::TargetId,
    read: BTreeMap<String, Part>,
) -> Result<BTreeMap<model::PartName, model::Outcome>, String> {
    let of = |table: &[(&str, &'static [&'static str])]| {
        table.iter().find(|(collector, _)| *collector == id.collector()).map(|(_, parts)| *parts)
    };
    let (known, may_be, each) =
        (of(KNOWN), of(MAY_BE).unwrap_or_default(), of(EACH).unwrap_or_default());
    let failed = |message: &str| {
        model::Outcome::Failed(model::Failure::new(model::FailureKind::Unsupported, message))
    };
    let mut parts = BTreeMap::new();
    for (name, part) in read {
        let is_known = known.is_some_and(|parts| parts.contains(&name.as_str()))
            || may_be.contains(&name.as_str())
            || each
                .iter()
                .any(|prefix| name.strip_prefix(prefix).is_some_and(|place| !place.is_empty()));
        let outcome = match part.into_model()? {
            // Why it was not read then is more than that we could not interpret it now.
            outcome @ model::Outcome::Failed(_) => outcome,
            outcome if is_known => outcome,
            _ => failed("this version cannot interpret it"),
        };
        parts.insert(name.into(), outcome);
    }
    let is_server = !(each.contains(&NODE)
        && parts.keys().any(|name: &model::PartName| name.as_str().starts_with(NODE)));
    for name in known.into_iter().flatten().filter(|_| is_server) {
        parts.entry((*name).into()).or_insert_with(|| failed("the file says nothing of it"));
    }
    if parts.is_empty() {
        parts.insert("unknown".into(), failed("this version cannot interpret it"));
    }
    Ok(parts)
}

impl Part {
    fn into_model(self) -> Result<model::Outcome, String> {
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
        let state = state(&self.state);
        model::ImageUse {
            locator: model::Locator {
                namespace: self.namespace,
                workload: self.workload,
                container: self.container,
            },
            reference: self.reference,
            image_id: self.image_id,
            repo_digests: self.repo_digests,
            runtime: self.runtime,
            version_label: self.version_label,
            app_version: self.app_version,
            chart: self.chart,
            state,
        }
    }
}

impl Declared {
    fn into_model(self) -> model::Declared {
        let Self { component, version, by, on, expires } = self;
        model::Declared { component, version, by, on, expires }
    }
}
