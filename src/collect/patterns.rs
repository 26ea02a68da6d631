//! Patterns that a profile selects by.

use crate::model::Glob;
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

/// A malformed pattern.
pub(super) fn check_globs<'a>(
    patterns: impl IntoIterator<Item = &'a Located<String>>,
) -> Vec<Problem> {
    let check = |pattern: &Located<String>| {
        Glob::new(pattern).err().map(|e| {
            Problem::at(pattern, e.to_string(), "patterns are like `sandbox-*` or `image/{a,b}`")
        })
    };
    patterns.into_iter().filter_map(check).collect()
}

/// Compiles patterns that [`check_globs`] has checked; a malformed one matches nothing.
pub(super) fn globs(patterns: &[Located<String>]) -> Vec<Glob> {
    patterns.iter().filter_map(|p| Glob::new(p).ok()).collect()
}
