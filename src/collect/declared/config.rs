//! What a profile says of a declared fact.

use std::time::Duration;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::collect::target::TargetConfig;
use crate::model::{CollectorKind, CollectorPart, Facts, Holds, Occurs};
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

pub(super) const FACT: &str = "fact";

/// A fact that no collector can read and that a person vouches for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DeclaredConfig {
    /// The component: `postgresql/orders`. An alias of the product (`postgres/orders`) names the
    /// same one.
    pub component: Located<String>,
    /// The product that it is: `postgresql` (default: the first part of the component's name, if
    /// that is a known product or an alias of one).
    #[serde(default)]
    pub product: Option<Located<String>>,
    /// Its version, in quotes.
    pub version: String,
    /// Who says so.
    pub by: String,
    /// Since when: `2026-04-01`.
    #[schemars(with = "String")]
    pub on: Date,
    /// The last day on which it counts; afterwards it makes the verdict incomplete.
    #[schemars(with = "String")]
    pub expires: Date,
    /// Whether the verdict needs it; else the environment says.
    #[serde(default)]
    pub required: Option<bool>,
}

impl TargetConfig for DeclaredConfig {
    fn kind(&self) -> &'static CollectorKind {
        &Self::KIND
    }

    fn name(&self) -> &Located<String> {
        &self.component
    }

    fn required(&self) -> Option<bool> {
        self.required
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.expires < self.on {
            let advice = "expires: is the last day on which the fact counts";
            problems.push(Problem::at(&self.component, "expires: is before on:", advice));
        }
        if let Some(product) = self.product.as_ref().filter(|name| name.trim().is_empty()) {
            let advice = "set product:, or remove it";
            problems.push(Problem::at(product, "product: is empty", advice));
        }
        if self.version.trim().is_empty() || self.by.trim().is_empty() {
            problems.push(Problem::at(
                &self.component,
                "version and by must not be empty",
                "name the version and who vouches for it",
            ));
        }
        problems
    }
}

impl DeclaredConfig {
    /// What the other stages know of it.
    pub const KIND: CollectorKind = CollectorKind {
        name: "declared",
        noun: "declared fact",
        facts: Facts::Declared,
        parts: &[CollectorPart { name: FACT, occurs: Occurs::Always, holds: &[Holds::Itself] }],
        is_service: false,
        jointly: &[],
        identity: None,
        groups: &[],
        products: &[],
        deadline: Duration::from_secs(15),
        clashes_with_files: false,
    };
}
