//! What can be said on the command line.

mod checklist;
mod common;
mod dossier;
mod notify;
mod output;
mod past;
mod release;
mod serve;

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::{Gate, Severity, meant_and_known};
use crate::wire::duration::{DurationText, parse_limit};

pub(super) use checklist::{
    AnswerArguments, ChecklistArguments, ChecklistChoice, ChecklistCommand, ChecklistRunArguments,
    OverrideArguments,
};
use common::time;
pub(super) use common::{PROFILES, ProfilesArguments};
pub(super) use notify::{NotifyArguments, NotifyCommand};
pub(super) use output::{OutputArguments, OutputChoice, TrendOutput};
pub(super) use past::{
    DiffArguments, HistoryArguments, HistoryCommand, HistoryExportArguments,
    HistoryImportArguments, HistoryListArguments, HistoryOption, HistoryPlaceArguments,
    HistoryShowArguments, HistoryVerifyArguments, MarkArguments, MarkCommand, MarkSpanArguments,
    MarkWorkArguments, RehearseArguments, TrendArguments,
};

pub(super) use dossier::DossierArguments;
pub(super) use release::{
    ReleaseArguments, ReleaseCaptureArguments, ReleaseCommand, ReleaseDiffArguments,
    ReleaseShowArguments,
};
pub(super) use serve::ServeArguments;

/// Audits whether environments run the same tools in the same versions as production, and says
/// GO, NO-GO or INCOMPLETE. It reads and never writes: Redis hears HELLO, AUTH and INFO, Docker
/// and Kubernetes hear GET.
#[derive(Debug, Parser)]
#[command(name = "envparity", version, max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,

    /// Show what is folded; -vv and -vvv log to stderr, without secrets or bodies
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Compare every environment with the baseline, and judge
    Audit(AuditArguments),
    /// Record what an environment answers, as evidence
    Collect(CollectArguments),
    /// Compare two pieces of evidence, of files or of the history; judges only whether they are
    /// complete
    Diff(DiffArguments),
    /// Read each target once, and tell how far that went and what to grant
    Doctor(DoctorArguments),
    /// Explain what a rule looks for, why, and how to fix it
    Explain(ExplainArguments),
    /// Tell which line of the policy decides on a component
    ExplainPolicy(ExplainPolicyArguments),
    /// Check the profiles, all of them at once, without contacting anything
    CheckProfiles(CheckProfilesArguments),
    /// Keep a sample of each Redis in the history, once or at intervals: what load is judged by
    Sample(SampleArguments),
    /// Run what `schedule:` of audit.yaml says, sample and watch the load, and serve pages, reports
    /// and metrics, until a signal ends it
    Serve(ServeArguments),
    /// Print the JSON Schema of a format
    Schema(SchemaArguments),
    /// Browse past runs, and verify that they are unaltered
    History(HistoryArguments),
    /// Annotate the history
    Mark(MarkArguments),
    /// Try whether those whom the profiles name are reached
    Notify(NotifyArguments),
    /// Run a command that loads the environment of a release, and keep what it cost every Redis
    /// there: ends with 0 if the rehearsal is valid
    Rehearse(RehearseArguments),
    /// Show the load of a target over time, from the history and from what its profile names
    Trend(TrendArguments),
    /// Write down which builds a release consists of, and tell what changed with it
    Release(ReleaseArguments),
    /// Judge whether a release may go, item by item
    Checklist(ChecklistArguments),
    /// Write a span of the history as a folder for an auditor, who needs sha256sum and jq alone
    Dossier(DossierArguments),
    /// Tell how version texts and image references are read and compared
    Version(VersionArguments),
    /// Accept a finding for a while, and manage existing waivers
    Waiver(WaiverArguments),
}

#[derive(Debug, Args)]
pub(super) struct CheckProfilesArguments {
    #[command(flatten)]
    pub(super) profiles: ProfilesArguments,

    /// Exit with 1 if there are warnings
    #[arg(long)]
    pub(super) strict: bool,
}

#[derive(Debug, Args)]
pub(super) struct AuditArguments {
    /// Judge this pair alone, whatever gates the profiles have: FROM against TO
    #[arg(value_name = "FROM TO", num_args = 2, conflicts_with_all = ["env", "baseline", "gate"])]
    pub(super) pair: Vec<String>,

    /// The same as FROM TO
    #[arg(long, value_name = "FROM:TO", value_parser = gate, conflicts_with_all = ["env", "baseline"])]
    pub(super) gate: Option<Gate>,

    #[command(flatten)]
    pub(super) profiles: ProfilesArguments,

    /// Only this environment, and always the baseline; repeat for several
    #[arg(long, value_name = "NAME")]
    pub(super) env: Vec<String>,

    /// Compare with this environment instead of the profile's baseline
    #[arg(long, value_name = "NAME")]
    pub(super) baseline: Option<String>,

    #[command(flatten)]
    pub(super) output: OutputArguments,

    /// Findings in a gate at or above this severity make it NO-GO [default: the policy's, else
    /// high]
    #[arg(long, value_name = "SEVERITY", value_parser = fail_on)]
    pub(super) fail_on: Option<Severity>,

    /// Tell what is new, worse, better and resolved since this report (YAML or JSON of an earlier
    /// audit), or since a run of the history, judged by today's profiles: NAME@-7d, run:3f2a
    #[arg(long, value_name = "REPORT|REF")]
    pub(super) since: Option<String>,

    /// Only what is new or worse since that report can make it NO-GO
    #[arg(long, requires = "since")]
    pub(super) fail_on_new: bool,

    /// How long each target may take, overriding every profile: 10s, 1m
    #[arg(long, value_name = "TIME", value_parser = parse_limit)]
    pub(super) deadline: Option<DurationText>,

    /// Judge as of this time, in RFC 3339; the same inputs then give the same bytes
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) at: Option<Timestamp>,

    /// Support cycles that override the built-in ones, as endoflife.date answers (PRODUCT.json, or of its
    /// API v1) or in our own YAML; repeat for several
    #[arg(long, value_name = "FILE")]
    pub(super) eol_data: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) history: HistoryOption,
}

#[derive(Debug, Args)]
pub(super) struct SampleArguments {
    #[command(flatten)]
    pub(super) profiles: ProfilesArguments,

    /// Only this environment; repeat for several
    #[arg(long, value_name = "NAME")]
    pub(super) env: Vec<String>,

    /// How often each server is asked, with --for; 1s at the most often [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = parse_limit, requires = "lasting")]
    pub(super) every: Option<DurationText>,

    /// Keep sampling for this long: 24h. Without it each server is asked once
    #[arg(long = "for", id = "lasting", value_name = "TIME", value_parser = parse_limit)]
    pub(super) lasting: Option<DurationText>,

    #[command(flatten)]
    pub(super) history: HistoryOption,
}

#[derive(Debug, Args)]
pub(super) struct CollectArguments {
    /// The environment
    pub(super) environment: String,

    /// Where to write the evidence; - for stdout
    #[arg(long, value_name = "PATH|-")]
    pub(super) to: PathBuf,

    #[command(flatten)]
    pub(super) profiles: ProfilesArguments,

    /// How long each target may take, overriding the profile: 10s, 1m
    #[arg(long, value_name = "TIME", value_parser = parse_limit)]
    pub(super) deadline: Option<DurationText>,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    /// The environments; without any, all of them
    pub(super) environments: Vec<String>,

    #[command(flatten)]
    pub(super) profiles: ProfilesArguments,

    /// How long each target may take, overriding the profile: 10s, 1m
    #[arg(long, value_name = "TIME", value_parser = parse_limit)]
    pub(super) deadline: Option<DurationText>,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// Id of the rule; without one all rules are listed
    pub(super) rule: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ExplainPolicyArguments {
    /// The component: redis/cache
    pub(super) component: String,

    #[command(flatten)]
    pub(super) profiles: ProfilesArguments,

    /// Explain each finding in this report (YAML or JSON of an audit)
    #[arg(long, value_name = "REPORT")]
    pub(super) report: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct WaiverArguments {
    #[command(subcommand)]
    pub(super) command: WaiverCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum WaiverCommand {
    /// Add a waiver of a finding to the profiles, bound to the minor versions that run now
    Add(WaiverAddArguments),
    /// List the waivers and what became of them
    List(WaiverListArguments),
    /// Check the waivers: exits with 1 if one has expired or, with --report, is unused, with 2 if the
    /// file is malformed, and with 3 if the report does not have one yet
    Check(WaiverListArguments),
}

#[derive(Debug, Args)]
pub(super) struct WaiverAddArguments {
    /// Id of the finding, or its beginning, as the report shows it
    pub(super) finding: String,

    /// Why it is accepted
    #[arg(long)]
    pub(super) reason: String,

    /// Who answers for it
    #[arg(long)]
    pub(super) owner: String,

    /// The last day on which it counts, in UTC: 2026-12-31, or a number of days from now: 30d
    #[arg(long, value_name = "DATE")]
    pub(super) expires: Expiry,

    /// The report that has the finding (YAML or JSON); without one, an audit is run
    #[arg(long, value_name = "REPORT")]
    pub(super) report: Option<PathBuf>,

    /// Bind it to exactly the versions that run now, and not to their minors
    #[arg(long)]
    pub(super) exact: bool,

    /// Its name in the file [default: made of component and rule]
    #[arg(long)]
    pub(super) id: Option<String>,

    /// As of this time, in RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) at: Option<Timestamp>,

    #[command(flatten)]
    pub(super) profiles: ProfilesArguments,
}

#[derive(Debug, Args)]
pub(super) struct WaiverListArguments {
    #[command(flatten)]
    pub(super) profiles: ProfilesArguments,

    /// Tell what became of them in this report (YAML or JSON of an audit); without one, only dates
    /// count
    #[arg(long, value_name = "REPORT")]
    pub(super) report: Option<PathBuf>,

    /// As of this time, in RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) at: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// audit, catalogue, checklist, checklist-report, environment, evidence, policy, release, report,
    /// trend or waivers
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(
        crate::profile::schema::PUBLISHED.map(|(name, _)| name)))]
    pub(super) format: String,
}

fn fail_on(word: &str) -> Result<Severity, String> {
    match word.parse() {
        Ok(Severity::Off) | Err(_) => {
            let known = ["critical", "high", "medium", "low", "info"];
            Err(format!("unknown severity; {}", meant_and_known(word, &known)))
        }
        Ok(severity) => Ok(severity),
    }
}

#[derive(Debug, Args)]
pub(super) struct VersionArguments {
    #[command(subcommand)]
    pub(super) command: VersionCommand,
}

/// How texts are read.
#[derive(Debug, Args)]
pub(super) struct ReadArguments {
    /// Grammar to read by (see REFERENCE.md); auto tells it by the text's form
    #[arg(long, default_value = "auto")]
    pub(super) scheme: String,

    /// Read and compare as this product's versions; with --scheme tag as tags of its images
    #[arg(long, value_name = "NAME")]
    pub(super) product: Option<String>,

    /// Folder of the profiles whose catalogue has the product; without it, the shipped products
    /// count
    #[arg(long, value_name = "DIR", requires = "product")]
    pub(super) profiles: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum VersionCommand {
    /// Show how each text is read
    Parse {
        /// Version texts
        #[arg(required = true, value_name = "STRING", allow_hyphen_values = true)]
        texts: Vec<String>,
        #[command(flatten)]
        by: ReadArguments,
        /// How to print it
        #[arg(short, long, value_enum, default_value_t = VersionFormat::Table)]
        output: VersionFormat,
    },
    /// Tell which of two texts is newer, and how far apart they are
    Compare {
        /// The first text
        a: String,
        /// The second text
        b: String,
        #[command(flatten)]
        by: ReadArguments,
        /// How to print it
        #[arg(short, long, value_enum, default_value_t = VersionFormat::Table)]
        output: VersionFormat,
    },
    /// Tell what each image reference names
    Image {
        /// Image references
        #[arg(required = true, value_name = "REF")]
        references: Vec<String>,
        /// How to print it
        #[arg(short, long, value_enum, default_value_t = VersionFormat::Table)]
        output: VersionFormat,
    },
    /// Answer rows of JSON on stdin, a line for each
    #[command(hide = true)]
    Batch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum VersionFormat {
    /// Lines for people
    Table,
    /// A line of JSON for each text
    Json,
}

/// The last day of a waiver.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expiry {
    On(Date),
    /// So many days after the day of the command.
    After(i32),
}

impl FromStr for Expiry {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let days =
            || text.strip_suffix('d')?.parse().ok().filter(|days| (0..=36_500).contains(days));
        match text.parse() {
            Ok(date) => Ok(Self::On(date)),
            Err(_) => {
                days().map(Self::After).ok_or("write a day as 2026-12-31, or 30d for days ahead")
            }
        }
    }
}

fn gate(text: &str) -> Result<Gate, String> {
    let sides = text.split_once(':').filter(|(from, to)| !from.is_empty() && !to.is_empty());
    let (from, to) = sides.ok_or("write two environments, as in --gate dev:production")?;
    Ok(Gate { from: from.into(), to: to.into() })
}
