//! What became of findings since an earlier report.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of findings since an earlier report.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Since {
    /// When the earlier report ended, in UTC.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// What else changed between the two, in words: the policy, the baseline, the program.
    pub changed: Vec<String>,
    /// How many findings are `new`, `worse`, `better`, `unchanged`, and of the earlier ones
    /// `unknown`, `resolved`, `waived`, `off`; all are named.
    pub summary: BTreeMap<String, usize>,
    /// Findings of the earlier report that are not active now.
    pub gone: Vec<GoneFinding>,
}

/// A finding of the earlier report that is not active now.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct GoneFinding {
    /// The same from run to run.
    pub id: String,
    /// Id of the rule.
    pub rule: String,
    /// How severe it was.
    pub severity: String,
    /// What it was about.
    pub component: String,
    /// Where, by name.
    pub environments: Vec<String>,
    /// What the earlier report said.
    pub summary: String,
    /// `resolved`, `unknown` (not everything that could show it was read), `waived` or `off`.
    pub fate: String,
}
