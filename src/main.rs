//! The program: parse, run, turn the result into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    envparity::cli::run()
}
