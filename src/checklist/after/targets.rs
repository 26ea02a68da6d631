//! When each target was read last, and why one is not read now.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::rounds::{AfterRound, UnreadTarget};
use crate::model::{ComponentName, TargetId};

/// A target that was not read for so long is lost.
const LOST_AFTER: SignedDuration = SignedDuration::from_mins(2);

/// The targets of a watch.
#[derive(Clone, Debug, Default)]
pub(super) struct TargetsRead(BTreeMap<TargetId, ReadState>);

/// When a target was read last, and why it is not read now.
#[derive(Clone, Debug)]
struct ReadState {
    last: Timestamp,
    /// The time before that, if what it answers now turns out to be nothing new.
    before: Timestamp,
    unread: Option<UnreadTarget>,
}

impl TargetsRead {
    pub(super) fn note_round(&mut self, round: &AfterRound) {
        for (target, unread) in &round.targets {
            let state = self.0.entry(target.clone()).or_insert(ReadState {
                last: round.at,
                before: round.at,
                unread: None,
            });
            state.before = state.last;
            if unread.is_none() {
                state.last = round.at;
            }
            state.unread.clone_from(unread);
        }
    }

    /// What answers the same as before, or not with all of its servers, was not read.
    pub(super) fn note_stale(&mut self, name: &ComponentName) {
        let own = self.0.iter_mut().filter(|(target, _)| target.as_str() == name.as_str());
        for (_, state) in own {
            state.last = state.before;
            if state.unread.is_none() {
                let why = "not all of its servers answered anew".to_owned();
                let advice = "look at its servers".to_owned();
                state.unread = Some(UnreadTarget { why, advice });
            }
        }
    }

    /// The target that has been silent longest, if for two minutes: why, and what helps.
    pub(super) fn lost_target(&self, now: Timestamp) -> Option<(String, String)> {
        let (target, state) = self
            .0
            .iter()
            .filter(|(_, state)| now.duration_since(state.last) >= LOST_AFTER)
            .min_by_key(|(_, state)| state.last)?;
        let unread = state.unread.clone().unwrap_or(UnreadTarget {
            why: "it told nothing".to_owned(),
            advice: "look whether it is there".to_owned(),
        });
        let because = format!("{target} was not read since {:.0}: {}", state.last, unread.why);
        Some((because, unread.advice))
    }

    /// What was not read just now, and why.
    pub(super) fn unread_in_words(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|(target, state)| {
            state.unread.as_ref().map(|unread| format!("{target} is not read: {}", unread.why))
        })
    }
}
