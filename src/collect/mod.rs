//! The only contact with what is audited: reads, never writes, and never without a deadline.
//!
//! Each collector turns one target into evidence. Whatever goes wrong becomes an outcome of that
//! target's parts; it never costs another target and is never an absence.

mod collector;
pub mod command;
pub mod config;
pub mod declared;
pub mod docker;
mod expression;
mod fallback;
mod hiding;
pub mod http;
pub mod io;
pub mod kubernetes;
mod loads;
pub mod packages;
mod patterns;
mod places;
pub mod postgresql;
pub mod prometheus;
pub mod recorded;
pub mod redis;
mod revisions;
mod run;
mod source;
mod target;
mod texts;
mod turns;

pub use collector::{Clock, CollectContext, Collector, Target};
pub use fallback::or_recorded;
pub use hiding::hiding;
pub use loads::{LoadJob, read_loads};
pub use revisions::{Remembered, remembered};
pub use run::{Collected, Job, MAX_CONCURRENT, Progress, run, run_alone};
pub use source::{LoadSource, LoadWanted};
