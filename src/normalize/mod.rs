//! Evidence, seen through the catalogue and the product data, becomes a snapshot.
//!
//! This is where a fact gets its component, its product and its version scheme. Nothing is
//! compared here.

mod chart;
pub mod config;
mod host;
mod image;
pub mod product;
mod redis;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Class, Component, ComponentName, Coverage, EnvironmentName, Evidence, Field, Glob, Identity,
    ImageUse, Instance, Locator, Note, Presumed, ReadingSource, RunState, Snapshot, TLS_UNVERIFIED,
    TargetEvidence,
};
use crate::version::{Levels, Reading, Scheme};
use config::CatalogueConfig;
use product::{Product, Products, Reader};

/// The catalogue and the product data, ready for use.
#[derive(Debug)]
pub struct Normalizer {
    products: Products,
    /// What the catalogue says of components.
    schemes: BTreeMap<ComponentName, Scheme>,
    matches: Vec<image::Match>,
    only_in: BTreeMap<ComponentName, Vec<EnvironmentName>>,
    /// Longest prefix first.
    mirrors: Vec<(String, String)>,
    namespaces: BTreeMap<String, String>,
}

impl Normalizer {
    /// Prepares a checked catalogue; without one, names are those of the images.
    pub fn new(catalogue: Option<&CatalogueConfig>) -> Self {
        let components = catalogue.map(|c| c.components.as_slice()).unwrap_or_default();
        let only_in = components.iter().filter(|c| !c.only_in.is_empty()).map(|c| {
            let environments = c.only_in.iter().map(|e| e.as_str().into()).collect();
            (c.component.as_str().into(), environments)
        });
        let mut mirrors: Vec<_> =
            catalogue.map(|c| c.mirrors.clone().into_iter().collect()).unwrap_or_default();
        mirrors.sort_by_key(|(prefix, _): &(String, String)| std::cmp::Reverse(prefix.len()));
        let schemes = components.iter().filter_map(|c| {
            let scheme = Scheme::by_name(c.scheme.as_ref()?)?;
            Some((c.component.as_str().into(), scheme))
        });
        Self {
            products: Products::new(catalogue.map(|c| c.products.as_slice()).unwrap_or_default()),
            schemes: schemes.collect(),
            matches: components.iter().flat_map(image::Match::of_component).collect(),
            only_in: only_in.collect(),
            mirrors,
            namespaces: catalogue.map(|c| c.namespaces.clone()).unwrap_or_default(),
        }
    }

    /// The name of the product that has this one, or this alias.
    pub fn product_named(&self, name: &str) -> Option<&str> {
        self.products.by_name(name).map(|product| product.name.as_str())
    }

    /// How the texts of a component are read, of which the product is known or not.
    fn reader<'a>(&'a self, component: &ComponentName, product: Option<&'a Product>) -> Reader<'a> {
        Reader { scheme: self.schemes.get(component).copied(), product }
    }

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
            builder.target(target);
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
    let unverified = target.field(TLS_UNVERIFIED).map(|how| Note {
        text: format!("nobody checks that the server is the one it claims to be: {how}"),
        is_odd: true,
    });
    let told = target.fields.iter().filter_map(note);
    told.chain(unverified)
        .chain(Presumed::ALL.into_iter().filter_map(|why| presumed(target, why)))
        .collect()
}

/// Workloads that count though nobody can tell whether they run.
fn presumed(target: &TargetEvidence, why: Presumed) -> Option<Note> {
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

/// Components as they are found.
struct Builder<'a> {
    normalizer: &'a Normalizer,
    ignore: &'a [Glob],
    components: BTreeMap<ComponentName, Component>,
    identities: BTreeSet<Identity>,
    /// What does not run, with its place: containers of one workload are one.
    idle: BTreeSet<(ComponentName, String, String)>,
    left_out: usize,
}

/// What makes one component differ from another in kind.
#[derive(Clone)]
struct Nature {
    class: Class,
    levels: Levels,
}

/// Everything that is no image of an own service.
const PLATFORM: Nature = Nature { class: Class::Platform, levels: Levels::DEFAULT };

/// What is known of a text before it is read.
struct Said<'a> {
    component: ComponentName,
    product: Option<&'a Product>,
    /// What the collector knows of it.
    hint: Option<Scheme>,
    text: &'a str,
}

impl Builder<'_> {
    fn target(&mut self, target: &TargetEvidence) {
        // A target of which no part was read may still hold fields of a part that broke off.
        match target.id.collector() {
            "redis" => redis::add(self, target),
            "docker" => host::add_docker(self, target),
            "kubernetes" => host::add_kubernetes(self, target),
            _ => {}
        }
        for image_use in &target.images {
            image::add(self, target, image_use);
            chart::add(self, target, image_use);
        }
        for fact in &target.declared {
            let product = self.normalizer.products.by_component(&fact.component);
            let said = Said {
                component: fact.component.as_str().into(),
                product,
                hint: None,
                text: &fact.version,
            };
            self.say(target, &said, |instance| Instance {
                source: ReadingSource::Declared,
                ..instance
            });
        }
    }

    /// The component of that name, made if it is new; `None` if it does not count here.
    fn component(&mut self, name: &ComponentName, nature: Nature) -> Option<&mut Component> {
        if self.ignore.iter().any(|glob| glob.is_match(name.as_str())) {
            self.left_out += 1;
            return None;
        }
        let only_in = || self.normalizer.only_in.get(name).cloned().unwrap_or_default();
        let component = self.components.entry(name.clone()).or_insert_with(|| Component {
            class: nature.class,
            levels: nature.levels.clone(),
            instances: Vec::new(),
            not_running: BTreeMap::new(),
            settings: BTreeMap::new(),
            only_in: only_in(),
        });
        // One instance of a known product makes it platform, in whatever order they are seen.
        if nature.class < component.class {
            (component.class, component.levels) = (nature.class, nature.levels);
        }
        Some(component)
    }

    /// An instance of the platform that speaks for itself; `with` adds what is known besides.
    fn say(
        &mut self,
        target: &TargetEvidence,
        said: &Said<'_>,
        with: impl FnOnce(Instance) -> Instance,
    ) {
        let reader = self.normalizer.reader(&said.component, said.product);
        let instance = with(instance(target, reader.text(said.hint, said.text)));
        self.add(&said.component, Nature { levels: reader.levels(), ..PLATFORM }, instance);
    }

    fn add(&mut self, name: &ComponentName, nature: Nature, instance: Instance) {
        if let Some(component) = self.component(name, nature) {
            component.instances.push(instance);
        }
    }

    /// Whether it is an instance; what does not run is told of, by workload.
    fn counts(
        &mut self,
        name: &ComponentName,
        nature: &Nature,
        target: &TargetEvidence,
        seen: &ImageUse,
    ) -> bool {
        let word = match &seen.state {
            RunState::Running => return true,
            RunState::Scheduled => "scheduled",
            RunState::Presumed(why) => why.as_str(),
            RunState::NotRunning(word) => word,
        };
        let place = Instance::place_of(&target.id, &seen.locator);
        let idle = (name.clone(), word.to_owned(), format!("{place:?}"));
        if self.idle.insert(idle)
            && let Some(component) = self.component(name, nature.clone())
        {
            *component.not_running.entry(word.to_owned()).or_default() += 1;
        }
        seen.state.counts()
    }

    /// Where an image runs, with the name that the catalogue gives the namespace.
    fn locator(&self, image_use: &ImageUse) -> Locator {
        let own = &image_use.locator;
        let namespace =
            self.normalizer.namespaces.get(&own.namespace).unwrap_or(&own.namespace).clone();
        Locator { namespace, ..own.clone() }
    }

    fn identity(&mut self, kind: &'static str, value: Option<&str>, target: &TargetEvidence) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.identities.insert(Identity {
                kind,
                value: value.to_owned(),
                target: target.id.clone(),
            });
        }
    }
}

/// An instance that the program itself speaks for.
fn instance(target: &TargetEvidence, reading: Reading) -> Instance {
    Instance {
        target: target.id.clone(),
        locator: Locator::default(),
        product: None,
        reading,
        source: ReadingSource::Program,
        contradicted_by: None,
        image: None,
    }
}
