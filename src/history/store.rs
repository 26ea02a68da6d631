//! A history that is open: over which database, of which schema, and one transaction at a time.

use std::collections::HashMap;
use std::path::Path;

#[cfg(feature = "postgres")]
use super::address::PostgresAddress;
use super::error::HistoryError;
#[cfg(feature = "postgres")]
use super::postgres::{self, PostgresOptions};
use super::schema::{self, StoreMeta};
use super::sql::Sql;
use super::sqlite::{self, SqliteOptions};

/// The version that writes.
pub(super) const TOOL: &str = concat!("envparity ", env!("CARGO_PKG_VERSION"));

/// Whose figures a series is, and of what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    /// The environment.
    pub environment: String,
    /// `redis/cache`.
    pub target: String,
    /// The server's address; empty where the target is one server.
    pub place: String,
    /// `up`, `cmd/keys`: a series of the model by its name. Copies of what a run judged have
    /// `@run/ID` behind it.
    pub name: String,
}

/// A history that is open.
pub struct Store {
    pub(super) sql: Box<dyn Sql>,
    meta: StoreMeta,
    /// Ids of series that were asked for.
    pub(super) series: HashMap<SeriesKey, i64>,
    /// Whether a transaction is open: what is written within it is part of it.
    is_writing: bool,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("meta", &self.meta).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens a file, and makes one where there is none and the options say so.
    ///
    /// # Errors
    /// If there is none, it is something else, is damaged, locked, or lies on a network file
    /// system.
    pub fn open(path: &Path, options: &SqliteOptions) -> Result<Self, HistoryError> {
        let mut sqlite = sqlite::Sqlite::open(path, options)?;
        if sqlite.is_empty()? && !options.create {
            return Err(HistoryError::Missing(path.to_owned()));
        }
        Self::over_database(Box::new(sqlite))
    }

    /// Opens a database of PostgreSQL, and makes the tables in an empty one if `create` says so.
    ///
    /// # Errors
    /// If it is not reached or does not let us in, or holds something else or no history.
    #[cfg(feature = "postgres")]
    pub fn open_postgres(
        address: &PostgresAddress,
        options: PostgresOptions,
        create: bool,
    ) -> Result<Self, HistoryError> {
        let mut postgres = postgres::Postgres::open(address.clone(), options)?;
        if !create && postgres.tables()?.is_empty() {
            return Err(HistoryError::Missing(address.to_string().into()));
        }
        Self::over_database(Box::new(postgres))
    }

    /// A history over a database, whose tables are made if it is empty.
    fn over_database(mut sql: Box<dyn Sql>) -> Result<Self, HistoryError> {
        let found = schema::read_meta(&mut *sql)?;
        sql.take_over()?;
        let meta = match found {
            Some(meta) => meta,
            None => make_tables(&mut *sql)?,
        };
        Ok(Self { sql, meta, series: HashMap::new(), is_writing: false })
    }

    /// Whether its tables are those that this version makes.
    pub(super) fn is_of_our_schema(&self) -> bool {
        self.meta.schema == schema::OURS
    }

    /// What a later version wrote is read and never written.
    pub(super) fn check_schema(&self) -> Result<(), HistoryError> {
        if self.meta.schema > schema::OURS {
            return Err(HistoryError::Newer {
                schema: self.meta.schema,
                ours: schema::OURS,
                tool: self.meta.tool.clone(),
            });
        }
        Ok(())
    }

    /// Reads all as it is at one time, whoever writes meanwhile.
    pub(super) fn at_one_time<T, E: From<HistoryError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.sql.begin_to_read()?;
        let done = work(self);
        // Nothing was written that could be lost.
        let _ = self.sql.exec("ROLLBACK", &[]);
        done
    }

    /// Does all of the work, or none of it, while nobody else writes. Within it, whatever is
    /// written is part of it.
    ///
    /// # Errors
    /// If the work fails, or the history may not or cannot be written.
    pub fn write_all<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, HistoryError>,
    ) -> Result<T, HistoryError> {
        if self.is_writing {
            return work(self);
        }
        self.check_schema()?;
        self.sql.begin()?;
        self.is_writing = true;
        let done = work(self).and_then(|done| self.sql.exec("COMMIT", &[]).map(|_| done));
        self.is_writing = false;
        if done.is_err() {
            // Ids that were given in it are none.
            self.series.clear();
            // A database that has gone back by itself says that there is nothing to go back from.
            let _ = self.sql.exec("ROLLBACK", &[]);
        }
        done
    }
}

/// Makes the tables, unless somebody else has made them meanwhile.
fn make_tables(sql: &mut dyn Sql) -> Result<StoreMeta, HistoryError> {
    sql.begin()?;
    let made = schema::read_meta(sql).and_then(|found| match found {
        Some(meta) => Ok(meta),
        None => {
            schema::create_tables(sql, TOOL)?;
            Ok(StoreMeta { schema: schema::OURS, tool: TOOL.to_owned() })
        }
    });
    let done = made.and_then(|meta| sql.exec("COMMIT", &[]).map(|_| meta));
    if done.is_err() {
        let _ = sql.exec("ROLLBACK", &[]);
    }
    done
}
