//! What is kept of one INFO.

use std::collections::HashSet;

use crate::collect::texts::MAX_FACT;
use crate::model::{Failure, FailureKind, Field, TargetEvidence};

/// The facts of one INFO: of a name that stands twice the first counts, and there is an end to
/// them.
pub(super) struct InfoFacts<'e, 't> {
    evidence: &'e mut TargetEvidence,
    seen: HashSet<(&'static str, &'t str)>,
    failure: Option<Failure>,
}

impl<'e, 't> InfoFacts<'e, 't> {
    /// Servers have some twenty, and a handful of modules.
    pub(super) const MAX: usize = 1_000;

    pub(super) fn new(evidence: &'e mut TargetEvidence) -> Self {
        Self { evidence, seen: HashSet::new(), failure: None }
    }

    pub(super) fn add(&mut self, prefix: &'static str, name: &'t str, value: &str) {
        let too_large = |what: String| {
            Failure::new(FailureKind::TooLarge, what)
                .with_advice("no Redis server writes this: find out what answers there")
        };
        if name.len().max(value.len()) > MAX_FACT {
            let shown: String = name.chars().take(40).collect();
            let message = format!("{prefix}{shown} is longer than {MAX_FACT} bytes: not read");
            self.failure.get_or_insert_with(|| too_large(message));
        } else if self.seen.len() >= Self::MAX {
            let message = format!("INFO has more than {} versions and settings", Self::MAX);
            self.failure.get_or_insert_with(|| too_large(message));
        } else if self.seen.insert((prefix, name)) {
            self.evidence.fields.push(Field::of_target(format!("{prefix}{name}"), value));
        }
    }

    pub(super) fn outcome(self) -> Result<(), Failure> {
        self.failure.map_or(Ok(()), Err)
    }
}
