//! A checklist, and the answer to one of its questions, become runs of the history.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::collect::config::COLLECTORS;
use crate::history::{HistoryError, JudgedBuckets, NewRun, RunSummary, Saved, Store};
use crate::model::{Answer, Checklist, Evidence, KeptAnswer, StoredRun};
use crate::report::{self, PROGRAM};

/// The kind of runs that are answers.
pub const ANSWER: &str = "answer";

/// Stores a checklist with the evidence and the buckets that it judged, and notes in it what it became.
///
/// # Errors
/// If the history may not or cannot be written; the checklist is as it was.
pub fn keep_checklist(
    history: &mut Store,
    checklist: &mut Checklist,
    (evidence, judged): (&[Evidence], Vec<JudgedBuckets>),
) -> Result<(), HistoryError> {
    let run = &checklist.run;
    let mut facts = BTreeMap::from([
        ("tool".to_owned(), PROGRAM.to_owned()),
        ("host".to_owned(), run.host.clone()),
        ("profiles".to_owned(), run.profiles.clone()),
        ("policy".to_owned(), run.policy.clone()),
        ("release".to_owned(), checklist.release.name.clone()),
    ]);
    facts.extend(run.commit.iter().map(|commit| ("commit".to_owned(), commit.clone())));
    let said = serde_json::to_value(report::checklist::public(checklist));
    let said = said.map_err(|error| HistoryError::Unsupported(error.to_string()))?;
    let new = NewRun {
        kind: "checklist",
        at: run.at,
        verdict: checklist.verdict.as_str(),
        facts,
        evidence,
        findings: BTreeMap::new(),
        judged,
        said,
    };
    let saved = history.save_run(new, COLLECTORS)?;
    checklist.run.history = Some(StoredRun { run: saved.id, digest: saved.digest });
    Ok(())
}

/// Stores an answer.
///
/// # Errors
/// If the history may not or cannot be written.
pub fn keep_answer(history: &mut Store, answer: &Answer) -> Result<Saved, HistoryError> {
    let facts = BTreeMap::from([
        ("tool".to_owned(), PROGRAM.to_owned()),
        ("release".to_owned(), answer.release.clone()),
    ]);
    let said = json!({
        "item": answer.item,
        "release": answer.release,
        "digest": answer.digest,
        "answer": if answer.is_yes { "yes" } else { "no" },
        "by": answer.by,
        "evidence": answer.evidence,
        "claims": answer.claims,
    });
    let new = NewRun {
        kind: ANSWER,
        at: answer.at,
        verdict: "",
        facts,
        evidence: &[],
        findings: BTreeMap::new(),
        judged: Vec::new(),
        said,
    };
    history.save_run(new, COLLECTORS)
}

/// The answer that a run holds. One that cannot be read is told, too: it may be the one that
/// counts.
pub fn answer_of(run: &RunSummary, said: &Json) -> KeptAnswer {
    if let Some(answer) = read_answer(run.at, said) {
        return KeptAnswer::Read(answer);
    }
    let text = |key: &str| said.get(key)?.as_str().map(str::to_owned);
    KeptAnswer::Unread {
        run: format!("{:.8}", run.digest),
        item: text("item"),
        release: text("release").or_else(|| run.facts.get("release").cloned()),
        at: run.at,
    }
}

fn read_answer(at: Timestamp, said: &Json) -> Option<Answer> {
    let text = |key: &str| said.get(key)?.as_str().map(str::to_owned);
    let claims = said.get("claims").and_then(Json::as_object).into_iter().flatten();
    let claims =
        claims.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Some(Answer {
        item: text("item")?,
        release: text("release")?,
        digest: text("digest")?,
        is_yes: match text("answer")?.as_str() {
            "yes" => true,
            "no" => false,
            _ => return None,
        },
        by: text("by")?,
        evidence: text("evidence").unwrap_or_default(),
        at,
        claims: claims.collect(),
    })
}
