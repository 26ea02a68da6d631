//! envparity: an environment parity auditor for tool versions.
//!
//! Data flows one way, and each stage is a module: a profile says what to ask; `collect` asks it
//! and gives evidence, which is what an environment answered, verbatim, and the only thing that is
//! stored; `normalize` turns evidence into a snapshot, which is always derived, with today's
//! catalogue; `compare` finds what differs between snapshots, `rules` make findings of that,
//! `policy` makes the verdict, and `report` shows it. `pipeline` wires the stages together, `cli`
//! is the edge. `docs/DECISIONS.md` says why things are as they are, and `tests/architecture.rs`
//! decides who may import whom.

pub mod checklist;
pub mod cli;
pub mod collect;
pub mod compare;
pub mod daemon;
pub mod history;
pub mod model;
pub mod normalize;
pub mod notify;
pub mod pipeline;
pub mod policy;
pub mod profile;
pub mod report;
pub mod rules;
pub mod trend;
pub mod version;
pub mod wire;

#[cfg(test)]
#[path = "../tests/support/mutation.rs"]
mod mutation;
