//! Wires the stages together; commands, the daemon and tests call these and nothing below.

mod assess;
mod audit;
mod collect;
mod diff;
mod expected;
mod history;
mod options;
mod scope;
mod stored;
mod unpaired;

pub use assess::assess;
pub use audit::{audit, audit_and_keep};
pub use collect::{collect, jobs};
pub use diff::diff;
pub use history::keep;
pub use options::{AuditOptions, RunFacts};
pub use scope::{ScopeError, gates};

/// The ids of all rules: what a policy may name.
pub fn rule_ids() -> Vec<&'static str> {
    crate::policy::metas().map(|meta| meta.id).collect()
}
