//! Environments for audits of real servers; the rest comes from `tests/support/cli.rs`.

use serde_json::{Value, json};

pub(crate) use crate::support::cli::{
    Ended, Profiles, Report, envparity, kib, list, program, sorted, text,
};

/// An environment with one Redis, `redis/cache`.
pub(crate) fn cache(url: &str) -> Value {
    redis(&[json!({"name": "cache", "url": url})])
}

/// An environment with these Redis targets.
pub(crate) fn redis(targets: &[Value]) -> Value {
    json!({"targets": {"redis": targets}})
}
