//! The catalogue that people write.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::product::config::{self as product, ProductConfig};
use crate::model::Glob;
use crate::wire::header::{ApiVersion, Kind};
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

/// `kind: Catalogue`: which observations are one component.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueConfig {
    /// `envparity/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: ApiVersion,
    /// `Catalogue`.
    pub kind: Kind,
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
    /// Targets that several environments share on purpose, as patterns.
    #[serde(default)]
    pub shared: Vec<Located<String>>,
}

/// One component and what belongs to it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ComponentConfig {
    /// Its name: `image/cache`.
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
    pub(super) fn globs(&self) -> [Option<Glob>; 4] {
        [&self.image, &self.workload, &self.namespace, &self.container]
            .map(|pattern| pattern.as_ref().and_then(|pattern| Glob::new(pattern).ok()))
    }

    pub(super) fn patterns(&self) -> impl Iterator<Item = &Located<String>> {
        self.image.iter().chain(&self.workload).chain(&self.namespace).chain(&self.container)
    }
}

impl CatalogueConfig {
    /// Everything that is wrong with it.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = product::check(&self.products);
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
            if !component.matches.is_empty() && !component.component.starts_with("image/") {
                let advice = "a component that images are matched to is named image/NAME";
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
        for pattern in patterns.chain(&self.shared) {
            if let Err(error) = Glob::new(pattern) {
                problems.push(Problem::at(
                    pattern,
                    error.to_string(),
                    "patterns are like `*/redis` or `sandbox-*`",
                ));
            }
        }
        problems
    }
}
