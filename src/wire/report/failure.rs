//! Why something was not read, as a report says it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why something was not read.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Failure {
    /// Its class: `timeout`, `authentication`.
    pub kind: String,
    /// What happened.
    pub message: String,
    /// What helps.
    pub advice: String,
}
