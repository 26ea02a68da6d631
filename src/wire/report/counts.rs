//! What the report counts, as numbers: what its verdict rests on, and what its summary says in
//! words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much of an environment a gate compared.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct GateCompared {
    /// From, to.
    pub gate: [String; 2],
    /// Components of the later side that run on the earlier one too.
    pub with_counterpart: usize,
    /// Components that run on the later side, without those that do not belong on the earlier one.
    pub of: usize,
    /// Those that do not run on the earlier side, 100 at most.
    pub without: Vec<String>,
}

/// What the texts of the summary say, as numbers.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Targets read completely, of all.
    pub targets: Share,
    /// Components equal in every environment that has or could have them, of all.
    pub equal: Share,
}

/// So many of all.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Share {
    /// Those that the name tells.
    pub count: usize,
    /// All.
    pub of: usize,
}
