//! What can be said of a dossier.

use std::path::PathBuf;

use clap::Args;

use super::common::ProfilesArguments;
use super::past::HistoryOption;

#[derive(Debug, Args)]
pub(in crate::cli) struct DossierArguments {
    /// The first moment: -30d, or a time with its offset, 2026-04-01T00:00+02:00
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(in crate::cli) from: String,

    /// Behind the last moment, likewise
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, default_value = "now")]
    pub(in crate::cli) to: String,

    /// The folder to make; it must not be there
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: PathBuf,

    #[command(flatten)]
    pub(in crate::cli) profiles: ProfilesArguments,

    #[command(flatten)]
    pub(in crate::cli) history: HistoryOption,
}
