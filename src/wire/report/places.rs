//! Of the public report: a component at the places of an environment that have the same names in
//! the baseline.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A component at several places of an environment, against the same places of the baseline.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Places {
    /// How many places were compared.
    pub of: usize,
    /// How many of them differ.
    pub differ: usize,
    /// The worst of those, ten at most.
    pub worst: Vec<PlaceChange>,
}

/// A place that differs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct PlaceChange {
    /// Target (where an environment has several of its kind), namespace or project, workload or
    /// service, container: `shop/web/app`.
    pub place: String,
    /// How far from the baseline; none if the two have no product in common there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// `ahead` or `behind`, seen from the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// Whether the two run different products there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub other_product: bool,
    /// What the baseline runs there; nothing if it does not have the place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baseline: Vec<String>,
    /// What the environment runs there; nothing if it does not have the place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub current: Vec<String>,
}
