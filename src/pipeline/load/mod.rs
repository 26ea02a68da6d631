//! The load of a target over time: what each source of it tells, and the windows of that.
//!
//! [`windows_of_target`] is the one way from sources to windows: audits, checklists and trends call
//! it, and differ in the windows they ask for. A source that fails costs its own load alone.

mod asked;
mod closed;
mod course;
mod fresh;
mod judged;
mod kept;
mod live;
mod outside;
mod rests;
mod selected;
mod sources;
mod told;
mod windows;

pub use asked::{LoadAsked, prometheus_of, windows_at};
pub use closed::{close_buckets, keep_samples};
pub use fresh::fresh_bucket;
pub use judged::{TargetJudged, judge_load};
pub use live::LiveTarget;
pub use outside::{OutsideAsked, OutsideLoad, read_all_outside, read_outside};
pub use rests::rests_on;
pub use told::{SourceLoad, TargetLoad};
pub use windows::{put_together, windows_of_target};
