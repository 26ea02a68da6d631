//! The catalogue that people write.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::product::config::{self as product, ProductConfig};
use crate::model::{Glob, Sharing};
use crate::wire::header::{FileKind, FormatVersion};
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

/// `kind: Catalogue`: which observations are one component.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueConfig {
    /// `envparity/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: FormatVersion,
    /// `Catalogue`.
    pub kind: FileKind,
    /// Images that get another name than their repository's, and how versions of components are
    /// read.
    #[serde(default)]
    pub components: Vec<ComponentConfig>,
    /// Products that the program does not know, or knows otherwise: one of a known name replaces
    /// that whole.
    #[serde(default)]
    pub products: Vec<ProductConfig>,
    /// Prefixes of mirrors, and what they stand for.
    #[serde(default)]
    pub mirrors: BTreeMap<String, String>,
    /// Namespaces and compose projects that are one across environments.
    #[serde(default)]
    pub namespaces: BTreeMap<String, String>,
    /// Names of targets that stand for one place across environments, where an environment has
    /// several targets of a collector: `{mks-qualif: mks, mks-prod: mks}`.
    #[serde(default)]
    pub targets: BTreeMap<String, String>,
    /// Targets that environments share on purpose: a pattern (any environments), or
    /// `{target: PATTERN, between: [ENVIRONMENT, …]}`.
    #[serde(default)]
    pub shared: Vec<Located<SharedConfig>>,
    /// Images of own services, as patterns on registry and repository:
    /// `registry.example/team/**` (default: images that the product data does not know).
    #[serde(default)]
    pub own: Vec<Located<String>>,
}

/// One component and what belongs to it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ComponentConfig {
    /// Its name: `image/cache`; or `redis/cache`, where a container is what is a target elsewhere.
    pub component: Located<String>,
    /// What belongs to it: any of these.
    #[serde(default, rename = "match")]
    pub matches: Vec<MatchConfig>,
    /// Name of the scheme by which its versions are read, whatever its product (see REFERENCE.md).
    #[serde(default)]
    pub scheme: Option<Located<String>>,
    /// The only environments where it belongs (default: all).
    #[serde(default)]
    pub only_in: Vec<Located<String>>,
}

/// Patterns that must all fit; what is not given fits.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MatchConfig {
    /// Registry and repository without tag: `*/redis`.
    #[serde(default)]
    pub image: Option<Located<String>>,
    /// Compose service or workload.
    #[serde(default)]
    pub workload: Option<Located<String>>,
    /// Compose project or namespace, after `namespaces:`.
    #[serde(default)]
    pub namespace: Option<Located<String>>,
    /// Container.
    #[serde(default)]
    pub container: Option<Located<String>>,
}

impl MatchConfig {
    /// Image, workload, namespace and container; a malformed pattern, which `check` tells, is none.
    pub(super) fn compile_globs(&self) -> [Option<Glob>; 4] {
        [&self.image, &self.workload, &self.namespace, &self.container]
            .map(|pattern| pattern.as_ref().and_then(|pattern| Glob::new(pattern).ok()))
    }

    pub(super) fn patterns(&self) -> impl Iterator<Item = &Located<String>> {
        self.image.iter().chain(&self.workload).chain(&self.namespace).chain(&self.container)
    }
}

/// Whether images may be matched to a component of that name: one of an image, or of what is read
/// as a target of its own elsewhere. Hosts, engines, clusters and charts are not images.
fn may_be_image(component: &str) -> bool {
    const NEVER: [&str; 4] = ["chart", "docker", "host", "kubernetes"];
    match component.split('/').collect::<Vec<_>>()[..] {
        ["image", _, ..] => true,
        [kind, name] => !kind.is_empty() && !name.is_empty() && !NEVER.contains(&kind),
        _ => false,
    }
}

impl CatalogueConfig {
    /// What environments share on purpose; a malformed pattern, which `check` tells, allows
    /// nothing.
    pub fn sharing_rules(&self) -> Vec<Sharing> {
        self.shared.iter().filter_map(|row| row.sharing_rule()).collect()
    }

    /// Everything that is wrong with it.
    pub fn find_problems(&self) -> Vec<Problem> {
        let mut problems = product::check_products(&self.products);
        let mut seen = std::collections::BTreeSet::new();
        for component in &self.components {
            if !seen.insert(component.component.as_str()) {
                let message = format!("component {:?} stands twice", component.component.as_str());
                problems.push(Problem::at(
                    &component.component,
                    message,
                    "put all its matches into one entry",
                ));
            }
            if !component.matches.is_empty() && !may_be_image(&component.component) {
                let advice = "a component that images are matched to is named image/NAME, or as \
                    what is a target or declared elsewhere: redis/NAME, postgresql/NAME";
                problems.push(Problem::at(
                    &component.component,
                    "the name is not one of an image",
                    advice,
                ));
            }
            problems.extend(component.scheme.as_ref().and_then(product::scheme_problem));
            if component.matches.is_empty()
                && component.only_in.is_empty()
                && component.scheme.is_none()
            {
                let advice = "add match: [{image: …}], only-in: [ENVIRONMENT] or scheme: NAME";
                problems.push(Problem::at(
                    &component.component,
                    "the entry matches nothing and says nothing",
                    advice,
                ));
            }
            if component.matches.iter().any(|m| m.patterns().next().is_none()) {
                let advice = "name at least one of image, workload, namespace, container";
                problems.push(Problem::at(
                    &component.component,
                    "an empty match would match everything",
                    advice,
                ));
            }
        }
        let patterns =
            self.components.iter().flat_map(|c| c.matches.iter().flat_map(MatchConfig::patterns));
        problems.extend(
            patterns.chain(&self.own).filter_map(|pattern| unusable_pattern(pattern, pattern)),
        );
        problems.extend(self.shared.iter().filter_map(|row| unusable_pattern(row, &row.target)));
        problems
    }
}

/// A pattern that matches nothing because it is malformed.
fn unusable_pattern<T>(place: &Located<T>, pattern: &str) -> Option<Problem> {
    let error = Glob::new(pattern).err()?;
    let advice = "patterns are like `*/redis` or `sandbox-*`";
    Some(Problem::at(place, error.to_string(), advice))
}

/// One row of `shared:`. A text alone is a pattern of targets that any environments may share.
#[derive(Clone, Debug)]
pub struct SharedConfig {
    /// Targets, as a pattern.
    pub target: String,
    /// Environments that may share them; empty for any.
    pub between: Vec<Located<String>>,
}

impl SharedConfig {
    fn sharing_rule(&self) -> Option<Sharing> {
        let between = self.between.iter().map(|name| name.as_str().into()).collect();
        Some(Sharing { targets: Glob::new(&self.target).ok()?, between })
    }
}

/// Targets, and the environments that share them on purpose.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct SharedBetween {
    /// Targets, as a pattern: `kubernetes/mks`.
    target: String,
    /// The environments that may share them, two or more.
    between: Vec<Located<String>>,
}

impl<'de> Deserialize<'de> for SharedConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SharedVisitor)
    }
}

struct SharedVisitor;

impl<'de> Visitor<'de> for SharedVisitor {
    type Value = SharedConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pattern of targets, or {target: PATTERN, between: [ENVIRONMENT, …]}")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SharedConfig, E> {
        Ok(SharedConfig { target: text.to_owned(), between: Vec::new() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SharedConfig, A::Error> {
        let row = SharedBetween::deserialize(MapAccessDeserializer::new(map))?;
        if row.between.len() < 2 {
            return Err(serde::de::Error::custom("between: names at least two environments"));
        }
        Ok(SharedConfig { target: row.target, between: row.between })
    }
}

impl JsonSchema for SharedConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SharedConfig".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let between = generator.subschema_for::<SharedBetween>();
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, between] })
    }
}
