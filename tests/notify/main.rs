//! Who is told of what: sequences of runs, sinks on real sockets, and the commands.

#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod decisions;
mod examples;
mod secrets;
mod sequences;
mod sinks;
