//! `/timeline`: for each component a strip for each environment, with what else happened.

use crate::daemon::status::Timeline;

/// The page as HTML.
pub fn render_timeline(timeline: &Timeline) -> String {
    format!("<!doctype html><title>timeline</title>{}", timeline.to)
}
