//! A file of profiles as read, and where what is wrong with it stands.

use std::path::PathBuf;

use super::FileProblem;
use crate::wire::problem::Problem;

/// A file as far as its shape is right.
pub(super) struct ParsedFile<T> {
    pub(super) source: ProblemSource,
    pub(super) config: T,
}

/// Where a problem is.
#[derive(Clone)]
pub(super) struct ProblemSource {
    pub(super) path: PathBuf,
}

impl ProblemSource {
    pub(super) fn problem(&self, problem: Problem) -> FileProblem {
        FileProblem { path: self.path.clone(), problem }
    }
}
