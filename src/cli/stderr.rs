//! What is said to people beside the output.

use std::io::{self, Write};

use crate::report::escape::terminal_lines;

/// One line to stderr; if nobody reads it there is nothing more to do.
pub(super) fn print_error_line(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", terminal_lines(line));
}
