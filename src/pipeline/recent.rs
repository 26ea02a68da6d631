//! What changed in an environment lately: what it answers now beside what the history holds of it.

use jiff::Timestamp;

use crate::checklist::{EnvironmentMoment, RecentChange, changes_between};
use crate::collect::config::COLLECTORS;
use crate::history::{HistoryError, PastHead, Store};
use crate::model::Evidence;
use crate::normalize::{Normalizer, counters_of};
use crate::profile::{Environment, Profiles};

/// What changed, and since when.
#[derive(Clone, Debug, PartialEq)]
pub struct RecentChanges {
    /// The evidence that it is compared with; `None` if the history holds none.
    pub since: Option<Timestamp>,
    /// Own builds first.
    pub changes: Vec<RecentChange>,
}

/// What differs between the evidence and the newest of the environment that was taken at `before`
/// or earlier; if there is none that old, the oldest after it.
///
/// # Errors
/// If the history cannot be read.
pub fn changes_lately(
    profiles: &Profiles,
    environment: &Environment,
    store: &mut Store,
    now: &Evidence,
    before: Timestamp,
) -> Result<RecentChanges, HistoryError> {
    let mut found: Option<PastHead> = None;
    let look = &mut |_: &mut Store, head: &PastHead| -> Result<bool, HistoryError> {
        if head.at < now.taken {
            found = Some(head.clone());
        }
        Ok(head.at > before)
    };
    store.look_back(&environment.name, look)?;
    let Some(head) = found else {
        return Ok(RecentChanges { since: None, changes: Vec::new() });
    };
    let then = store.evidence_of(&head, COLLECTORS)?;
    let normalizer = Normalizer::new(profiles.catalogue.as_ref(), COLLECTORS);
    let moment = |evidence: Evidence| {
        let counters = counters_of(&normalizer, &evidence);
        let snapshot = normalizer.build_snapshot(evidence, environment.ignore.clone());
        EnvironmentMoment::of(&snapshot, counters)
    };
    let changes = changes_between(&moment(then), &moment(now.clone()));
    Ok(RecentChanges { since: Some(head.at), changes })
}
