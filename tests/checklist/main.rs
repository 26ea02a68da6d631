//! Releases and their checklist, as a person runs them: over recorded evidence of two environments.

#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "../support/cli.rs"]
mod cli;

mod baseline;
mod builds;
mod cluster;
mod dossier;
mod files;
mod formats;
mod freeze;
mod integrity;
mod items;
mod load;
mod notices;
mod overriding;
mod people;
mod performance;
mod redis;
mod rollouts;
#[path = "../support/sink.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod sink;
mod unproven;
mod work;
mod world;
