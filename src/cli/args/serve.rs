//! Arguments of `envparity serve`.

use clap::Args;

use super::ProfilesArguments;
use super::past::HistoryOption;

#[derive(Debug, Args)]
pub(in crate::cli) struct ServeArguments {
    #[command(flatten)]
    pub(in crate::cli) profiles: ProfilesArguments,
    #[command(flatten)]
    pub(in crate::cli) history: HistoryOption,
    /// Where to listen, in place of `serve: {listen: …}` of audit.yaml: `127.0.0.1:9464`. Another
    /// address than one of this machine alone needs `serve: {token: …}`
    #[arg(long, value_name = "ADDRESS")]
    pub(in crate::cli) listen: Option<String>,
}
