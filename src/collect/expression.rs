//! Regular expressions of profiles that find a version, and what counts as one. Pure; no message
//! quotes what was answered, which may be anything.

use regex::{Regex, RegexBuilder};

use crate::model::{Failure, FailureKind};
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

/// Memory of a compiled expression. It takes time linear in the text whatever it is, but a
/// repetition of repetitions is large.
const MAX_EXPRESSION: usize = 1024 * 1024;

/// A longer text is not a version.
pub(super) const MAX_VERSION: usize = 128;

/// The expression that `text` is.
///
/// # Errors
/// If it is none.
pub(super) fn compile(text: &Located<String>) -> Result<Regex, Problem> {
    let compiled = RegexBuilder::new(text).size_limit(MAX_EXPRESSION).build();
    compiled.map_err(|error| {
        let (message, advice) = match error {
            regex::Error::CompiledTooBig(_) => {
                ("the regular expression is too large", "use fewer or smaller repetitions")
            }
            _ => (
                "the regular expression is invalid",
                "write it in single quotes, with the version in parentheses: \
                 'v(\\d+\\.\\d+)'",
            ),
        };
        Problem::at(text, message, advice)
    })
}

/// The version that was found in `from`, if it may be one; `advice` is what helps if not.
pub(super) fn checked_version(found: &str, from: &str, advice: &str) -> Result<String, Failure> {
    let version = found.trim();
    let is_version = (1..=MAX_VERSION).contains(&version.len())
        && version.chars().any(|c| c.is_ascii_digit())
        && !version.chars().any(char::is_control);
    if is_version {
        return Ok(version.to_owned());
    }
    let message = format!("what was found in {from} is not a version");
    Err(Failure::new(FailureKind::Protocol, message).advise(advice))
}
