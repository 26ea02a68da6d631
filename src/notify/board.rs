//! What people were told so far, as the history keeps it. Plain data.
//!
//! Fields that a later version adds have defaults, so that an older board is read.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::notice::Notice;

/// Everything that is known of what was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Board {
    /// By the name of the gate or of the checklist.
    #[serde(default)]
    pub gates: BTreeMap<String, GateState>,
    /// By the id of the waiver.
    #[serde(default)]
    pub waivers: BTreeMap<String, WaiverTold>,
    /// Incidents that are not over, by id: what they were called.
    #[serde(default)]
    pub incidents: BTreeMap<String, String>,
    /// The newest missed run that was told, by schedule.
    #[serde(default)]
    pub missed: BTreeMap<String, Timestamp>,
    /// Since when a schedule is known.
    #[serde(default)]
    pub schedules: BTreeMap<String, Timestamp>,
    /// What is on its way to a sink, or did not get there.
    #[serde(default)]
    pub pending: Vec<PendingSend>,
}

/// Go or not, as people know it: what is not known for a while does not change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettledVerdict {
    /// Nothing blocks.
    Go,
    /// Something blocks.
    NoGo,
    /// A release is to be taken back.
    RollBack,
}

/// One gate, or one checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct GateState {
    /// The last verdict that was not `incomplete`; `None` if there was none yet.
    pub known: Option<SettledVerdict>,
    /// What blocked then, sorted; with what may only be hidden since.
    pub blocking: BTreeSet<String>,
    /// How many runs in a row were incomplete.
    pub incomplete_runs: u32,
    /// Whether that was told.
    pub incomplete_told: bool,
    /// Changes of the last 24 hours.
    pub changes: Vec<Timestamp>,
    /// The last change of all.
    pub last_change: Option<Timestamp>,
    /// Since when nothing is told, because it changes too often.
    pub unstable_since: Option<Timestamp>,
    /// When it was seen last.
    pub at: Timestamp,
}

/// What was told of a waiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct WaiverTold {
    /// Its last day, when it was told: another one is told anew.
    pub expires: Date,
    /// How many days before: 7 or 1.
    pub days: i64,
}

/// A notice on its way to one sink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PendingSend {
    /// Told apart by this, counted from 1.
    pub id: u64,
    /// The sink, by its reference.
    pub sink: String,
    /// What it is told.
    pub notice: Notice,
    /// When a run took it over; `None` if it waits for the next one.
    pub taken: Option<Timestamp>,
    /// How many runs have tried.
    pub runs: u32,
}
