//! From an environment's evidence to its snapshot: each target is handed to what knows its kind.

use std::collections::{BTreeMap, BTreeSet};

use super::{Builder, Normalizer, Said, chart, host, image, redis};
use crate::model::{
    Coverage, Evidence, Field, Glob, Instance, Note, ReadingSource, Snapshot, TargetEvidence,
};

impl Normalizer {
    /// Sees evidence as components; `ignore` are components that do not count there.
    pub fn snapshot(&self, evidence: &Evidence, ignore: Vec<Glob>) -> Snapshot {
        let mut builder = Builder {
            normalizer: self,
            ignore: &ignore,
            components: BTreeMap::new(),
            identities: BTreeSet::new(),
            idle: BTreeSet::new(),
            left_out: 0,
        };
        let mut indicators = BTreeMap::new();
        for target in &evidence.targets {
            add(&mut builder, target);
            if !target.indicators.figures.is_empty() {
                indicators.insert(target.id.clone(), target.indicators.clone());
            }
        }
        let Builder { mut components, identities, left_out, .. } = builder;
        for component in components.values_mut() {
            component.instances.sort();
            // A chart is told by each container of a workload.
            component.instances.dedup();
        }
        Snapshot {
            environment: evidence.environment.clone(),
            taken: evidence.taken,
            components,
            coverage: evidence.targets.iter().map(coverage).collect(),
            identities,
            indicators,
            left_out: left_out + evidence.targets.iter().map(|t| t.left_out).sum::<usize>(),
            ignore,
        }
    }
}

fn coverage(target: &TargetEvidence) -> Coverage {
    Coverage {
        target: target.id.clone(),
        endpoint: target.endpoint.clone(),
        required: target.required,
        source: target.source.clone(),
        taken: target.taken,
        expires: target.declared.iter().map(|fact| fact.expires).min(),
        parts: target.parts.clone(),
        notes: notes(target),
    }
}

/// What a target tells that decides nothing: a Sentinel among others that did not answer, and until
/// when certificates are valid.
fn notes(target: &TargetEvidence) -> Vec<Note> {
    let note = |field: &Field| {
        let at = if field.place.is_empty() { String::new() } else { format!("{} ", field.place) };
        match field.name.as_str() {
            "sentinel_failure" => Some(Note {
                text: format!("the Sentinel {at}did not tell: {}", field.value),
                is_odd: true,
            }),
            "tls_not_after" => Some(Note {
                text: format!("{at}certificate is valid until {}", field.value),
                is_odd: false,
            }),
            _ => None,
        }
    };
    target.fields.iter().filter_map(note).collect()
}

/// Hands what a target told to what knows it.
fn add(builder: &mut Builder<'_>, target: &TargetEvidence) {
    // A target of which no part was read may still hold fields of a part that broke off.
    match target.id.collector() {
        "redis" => redis::add(builder, target),
        "docker" => host::add_docker(builder, target),
        "kubernetes" => host::add_kubernetes(builder, target),
        _ => {}
    }
    for image_use in &target.images {
        image::add(builder, target, image_use);
        chart::add(builder, target, image_use);
    }
    for fact in &target.declared {
        let product = builder.normalizer.products.by_component(&fact.component);
        let said = Said {
            component: fact.component.as_str().into(),
            product,
            hint: None,
            text: &fact.version,
        };
        builder.say(target, &said, |instance| Instance {
            source: ReadingSource::Declared,
            ..instance
        });
    }
}
