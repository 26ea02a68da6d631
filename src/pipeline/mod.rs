//! Wires the stages together; commands, the daemon and tests call these and nothing below.

mod after;
mod after_scraped;
mod apart;
mod assess;
mod audit;
mod baseline_release;
mod basis;
mod checklist;
mod checklist_load;
mod cluster_memory;
mod collect;
mod diff;
mod dossier;
mod expected;
mod gate;
mod history;
mod keep_checklist;
pub mod load;
mod options;
mod overriding;
mod past;
mod recent;
mod rehearsal;
mod release;
mod release_check;
mod sample;
mod scope;
mod stored;
mod trend;
mod unpaired;
mod work;

pub use after::{
    AfterError, AfterOptions, after_asked, after_environment, after_outside, after_round,
    keep_after, rolled_back, round_of,
};
pub use assess::assess;
pub use audit::{audit, audit_and_keep, audit_of_run};
pub use basis::{BasisAsked, ChecklistBasis, read_basis, stored_basis};
pub use checklist::{ChecklistInput, checklist};
pub use checklist_load::{ChecklistLoads, LoadsWanted};
use collect::remember;
pub use collect::{collect, jobs};
pub use diff::diff;
pub use dossier::{DossierAsked, DossierError, DossierSink, DossierSummary, dossier};
pub use gate::{ChecklistError, gate_of};
pub use history::store_audit;
pub use keep_checklist::{ANSWER, answer_of, keep_answer, keep_checklist};
pub use load::keep_samples;
pub use options::{AuditOptions, RunFacts};
pub use overriding::{OVERRIDE, OverrideAsked, OverrideError, keep_override, overrides};
pub use past::{PastEvidence, PastLook};
pub use recent::{RecentChanges, changes_lately};
pub use rehearsal::{NewRehearsal, REHEARSAL, Recorder, keep_rehearsal, rehearsals, runs_release};
pub use release::{CaptureError, Captured, capture};
pub use release_check::{
    ChecklistAsked, ChecklistPast, ChecklistRunError, HistoryDoor, run_checklist,
};
pub use sample::{Sampled, Sampler};
pub use scope::{ScopeError, gates};
pub use trend::{
    TrendAsked, TrendError, TrendOutside, trend_environments, trend_outside, trend_report,
};
pub use work::{NewWorkMark, WORK, keep_work_mark, read_work, sampled_work, work_marks};

/// The ids of all rules: what a policy may name.
pub fn rule_ids() -> Vec<&'static str> {
    crate::policy::rule_metas().map(|meta| meta.id).collect()
}
