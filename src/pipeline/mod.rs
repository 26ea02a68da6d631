//! Wires the stages together; commands, the daemon and tests call these and nothing below.

mod assess;
mod audit;
mod basis;
mod checklist;
mod collect;
mod diff;
mod expected;
mod gate;
mod history;
mod holding;
mod keep_checklist;
pub mod load;
mod memory;
mod options;
mod past;
mod release;
mod sample;
mod scope;
mod stored;
mod trend;
mod unpaired;

pub use assess::assess;
pub use audit::{audit, audit_and_keep};
pub use basis::{BasisAsked, ChecklistBasis, read_basis, stored_basis};
pub use checklist::{ChecklistInput, checklist};
use collect::remember;
pub use collect::{collect, jobs};
pub use diff::diff;
pub use gate::{ChecklistError, gate_of};
pub use history::keep;
pub use keep_checklist::{ANSWER, answer_of, keep_answer, keep_checklist};
pub use load::keep_samples;
pub use options::{AuditOptions, RunFacts};
pub use past::{PastEvidence, PastLook};
pub use release::{CaptureError, Captured, capture};
pub use sample::{Sampled, Sampler};
pub use scope::{ScopeError, gates};
pub use trend::{
    TrendAsked, TrendError, TrendOutside, trend_environments, trend_outside, trend_report,
};

/// The ids of all rules: what a policy may name.
pub fn rule_ids() -> Vec<&'static str> {
    crate::policy::metas().map(|meta| meta.id).collect()
}
