//! What the policy wants to run, and how far ahead the end of support is told.

pub mod config;

use std::time::Duration;

use super::config::PolicyConfig;
use crate::model::RangeRow;

/// The end of support is told so long before, unless the policy says otherwise.
pub const DEFAULT_LOOKAHEAD: Duration = Duration::from_secs(90 * 86_400);

/// The rows of a checked policy.
pub fn range_rows(config: Option<&PolicyConfig>) -> Vec<RangeRow> {
    config.into_iter().flat_map(|config| &config.ranges).filter_map(|row| row.to_row()).collect()
}

/// How long before the end of support it is told.
pub fn support_lookahead(config: Option<&PolicyConfig>) -> Duration {
    config.and_then(|config| config.lookahead).map_or(DEFAULT_LOOKAHEAD, |text| text.0)
}
