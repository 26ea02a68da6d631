//! The checklist of a release: items, one file each, and one verdict.
//!
//! An item judges what it is handed and reads nothing itself: evidence as an audit, the release's
//! own file, counters, what was seen before, and answers of people.

mod after;
mod changes;
mod cluster_memory;
pub mod config;
mod cost_per_call;
mod cost_per_unit;
mod coverage;
mod environment_state;
mod exercised;
mod freeze;
mod freeze_revisions;
pub mod ids;
mod isolation;
mod item;
mod judge;
mod lifetime;
mod list;
mod load_sources;
mod loads;
mod manual;
mod new_command;
mod novelty;
mod observation_window;
mod parity;
mod performance;
mod projected_load;
mod recent;
mod rehearsal;
mod release_under_test;
mod rollback_ready;
mod train;
mod trial;
mod unit_cost;
mod units;
mod waivers;
mod workloads_stable;

pub use after::{
    AfterAsked, AfterRound, AfterWatch, BeforeRelease, PastLoad, UnreadTarget, has_build_of,
    is_counted_by,
};
pub use cluster_memory::{ClusterMemory, SeenRevision};
pub use environment_state::{EnvironmentState, holds_images, seen_at, state_of};
pub use item::{Item, ItemMeta};
pub use judge::{judge, verdict_of};
pub use list::ITEMS;
pub use load_sources::{load_sources, windows_left_out};
pub use loads::{ComponentLoad, Loads};
pub use manual::{bound_builds, judge_question};
pub use recent::{EnvironmentMoment, RecentChange, RecentFact, changes_between, recent_in_words};
pub use train::{digest_of, train_of};
pub use trial::{Counters, FreezePast, Trial};
pub use units::{WorkSpan, is_cut, spans_of, walk_micros};
