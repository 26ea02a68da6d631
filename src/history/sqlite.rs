//! A history in a file of SQLite: a log beside it (WAL), so that readers and one writer do not wait
//! for each other, and each commit on the disk before it counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, ToSql};

use super::error::HistoryError;
use super::read_only::{ReadOnly, Still};
use super::sql::{Columns, EachRow, Sql, Value};

/// How a file is opened.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// How long another writer is waited for.
    pub wait: Duration,
    /// The most pages of 4 KiB that the file may have.
    pub max_pages: Option<u32>,
    /// The kind of file system, where the system is not to be asked: `f_type` of statfs.
    pub file_system: Option<u64>,
    /// Whether a file that is not there is made.
    pub create: bool,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { wait: Duration::from_secs(5), max_pages: None, file_system: None, create: true }
    }
}

/// File systems on which a lock of one machine is not seen by another; by their `f_type`.
const NETWORK: &[(u64, &str)] = &[
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x0102_1997, "9P"),
    (0x00c3_6400, "CephFS"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x0116_1970, "GFS2"),
    (0x7461_636f, "OCFS2"),
    (0x0bd0_0bd0, "Lustre"),
    (0x1983_0326, "BeeGFS"),
    (0x4750_4653, "GPFS"),
    (0x564c, "NCP"),
];

/// The network file system of that kind, if it is one.
fn network_name(kind: u64) -> Option<&'static str> {
    // Some systems tell the kind as a signed number of 32 bits.
    let kind = kind & 0xffff_ffff;
    NETWORK.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name)
}

/// A connection to a file.
pub(super) struct Sqlite {
    connection: Connection,
    wait: Duration,
    /// How the file was when it was opened, if it is read as one that nobody writes.
    still: Option<Still>,
    may_write: bool,
}

impl Sqlite {
    pub(super) fn open(path: &Path, options: &SqliteOptions) -> Result<Self, HistoryError> {
        if !options.create && !path.exists() {
            return Err(HistoryError::Missing(path.to_owned()));
        }
        if let Some(name) = network_name(options.file_system.unwrap_or_else(|| file_system(path))) {
            return Err(HistoryError::NetworkFileSystem(name));
        }
        if path.exists() && !path.is_file() {
            return Err(HistoryError::Foreign("not a regular file".to_owned()));
        }
        let wait = options.wait;
        let (opened, still, may_write) = match ReadOnly::of_path(path) {
            None => {
                let create =
                    if options.create { OpenFlags::SQLITE_OPEN_CREATE } else { OpenFlags::empty() };
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                (Connection::open_with_flags(path, flags | create), None, true)
            }
            Some(found) => (found.open(path), found.still_file(path), false),
        };
        let connection = opened.map_err(|error| sqlite_error(&error, wait))?;
        let mut sqlite = Self { connection, wait, still, may_write };
        sqlite.set_up(options)?;
        Ok(sqlite)
    }

    /// Whether nothing is kept in it, so that a history can be made there.
    ///
    /// # Errors
    /// If it is empty and another program has marked it as its own.
    pub(super) fn is_empty(&mut self) -> Result<bool, HistoryError> {
        if self.read_number("SELECT count(*) FROM sqlite_master")? != 0 {
            return Ok(false);
        }
        for mark in ["PRAGMA application_id", "PRAGMA user_version"] {
            if self.read_number(mark)? != 0 {
                let told = "an empty database of another program is there";
                return Err(HistoryError::Foreign(told.to_owned()));
            }
        }
        Ok(true)
    }

    fn read_number(&mut self, sql: &str) -> Result<i64, HistoryError> {
        let mut number = 0;
        self.rows(sql, &[], &mut |row| {
            number = row.int(0)?;
            Ok(())
        })?;
        Ok(number)
    }

    fn set_up(&mut self, options: &SqliteOptions) -> Result<(), HistoryError> {
        self.connection.busy_timeout(self.wait).map_err(|e| sqlite_error(&e, self.wait))?;
        self.connection.set_prepared_statement_cache_capacity(64);
        let limit = options.max_pages.map(|pages| format!("PRAGMA max_page_count = {pages};"));
        let text = format!(
            "PRAGMA synchronous = FULL; PRAGMA cache_size = -16000; PRAGMA trusted_schema = OFF; \
             PRAGMA temp_store = MEMORY; {}",
            limit.unwrap_or_default()
        );
        self.connection.execute_batch(&text).map_err(|e| sqlite_error(&e, self.wait))
    }
}

/// The kind of the file system that a file is on, or will be.
fn file_system(path: &Path) -> u64 {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_owned);
    let place = if path.exists() { path } else { folder.as_path() };
    rustix::fs::statfs(place).map_or(0, |found| {
        #[expect(clippy::cast_sign_loss, reason = "a magic number, whatever its sign")]
        let kind = found.f_type as u64;
        kind
    })
}

impl Sql for Sqlite {
    fn exec(&mut self, sql: &str, values: &[Value]) -> Result<usize, HistoryError> {
        let wait = self.wait;
        let run = || {
            let mut statement = self.connection.prepare_cached(&number_values(sql))?;
            statement.execute(rusqlite::params_from_iter(values))
        };
        run().map_err(|error| sqlite_error(&error, wait))
    }

    fn rows(&mut self, sql: &str, values: &[Value], each: EachRow<'_>) -> Result<(), HistoryError> {
        let wait = self.wait;
        let said = |error: rusqlite::Error| sqlite_error(&error, wait);
        let mut statement = self.connection.prepare_cached(&number_values(sql)).map_err(said)?;
        let mut rows = statement.query(rusqlite::params_from_iter(values)).map_err(said)?;
        while let Some(row) = rows.next().map_err(said)? {
            each(&SqliteRow(row))?;
        }
        match &self.still {
            Some(still) if still.has_changed() => Err(HistoryError::Moving),
            _ => Ok(()),
        }
    }

    /// The log beside the file is a mark in the file itself: another program's stays without.
    fn take_over(&mut self) -> Result<(), HistoryError> {
        if !self.may_write {
            return Ok(());
        }
        let mode = "PRAGMA journal_mode = WAL";
        match self.connection.query_row(mode, [], |row| row.get::<_, String>(0)) {
            Ok(_) => Ok(()),
            // Reading is possible without a right to write.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => Ok(()),
            Err(error) => Err(sqlite_error(&error, self.wait)),
        }
    }

    /// The time is that of the first query.
    fn begin_to_read(&mut self) -> Result<(), HistoryError> {
        self.exec("BEGIN DEFERRED", &[]).map(|_| ())
    }

    fn begin(&mut self) -> Result<(), HistoryError> {
        if !self.may_write {
            return Err(HistoryError::ReadOnly);
        }
        self.exec("BEGIN IMMEDIATE", &[]).map(|_| ())
    }

    /// Rows of one series lie side by side where they are small; a large one would spill to a page
    /// of its own. A whole number in a NUMERIC column takes as many bytes as it needs, where a
    /// DOUBLE PRECISION of such a table always takes eight: that halves the file.
    fn clustered(&self, table: &str) -> String {
        let is_small = ["bucket", "hour"]
            .iter()
            .any(|name| table.starts_with(&format!("CREATE TABLE {name} ")));
        if !is_small {
            return table.to_owned();
        }
        format!("{} WITHOUT ROWID", table.replace("DOUBLE PRECISION", "NUMERIC"))
    }

    fn check(&mut self) -> Result<(), HistoryError> {
        let mut found = "ok".to_owned();
        self.rows("PRAGMA integrity_check(1)", &[], &mut |row| {
            found = row.text(0)?;
            Ok(())
        })?;
        if found != "ok" {
            return Err(HistoryError::Damaged(found));
        }
        // It may change or delete what is written after this check.
        if self.read_number("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'")? != 0 {
            let told = "it holds a trigger, which envparity never makes";
            return Err(HistoryError::Damaged(told.to_owned()));
        }
        Ok(())
    }

    fn made_by(&mut self) -> Result<Option<BTreeMap<String, String>>, HistoryError> {
        let mut made = BTreeMap::new();
        let sql = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL";
        self.rows(sql, &[], &mut |row| {
            made.insert(row.text(0)?, row.text(1)?);
            Ok(())
        })?;
        Ok(Some(made))
    }

    fn tables(&mut self) -> Result<Vec<String>, HistoryError> {
        let mut names = Vec::new();
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
        self.rows(sql, &[], &mut |row| {
            names.push(row.text(0)?);
            Ok(())
        })?;
        Ok(names)
    }
}

/// SQLite calls `$1` a name and `?1` a number. No text of ours has a `$` that means another thing.
fn number_values(sql: &str) -> String {
    sql.replace('$', "?")
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

struct SqliteRow<'a, 's>(&'a Row<'s>);

impl SqliteRow<'_, '_> {
    fn value(&self, column: usize) -> Result<ValueRef<'_>, HistoryError> {
        self.0.get_ref(column).map_err(|error| HistoryError::Damaged(error.to_string()))
    }
}

/// SQLite keeps whatever somebody puts into a column.
fn wrong_type(column: usize, wanted: &str) -> HistoryError {
    HistoryError::Damaged(format!("column {column} of a row holds no {wanted}"))
}

impl Columns for SqliteRow<'_, '_> {
    fn int(&self, column: usize) -> Result<i64, HistoryError> {
        match self.value(column)? {
            ValueRef::Integer(number) => Ok(number),
            _ => Err(wrong_type(column, "whole number")),
        }
    }

    fn real(&self, column: usize) -> Result<f64, HistoryError> {
        match self.value(column)? {
            ValueRef::Real(number) => Ok(number),
            #[expect(clippy::cast_precision_loss, reason = "within 53 bits, as it was written")]
            ValueRef::Integer(number) => Ok(number as f64),
            _ => Err(wrong_type(column, "number")),
        }
    }

    fn text(&self, column: usize) -> Result<String, HistoryError> {
        match self.value(column)? {
            ValueRef::Text(bytes) => {
                String::from_utf8(bytes.to_vec()).map_err(|_| wrong_type(column, "text"))
            }
            _ => Err(wrong_type(column, "text")),
        }
    }
}

/// What an error of SQLite's is to us.
fn sqlite_error(error: &rusqlite::Error, wait: Duration) -> HistoryError {
    let text = error.to_string();
    let Some(code) = error.sqlite_error_code() else { return HistoryError::Database(text) };
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => HistoryError::Locked(wait.as_secs()),
        ErrorCode::DiskFull => {
            HistoryError::Full("the disk or the file's limit is full".to_owned())
        }
        // A file size limit or a quota: the system says so to the one who writes.
        ErrorCode::SystemIoFailure if is_of_writing(error) => {
            HistoryError::Full("the file could not be extended (quota, limit or disk)".to_owned())
        }
        ErrorCode::DatabaseCorrupt | ErrorCode::SystemIoFailure => HistoryError::Damaged(text),
        ErrorCode::NotADatabase => {
            HistoryError::Foreign("not an SQLite database, or its beginning is damaged".to_owned())
        }
        ErrorCode::ReadOnly => HistoryError::ReadOnly,
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied => HistoryError::Unopened(text),
        _ => HistoryError::Database(text),
    }
}

/// Whether it is SQLITE_IOERR_WRITE, _FSYNC, _TRUNCATE, _SHMSIZE or _SHMOPEN.
fn is_of_writing(error: &rusqlite::Error) -> bool {
    const IOERR: i32 = 10;
    let detail = error.sqlite_error().map_or(0, |error| error.extended_code);
    [3, 4, 6, 18, 19].iter().any(|kind| detail == IOERR | (kind << 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_numbers() {
        assert_eq!(network_name(0x6969), Some("NFS"));
        assert_eq!(network_name(0xffff_ffff_ff53_4d42), Some("CIFS"));
        // ext4, tmpfs, overlay, btrfs, xfs, FUSE.
        for local in [0xef53, 0x0102_1994, 0x794c_7630, 0x9123_683e, 0x5846_5342, 0x6573_5546] {
            assert_eq!(network_name(local), None, "{local:x}");
        }
    }
}
