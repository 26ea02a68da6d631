//! Arguments of `envparity notify`.

use clap::{Args, Subcommand};

use super::ProfilesArguments;

#[derive(Debug, Args)]
pub(in crate::cli) struct NotifyArguments {
    #[command(subcommand)]
    pub(in crate::cli) command: NotifyCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum NotifyCommand {
    /// Send a notice that says that it is a test to each of notify: in audit.yaml, once, and print
    /// what it answers; ends with 2 if one does not take it
    Test(ProfilesArguments),
}
