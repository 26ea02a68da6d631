//! Whole audits by the built binary: of real servers, and of servers that misbehave.
//!
//! `tests/run.sh` starts what outlives one test, and turns on the feature that this target needs. A
//! server that cannot be had is a failure and never a skip.

#[path = "../support/mod.rs"]
mod support;

use support::cli;
use support::postgres as postgres_server;

#[path = "../checklist/world.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "the tests of checklists use the rest")]
mod release_world;

mod addresses;
#[expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]
mod after;
mod clock;
mod command;
mod docker;
mod docker_odd;
mod docker_ssh;
mod docker_ways;
mod doctor;
mod faults;
mod incident;
mod interrupt;
mod kubernetes;
mod load;
mod memory;
mod postgresql;
mod presets;
mod profiles;
mod prometheus;
mod proof;
mod protobuf;
mod redis;
mod revisions;
mod scale;
mod serving;
mod soak;
