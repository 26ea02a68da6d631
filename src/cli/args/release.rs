//! What can be said of releases.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::common::{ProfilesArguments, time};
use super::past::HistoryOption;
use crate::wire::duration::{DurationText, parse_limit};
use crate::wire::release::ReleaseTypeWord;

#[derive(Debug, Args)]
pub(in crate::cli) struct ReleaseArguments {
    #[command(subcommand)]
    pub(in crate::cli) command: ReleaseCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ReleaseCommand {
    /// Write down the builds of own services that an environment runs, as releases/NAME.yaml of the
    /// profiles
    Capture(ReleaseCaptureArguments),
    /// Tell what a release consists of
    Show(ReleaseShowArguments),
    /// Tell which builds differ between two releases; judges nothing
    Diff(ReleaseDiffArguments),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ReleaseCaptureArguments {
    /// Name of the release: v22
    pub(in crate::cli) name: String,

    /// The environment that runs it, which is read now; or stored evidence: a file, or of the
    /// history NAME@-7d, NAME@TIME, run:3f2a
    #[arg(long, value_name = "ENV|REF")]
    pub(in crate::cli) from: String,

    /// The release before it: what differs from it is what changed
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) previous: Option<String>,

    /// What kind of release it is [default: standard]
    #[arg(long = "type", value_name = "TYPE", value_enum)]
    pub(in crate::cli) release_type: Option<ReleaseTypeWord>,

    /// Replace the file if it is there; its freeze, exceptions and gate are kept
    #[arg(long)]
    pub(in crate::cli) force: bool,

    /// Contact nothing: take the newest evidence of the history
    #[arg(long)]
    pub(in crate::cli) recorded_only: bool,

    /// How long each target may take, overriding the profile: 10s, 1m
    #[arg(long, value_name = "TIME", value_parser = parse_limit)]
    deadline: Option<DurationText>,

    /// As of this time, in RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(in crate::cli) at: Option<Timestamp>,

    #[command(flatten)]
    pub(in crate::cli) profiles: ProfilesArguments,

    #[command(flatten)]
    pub(in crate::cli) history: HistoryOption,
}

impl ReleaseCaptureArguments {
    /// Of each target, over every profile.
    pub(in crate::cli) fn deadline(&self) -> Option<Duration> {
        self.deadline.map(|text| text.0)
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ReleaseShowArguments {
    /// Name of the release
    pub(in crate::cli) name: String,

    #[command(flatten)]
    pub(in crate::cli) profiles: ProfilesArguments,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ReleaseDiffArguments {
    /// Name of the earlier release
    pub(in crate::cli) from: String,
    /// Name of the later release
    pub(in crate::cli) to: String,

    #[command(flatten)]
    pub(in crate::cli) profiles: ProfilesArguments,
}
