//! Which run a reference means.

use std::path::PathBuf;

use jiff::Timestamp;

use super::chain::RunRow;
use super::error::HistoryError;
use super::reference::Reference;
use super::runs::{self, RunSummary};
use super::sql::Value;
use super::store::Store;
use crate::model::{EnvironmentName, near};

/// What a reference means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A file, which the caller reads.
    File(PathBuf),
    /// Evidence of one environment in a run.
    Evidence {
        /// The run.
        run: RunSummary,
        /// The environment.
        environment: EnvironmentName,
    },
    /// A run with evidence of several environments, or of none.
    Run(RunSummary),
}

/// Why nothing was found.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The history was not read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// There is nothing that old; exit 3.
    #[error("no evidence of {name} at or before {until:.0}; the oldest is of {oldest:.0}")]
    TooOld {
        /// The environment.
        name: String,
        /// The time that was asked for.
        until: Timestamp,
        /// The oldest that there is.
        oldest: Timestamp,
    },
    /// There is nothing of that environment; exit 3.
    #[error("no evidence of {name} in the history; it has evidence of {known}")]
    NoEvidence {
        /// As given.
        name: String,
        /// Those that there are, or "none"; and the one that is probably meant.
        known: String,
    },
    /// No run's digest begins so.
    #[error("no run begins with {0}; envparity history list shows them")]
    NoRun(String),
    /// More than one run's digest begins so.
    #[error("{0} is the beginning of {1} runs: give more digits")]
    Ambiguous(String, usize),
    /// The run has no evidence of that environment.
    #[error("run {digits} has no evidence of {name}; it has evidence of {known}")]
    NotInRun {
        /// The run.
        digits: String,
        /// As given.
        name: String,
        /// Those that there are, or "none"; and the one that is probably meant.
        known: String,
    },
}

impl ResolveError {
    /// Whether the history is fine and only holds no such thing.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::TooOld { .. } | Self::NoEvidence { .. })
    }
}

/// Runs are looked through by so many.
const PAGE: i64 = 32;

impl Store {
    /// What a reference means.
    ///
    /// # Errors
    /// If the history cannot be read, or holds no such thing.
    pub fn resolve(&mut self, reference: &Reference) -> Result<Found, ResolveError> {
        match reference {
            Reference::File(path) => Ok(Found::File(path.clone())),
            Reference::Run { digits, environment } => {
                let run = self.run_by_digits(digits)?;
                found_in(run, digits, environment.as_deref())
            }
            Reference::Environment { name, until } => {
                let run = self.newest_run(name, *until)?;
                Ok(Found::Evidence { run, environment: name.as_str().into() })
            }
        }
    }

    fn run_by_digits(&mut self, digits: &str) -> Result<RunSummary, ResolveError> {
        // Hex digits sort before `g`.
        let values: [Value; 2] = [digits.into(), format!("{digits}g").into()];
        let sql = format!("{} WHERE digest >= $1 AND digest < $2 ORDER BY digest", runs::SELECT);
        let mut found = Vec::new();
        self.sql.rows(&sql, &values, &mut |columns| {
            found.push(runs::run_row(columns)?);
            Ok(())
        })?;
        match found.as_slice() {
            [] => Err(ResolveError::NoRun(digits.to_owned())),
            [run] => Ok(runs::run_summary(run)?),
            several => Err(ResolveError::Ambiguous(digits.to_owned(), several.len())),
        }
    }

    /// The newest run at or before a time that holds evidence of an environment.
    fn newest_run(
        &mut self,
        name: &str,
        until: Option<Timestamp>,
    ) -> Result<RunSummary, ResolveError> {
        let limit = until.map_or(i64::MAX, Timestamp::as_microsecond);
        if let Some(run) = self.first_with(name, limit, SearchDirection::Back)? {
            return Ok(run);
        }
        match (self.first_with(name, i64::MIN, SearchDirection::Forth)?, until) {
            (Some(oldest), Some(until)) => {
                Err(ResolveError::TooOld { name: name.to_owned(), until, oldest: oldest.at })
            }
            _ => {
                let known = self.environments()?;
                let known = list_known(name, &known);
                Err(ResolveError::NoEvidence { name: name.to_owned(), known })
            }
        }
    }

    /// Environments of which there is evidence.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn environments(&mut self) -> Result<Vec<String>, HistoryError> {
        let mut names = Vec::new();
        let sql = "SELECT DISTINCT environment FROM seen ORDER BY environment";
        self.sql.rows(sql, &[], &mut |row| {
            names.push(row.text(0)?);
            Ok(())
        })?;
        Ok(names)
    }

    fn first_with(
        &mut self,
        name: &str,
        limit: i64,
        direction: SearchDirection,
    ) -> Result<Option<RunSummary>, HistoryError> {
        let (order, next) = match direction {
            SearchDirection::Back => ("at DESC, id DESC", "at < $1 OR (at = $1 AND id < $2)"),
            SearchDirection::Forth => ("at, id", "at > $1 OR (at = $1 AND id > $2)"),
        };
        let sql = format!("{} WHERE {next} ORDER BY {order} LIMIT $3", runs::SELECT);
        let id = if direction == SearchDirection::Back { i64::MAX } else { i64::MIN };
        let mut place = (limit, id);
        loop {
            let mut page: Vec<RunRow> = Vec::new();
            let values = [place.0.into(), place.1.into(), PAGE.into()];
            self.sql.rows(&sql, &values, &mut |columns| {
                page.push(runs::run_row(columns)?);
                Ok(())
            })?;
            let Some(last) = page.last() else { return Ok(None) };
            place = (last.at, last.id);
            for row in &page {
                let run = runs::run_summary(row)?;
                if run.environments.iter().any(|environment| environment == name) {
                    return Ok(Some(run));
                }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SearchDirection {
    Back,
    Forth,
}

fn found_in(
    run: RunSummary,
    digits: &str,
    environment: Option<&str>,
) -> Result<Found, ResolveError> {
    let only = || match run.environments.as_slice() {
        [one] => Some(one.as_str()),
        _ => None,
    };
    let Some(name) = environment.or_else(only) else { return Ok(Found::Run(run)) };
    if run.environments.iter().any(|held| held == name) {
        let environment = name.into();
        return Ok(Found::Evidence { environment, run });
    }
    let known = list_known(name, &run.environments);
    Err(ResolveError::NotInRun { digits: digits.to_owned(), name: name.to_owned(), known })
}

/// `dev, prod; did you mean prod?`
fn list_known(name: &str, known: &[String]) -> String {
    let all = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    match near(name, known.iter().map(String::as_str)) {
        Some(near) => format!("{all}; did you mean {near}?"),
        None => all,
    }
}
