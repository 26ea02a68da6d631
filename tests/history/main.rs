//! The history: what any database of it must keep, what happens when it cannot, and whether edits
//! behind its back are found.

#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "../support/cli.rs"]
mod cli;
mod commands;
mod conformance;
mod disclosed;
mod faults;
mod judged_again;
mod killed;
mod load;
mod marking;
mod overriding;
#[cfg(all(feature = "postgres", feature = "real-servers"))]
mod postgres;
#[cfg(all(feature = "postgres", feature = "real-servers"))]
#[path = "../support/postgres.rs"]
mod postgres_server;
mod read_only;
mod standing;
mod tampering;
#[cfg(all(feature = "postgres", feature = "real-servers"))]
#[path = "../support/tls.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod tls;
mod trend;
mod world;
