//! What a watch is asked, and what production answered in one round of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::redis::PastLoad;
use crate::checklist::EnvironmentState;
use crate::checklist::trial::Counters;
use crate::model::{AfterKind, ComponentName, EnvironmentName, Release, TargetId};
use crate::trend::LoadCriteria;

/// What is watched, and by which limits.
#[derive(Clone, Debug)]
pub struct AfterAsked {
    /// A release, or its way back.
    pub kind: AfterKind,
    /// The release.
    pub release: Release,
    /// The release that runs in the end: itself, or the one before it.
    pub target: Release,
    /// Where.
    pub environment: EnvironmentName,
    /// How long it must hold.
    pub hold: SignedDuration,
    /// How long production may take to change.
    pub within: SignedDuration,
    /// The most time that a new call that walks may take, in milliseconds.
    pub max_call: f64,
    /// What load must hold.
    pub criteria: LoadCriteria,
    /// What ran before the release, by stored evidence; `None` if the history has none.
    pub before: Option<BeforeRelease>,
    /// How busy each Redis was before.
    pub past: BTreeMap<ComponentName, PastLoad>,
}

/// Production before the release came.
#[derive(Clone, Debug)]
pub struct BeforeRelease {
    /// When it was seen.
    pub at: Timestamp,
    /// What ran there.
    pub state: Arc<EnvironmentState>,
    /// What each Redis had counted.
    pub counters: Counters,
}

/// What production answered at one time.
#[derive(Clone, Debug)]
pub struct AfterRound {
    /// When the last answer was in.
    pub at: Timestamp,
    /// What runs there.
    pub state: Arc<EnvironmentState>,
    /// When the builds were as `state` says, at the latest: a recording is older than the round.
    pub seen: Timestamp,
    /// Whether all that can report builds was read.
    pub is_train_whole: bool,
    /// What each Redis has counted.
    pub counters: Counters,
    /// What is told once, where it holds: which source stands in for a server.
    pub notes: Vec<String>,
    /// Each target that the verdict needs, with why it was not read.
    pub targets: Vec<(TargetId, Option<UnreadTarget>)>,
}

/// Why a target was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadTarget {
    /// What went wrong.
    pub why: String,
    /// What helps.
    pub advice: String,
}
