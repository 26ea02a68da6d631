//! The system's own words for what went wrong.

use std::io;

/// An error in the system's words, without `(os error 111)`.
pub(in crate::collect) fn without_errno(error: &io::Error) -> String {
    let text = error.to_string();
    // Ours are fragments already, with units that have capitals.
    match error.raw_os_error() {
        Some(_) => text.split(" (os error").next().unwrap_or_default().to_lowercase(),
        None => text,
    }
}
