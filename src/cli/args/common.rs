//! What several commands are told.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

/// Where profiles are, unless the command line says otherwise.
pub(in crate::cli) const PROFILES: &str = "profiles";

#[derive(Debug, Args)]
pub(in crate::cli) struct ProfilesArguments {
    /// Folder of the profiles
    #[arg(long, value_name = "DIR", default_value = PROFILES)]
    pub(in crate::cli) profiles: PathBuf,
}

/// A time as people write it in scripts.
pub(in crate::cli) fn time(text: &str) -> Result<Timestamp, &'static str> {
    text.parse().map_err(|_| "write a time with its zone, as 2026-11-23T06:00:00Z")
}
