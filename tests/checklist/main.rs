//! Releases and their checklist, as a person runs them: over recorded evidence of two environments.

#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "../support/cli.rs"]
mod cli;

mod builds;
mod dossier;
mod files;
mod freeze;
mod load;
mod overriding;
mod people;
mod redis;
mod said;
mod work;
mod world;
