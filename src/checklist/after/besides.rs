//! What else changed in production shortly before something went wrong there, besides the release.

use jiff::{SignedDuration, Timestamp};

use super::redis::Breach;
use super::rounds::BeforeRelease;
use crate::checklist::recent::{
    EnvironmentMoment, RecentChange, RecentFact, changes_between, recent_in_words,
};
use crate::model::Release;

/// What changed that long before may be the cause.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The moment with which now is compared: stored evidence of the hour before the release, which
/// reaches further back than what was watched; else what was watched; else older evidence.
pub(super) fn moment_before(
    stored: Option<&BeforeRelease>,
    watched: Option<EnvironmentMoment>,
    changed: Timestamp,
) -> Option<EnvironmentMoment> {
    let stored = stored.map(|before| EnvironmentMoment {
        at: before.at,
        state: before.state.clone(),
        counters: before.counters.clone(),
    });
    let is_recent = |one: &EnvironmentMoment| changed.duration_since(one.at) <= HOUR;
    match (stored, watched) {
        (Some(stored), _) if is_recent(&stored) => Some(stored),
        (stored, watched) => watched.or(stored),
    }
}

/// Changes that are neither the release's builds nor the call that the breach names.
pub(super) fn changes_besides(
    before: &EnvironmentMoment,
    now: &EnvironmentMoment,
    release: &Release,
    breach: &Breach,
) -> Option<String> {
    let is_other = |one: &RecentChange| match &one.what {
        RecentFact::Build(_) => !release.changed.contains_key(&one.component),
        RecentFact::NewCommand { command, .. } => breach.command.as_ref() != Some(command),
        RecentFact::Fact(_) | RecentFact::Gone | RecentFact::Restarted => true,
    };
    let all = changes_between(before, now);
    let others: Vec<RecentChange> = all.into_iter().filter(is_other).collect();
    (!others.is_empty()).then(|| recent_in_words(&others))
}
