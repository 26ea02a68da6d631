//! Wires the stages together; commands, the daemon and tests call these and nothing below.

mod audit;
mod collect;
mod diff;
mod expected;

pub use audit::{AuditOptions, Facts, UnknownEnvironment, audit};
pub use collect::{collect, jobs};
pub use diff::diff;

use crate::compare::hidden;
use crate::model::Snapshot;
use crate::report;

/// The ids of all rules: what a policy may name.
pub fn rule_ids() -> Vec<&'static str> {
    crate::policy::metas().map(|meta| meta.id).collect()
}

/// An environment of a report, with what each part that was not read hides.
fn environment(
    snapshot: &Snapshot,
    all: &[Snapshot],
    required: bool,
    max_age: std::time::Duration,
) -> report::Environment {
    let unread = snapshot.coverage.iter().flat_map(|target| {
        let parts = target.parts.iter().filter(|(_, outcome)| outcome.failure().is_some());
        parts.map(move |(part, _)| (target, part))
    });
    let hides = unread
        .map(|(target, part)| {
            ((target.target.to_string(), part.to_string()), hidden(target, part, snapshot, all))
        })
        .collect();
    report::Environment { snapshot: snapshot.clone(), required, max_age, hides }
}
