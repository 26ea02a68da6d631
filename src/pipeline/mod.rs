//! Wires the stages together; commands, the daemon and tests call these and nothing below.

mod assess;
mod audit;
mod checklist;
mod checklist_load;
mod collect;
mod diff;
mod expected;
mod history;
mod keep_checklist;
pub mod load;
mod options;
mod rehearsal;
mod release;
mod sample;
mod scope;
mod stored;
mod trend;
mod unpaired;
mod work;

pub use assess::assess;
pub use audit::{audit, audit_and_keep, audit_with_evidence};
pub use checklist::{ChecklistError, ChecklistInput, PastEvidence, checklist, gate_of};
pub use checklist_load::{ChecklistLoads, ChecklistOutside, LoadsWanted};
pub use collect::{collect, jobs};
pub use diff::diff;
pub use history::keep;
pub use keep_checklist::{ANSWER, answer_of, keep_answer, keep_checklist};
pub use options::{AuditOptions, RunFacts};
pub use rehearsal::{NewRehearsal, REHEARSAL, Recorder, keep_rehearsal, rehearsals, runs_release};
pub use release::{CaptureError, Captured, capture};
pub use sample::{Sampled, sample};
pub use scope::{ScopeError, gates};
pub use trend::{
    TrendAsked, TrendError, TrendOutside, trend_environments, trend_outside, trend_report,
};
pub use work::{NewWorkMark, WORK, keep_work_mark, read_work, sampled_work, work_marks};

/// The ids of all rules: what a policy may name.
pub fn rule_ids() -> Vec<&'static str> {
    crate::policy::metas().map(|meta| meta.id).collect()
}
