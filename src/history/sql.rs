//! The few things that a history needs of a database, so that SQLite and PostgreSQL store the same.
//!
//! One SQL text serves both: parameters are `$1`, columns are BIGINT, DOUBLE PRECISION or TEXT, and
//! all arithmetic is done in Rust.

use std::collections::BTreeMap;

use super::error::HistoryError;

/// A value that is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// BIGINT.
    Int(i64),
    /// DOUBLE PRECISION.
    Real(f64),
    /// TEXT.
    Text(String),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// A row that is read, column by column.
pub(super) trait Columns {
    /// A BIGINT.
    fn int(&self, column: usize) -> Result<i64, HistoryError>;
    /// A DOUBLE PRECISION.
    fn real(&self, column: usize) -> Result<f64, HistoryError>;
    /// A TEXT.
    fn text(&self, column: usize) -> Result<String, HistoryError>;
}

/// Takes each row in turn.
pub(super) type EachRow<'a> = &'a mut dyn FnMut(&dyn Columns) -> Result<(), HistoryError>;

/// What became of asking to be the one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leading {
    /// This process is the one.
    Here,
    /// Another one is, and several may share this history.
    Elsewhere,
    /// Another one is, and a file is for one alone.
    Refused,
}

/// A database.
pub(super) trait Sql: Send {
    /// Runs one statement; the number of rows that it changed.
    fn exec(&mut self, sql: &str, values: &[Value]) -> Result<usize, HistoryError>;

    /// Hands over the rows of a query one by one.
    fn rows(&mut self, sql: &str, values: &[Value], each: EachRow<'_>) -> Result<(), HistoryError>;

    /// Inserts rows of `columns` values each. `insert` is the statement up to VALUES, `conflict`
    /// what follows the rows.
    fn batch(
        &mut self,
        insert: &str,
        columns: usize,
        values: &[Value],
        conflict: &str,
    ) -> Result<(), HistoryError> {
        for chunk in values.chunks(columns * (MOST_VALUES / columns).max(1)) {
            let sql =
                format!("{insert} VALUES {} {conflict}", tuples(columns, chunk.len() / columns));
            self.exec(&sql, chunk)?;
        }
        Ok(())
    }

    /// Prepares the database for use. Nothing is changed in it before: until then it may be another
    /// program's.
    fn take_over(&mut self) -> Result<(), HistoryError> {
        Ok(())
    }

    /// Begins a transaction in which everything is read as it is now.
    fn begin_to_read(&mut self) -> Result<(), HistoryError>;

    /// Begins a transaction that alone may write.
    fn begin(&mut self) -> Result<(), HistoryError>;

    /// The statement that makes a table, as this database stores it best.
    fn clustered(&self, table: &str) -> String {
        table.to_owned()
    }

    /// Whether what the database keeps is whole in itself, as far as it can tell.
    fn check(&mut self) -> Result<(), HistoryError> {
        Ok(())
    }

    /// The statements that made tables and indexes, by their names, where the database keeps them.
    fn made_by(&mut self) -> Result<Option<BTreeMap<String, String>>, HistoryError> {
        Ok(None)
    }

    /// Takes the lock of the one that runs schedules, if nobody has it.
    fn try_lead(&mut self) -> Result<Leading, HistoryError>;

    /// Whether this connection has that lock.
    fn still_leads(&mut self) -> Result<bool, HistoryError>;

    /// Names of the tables that there are.
    fn tables(&mut self) -> Result<Vec<String>, HistoryError>;
}

/// Values of one statement: SQLite takes 32,766 of them, PostgreSQL 65,535.
const MOST_VALUES: usize = 4_000;

/// `($1, $2), ($3, $4)`.
fn tuples(columns: usize, rows: usize) -> String {
    let mut text = String::new();
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=columns {
            let comma = if column == 1 { "" } else { ", " };
            text.push_str(&format!("{comma}${}", row * columns + column));
        }
        text.push(')');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tuples_number_their_parameters_through() {
        assert_eq!(tuples(2, 2), "($1, $2), ($3, $4)");
        assert_eq!(tuples(1, 1), "($1)");
    }
}
