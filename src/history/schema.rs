//! The tables. A change of them is a new number and a step from the one before.
//!
//! Times of what happens once (`seen`, `sample`, `run`, `mark`) are microseconds since 1970, those
//! of a grid (`bucket`, `hour`, `due`) are seconds: there are millions of these.

use super::error::HistoryError;
use super::sql::{Sql, Value};

/// The number of the schema that this version writes.
pub(super) const OURS: i64 = 1;

/// What a new history consists of. Each statement is understood by SQLite and PostgreSQL; buckets
/// and hours are stored in the order of their keys where the database can (see `clustered`).
const TABLES: &[&str] = &[
    "CREATE TABLE meta (schema BIGINT NOT NULL, tool TEXT NOT NULL)",
    "CREATE TABLE inventory (digest TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL)",
    "CREATE TABLE seen (environment TEXT NOT NULL, target TEXT NOT NULL, part TEXT NOT NULL, \
     at BIGINT NOT NULL, digest TEXT NOT NULL, outcome TEXT NOT NULL)",
    "CREATE INDEX seen_at ON seen (environment, target, part, at)",
    "CREATE TABLE sample (environment TEXT NOT NULL, target TEXT NOT NULL, place TEXT NOT NULL, \
     at BIGINT NOT NULL, run_id TEXT NOT NULL, role TEXT NOT NULL, body TEXT NOT NULL)",
    "CREATE INDEX sample_at ON sample (environment, target, place, at)",
    "CREATE TABLE series (id BIGINT NOT NULL PRIMARY KEY, environment TEXT NOT NULL, target TEXT \
     NOT NULL, place TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (environment, target, place, name))",
    "CREATE TABLE bucket (series BIGINT NOT NULL, at BIGINT NOT NULL, covered DOUBLE PRECISION NOT \
     NULL, a DOUBLE PRECISION NOT NULL, b DOUBLE PRECISION NOT NULL, flags BIGINT NOT NULL, \
     PRIMARY KEY (series, at))",
    "CREATE TABLE hour (series BIGINT NOT NULL, at BIGINT NOT NULL, covered DOUBLE PRECISION NOT \
     NULL, sum_a DOUBLE PRECISION NOT NULL, sum_b DOUBLE PRECISION NOT NULL, max_a DOUBLE \
     PRECISION NOT NULL, max_b DOUBLE PRECISION NOT NULL, flags BIGINT NOT NULL, PRIMARY KEY \
     (series, at))",
    "CREATE TABLE run (id BIGINT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, at BIGINT NOT NULL, \
     verdict TEXT NOT NULL, body TEXT NOT NULL, prev TEXT NOT NULL UNIQUE, digest TEXT NOT NULL \
     UNIQUE)",
    "CREATE INDEX run_at ON run (at)",
    "CREATE TABLE mark (run BIGINT NOT NULL PRIMARY KEY, environment TEXT NOT NULL, kind TEXT NOT \
     NULL, since BIGINT NOT NULL, until BIGINT NOT NULL, label TEXT NOT NULL, body TEXT NOT NULL)",
    "CREATE TABLE due (schedule TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (schedule, at))",
];

/// What a history says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoreMeta {
    pub(super) schema: i64,
    pub(super) tool: String,
}

/// Reads what is there; `None` for an empty database.
pub(super) fn read_meta(sql: &mut dyn Sql) -> Result<Option<StoreMeta>, HistoryError> {
    let tables = sql.tables()?;
    if tables.is_empty() {
        return Ok(None);
    }
    let has = |name: &str| tables.iter().any(|table| table == name);
    if !has("meta") || !has("run") || !has("inventory") {
        return Err(HistoryError::Foreign("a database with other tables is there".to_owned()));
    }
    let mut found = None;
    sql.rows("SELECT schema, tool FROM meta", &[], &mut |row| {
        found = Some(StoreMeta { schema: row.int(0)?, tool: row.text(1)? });
        Ok(())
    })?;
    let lost = || HistoryError::Damaged("it does not say of which version it is".to_owned());
    found.map(Some).ok_or_else(lost)
}

/// A table that should be there and is not.
pub(super) fn missing_table(sql: &mut dyn Sql) -> Result<Option<&'static str>, HistoryError> {
    let tables = sql.tables()?;
    let names = TABLES.iter().filter_map(|table| {
        let (name, _) = table.strip_prefix("CREATE TABLE ")?.split_once(' ')?;
        Some(name)
    });
    Ok(names.into_iter().find(|name| !tables.iter().any(|table| table == name)))
}

/// A table or index that is not as it was made: without its keys a row could stand there twice, and
/// which one is read is anybody's guess.
pub(super) fn altered(sql: &mut dyn Sql) -> Result<Option<String>, HistoryError> {
    let Some(made) = sql.made_by()? else { return Ok(None) };
    for statement in TABLES {
        let mut words = statement.split(' ').skip(1);
        let (kind, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if made.get(name).map(String::as_str) != Some(sql.clustered(statement).as_str()) {
            return Ok(Some(format!("the {} {name}", kind.to_lowercase())));
        }
    }
    Ok(None)
}

/// Makes the tables in an empty database; the caller has begun a transaction.
pub(super) fn create_tables(sql: &mut dyn Sql, tool: &str) -> Result<(), HistoryError> {
    for table in TABLES {
        sql.exec(&sql.clustered(table), &[])?;
    }
    let values = [Value::Int(OURS), tool.into()];
    sql.exec("INSERT INTO meta (schema, tool) VALUES ($1, $2)", &values).map(|_| ())
}
