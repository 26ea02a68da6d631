//! Every YAML and JSON format that we read or write: versioned transfer objects, and the one
//! module that knows the YAML library.
//!
//! Nothing is decided here. Types of `model/` have no file format; each format has objects of
//! its own, so that a change inside never changes what others read.

pub mod after;
pub mod checklist;
pub mod cycles;
pub mod deceptive;
pub mod duration;
pub mod evidence;
pub mod file;
pub mod header;
pub mod json;
pub mod problem;
pub mod reading;
pub mod release;
pub mod report;
pub mod secret;
mod syntax;
pub mod trend;
pub mod waivers;
pub mod yaml;
