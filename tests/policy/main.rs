//! What people decide: severities, owners, waivers, and what counts since an earlier report.
#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "../support/cli.rs"]
mod cli;

mod estate;
mod first_steps;
mod formats;
mod names;
mod round;
mod since;
mod waivers;
mod warnings;
