//! Each format, read by a reader that others wrote: it must say what the report says.
//!
//! Python's readers come from the virtual environment that `tests/run.sh` makes of
//! `requirements.txt`, the browser from Debian. Each format has a file here and, where its reader
//! is Python's, a script beside it that answers in JSON.

#![expect(clippy::unwrap_used, reason = "a test may stop at once and say why")]

#[path = "../support/cli.rs"]
mod cli;

#[path = "../checklist/world.rs"]
#[expect(dead_code, reason = "the tests of checklists use the rest")]
mod release_world;

mod browser;
mod checklist;
mod common;
mod csv;
mod examples;
mod html;
mod junit;
mod markdown;
mod metrics;
mod openmetrics;
mod pages;
mod picture;
mod reports;
mod sarif;
mod serve_world;
mod served;
mod texts;
mod yaml;
