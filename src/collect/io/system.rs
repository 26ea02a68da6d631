//! The system's own words for what went wrong.

use std::io;

fn is_out_of_files(code: i32) -> bool {
    use rustix::io::Errno;
    [Errno::MFILE, Errno::NFILE].iter().any(|error| error.raw_os_error() == code)
}

/// An error in the system's words, without `(os error 111)`.
pub(in crate::collect) fn without_errno(error: &io::Error) -> String {
    let text = error.to_string();
    // Ours are fragments already, with units that have capitals.
    match error.raw_os_error() {
        Some(code) if is_out_of_files(code) => {
            "too many open files: raise the limit (ulimit -n)".to_owned()
        }
        Some(_) => text.split(" (os error").next().unwrap_or_default().to_lowercase(),
        None => text,
    }
}
