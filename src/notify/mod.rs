//! Who is told of what a run found: once for each change, and by whatever run sees it.
//!
//! A run under cron and a run of a daemon do the same: what was told stands in the history, so that
//! restarts and several machines repeat nothing. [`decide`] is pure: what is known, what a run saw
//! and the time in, what is told out. [`Told`] is what keeps it, and [`deliver`] what sends it.
//!
//! Here, and nowhere else, something is written to a server: a POST to a sink that the profiles
//! name. A sink is never a target, and nothing here can reach one: `collect` has no POST.

mod board;
pub mod config;
mod decide;
mod deliver;
mod gate;
mod keep;
mod notice;
mod post;
mod seen;
mod sinks;
mod text;

pub use board::{Board, GateState, PendingSend, SettledVerdict, WaiverTold};
pub use decide::{MissedRuns, decide};
pub use deliver::{Delivered, DeliveryTimes, Sleep, deliver};
pub use keep::{KIND, Told};
pub use notice::{Notice, NoticeKind, test_notice};
pub use seen::{
    Incident, ObservedReason, ObservedRun, ObservedSubject, ObservedWaiver, SubjectVerdict,
};
pub use sinks::Sink;
