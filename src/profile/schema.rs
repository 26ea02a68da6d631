//! The JSON Schemas (2020-12) of every format that people or programs read.

use schemars::{Schema, schema_for};

use super::config::{AuditConfig, EnvironmentConfig};
use crate::checklist::config::ChecklistConfig;
use crate::normalize::config::CatalogueConfig;
use crate::policy::config::PolicyConfig;
use crate::policy::waiver::config::WaiversConfig;
use crate::wire;
use crate::wire::release::ReleaseConfig;

/// The text of one format's schema, as a file.
macro_rules! published {
    ($($name:literal),*) => {
        [$(($name, include_str!(concat!("../../profiles/schema/", $name, ".json")))),*]
    };
}

/// Name of each format, in their order, and its schema as it is published. The program prints these;
/// what makes them is for the test that compares them, and no part of it.
pub const PUBLISHED: [(&str, &str); 12] = published!(
    "after-release", "audit", "catalogue", "checklist", "checklist-report", "environment",
    "evidence", "policy", "release", "report", "trend", "waivers"
);

/// Name and schema of each format, made of the types that read and write it.
pub fn all_schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("after-release", wire::after::schema()),
        ("audit", schema_for!(AuditConfig)),
        ("catalogue", schema_for!(CatalogueConfig)),
        ("checklist", schema_for!(ChecklistConfig)),
        ("checklist-report", wire::checklist::schema()),
        ("environment", schema_for!(EnvironmentConfig)),
        ("evidence", wire::evidence::schema()),
        ("policy", schema_for!(PolicyConfig)),
        ("release", schema_for!(ReleaseConfig)),
        ("report", wire::report::schema()),
        ("trend", wire::trend::schema()),
        ("waivers", schema_for!(WaiversConfig)),
    ]
}
