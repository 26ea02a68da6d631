//! What is done at its time, and what is served: schedules, samples, the watch, and pages.
//!
//! [`serve`](serve::serve) does all of it in one process over one history. cron, a timer or a
//! CronJob do the same with the commands: state and notices are kept in the history by both.

mod access;
pub mod config;
mod due;
mod http;
mod kept;
pub mod pages;
mod runs;
mod sampling;
mod scheduler;
pub mod serve;
mod served;
mod setup;
mod state;
pub mod status;
mod stored;
mod tell;
mod timeline;
mod times;
pub mod watch;
mod watching;

pub use access::HistoryAccess;
pub use due::{DueRun, Fate, LATEST, jitter_of, plan};
pub use kept::{DueTaken, KIND, take};
pub use setup::{ServeSetup, ServeSleep};
pub use tell::{RunOf, Telling, link_of, sinks_of};
pub use times::{CronTimes, TimesError};
