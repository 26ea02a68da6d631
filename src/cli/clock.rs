//! The wall clock.

use std::sync::Arc;

use crate::collect::Clock;

/// The wall clock, read here and nowhere else.
pub(super) fn clock() -> Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock; it is passed in everywhere else"
    )]
    Arc::new(jiff::Timestamp::now)
}
