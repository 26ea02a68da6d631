//! What is done at its time: schedules, and which of their runs are run, skipped or missed.
//!
//! Nothing runs by itself yet: that comes on top of it. Runs that cron, a timer or a CronJob starts
//! are held against the same schedules.

pub mod config;
mod due;
mod kept;
pub mod pages;
pub mod status;
mod times;

pub use due::{DueRun, Fate, LATEST, jitter_of, plan};
pub use kept::{DueTaken, KIND, take};
pub use times::{CronTimes, TimesError};
