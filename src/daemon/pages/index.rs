//! `/`: the verdict, the last runs, what is due next, and links.

use crate::daemon::status::ServeStatus;

/// The page as HTML.
pub fn render_index(status: &ServeStatus) -> String {
    format!("<!doctype html><title>envparity</title>{}", status.now)
}
