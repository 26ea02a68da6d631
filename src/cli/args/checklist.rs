//! What can be said of the checklist of a release.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};
use jiff::Timestamp;

use super::common::{ProfilesArguments, time};
use super::output::OutputError;
use super::past::HistoryOption;
use crate::report::checklist::ChecklistFormat;
use crate::wire::duration::{DurationText, parse_limit};
use crate::wire::release::ReleaseTypeWord;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(in crate::cli) struct ChecklistArguments {
    #[command(subcommand)]
    pub(in crate::cli) command: Option<ChecklistCommand>,

    #[command(flatten)]
    pub(in crate::cli) run: ChecklistRunArguments,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ChecklistCommand {
    /// Answer the question of an item; the answer counts for the builds of this release alone
    Answer(AnswerArguments),
    /// Let a release go in spite of a NO-GO or INCOMPLETE: a run of its own, shown beside that
    /// verdict for ever
    Override(OverrideArguments),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("judged").required(true))]
pub(in crate::cli) struct ChecklistRunArguments {
    /// The release: the name in its file of the profiles, which `release capture` writes
    #[arg(long, value_name = "NAME", group = "judged")]
    pub(in crate::cli) release: Option<String>,

    /// Watch this release in production: ROLL BACK (1) at once, or HOLDING (0) at the end
    #[arg(long, value_name = "NAME", group = "judged", conflicts_with_all = ["release_type", "recorded_only", "at"])]
    pub(in crate::cli) after_release: Option<String>,

    /// Watch how this release is taken back: all builds of the one before run, and load is well
    #[arg(long, value_name = "NAME", group = "judged", conflicts_with_all = ["release_type", "recorded_only", "at"])]
    pub(in crate::cli) after_rollback: Option<String>,

    /// How often production is read while watching: 1s to 60s [default: 15s]
    #[arg(long, value_name = "TIME", value_parser = parse_limit, conflicts_with = "release")]
    pub(in crate::cli) watch: Option<DurationText>,

    /// How long it must hold [default: 30m after a release, 5m after a rollback]
    #[arg(long = "for", value_name = "TIME", value_parser = parse_limit, conflicts_with = "release")]
    pub(in crate::cli) hold: Option<DurationText>,

    /// How long production may take to change, or to change back [default: 30m]
    #[arg(long, value_name = "TIME", value_parser = parse_limit, conflicts_with = "release")]
    pub(in crate::cli) within: Option<DurationText>,

    /// What kind of release it is, if its file does not say [default: standard]
    #[arg(long = "type", value_name = "TYPE", value_enum)]
    pub(in crate::cli) release_type: Option<ReleaseTypeWord>,

    /// Contact nothing: judge the newest evidence of the history
    #[arg(long)]
    pub(in crate::cli) recorded_only: bool,

    /// Write the checklist as FORMAT (table, html, yaml, json, markdown, junit) to PATH, or to stdout
    /// without one; repeat for several
    #[arg(short, long, value_name = "FORMAT[=PATH]")]
    pub(in crate::cli) output: Vec<ChecklistChoice>,

    /// End with 0 where the verdict would say 1 or 3
    #[arg(long)]
    pub(in crate::cli) report_only: bool,

    /// How long each target may take, overriding every profile: 10s, 1m
    #[arg(long, value_name = "TIME", value_parser = parse_limit)]
    deadline: Option<DurationText>,

    /// Judge as of this time, in RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(in crate::cli) at: Option<Timestamp>,

    #[command(flatten)]
    pub(in crate::cli) profiles: ProfilesArguments,

    #[command(flatten)]
    pub(in crate::cli) history: HistoryOption,
}

impl ChecklistRunArguments {
    /// Of each target, over every profile.
    pub(in crate::cli) fn deadline(&self) -> Option<Duration> {
        self.deadline.map(|text| text.0)
    }
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("answer").required(true))]
pub(in crate::cli) struct AnswerArguments {
    /// The item, which has a question in the file of kind Checklist
    pub(in crate::cli) item: String,

    /// The release
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) release: String,

    /// Answer yes: the item passes
    #[arg(long, group = "answer")]
    pub(in crate::cli) yes: bool,

    /// The answer is no
    #[arg(long, group = "answer")]
    pub(in crate::cli) no: bool,

    /// Who says so
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) by: String,

    /// What shows it: a link or a sentence
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(in crate::cli) evidence: String,

    /// As of this time, in RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(in crate::cli) at: Option<Timestamp>,

    #[command(flatten)]
    pub(in crate::cli) profiles: ProfilesArguments,

    #[command(flatten)]
    pub(in crate::cli) history: HistoryOption,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct OverrideArguments {
    /// The run of the checklist: run:3f2a or 3f2a, as `history list` shows it
    #[arg(value_name = "RUN")]
    pub(in crate::cli) run: String,

    /// Who overrides it
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) by: String,

    /// Who approves that; with `four-eyes: true` of the policy somebody else
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) approved_by: String,

    /// Why the release goes nevertheless
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) reason: String,

    #[command(flatten)]
    pub(in crate::cli) profiles: ProfilesArguments,

    #[command(flatten)]
    pub(in crate::cli) history: HistoryOption,
}

/// `table`, `yaml=checklist.yaml`.
#[derive(Clone, Debug)]
pub(in crate::cli) struct ChecklistChoice {
    pub(in crate::cli) format: &'static ChecklistFormat,
    pub(in crate::cli) path: Option<PathBuf>,
}

impl FromStr for ChecklistChoice {
    type Err = OutputError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, path) =
            text.split_once('=').map_or((text, None), |(name, path)| (name, Some(path)));
        let format = ChecklistFormat::format_named(name)
            .map_err(|known| OutputError::Format(name.to_owned(), known))?;
        if path == Some("") {
            return Err(OutputError::Path);
        }
        Ok(Self { format, path: path.filter(|path| *path != "-").map(PathBuf::from) })
    }
}
