//! An audit becomes a run of the history.

use std::collections::BTreeMap;

use crate::history::{HistoryError, JudgedBuckets, LastStanding, NewRun, Prepared, Store};
use crate::model::{Audit, StoredRun};
use crate::report::PROGRAM;

/// Stores an audit with what was made of its evidence and the buckets that it judged, and notes in
/// it what it became. `before` is what was known of since when things stand.
///
/// # Errors
/// If the history may not or cannot be written; the audit is as it was.
pub fn store_audit(
    history: &mut Store,
    audit: &mut Audit,
    (evidence, judged): (Prepared, Vec<JudgedBuckets>),
    before: &LastStanding,
) -> Result<(), HistoryError> {
    let run = &audit.run;
    let mut facts = BTreeMap::from([
        ("tool".to_owned(), PROGRAM.to_owned()),
        ("host".to_owned(), run.host.clone()),
        ("profiles".to_owned(), run.profiles.clone()),
        ("policy".to_owned(), run.policy.clone()),
        ("baseline".to_owned(), audit.baseline.to_string()),
    ]);
    facts.extend(run.commit.iter().map(|commit| ("commit".to_owned(), commit.clone())));
    let active = audit.findings.iter().filter(|judged| judged.is_active());
    let findings =
        active.map(|judged| (judged.id.to_string(), judged.severity.as_str().to_owned())).collect();
    let saved = history.save_standing(
        NewRun {
            kind: "audit",
            at: run.at,
            verdict: audit.judgement.verdict.as_str(),
            facts,
            evidence: &[],
            findings,
            judged,
            said: serde_json::Value::Null,
        },
        evidence,
        (audit.standing.as_ref().unwrap_or(&before.standing), before),
    )?;
    audit.run.history = Some(StoredRun { run: saved.id, digest: saved.digest });
    Ok(())
}
