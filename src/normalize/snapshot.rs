//! From an environment's evidence to its snapshot: each target is handed to what knows its kind.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::{Builder, Normalizer, Said, chart, host, image, indicators, packages, redis, service};
use crate::model::{
    Component, Coverage, Declared, Evidence, Facts, Field, Globs, ImageUse, Instance, Note,
    Presumed, ReadingSource, RunState, Snapshot, TLS_UNVERIFIED, TargetEvidence,
};

impl Normalizer {
    /// Sees evidence as components; `ignore` are components that do not count there. Images go as
    /// they are seen: both at once would be half of what a large estate takes.
    pub fn build_snapshot(&self, mut evidence: Evidence, ignore: Globs) -> Snapshot {
        let mut builder = Builder {
            normalizer: self,
            environment: &evidence.environment,
            ignore: &ignore,
            several: self.collectors_with_several(&evidence),
            components: BTreeMap::new(),
            identities: BTreeSet::new(),
            idle: BTreeSet::new(),
            sites: BTreeSet::new(),
            readings: HashSet::new(),
            left_out: 0,
        };
        let mut by_target = BTreeMap::new();
        let coverage = evidence.targets.iter().map(|target| self.coverage_of(target)).collect();
        for target in &mut evidence.targets {
            let images = std::mem::take(&mut target.images);
            add_target(&mut builder, target, images);
            if let Some(of_target) = indicators::of_target(target) {
                by_target.insert(target.id.clone(), of_target);
            }
        }
        let Builder { mut components, identities, left_out, .. } = builder;
        for (name, component) in &mut components {
            overrule_declared(component);
            component.named_product = self.named_product(name, component);
            // Equal ones are one: their order is none.
            component.instances.sort_unstable();
            // A chart is told by each container of a workload.
            component.instances.dedup();
        }
        Snapshot {
            environment: evidence.environment,
            taken: evidence.taken,
            components,
            coverage,
            identities,
            indicators: by_target,
            left_out: left_out + evidence.targets.iter().map(|t| t.left_out).sum::<usize>(),
            ignore,
        }
    }

    /// Collectors of which an environment has several targets, by their mapped names.
    fn collectors_with_several(&self, evidence: &Evidence) -> BTreeSet<String> {
        let mut names = BTreeMap::<&str, BTreeSet<&str>>::new();
        for target in &evidence.targets {
            names.entry(target.id.collector()).or_default().insert(self.target_name(&target.id));
        }
        let several = names.into_iter().filter(|(_, names)| names.len() > 1);
        several.map(|(collector, _)| collector.to_owned()).collect()
    }

    fn coverage_of(&self, target: &TargetEvidence) -> Coverage {
        let kind = self.collectors.of(&target.id);
        let told =
            (kind.facts == Facts::Version).then(|| service::named_component(target)).flatten();
        let mut notes = odd_notes(target);
        // The target's name has the component's.
        if target.declared.iter().any(|fact| self.product_of(fact).is_none()) {
            notes.push(Note { text: "product not stated".to_owned(), is_odd: true });
        }
        Coverage {
            target: target.id.clone(),
            kind,
            component: self.names.component(&told.unwrap_or_else(|| kind.component_of(&target.id))),
            mapped: self.mapped.clone(),
            endpoint: target.endpoint.clone(),
            required: target.required,
            source: target.source.clone(),
            taken: target.taken,
            expires: target.declared.iter().map(|fact| fact.expires).min(),
            parts: target.parts.clone(),
            notes,
        }
    }

    /// The product of a declared fact by its own name, or as the person calls it: stated, else
    /// told by the component's name.
    fn product_of(&self, fact: &Declared) -> Option<String> {
        let known = if fact.product.is_empty() {
            self.products.by_component(&fact.component)
        } else {
            self.products.by_name(&fact.product)
        };
        let stated = Some(&fact.product).filter(|name| !name.is_empty()).cloned();
        known.map(|product| product.name.clone()).or(stated)
    }
}

/// What a target tells that decides nothing: a Sentinel among others that did not answer, and until
/// when certificates are valid.
fn odd_notes(target: &TargetEvidence) -> Vec<Note> {
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
    let unverified = target.field(TLS_UNVERIFIED).map(|how| Note {
        text: format!("nobody checks that the server is the one it claims to be: {how}"),
        is_odd: true,
    });
    let builds = image::incomparable_builds(target).map(|text| Note { text, is_odd: true });
    let told = target.fields.iter().filter_map(note);
    told.chain(unverified)
        .chain(builds)
        .chain(Presumed::ALL.into_iter().filter_map(|why| presumed_note(target, why)))
        .collect()
}

/// Workloads that count though nobody can tell whether they run.
fn presumed_note(target: &TargetEvidence, why: Presumed) -> Option<Note> {
    let is = |image: &&ImageUse| image.state == RunState::Presumed(why);
    let places: BTreeSet<(&str, &str)> = target
        .images
        .iter()
        .filter(is)
        .map(|image| (image.locator.namespace.as_str(), image.locator.workload.as_str()))
        .collect();
    let (namespace, workload) = places.first()?;
    let more = match places.len() - 1 {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    // A rollout is over in minutes, and what it leads to is compared.
    let is_odd = why != Presumed::RollingOut;
    let text =
        format!("{} counts, {}: {namespace}/{workload}{more}", what_counts(why), why.as_str());
    Some(Note { text, is_odd })
}

fn what_counts(why: Presumed) -> &'static str {
    match why {
        Presumed::StateUnknown | Presumed::Unreachable => "what pods are set up to run",
        Presumed::RollingOut => "the template",
    }
}

/// What was read wins over what a person declares, as far as it proves a version.
fn overrule_declared(component: &mut Component) {
    let is_declared = |instance: &Instance| instance.source == ReadingSource::Declared;
    let proves = |instance: &Instance| !is_declared(instance) && instance.reading.is_proven();
    if !component.instances.iter().any(proves) {
        return;
    }
    let declared = component.instances.extract_if(.., |instance| is_declared(instance));
    component.overruled = declared.map(|instance| Arc::unwrap_or_clone(instance.reading)).collect();
}

/// Hands what a target told to what knows it.
fn add_target(builder: &mut Builder<'_>, target: &TargetEvidence, images: Vec<ImageUse>) {
    // A target of which no part was read may still hold fields of a part that broke off.
    match builder.normalizer.collectors.of(&target.id).facts {
        Facts::Info => redis::add_redis(builder, target),
        Facts::Engine => host::add_docker(builder, target),
        Facts::Cluster => host::add_kubernetes(builder, target),
        Facts::Version => service::add_service(builder, target),
        Facts::Packages => packages::add_packages(builder, target),
        Facts::Declared | Facts::OfOthers | Facts::Unknown => {}
    }
    let mut known = image::Known::default();
    for image_use in images {
        chart::add_charts(builder, target, &image_use);
        known.add_image_use(builder, target, image_use);
    }
    for fact in &target.declared {
        let name = builder.normalizer.product_of(fact);
        let product = name.as_ref().and_then(|name| builder.normalizer.products.by_name(name));
        let said = Said {
            component: builder.normalizer.names.canonical(&fact.component).as_ref().into(),
            product,
            hint: None,
            text: &fact.version,
        };
        builder.add_platform(target, &said, |instance| Instance {
            source: ReadingSource::Declared,
            product: name.map(Arc::from),
            ..instance
        });
    }
}
