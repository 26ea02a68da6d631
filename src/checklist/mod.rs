//! The checklist of a release: items, one file each, and one verdict.
//!
//! An item judges what it is handed and reads nothing itself: evidence as an audit, the release's
//! own file, counters, what was seen before, and answers of people.

pub mod config;
pub mod ids;
mod train;

pub use train::train_of;
