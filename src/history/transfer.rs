//! A history as lines of JSON: to move it from one database to another, or to keep it elsewhere.
//!
//! The first line says what it is, each other is a row, and the last tells how many there were.

use std::io::{BufRead, Read as _, Write};

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value as Json};

use super::error::HistoryError;
use super::line::{Cell, RowLine};
use super::schema;
use super::sql::{Sql, Value};
use super::store::{Store, TOOL};

/// Why a history was not written as lines, or not read from them.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The history.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The file.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A line is not what it should be.
    #[error("line {0}: {1}")]
    Line(usize, String),
    /// It is not empty.
    #[error("it is not empty, and an import would mix two chains: name a new one with --history")]
    NotEmpty,
}

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    #[serde(rename = "apiVersion")]
    api_version: String,
    kind: String,
    schema: i64,
    tool: String,
}

/// The last line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Last {
    /// Lines before it, the first one too.
    end: usize,
}

/// A table, its columns, and which of them are numbers: `i` whole, `f` others, `t` text.
struct TableColumns {
    name: &'static str,
    columns: &'static str,
    types: &'static str,
}

const TABLES: &[TableColumns] = &[
    TableColumns { name: "inventory", columns: "digest, body", types: "tt" },
    TableColumns {
        name: "seen",
        columns: "environment, target, part, at, digest, outcome",
        types: "tttitt",
    },
    TableColumns {
        name: "sample",
        columns: "environment, target, place, at, run_id, role, body",
        types: "tttittt",
    },
    TableColumns {
        name: "series",
        columns: "id, environment, target, place, name",
        types: "itttt",
    },
    TableColumns { name: "bucket", columns: "series, at, covered, a, b, flags", types: "iifffi" },
    TableColumns {
        name: "hour",
        columns: "series, at, covered, sum_a, sum_b, max_a, max_b, flags",
        types: "iifffffi",
    },
    TableColumns {
        name: "run",
        columns: "id, kind, at, verdict, body, prev, digest",
        types: "ititttt",
    },
    TableColumns {
        name: "mark",
        columns: "run, environment, kind, since, until, label, body",
        types: "ittiitt",
    },
    TableColumns { name: "due", columns: "schedule, at", types: "ti" },
];

const API: &str = "envparity/v1";
const KIND: &str = "History";

/// How every export begins.
pub const EXPORT_BEGINS: &str = r#"{"apiVersion":"envparity/v1","kind":"History""#;

/// The longest line: what one part of a target told is a row, and is far shorter. An import holds
/// some three times as much.
const MAX_LINE: u64 = 64 * 1024 * 1024;

/// The next line, without its end.
fn next_line(mut from: &mut dyn BufRead, number: usize) -> Result<Option<String>, TransferError> {
    let mut line = String::new();
    if (&mut from).take(MAX_LINE + 1).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    if line.len() as u64 > MAX_LINE {
        let told = format!("longer than {} MiB", MAX_LINE >> 20);
        return Err(TransferError::Line(number, told));
    }
    if line.ends_with('\n') {
        line.pop();
    }
    Ok(Some(line))
}

impl Store {
    /// Writes everything as lines.
    ///
    /// # Errors
    /// If the history cannot be read or the lines cannot be written.
    pub fn export(&mut self, to: &mut dyn Write) -> Result<(), TransferError> {
        let first = First {
            api_version: API.to_owned(),
            kind: KIND.to_owned(),
            schema: schema::OURS,
            tool: TOOL.to_owned(),
        };
        self.check_schema()?;
        writeln!(to, "{}", to_json(&first)?)?;
        let lines = self.at_one_time(|store| {
            let mut lines = 1;
            for table in TABLES {
                lines += table.write(&mut *store.sql, to)?;
            }
            Ok::<_, TransferError>(lines)
        })?;
        writeln!(to, "{}", to_json(&Last { end: lines })?)?;
        Ok(())
    }

    /// Reads lines into an empty history, all of them or none.
    ///
    /// # Errors
    /// If a line is wrong, the end is missing, or the history is not empty.
    pub fn import(&mut self, from: &mut dyn BufRead) -> Result<usize, TransferError> {
        let mut wrong = None;
        let read = self.write_all(|store| match store.import_lines(from) {
            Ok(count) => Ok(count),
            Err(error) => {
                wrong = Some(error);
                // It only makes the transaction go back.
                Err(HistoryError::Database("not imported".to_owned()))
            }
        });
        match (read, wrong) {
            (Ok(count), _) => Ok(count),
            (Err(_), Some(error)) => Err(error),
            (Err(error), None) => Err(error.into()),
        }
    }

    fn import_lines(&mut self, from: &mut dyn BufRead) -> Result<usize, TransferError> {
        for table in TABLES {
            if table.has_rows(&mut *self.sql)? {
                return Err(TransferError::NotEmpty);
            }
        }
        let mut batch = RowBatch::default();
        let mut count = 0;
        let mut is_whole = false;
        while let Some(line) = next_line(from, count + 1)? {
            count += 1;
            let wrong = |what: &str| TransferError::Line(count, what.to_owned());
            if is_whole {
                return Err(wrong("it stands behind the end"));
            }
            if count == 1 {
                let first: First = serde_json::from_str(&line)
                    .map_err(|_| wrong("not a file that envparity history export wrote"))?;
                check_first(&first).map_err(|what| wrong(&what))?;
            } else if let Ok(last) = serde_json::from_str::<Last>(&line) {
                if last.end != count - 1 {
                    return Err(wrong("lines are missing or were added"));
                }
                is_whole = true;
            } else {
                let RowLine { table, cells } =
                    serde_json::from_str(&line).map_err(|_| wrong("not a row"))?;
                let table = TABLES.iter().find(|own| own.name == table);
                let table = table.ok_or_else(|| wrong("unknown table"))?;
                let values = table.row_values(cells).ok_or_else(|| wrong("a column is wrong"))?;
                let bytes = line.len();
                // A row may be long: its line and its values are not held at the same time.
                drop(line);
                batch.add_row(&mut *self.sql, table, values, bytes)?;
            }
        }
        batch.flush(&mut *self.sql)?;
        if !is_whole {
            return Err(TransferError::Line(count, "the end is missing: it broke off".to_owned()));
        }
        Ok(count.saturating_sub(2))
    }
}

fn check_first(first: &First) -> Result<(), String> {
    if first.api_version != API || first.kind != KIND {
        return Err("not a file that envparity history export wrote".to_owned());
    }
    if first.schema > schema::OURS {
        return Err(format!("it is of a newer version ({})", first.tool));
    }
    Ok(())
}

/// Rows of one table that wait to be inserted together.
#[derive(Default)]
struct RowBatch {
    table: Option<&'static TableColumns>,
    values: Vec<Value>,
    /// Of the lines that they stood in.
    bytes: usize,
}

impl RowBatch {
    const MOST: usize = 4_000;
    const MOST_BYTES: usize = 4 * 1024 * 1024;

    fn add_row(
        &mut self,
        sql: &mut dyn Sql,
        table: &'static TableColumns,
        values: Vec<Value>,
        bytes: usize,
    ) -> Result<(), HistoryError> {
        let is_other = self.table.is_some_and(|own| own.name != table.name);
        if is_other || self.bytes + bytes > Self::MOST_BYTES {
            self.flush(sql)?;
        }
        self.table = Some(table);
        self.values.extend(values);
        self.bytes += bytes;
        // A long row is not held while the next one is read.
        if self.values.len() >= Self::MOST || self.bytes >= Self::MOST_BYTES {
            self.flush(sql)?;
        }
        Ok(())
    }

    fn flush(&mut self, sql: &mut dyn Sql) -> Result<(), HistoryError> {
        if let Some(table) = self.table.filter(|_| !self.values.is_empty()) {
            let insert = format!("INSERT INTO {} ({})", table.name, table.columns);
            sql.batch(&insert, table.types.len(), &self.values, "")?;
        }
        self.values.clear();
        self.bytes = 0;
        Ok(())
    }
}

impl TableColumns {
    fn has_rows(&self, sql: &mut dyn Sql) -> Result<bool, HistoryError> {
        let mut has_rows = false;
        sql.rows(&format!("SELECT 1 FROM {} LIMIT 1", self.name), &[], &mut |_| {
            has_rows = true;
            Ok(())
        })?;
        Ok(has_rows)
    }

    fn write(&self, sql: &mut dyn Sql, to: &mut dyn Write) -> Result<usize, TransferError> {
        // Sorted, so that two exports of one history are the same.
        let order: Vec<String> = (1..=self.types.len()).map(|n| n.to_string()).collect();
        let text =
            format!("SELECT {} FROM {} ORDER BY {}", self.columns, self.name, order.join(", "));
        let (mut count, mut failed) = (0, None);
        sql.rows(&text, &[], &mut |row| {
            let mut values = vec![];
            for (column, kind) in self.types.chars().enumerate() {
                values.push(match kind {
                    'i' => Json::from(row.int(column)?),
                    'f' => Number::from_f64(row.real(column)?).map_or(Json::Null, Json::Number),
                    _ => Json::from(row.text(column)?),
                });
            }
            if failed.is_none() {
                let line = Json::from(vec![Json::from(self.name), Json::from(values)]);
                failed = writeln!(to, "{line}").err();
                count += 1;
            }
            Ok(())
        })?;
        failed.map_or(Ok(count), |error| Err(error.into()))
    }

    fn row_values(&self, row: Vec<Cell>) -> Option<Vec<Value>> {
        if row.len() != self.types.len() {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "a whole number where others may stand")]
        let value = |(kind, cell): (char, Cell)| match (kind, cell) {
            ('i', Cell::Int(number)) => Some(Value::Int(number)),
            ('f', Cell::Int(number)) => Some(Value::Real(number as f64)),
            ('f', Cell::Real(number)) => Some(Value::Real(number)),
            ('t', Cell::Text(text)) => Some(Value::Text(text)),
            _ => None,
        };
        self.types.chars().zip(row).map(value).collect()
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<String, HistoryError> {
    serde_json::to_string(value).map_err(|e| HistoryError::Unsupported(e.to_string()))
}
