//! Products: which one an observation is, and how its versions are read.
//!
//! What counts, in order: the scheme that the catalogue gives a component; the product's own
//! expressions, then its scheme; what the collector knows of a text; the text's form.

pub mod config;
mod copies;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use crate::version::{self, Body, Levels, Pattern, Reading, Scheme};
use config::ProductConfig;
use copies::Original;

/// One product, ready for use.
#[derive(Clone, Debug)]
pub struct Product {
    /// As findings name it.
    pub name: String,
    /// Other names of it.
    pub aliases: Vec<String>,
    /// Component of its images, without `image/`.
    pub family: String,
    /// Repositories of its images.
    pub images: Vec<String>,
    /// Scheme of what it says of itself.
    pub scheme: Option<Scheme>,
    /// What the numbers of its versions mean.
    pub levels: Levels,
    /// Texts that no release of it carries.
    pub sentinels: Vec<String>,
    /// Expressions for its versions.
    pub patterns: Vec<Pattern>,
    /// Expressions for repositories that say the version.
    pub repositories: Vec<Pattern>,
    /// Line of INFO that says its version.
    pub info_version: Option<String>,
}

impl Product {
    /// From a checked row; what `check` would have told is left out. Many products share an
    /// expression, and compiling it is what costs: `compiled` has those that are.
    fn new(config: ProductConfig, compiled: &mut BTreeMap<String, Pattern>) -> Self {
        let levels = config.levels();
        let mut pattern = |source: String| {
            if let Some(pattern) = compiled.get(&source) {
                return Some(pattern.clone());
            }
            let pattern = Pattern::new(&source).ok()?;
            compiled.insert(source, pattern.clone());
            Some(pattern)
        };
        let tags = config.tag.into_iter().filter_map(|tag| pattern(tag.value)).collect();
        let names = config.repositories.into_iter();
        let repositories = names.filter_map(|name| pattern(name.value)).collect();
        Self {
            levels,
            family: config.family.map_or_else(|| config.name.value.clone(), |family| family.value),
            name: config.name.value,
            aliases: config.aliases.into_iter().map(|alias| alias.value).collect(),
            images: config.images.into_iter().map(|image| image.value).collect(),
            scheme: config.scheme.and_then(|name| Scheme::by_name(&name)),
            sentinels: config
                .sentinels
                .into_iter()
                .map(|text| text.value.trim().to_owned())
                .collect(),
            patterns: tags,
            repositories,
            info_version: config.info_version.map(|line| line.value),
        }
    }

    fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn has_alias(&self, name: &str) -> bool {
        self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }
}

/// The shipped products. Their expressions are compiled once for a process.
static SHIPPED: LazyLock<Vec<Arc<Product>>> = LazyLock::new(|| {
    let mut compiled = BTreeMap::new();
    config::shipped_products()
        .products
        .iter()
        .cloned()
        .map(|row| Arc::new(Product::new(row, &mut compiled)))
        .collect()
});

/// All products that are known.
#[derive(Debug)]
pub struct Products {
    all: Vec<Arc<Product>>,
    /// Of each repository the first that has it.
    by_repository: HashMap<String, usize>,
}

impl Products {
    /// Those of a checked catalogue, then the shipped ones that it does not replace.
    pub fn new(catalogue: &[ProductConfig]) -> Self {
        let mut compiled = BTreeMap::new();
        let own = catalogue.iter().cloned().map(|row| {
            let mut product = Product::new(row, &mut compiled);
            // How a server says its version has nothing to do with images: a row that only adds
            // some must not lose it.
            let shipped = SHIPPED.iter().find(|shipped| shipped.is_named(&product.name));
            product.info_version = product.info_version.or_else(|| shipped?.info_version.clone());
            Arc::new(product)
        });
        let is_replaced = |product: &Product| {
            catalogue.iter().any(|own| own.name.eq_ignore_ascii_case(&product.name))
        };
        let shipped = SHIPPED.iter().filter(|product| !is_replaced(product)).cloned();
        let all: Vec<Arc<Product>> = own.chain(shipped).collect();
        let mut by_repository = HashMap::new();
        for (index, product) in all.iter().enumerate() {
            for image in &product.images {
                by_repository.entry(image.clone()).or_insert(index);
            }
        }
        Self { all, by_repository }
    }

    /// All, in the order of the data.
    pub fn iter(&self) -> impl Iterator<Item = &Product> {
        self.all.iter().map(AsRef::as_ref)
    }

    /// The product of that name, else the one with that alias.
    pub fn by_name(&self, name: &str) -> Option<&Product> {
        self.iter()
            .find(|product| product.is_named(name))
            .or_else(|| self.iter().find(|product| product.has_alias(name)))
    }

    /// The product of an image, by its whole name or the one without registry and `library/`.
    pub(super) fn by_image(&self, full: &str, short: &str) -> Option<&Product> {
        let has_name = |product: &&Product| {
            product.repositories.iter().any(|pattern| pattern.read(short).is_some())
        };
        let own = self.with_repository([full, short].into_iter());
        own.or_else(|| self.find_copied(full, short)).or_else(|| self.iter().find(has_name))
    }

    /// The first product that has any of these repositories.
    fn with_repository<'t>(&self, names: impl Iterator<Item = &'t str>) -> Option<&Product> {
        let first = names.filter_map(|name| self.by_repository.get(name)).min()?;
        self.all.get(*first).map(AsRef::as_ref)
    }

    /// The product that an image is a copy of, no matter who hands it on.
    fn find_copied(&self, full: &str, short: &str) -> Option<&Product> {
        let originals = copies::likely_originals(full, short);
        let whole = originals.iter().find_map(|original| match original.only_name() {
            Some(name) => self.with_repository([name].into_iter()),
            None => self.iter().find(|product| product.images.iter().any(|i| original.is_image(i))),
        });
        whole.or_else(|| {
            originals.iter().filter_map(Original::last_part).find_map(|last| {
                self.with_repository([last].into_iter()).or_else(|| self.by_name(last))
            })
        })
    }

    /// The product that a component's name tells: `postgresql/orders`, `image/postgresql`.
    pub(super) fn by_component(&self, component: &str) -> Option<&Product> {
        let (first, rest) = component.split_once('/').unwrap_or((component, ""));
        self.by_name(if first == "image" { rest } else { first })
    }

    /// Whether a chart is one of a product.
    pub(super) fn has_family(&self, name: &str) -> bool {
        self.by_name(name).is_some() || self.iter().any(|product| product.family == name)
    }
}

/// How the texts of one component are read.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextReader<'a> {
    /// What the catalogue says of the component.
    pub scheme: Option<Scheme>,
    /// What is known of its product.
    pub product: Option<&'a Product>,
}

impl TextReader<'_> {
    /// What a program, a label or a person says; `hint` is what the collector knows of it.
    pub fn read_text(&self, hint: Option<Scheme>, text: &str) -> Reading {
        self.mark_reading(match (self.scheme, self.product) {
            (Some(scheme), _) => version::read(scheme, text),
            (None, Some(product)) => of_product(product, hint, text),
            (None, None) => version::read(hint.unwrap_or_else(|| Scheme::detect(text)), text),
        })
    }

    /// What the tag of an image says. A tag that moves does so whatever the scheme.
    pub fn read_tag(&self, tag: &str) -> Reading {
        let plain = || version::read(Scheme::ImageTag, tag);
        self.mark_reading(match (self.scheme, self.product) {
            (Some(scheme), _) => {
                let read = version::read(scheme, tag);
                let says_nothing = |body: &Body| matches!(body, Body::Floating | Body::Commit(_));
                Some(plain())
                    .filter(|plain| *read.body() == Body::Opaque && says_nothing(plain.body()))
                    .unwrap_or(read)
            }
            (None, Some(product)) => version::read_tag(&product.patterns, tag),
            (None, None) => plain(),
        })
    }

    /// What the name of a repository says of the version.
    pub(super) fn read_repository(&self, short: &str) -> Option<Reading> {
        let product = self.product.filter(|_| self.scheme.is_none())?;
        product.repositories.iter().find_map(|pattern| pattern.read(short))
    }

    /// What the numbers mean.
    pub fn levels(&self) -> Levels {
        self.product.map_or(Levels::DEFAULT, |product| product.levels.clone())
    }

    fn mark_reading(&self, reading: Reading) -> Reading {
        match self.product {
            Some(product) => reading.with_sentinels(&product.sentinels),
            None => reading,
        }
    }
}

/// By the first of the product's own that can read it: a person may have declared what the program
/// would not say, so the product's scheme is not the last word.
fn of_product(product: &Product, hint: Option<Scheme>, text: &str) -> Reading {
    if let Some(reading) = product.patterns.iter().find_map(|pattern| pattern.read(text)) {
        return reading;
    }
    let last = hint.unwrap_or_else(|| Scheme::detect(text));
    let own = product.scheme.map(|scheme| version::read(scheme, text));
    own.filter(|reading| *reading.body() != Body::Opaque)
        .unwrap_or_else(|| version::read(last, text))
}
