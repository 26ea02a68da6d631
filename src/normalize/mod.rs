//! Evidence, seen through the catalogue and the product data, becomes a snapshot.
//!
//! This is where a fact gets its component, its product and its version scheme. Nothing is
//! compared here.

mod chart;
pub mod config;
mod counted;
mod host;
mod image;
mod indicators;
mod label;
mod matching;
mod named;
mod packages;
pub mod product;
mod redis;
mod service;
mod snapshot;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::model::{
    Class, Collectors, Component, ComponentName, EnvironmentName, Glob, Globs, Identity, Instance,
    Locator, ProductNames, ReadingSource, RunState, Site, TargetEvidence, TargetId,
};
use crate::version::{Levels, Reading, Scheme};
use config::CatalogueConfig;
pub use counted::counters_of;
use matching::{Match, Matches};
use product::{Product, Products, TextReader};

pub use indicators::of_sample as indicators_of;

/// The catalogue and the product data, ready for use.
#[derive(Debug)]
pub struct Normalizer {
    collectors: Collectors,
    products: Products,
    names: ProductNames,
    /// What the catalogue says of components.
    schemes: BTreeMap<ComponentName, Scheme>,
    matches: Matches,
    /// The components of these.
    mapped: Arc<BTreeSet<ComponentName>>,
    only_in: BTreeMap<ComponentName, Vec<EnvironmentName>>,
    /// Longest prefix first.
    mirrors: Vec<(String, String)>,
    namespaces: BTreeMap<String, String>,
    /// Images of own services; empty for those that the product data does not know.
    own: Globs,
    targets: BTreeMap<String, String>,
}

impl Normalizer {
    /// Prepares a checked catalogue; without one, names are those of the images. `collectors` are
    /// all whose evidence may be seen.
    pub fn new(catalogue: Option<&CatalogueConfig>, collectors: Collectors) -> Self {
        let components = catalogue.map(|c| c.components.as_slice()).unwrap_or_default();
        let own_products = catalogue.map(|c| c.products.as_slice()).unwrap_or_default();
        let only_in = components.iter().filter(|c| !c.only_in.is_empty()).map(|c| {
            let environments = c.only_in.iter().map(|e| e.as_str().into()).collect();
            (c.component.as_str().into(), environments)
        });
        let mut mirrors: Vec<_> =
            catalogue.map(|c| c.mirrors.clone().into_iter().collect()).unwrap_or_default();
        mirrors.sort_by_key(|(prefix, _): &(String, String)| std::cmp::Reverse(prefix.len()));
        let own: Vec<Glob> =
            catalogue.iter().flat_map(|c| &c.own).filter_map(|p| Glob::new(p).ok()).collect();
        let schemes = components.iter().filter_map(|c| {
            let scheme = Scheme::by_name(c.scheme.as_ref()?)?;
            Some((c.component.as_str().into(), scheme))
        });
        let matches = Matches::new(components.iter().flat_map(Match::of_component).collect());
        Self {
            collectors,
            products: Products::new(own_products),
            names: product::config::names_for(own_products, collectors),
            schemes: schemes.collect(),
            mapped: Arc::new(matches.components().cloned().collect()),
            matches,
            only_in: only_in.collect(),
            mirrors,
            namespaces: catalogue.map(|c| c.namespaces.clone()).unwrap_or_default(),
            own: Globs::new(&own),
            targets: catalogue.map(|c| c.targets.clone()).unwrap_or_default(),
        }
    }

    /// The product that a component is by its name: of what collectors find, as they say; of what
    /// people declare, its first part.
    fn named_product(&self, name: &ComponentName, component: &Component) -> Option<String> {
        if let Some(product) = self.collectors.product_of(name) {
            return Some(product.to_owned());
        }
        let is_declared = component.instances.iter().all(|i| i.source == ReadingSource::Declared);
        let first = name.group();
        let tells = is_declared && first != name.as_str() && !self.collectors.is_group(first);
        tells.then(|| first.to_lowercase())
    }

    /// The name of the product that has this one, or this alias.
    pub fn product_named(&self, name: &str) -> Option<&str> {
        self.products.by_name(name).map(|product| product.name.as_str())
    }

    /// What components are called.
    pub fn product_names(&self) -> &ProductNames {
        &self.names
    }

    /// Components that are found among images, by the catalogue.
    pub fn mapped_components(&self) -> &BTreeSet<ComponentName> {
        &self.mapped
    }

    /// How the texts of a component are read, of which the product is known or not.
    fn reader_for<'a>(
        &'a self,
        component: &ComponentName,
        product: Option<&'a Product>,
    ) -> TextReader<'a> {
        TextReader { scheme: self.schemes.get(component).copied(), product }
    }

    /// The name of a target, as the catalogue maps it.
    fn target_name<'a>(&'a self, target: &'a TargetId) -> &'a str {
        self.targets.get(target.name()).map_or(target.name(), String::as_str)
    }
}

/// Components as they are found.
struct Builder<'a> {
    normalizer: &'a Normalizer,
    environment: &'a EnvironmentName,
    ignore: &'a Globs,
    /// Collectors of which the environment has several targets.
    several: BTreeSet<String>,
    components: BTreeMap<ComponentName, Component>,
    identities: BTreeSet<Identity>,
    /// What does not run, with its place: containers of one workload are one.
    idle: BTreeSet<(ComponentName, String, String)>,
    /// One for all instances of a target that are alike.
    sites: BTreeSet<Arc<Site>>,
    /// One for all that say the same.
    readings: HashSet<Arc<Reading>>,
    left_out: usize,
}

/// What makes one component differ from another in kind.
#[derive(Clone)]
struct Nature {
    class: Class,
    levels: Levels,
}

/// Everything that is not an image of an own service.
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
    /// The component of that name, made if it is new; `None` if it does not count here.
    fn component_entry(&mut self, name: &ComponentName, nature: Nature) -> Option<&mut Component> {
        if self.ignore.is_match(name.as_str()) {
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
            named_product: None,
            overruled: Vec::new(),
        });
        // One instance of a known product makes it platform, in whatever order they are seen.
        if nature.class < component.class {
            (component.class, component.levels) = (nature.class, nature.levels);
        }
        Some(component)
    }

    /// An instance of the platform that speaks for itself; `with` adds what is known besides.
    fn add_platform(
        &mut self,
        target: &TargetEvidence,
        said: &Said<'_>,
        with: impl FnOnce(Instance) -> Instance,
    ) {
        let reader = self.normalizer.reader_for(&said.component, said.product);
        let reading = reader.read_text(said.hint, said.text);
        let instance = with(instance_of(target, self.share_reading(reading)));
        self.add_instance(
            &said.component,
            Nature { levels: reader.levels(), ..PLATFORM },
            instance,
        );
    }

    fn add_instance(&mut self, name: &ComponentName, nature: Nature, instance: Instance) {
        let site = self.site_of(&instance);
        let instance = Instance { site, ..instance };
        if let Some(component) = self.component_entry(name, nature) {
            component.instances.push(instance);
        }
    }

    /// Whether it is an instance; what does not run is told of, by workload.
    fn counts_as_instance(
        &mut self,
        name: &ComponentName,
        nature: &Nature,
        target: &TargetEvidence,
        (locator, state): (&Locator, &RunState),
    ) -> bool {
        let word = match state {
            RunState::Running => return true,
            RunState::Scheduled => "scheduled",
            RunState::Presumed(why) => why.as_str(),
            RunState::NotRunning(word) => word,
        };
        let place = Instance::place_of(&target.id, locator);
        let idle = (name.clone(), word.to_owned(), format!("{place:?}"));
        if self.idle.insert(idle)
            && let Some(component) = self.component_entry(name, nature.clone())
        {
            *component.not_running.entry(word.to_owned()).or_default() += 1;
        }
        state.counts()
    }

    /// Where an image runs, with the name that the catalogue gives the namespace.
    fn map_locator(&self, own: Locator) -> Locator {
        match self.normalizer.namespaces.get(&own.namespace) {
            Some(namespace) => Locator { namespace: namespace.clone(), ..own },
            None => own,
        }
    }

    /// A reading for one instance or many, as this environment sees it.
    fn share_reading(&mut self, mut reading: Reading) -> Arc<Reading> {
        reading.mark_own_channel(self.environment.as_str());
        if let Some(known) = self.readings.get(&reading) {
            return known.clone();
        }
        let reading = Arc::new(reading);
        self.readings.insert(reading.clone());
        reading
    }

    /// What of the place of an instance counts when it is paired. Containers of one compose service
    /// are replicas; so are the nodes of a cluster and the servers of one Redis, whose names and
    /// addresses say nothing in another environment.
    fn site_of(&mut self, instance: &Instance) -> Arc<Site> {
        let Instance { target, locator, image, .. } = instance;
        let is_replica = target.collector() == "docker" && !locator.workload.is_empty();
        let site = Site {
            target: self.normalizer.target_name(target).to_owned(),
            is_one_of_several: self.several.contains(target.collector()),
            has_containers: image.is_some() && !is_replica,
        };
        if let Some(known) = self.sites.get(&site) {
            return known.clone();
        }
        let site = Arc::new(site);
        self.sites.insert(site.clone());
        site
    }

    /// What tells the instance from others, among the fields that `says` knows.
    fn identity_of<'a>(
        &mut self,
        target: &TargetEvidence,
        says: impl FnOnce(&'static str) -> Option<&'a str>,
    ) {
        let Some(identity) = self.normalizer.collectors.of(&target.id).identity else { return };
        self.insert_identity(identity.noun, says(identity.field), target);
    }

    fn insert_identity(
        &mut self,
        kind: &'static str,
        value: Option<&str>,
        target: &TargetEvidence,
    ) {
        // Anyone who hides an identity writes zeros in its place: they are everybody's.
        let is_blank = |value: &str| value.chars().all(|c| matches!(c, '0' | '-' | ':'));
        if let Some(value) = value.filter(|value| !is_blank(value)) {
            self.identities.insert(Identity {
                kind,
                value: value.to_owned(),
                target: target.id.clone(),
            });
        }
    }
}

/// An instance that the program itself speaks for.
fn instance_of(target: &TargetEvidence, reading: Arc<Reading>) -> Instance {
    Instance {
        target: target.id.clone(),
        locator: Locator::default(),
        site: Arc::default(),
        product: None,
        reading,
        source: ReadingSource::Program,
        contradicted_by: None,
        image: None,
    }
}
