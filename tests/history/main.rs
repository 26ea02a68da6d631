//! The history: what any database of it must keep, what happens when it cannot, and whether edits
//! behind its back are found.

#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "../support/cli.rs"]
mod cli;
mod commands;
mod conformance;
mod faults;
mod judged_again;
mod killed;
mod marking;
mod standing;
mod tampering;
mod world;
