//! Load in whole audits: own samples of a real Redis, and days that a real Prometheus keeps.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use envparity::history::{SqliteOptions, Store};
use envparity::model::{BucketLength, EnvironmentName, LoadOutcome, Series, TargetId};
use envparity::pipeline::{self, AuditOptions, RunFacts};
use envparity::profile;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::cli::slowness::scaled;
use crate::support::cli::{Profiles, Report, list, text};
use crate::support::prometheus::{Running, blocks_of, free_port};
use crate::support::redis::{Binary, RedisServer};

mod altered;
mod baseline;
mod command;
mod cost;
mod kept;
mod lasting;
mod members;
mod refused;
mod sampled;
mod season;
mod truth;
mod two_sources;

/// Two environments with one Redis each; `load` is that of qualif.
fn profiles(qualif: &RedisServer, production: &RedisServer, load: Option<Value>) -> Profiles {
    let target = |redis: &RedisServer, load: Option<Value>| {
        let mut target = json!({"name": "cache", "url": redis.url()});
        if let Some(load) = load {
            target["load"] = load;
        }
        json!({"targets": {"redis": [target]}})
    };
    Profiles::new(&[("qualif", target(qualif, load)), ("production", target(production, None))])
}

#[expect(clippy::disallowed_methods, reason = "the tests stand in real time, as the servers do")]
fn now() -> Timestamp {
    Timestamp::now()
}
