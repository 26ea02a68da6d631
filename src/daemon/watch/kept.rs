//! Incidents in the history: all that are not over and those of the last weeks, as the newest run of
//! their kind says.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::incident::KeptIncident;
use crate::collect::config::COLLECTORS;
use crate::history::{HistoryError, NewRun, Store};
use crate::model::{EnvironmentName, Evidence, TargetId};
use crate::report::PROGRAM;

/// The kind of such runs.
pub const INCIDENT: &str = "incident";

/// Those that are over are known for so long: the weeks that tell what is usual.
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(35 * 24);

/// So many are known at most: the oldest are given up.
const MOST: usize = 500;

/// Incidents, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Incidents {
    /// All of them.
    #[serde(default)]
    pub incidents: Vec<KeptIncident>,
}

impl Incidents {
    /// Those that are not over.
    pub fn open(&self) -> impl Iterator<Item = &KeptIncident> {
        self.incidents.iter().filter(|one| one.until.is_none())
    }

    /// The one of a target that is not over.
    pub fn open_of(
        &mut self,
        (environment, target): (&EnvironmentName, &TargetId),
    ) -> Option<&mut KeptIncident> {
        self.incidents.iter_mut().find(|one| {
            one.until.is_none()
                && one.environment == environment.as_str()
                && one.target == target.as_str()
        })
    }

    /// Whether the target was in an incident within a span.
    pub fn touch(
        &self,
        (environment, target): (&EnvironmentName, &TargetId),
        (from, to): (i64, i64),
    ) -> bool {
        let own = self
            .incidents
            .iter()
            .filter(|one| one.environment == environment.as_str() && one.target == target.as_str());
        let mut spans = own.map(|one| {
            let until = one.until.map_or(i64::MAX, |until| until.as_second());
            (one.since.as_second(), until)
        });
        spans.any(|(since, until)| since < to && until > from)
    }

    fn forget_old(&mut self, now: Timestamp) {
        let is_old = |until: Timestamp| now.duration_since(until) > KNOWN_FOR;
        self.incidents.retain(|one| !one.until.is_some_and(is_old));
        let over = self.incidents.len().saturating_sub(MOST);
        self.incidents.drain(..over);
    }
}

/// What the history knows of incidents.
///
/// # Errors
/// If the history cannot be read.
pub fn read_incidents(store: &mut Store) -> Result<Incidents, HistoryError> {
    let Some(said) = store.newest_said(INCIDENT)? else { return Ok(Incidents::default()) };
    serde_json::from_value(said)
        .map_err(|e| HistoryError::Damaged(format!("incidents cannot be read: {e}")))
}

/// Keeps them, with the evidence that tells what changed.
///
/// # Errors
/// If the history may not or cannot be written.
pub fn keep_incidents(
    store: &mut Store,
    incidents: &mut Incidents,
    evidence: &[Evidence],
    now: Timestamp,
) -> Result<(), HistoryError> {
    incidents.forget_old(now);
    let said = serde_json::to_value(&*incidents)
        .map_err(|e| HistoryError::Unsupported(format!("incidents: {e}")))?;
    let run = NewRun {
        kind: INCIDENT,
        at: now,
        verdict: "",
        facts: BTreeMap::from([("tool".to_owned(), PROGRAM.to_owned())]),
        evidence,
        findings: BTreeMap::new(),
        judged: Vec::new(),
        said,
    };
    store.save_run(run, COLLECTORS).map(|_| ())
}
