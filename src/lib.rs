//! envparity: an environment parity auditor for tool versions.
//!
//! Data flows one way, and each stage is a module:
//!
//! ```text
//! profile -> collect -> evidence -> normalize -> snapshot -> compare -> rules -> policy -> report
//! ```
//!
//! `tests/architecture.rs` decides who may import whom.

pub mod cli;
pub mod collect;
pub mod compare;
pub mod model;
pub mod normalize;
pub mod pipeline;
pub mod policy;
pub mod profile;
pub mod report;
pub mod rules;
pub mod version;
pub mod wire;
