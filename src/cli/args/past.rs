//! What can be said of the past: which history, and what of it.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use jiff::Timestamp;

use super::common::{ProfilesArguments, time};
use super::output::{OutputArguments, TrendOutput};
use crate::wire::duration::{DurationText, parse_limit};

/// Where what was seen is kept.
#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryOption {
    /// The history: a file, or the URL of a PostgreSQL database [default: history: of the profiles]
    #[arg(long, value_name = "PATH|URL")]
    pub(in crate::cli) history: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryArguments {
    #[command(subcommand)]
    pub(in crate::cli) command: HistoryCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum HistoryCommand {
    /// List the newest runs
    List(HistoryListArguments),
    /// Tell what a run holds
    Show(HistoryShowArguments),
    /// Compare two pieces of evidence of the past: the same as `envparity diff`
    Diff(DiffArguments),
    /// Check that nothing was altered: ends with 1 and names the first break if not
    Verify(HistoryVerifyArguments),
    /// Delete what is older than it is kept for and on which no run rests: samples after 48 h,
    /// buckets after 35 d, hours after 400 d
    Prune(HistoryPlaceArguments),
    /// Write everything as lines of JSON
    Export(HistoryExportArguments),
    /// Read what `export` wrote into an empty history
    Import(HistoryImportArguments),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct MarkArguments {
    #[command(subcommand)]
    pub(in crate::cli) command: MarkCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum MarkCommand {
    /// Label a span of time: a sales day, a reproduction
    Span(MarkSpanArguments),
    /// Count units of work, and keep what every Redis of the environment has counted until then:
    /// what a unit costs is the difference to the mark before
    Work(MarkWorkArguments),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct MarkSpanArguments {
    /// The environment
    pub(in crate::cli) environment: String,

    /// Both ends: -2h..now, or times with their offsets, 2026-04-14T11:05+02:00..2026-04-14T11:30+02:00;
    /// the end may be 31 days ahead
    #[arg(value_name = "FROM..TO", allow_hyphen_values = true)]
    pub(in crate::cli) span: String,

    /// What it was, in a word or two
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) label: String,

    /// Exclude the span from the windows of load; each report names what is excluded
    #[arg(long)]
    pub(in crate::cli) exclude: bool,

    #[command(flatten)]
    pub(in crate::cli) profiles: ProfilesArguments,

    #[command(flatten)]
    pub(in crate::cli) history: HistoryOption,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["start", "count"]))]
pub(in crate::cli) struct MarkWorkArguments {
    /// The environment
    pub(in crate::cli) environment: String,

    /// What is counted: stock-location
    pub(in crate::cli) work: String,

    /// Begin to count: nothing is done yet
    #[arg(long)]
    pub(in crate::cli) start: bool,

    /// So many units were done since the mark before
    #[arg(long, value_name = "N")]
    pub(in crate::cli) count: Option<u64>,

    /// Under this release [default: the one that runs there]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) release: Option<String>,

    /// Mark this time, in RFC 3339: each Redis must have a sample within a minute of it, which is
    /// used
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(in crate::cli) at: Option<Timestamp>,

    #[command(flatten)]
    pub(in crate::cli) profiles: ProfilesArguments,

    #[command(flatten)]
    pub(in crate::cli) history: HistoryOption,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RehearseArguments {
    /// The release, whose builds must run where it comes from
    pub(in crate::cli) release: String,

    /// How many units of which work CMD does: stock-location=250
    #[arg(long, value_name = "WORK=N", value_parser = units)]
    pub(in crate::cli) work: (String, u64),

    /// End CMD after so long; the rehearsal has failed then [default: no limit]
    #[arg(long = "for", value_name = "TIME", value_parser = parse_limit)]
    pub(in crate::cli) long: Option<DurationText>,

    /// The command that makes the load, and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(in crate::cli) command: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) profiles: ProfilesArguments,

    #[command(flatten)]
    pub(in crate::cli) history: HistoryOption,
}

/// `stock-location=250`.
fn units(text: &str) -> Result<(String, u64), String> {
    let (work, count) = text.split_once('=').ok_or("write WORK=N, as in stock-location=250")?;
    let count = count.parse().map_err(|_| format!("{count:?} is not a number of units"))?;
    match count {
        0 => Err("no unit at all is no rehearsal".to_owned()),
        count => Ok((work.to_owned(), count)),
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct TrendArguments {
    /// The target: redis/cache
    pub(in crate::cli) target: String,

    /// walk-share, cpu, ops or logins, or a command (keys): its calls and the time of a call [default:
    /// all four]
    pub(in crate::cli) indicator: Option<String>,

    /// Only this environment; repeat for several [default: all that have the target]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) env: Vec<String>,

    /// How long a span, up to its end: 24h, 7d [default: 24h]
    #[arg(long = "for", value_name = "TIME", value_parser = parse_limit, conflicts_with = "since")]
    pub(in crate::cli) long: Option<DurationText>,

    /// Where the span begins: -7d, or a time with its offset
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(in crate::cli) since: Option<String>,

    /// Where it ends, likewise [default: now]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(in crate::cli) until: Option<String>,

    /// How long a Prometheus may take, overriding the profile: 10s, 1m
    #[arg(long, value_name = "TIME", value_parser = parse_limit)]
    pub(in crate::cli) deadline: Option<DurationText>,

    /// Write it as FORMAT (table, yaml, json, html, csv) to PATH, or to stdout without one; repeat
    /// for several
    #[arg(short, long, value_name = "FORMAT[=PATH]")]
    pub(in crate::cli) output: Vec<TrendOutput>,

    #[command(flatten)]
    pub(in crate::cli) profiles: ProfilesArguments,

    #[command(flatten)]
    pub(in crate::cli) history: HistoryOption,
}

/// Which history a command of it is about.
#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryPlaceArguments {
    #[command(flatten)]
    pub(in crate::cli) history: HistoryOption,

    /// Folder of the profiles that say where it is [default: profiles, if it holds audit.yaml]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) profiles: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryListArguments {
    #[command(flatten)]
    pub(in crate::cli) place: HistoryPlaceArguments,

    /// How many to list, newest first
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = parse_count)]
    pub(in crate::cli) last: usize,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryShowArguments {
    /// run:DIGITS, NAME, NAME@-7d or NAME@TIME
    pub(in crate::cli) reference: String,

    #[command(flatten)]
    pub(in crate::cli) place: HistoryPlaceArguments,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryVerifyArguments {
    /// A run with this digest must be there: `run.history.digest` of a report, or 8 digits of it
    #[arg(long, value_name = "DIGEST")]
    pub(in crate::cli) head: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) place: HistoryPlaceArguments,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryExportArguments {
    /// Where to write it; - for stdout
    #[arg(long, value_name = "PATH|-")]
    pub(in crate::cli) to: PathBuf,

    #[command(flatten)]
    pub(in crate::cli) place: HistoryPlaceArguments,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HistoryImportArguments {
    /// What `history export` wrote; - for stdin
    #[arg(long, value_name = "PATH|-")]
    pub(in crate::cli) from: PathBuf,

    #[command(flatten)]
    pub(in crate::cli) place: HistoryPlaceArguments,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DiffArguments {
    /// Evidence to compare with: a file, or of the history NAME, NAME@-7d, NAME@TIME, run:3f2a
    pub(in crate::cli) baseline: String,
    /// Evidence that is compared, likewise
    pub(in crate::cli) current: String,

    /// Folder of the profiles whose catalogue is used [default: profiles, if it holds audit.yaml]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) profiles: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) history: HistoryOption,

    #[command(flatten)]
    pub(in crate::cli) output: OutputArguments,
}

/// A list of nothing would say that nothing is there.
fn parse_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("write a number from 1 on".to_owned()),
        Ok(count) => Ok(count),
    }
}
