//! What is judged of an environment.

use std::time::Duration;

use crate::model::{ComponentName, EnvironmentName, Snapshot};

/// One environment, as far as the verdict is concerned.
#[derive(Debug)]
pub struct Subject<'a> {
    /// What was seen.
    pub snapshot: &'a Snapshot,
    /// Whether the verdict needs it.
    pub required: bool,
    /// Components that must be seen with a proven version.
    pub expect: &'a [ComponentName],
    /// Older evidence does not count.
    pub max_age: Duration,
}

/// The subject of that environment.
pub(super) fn by_name<'a>(
    subjects: &'a [Subject<'a>],
    name: &EnvironmentName,
) -> Option<&'a Subject<'a>> {
    subjects.iter().find(|subject| subject.snapshot.environment == *name)
}
