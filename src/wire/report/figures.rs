//! What the Redis servers of a target have counted since their start, as people read it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Figures of one target: averages and sums over each server's life, shown and not judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct TargetFigures {
    /// The target, as `redis/cache`.
    pub target: String,
    /// By environment, then by name: `KEYS calls` is `26`. What is not told is left out.
    pub environments: BTreeMap<String, BTreeMap<String, String>>,
}
