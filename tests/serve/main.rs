//! `envparity serve`: its endpoints over real sockets, its ends by real signals, and schedules with
//! a clock that tests turn.

#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "../support/mod.rs"]
mod support;

mod ending;
mod endpoints;
mod schedules;
