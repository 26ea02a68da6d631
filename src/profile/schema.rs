//! The JSON Schemas (2020-12) of every format that people or programs read.

use schemars::{Schema, schema_for};

use super::config::{AuditConfig, EnvironmentConfig};
use crate::normalize::config::CatalogueConfig;
use crate::policy::config::PolicyConfig;
use crate::policy::waiver::config::WaiversConfig;
use crate::wire;

/// Name and schema of each format, in the order of their names.
pub fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("audit", schema_for!(AuditConfig)),
        ("catalogue", schema_for!(CatalogueConfig)),
        ("environment", schema_for!(EnvironmentConfig)),
        ("evidence", wire::evidence::schema()),
        ("policy", schema_for!(PolicyConfig)),
        ("report", wire::report::schema()),
        ("trend", wire::trend::schema()),
        ("waivers", schema_for!(WaiversConfig)),
    ]
}
