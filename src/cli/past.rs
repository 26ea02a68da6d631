//! The past on the command line: which history is meant, and what a reference names in it.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::args::{HistoryOption, HistoryPlaceArguments};
use super::database_url::DatabaseUrl;
use super::exit::Exit;
use super::inputs::Inputs;
use super::{CommandError, clock, output, problems};
use crate::collect::config::COLLECTORS;
use crate::history::config::is_yaml;
use crate::history::{
    Found, HistoryError, ResolveError, RunSummary, SqliteOptions, Store, parse_reference,
};
use crate::model::{Evidence, Override, Standing};
use crate::pipeline;
use crate::profile::Profiles;
use crate::report::escape::terminal;

/// What commands use that cannot work without a history, where none is named.
const DEFAULT: &str = "envparity.db";

/// Where a history is.
#[derive(Clone, Debug)]
pub(super) enum HistoryPlace {
    /// A file.
    File(PathBuf),
    /// A database of PostgreSQL.
    Postgres(DatabaseUrl),
}

impl HistoryPlace {
    /// The history that the command line names, else the one of the profiles. A path in a flag is
    /// relative to the working directory, one in a profile to the profiles.
    pub(super) fn of(
        option: &HistoryOption,
        profiles: Option<&Profiles>,
    ) -> anyhow::Result<Option<Self>> {
        if let Some(text) = &option.history {
            if text.is_empty() {
                return Err(anyhow!("--history names nothing: write a path"));
            }
            if is_yaml(text) {
                return Err(anyhow!(
                    "--history {}: a history is not YAML, and among profiles it would be taken for \
                     one: name a file that ends with .db",
                    terminal(text)
                ));
            }
            let url = DatabaseUrl::of_flag(text)?;
            return Ok(Some(url.map_or_else(|| Self::File(text.into()), Self::Postgres)));
        }
        let Some(profiles) = profiles else { return Ok(None) };
        let Some(config) = &profiles.history else { return Ok(None) };
        let folder = &profiles.folder;
        let file = || config.path.as_ref().map(|path| Self::File(folder.join(path.as_str())));
        let url = config.postgres.as_ref().map(|url| DatabaseUrl::of_profile(url, folder));
        Ok(url.map(Self::Postgres).or_else(file))
    }

    /// Keeps outputs away from the files that it consists of, or is reached by.
    pub(super) fn protect(&self, inputs: &mut Inputs) {
        match self {
            Self::File(path) => inputs.add_history(path),
            Self::Postgres(url) => url.protect(inputs),
        }
    }

    /// The same for a command that cannot work without one: else the default file, and it says so.
    pub(super) fn of_or_default(
        option: &HistoryOption,
        profiles: Option<&Profiles>,
    ) -> anyhow::Result<Self> {
        Ok(Self::of(option, profiles)?.unwrap_or_else(|| {
            output::print_error_line(&format!(
                "no history is named (--history, or history: in audit.yaml): using ./{DEFAULT}"
            ));
            Self::File(PathBuf::from(DEFAULT))
        }))
    }

    /// The one that a command of `history` is about, and the profiles that may say so.
    pub(super) fn of_command(
        arguments: &HistoryPlaceArguments,
    ) -> anyhow::Result<(Self, Option<Profiles>)> {
        let profiles = match &arguments.history.history {
            // Named, it needs no profiles, and theirs may be wrong.
            Some(_) if arguments.profiles.is_none() => None,
            _ => problems::load_if_any(arguments.profiles.as_deref())?,
        };
        Ok((Self::of_or_default(&arguments.history, profiles.as_ref())?, profiles))
    }

    /// Opens it, and makes it where there is none.
    pub(super) fn open_to_write(&self) -> Result<Store, HistoryError> {
        self.open(&SqliteOptions::default())
    }

    /// Opens it if it is there.
    pub(super) fn open_to_read(&self) -> Result<Store, HistoryError> {
        self.open(&SqliteOptions { create: false, ..SqliteOptions::default() })
    }

    fn open(&self, options: &SqliteOptions) -> Result<Store, HistoryError> {
        match self {
            Self::File(path) => Store::open(path, options),
            Self::Postgres(url) => url.open(options.create),
        }
    }

    /// An error of it in words, with what to do.
    pub(super) fn said(&self, error: &HistoryError) -> String {
        format!("the history {self}: {error}\n  help: {}", error.advice())
    }

    /// The same as an error.
    pub(super) fn failed(&self, error: &HistoryError) -> anyhow::Error {
        anyhow!("{}", self.said(error))
    }
}

impl fmt::Display for HistoryPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.write_str(&terminal(&path.display().to_string())),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

/// What references of one command mean. The history is opened only when one refers to it.
pub(super) struct Past {
    place: Option<HistoryPlace>,
    open: Option<Store>,
    /// The newest run whose evidence was asked for.
    newest: Option<(i64, Timestamp)>,
    now: Timestamp,
    zone: TimeZone,
}

impl Past {
    pub(super) fn new(
        option: &HistoryOption,
        profiles: Option<&Profiles>,
        at: Option<Timestamp>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            place: HistoryPlace::of(option, profiles)?,
            open: None,
            newest: None,
            now: at.unwrap_or_else(|| clock()()),
            zone: profiles.map_or(TimeZone::UTC, |profiles| profiles.timezone.clone()),
        })
    }

    /// Of a history that is known.
    pub(super) fn at(place: HistoryPlace, profiles: Option<&Profiles>) -> Self {
        Self {
            place: Some(place),
            open: None,
            newest: None,
            now: clock()(),
            zone: profiles.map_or(TimeZone::UTC, |profiles| profiles.timezone.clone()),
        }
    }

    /// What a text refers to. A file that is there is that file, however it is called; a folder
    /// that is called as an environment is not.
    pub(super) fn find(&mut self, text: &str) -> anyhow::Result<Found> {
        let path = Path::new(text);
        if path.exists() && !path.is_dir() {
            return Ok(Found::File(text.into()));
        }
        let reference = parse_reference(text, self.now, &self.zone)?;
        if let crate::history::Reference::File(path) = reference {
            return Ok(Found::File(path));
        }
        let place = self.place()?;
        let found = self.store()?.resolve(&reference);
        found.map_err(|error| match error {
            ResolveError::History(error) => place.failed(&error),
            absent => anyhow::Error::from(absent),
        })
    }

    /// The time that a reference names behind its `@`.
    pub(super) fn moment_of(&self, text: &str) -> anyhow::Result<Option<Timestamp>> {
        match parse_reference(text, self.now, &self.zone)? {
            crate::history::Reference::Environment { until, .. } => Ok(until),
            _ => Ok(None),
        }
    }

    /// What environments answered in a run.
    pub(super) fn evidence(&mut self, run: &RunSummary) -> anyhow::Result<Vec<Evidence>> {
        let place = self.place()?;
        self.newest = self.newest.max(Some((run.id, run.at)));
        self.store()?.evidence_of_run(run.id, COLLECTORS).map_err(|error| place.failed(&error))
    }

    /// The time of the newest run that was referred to, and since when things stood after it;
    /// nothing if none was.
    pub(super) fn standing(&mut self) -> anyhow::Result<Option<(Timestamp, Standing)>> {
        let Some((run, at)) = self.newest else { return Ok(None) };
        let place = self.place()?;
        let standing = self.store()?.standing_after(run);
        standing.map(|standing| Some((at, standing))).map_err(|error| place.failed(&error))
    }

    /// What was overridden, oldest first.
    pub(super) fn overrides(&mut self) -> anyhow::Result<Vec<Override>> {
        let place = self.place()?;
        pipeline::overrides(self.store()?).map_err(|error| place.failed(&error))
    }

    fn place(&self) -> anyhow::Result<HistoryPlace> {
        let unnamed = "no such file, and no history to look it up in: use --history, or \
                       history: in audit.yaml";
        self.place.clone().ok_or_else(|| anyhow!(unnamed))
    }

    fn store(&mut self) -> anyhow::Result<&mut Store> {
        let place = self.place()?;
        match &mut self.open {
            Some(store) => Ok(store),
            none => {
                let opened = place.open_to_read().map_err(|error| place.failed(&error))?;
                Ok(none.insert(opened))
            }
        }
    }
}

/// How a command ends that asked for what the history does not hold: incomplete; any other error
/// stays one.
pub(super) fn absent_or(error: anyhow::Error) -> Result<Exit, CommandError> {
    match error.downcast_ref::<ResolveError>() {
        Some(absent) if absent.is_absence() => {
            output::print_error_line(&format!("incomplete: {absent}"));
            Ok(Exit::Incomplete)
        }
        _ => Err(CommandError(error)),
    }
}
