//! What warnings of profiles ask of the world outside of them.

use std::path::{Path, PathBuf};

/// What warnings must know of the world outside of the profiles.
pub struct Surroundings<'a> {
    /// Whether a file is there.
    pub is_file: &'a dyn Fn(&Path) -> bool,
    /// The one path of a file, whatever links lead to it; its own where there is no such file.
    pub canonical: &'a dyn Fn(&Path) -> PathBuf,
    /// Whether a file may hold evidence of targets that the profile does not name.
    pub holds_others: &'a dyn Fn(&Path) -> bool,
    /// Whether an environment variable is set, and not empty.
    pub is_set: &'a dyn Fn(&str) -> bool,
    /// All names of products, in lower case.
    pub products: &'a [String],
    /// Whether a rule compares environments, so that its findings never concern one alone.
    pub compares: &'a dyn Fn(&str) -> bool,
    /// Whether a finding of a rule may be of a level.
    pub may_say: &'a dyn Fn(&str, &str) -> bool,
    /// Whether findings of a rule have a direction.
    pub has_direction: &'a dyn Fn(&str) -> bool,
}
