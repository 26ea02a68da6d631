//! What was seen before: evidence, samples, buckets and marks, each run of ours chained to the one
//! before.
//!
//! A history is a file of SQLite or a database of PostgreSQL; [`Store`] is the same over both. What
//! is stored is what was answered: interpretation is made anew, so that editing the catalogue never
//! changes the past. Nothing here asks a target, and nothing judges.

mod address;
mod chain;
pub mod config;
mod disclosed;
mod error;
mod format;
mod lead;
mod line;
mod marks;
mod of_kind;
mod past;
#[cfg(feature = "postgres")]
mod postgres;
mod prune;
mod read_only;
mod reference;
mod resolve;
mod retention;
mod runs;
mod said;
mod samples;
mod schema;
mod series;
mod sql;
mod sqlite;
mod standing;
mod store;
mod transfer;
mod verify;

pub use address::PostgresAddress;
pub use disclosed::{DisclosedBuckets, DisclosedRun};
pub use error::HistoryError;
pub use format::Prepared;
pub use past::PastHead;
#[cfg(feature = "postgres")]
pub use postgres::PostgresOptions;
pub use prune::{HoursOf, Pruned};
pub use reference::{
    MomentError, Reference, ReferenceError, parse as parse_reference, parse_moment,
};
pub use resolve::{Found, ResolveError};
pub use runs::{JudgedBuckets, JudgedSource, NewRun, RunSummary, Saved};
pub use samples::KeptSample;
pub use sql::Leading;
pub use sqlite::SqliteOptions;
pub use standing::LastStanding;
pub use store::{SeriesKey, Store};
pub use transfer::{EXPORT_BEGINS, TransferError};
pub use verify::{Break, Verified};
