//! The minutes after a release: whether production holds it, or it must be rolled back. Pure: who
//! watches hands over what production answered, round by round.
//!
//! What has been counted so far only grows, so that a breach is final before its five minutes are
//! over. What is not known is never HOLDING.

mod besides;
mod builds;
mod redis;
mod rounds;
mod targets;
#[cfg(test)]
mod tests;
mod watch;

pub use builds::has_build_of;
pub use redis::PastLoad;
pub use rounds::{AfterAsked, AfterRound, BeforeRelease, UnreadTarget};
pub use watch::{AfterWatch, is_counted_by};
