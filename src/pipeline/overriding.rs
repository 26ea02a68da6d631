//! Somebody overrides a checklist: a run of its own beside the verdict, which stays what it was.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::collect::config::COLLECTORS;
use crate::history::{
    Break, Found, HistoryError, NewRun, Reference, ResolveError, RunSummary, Store,
};
use crate::model::{Override, Verdict, is_nameless, is_same_person};
use crate::report::PROGRAM;

/// The kind of runs that override others.
pub const OVERRIDE: &str = "override";

/// What stands in the column of verdicts.
const OVERRIDDEN: &str = "overridden";

/// What somebody wants to override, and why.
#[derive(Clone, Debug)]
pub struct OverrideAsked {
    /// The beginning of the run's digest.
    pub digits: String,
    /// Who overrides it.
    pub by: String,
    /// Who approves.
    pub approved_by: String,
    /// Why.
    pub reason: String,
    /// Whether the two must be different persons.
    pub four_eyes: bool,
    /// Now.
    pub at: Timestamp,
    /// What the machine knows of who says so.
    pub claims: BTreeMap<String, String>,
}

/// Why nothing was overridden.
#[derive(Debug, thiserror::Error)]
pub enum OverrideError {
    /// The history was not read or written.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// No run is meant, or more than one.
    #[error(transparent)]
    Reference(ResolveError),
    /// Something in the history is not what was written: its verdicts prove nothing.
    #[error("the history is not as written: {0}: nothing was overridden")]
    Tampered(Break),
    /// It says nothing.
    #[error("{0} says nothing: write {1}")]
    Empty(&'static str, &'static str),
    /// One person is not two.
    #[error(
        "{by} and {approved_by} are one person, as far as names tell, and four-eyes: true of the \
         policy wants two: let somebody else approve"
    )]
    OnePerson {
        /// Who overrides.
        by: String,
        /// Who approves.
        approved_by: String,
    },
    /// Runs of that kind have no verdict on a release.
    #[error(
        "run {digits} is of the kind {kind}, and only a checklist is overridden: envparity history \
         list shows which runs are one"
    )]
    OtherKind {
        /// The run.
        digits: String,
        /// What it is.
        kind: String,
    },
    /// It may go without that.
    #[error("run {digits} says GO: there is nothing to override")]
    SaysGo {
        /// The run.
        digits: String,
    },
    /// Somebody has done so.
    #[error("run {digits} was overridden already, at {at}, {who}")]
    Already {
        /// The run.
        digits: String,
        /// When.
        at: Timestamp,
        /// By whom, and why.
        who: String,
    },
}

impl OverrideAsked {
    fn check(&self) -> Result<(), OverrideError> {
        let empty = |flag, advice| Err(OverrideError::Empty(flag, advice));
        if is_nameless(&self.by) {
            return empty("--by", "the name of who overrides the checklist");
        }
        if is_nameless(&self.approved_by) {
            return empty("--approved-by", "the name of who approves that");
        }
        if is_nameless(&self.reason) {
            return empty("--reason", "why the release goes in spite of the checklist");
        }
        if self.four_eyes && is_same_person(&self.by, &self.approved_by) {
            let (by, approved_by) = (self.by.clone(), self.approved_by.clone());
            return Err(OverrideError::OnePerson { by, approved_by });
        }
        Ok(())
    }
}

/// Overrides a run. Of several who try at once one succeeds.
///
/// # Errors
/// If the run is no checklist that says NO-GO or INCOMPLETE, is overridden already, or the names
/// do not do; and if the history is not what was written, or cannot be written.
pub fn keep_override(
    history: &mut Store,
    asked: &OverrideAsked,
) -> Result<Override, OverrideError> {
    asked.check()?;
    history.verify(None)?.map_err(OverrideError::Tampered)?;
    let mut refused = None;
    let done = history.write_all(|store| match attempt(store, asked) {
        Ok(done) => Ok(Some(done)),
        Err(OverrideError::History(error)) => Err(error),
        Err(other) => {
            refused = Some(other);
            Ok(None)
        }
    })?;
    match (done, refused) {
        (Some(done), _) => Ok(done),
        (None, Some(refused)) => Err(refused),
        (None, None) => {
            Err(OverrideError::History(HistoryError::Damaged("the run was not written".to_owned())))
        }
    }
}

/// The caller holds the lock: nobody overrides it between the look and the write.
fn attempt(store: &mut Store, asked: &OverrideAsked) -> Result<Override, OverrideError> {
    let run = found(store, &asked.digits)?;
    let digits = run.digest.chars().take(8).collect::<String>();
    if run.kind != "checklist" {
        return Err(OverrideError::OtherKind { digits, kind: run.kind });
    }
    let verdict = match run.verdict.as_str() {
        "no-go" => Verdict::NoGo,
        "incomplete" => Verdict::Incomplete,
        _ => return Err(OverrideError::SaysGo { digits }),
    };
    if let Some(before) = overrides(store)?.into_iter().find(|one| one.of == run.digest) {
        let (at, who) = (before.at, before.in_words());
        return Err(OverrideError::Already { digits, at, who });
    }
    let mut new = Override {
        of: run.digest,
        verdict,
        judged: run.at,
        release: run.facts.get("release").cloned().unwrap_or_default(),
        by: asked.by.trim().to_owned(),
        approved_by: asked.approved_by.trim().to_owned(),
        reason: asked.reason.trim().to_owned(),
        four_eyes: asked.four_eyes,
        at: asked.at,
        claims: asked.claims.clone(),
        run: String::new(),
    };
    let facts = BTreeMap::from([
        ("tool".to_owned(), PROGRAM.to_owned()),
        ("release".to_owned(), new.release.clone()),
    ]);
    let saved = store.save_run(
        NewRun {
            kind: OVERRIDE,
            at: new.at,
            verdict: OVERRIDDEN,
            facts,
            evidence: &[],
            findings: BTreeMap::new(),
            judged: Vec::new(),
            said: said(&new),
        },
        COLLECTORS,
    )?;
    new.run = saved.digest;
    Ok(new)
}

fn found(store: &mut Store, digits: &str) -> Result<RunSummary, OverrideError> {
    let reference = Reference::Run { digits: digits.to_owned(), environment: None };
    match store.resolve(&reference) {
        Ok(Found::Run(run) | Found::Evidence { run, .. }) => Ok(run),
        Ok(Found::File(_)) => Err(OverrideError::Reference(ResolveError::NoRun(digits.to_owned()))),
        Err(ResolveError::History(error)) => Err(OverrideError::History(error)),
        Err(other) => Err(OverrideError::Reference(other)),
    }
}

/// All overrides, oldest first.
///
/// # Errors
/// If the history cannot be read, or a run of that kind does not say what it should.
pub fn overrides(store: &mut Store) -> Result<Vec<Override>, HistoryError> {
    let runs = store.runs_of_kind(OVERRIDE)?;
    let read = |(run, said): (RunSummary, Json)| {
        let lost =
            || HistoryError::Damaged(format!("run {} does not say what it overrides", run.id));
        override_of(&run, &said).ok_or_else(lost)
    };
    runs.into_iter().map(read).collect()
}

fn said(new: &Override) -> Json {
    json!({
        "run": new.of,
        "verdict": new.verdict.as_str(),
        "judged": new.judged,
        "release": new.release,
        "by": new.by,
        "approved-by": new.approved_by,
        "reason": new.reason,
        "four-eyes": new.four_eyes,
        "claims": new.claims,
    })
}

fn override_of(run: &RunSummary, said: &Json) -> Option<Override> {
    let text = |key: &str| said.get(key)?.as_str().map(str::to_owned);
    let claims = said.get("claims").and_then(Json::as_object).into_iter().flatten();
    let claims =
        claims.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Some(Override {
        of: text("run")?,
        verdict: match text("verdict")?.as_str() {
            "no-go" => Verdict::NoGo,
            _ => Verdict::Incomplete,
        },
        judged: text("judged")?.parse().ok()?,
        release: text("release")?,
        by: text("by")?,
        approved_by: text("approved-by")?,
        reason: text("reason")?,
        four_eyes: said.get("four-eyes")?.as_bool()?,
        at: run.at,
        claims: claims.collect(),
        run: run.digest.clone(),
    })
}
