//! A history in a database of PostgreSQL, where several machines write one.
//!
//! The connection is driven by a thread of its own, so that a history can be used inside and outside
//! of a runtime alike. Whoever asks waits, for so long and no longer.

mod connect;
mod fault;
mod options;
mod stream;
mod text;
mod wait;

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::TryStreamExt as _;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, RowStream, SimpleQueryMessage, Statement};

use super::address::PostgresAddress;
use super::error::HistoryError;
use super::sql::{Columns, EachRow, Leading, Sql, Value};
use connect::Connected;
use fault::Faults;
use stream::MOST;
use wait::wait_for;

pub use options::PostgresOptions;

/// For one statement of what reads everything: an export, a check.
const LONG: Duration = Duration::from_secs(600);

/// What the server's own limits are waited for beyond them, since its message is the better one.
const GRACE: Duration = Duration::from_secs(5);

/// Who writes holds this lock of the database until the transaction ends. Readers do not ask for
/// it. The number is that of no other program: "envparit" in ASCII.
const WRITERS: i64 = 0x656e_7670_6172_6974;

/// The one that runs schedules holds this lock, with one of its schema, as long as its connection
/// lasts: "envp" in ASCII.
const LEADER: i32 = 0x656e_7670;

/// Statements that are kept prepared: of texts that are asked again and again there are fewer.
const PREPARED: usize = 64;

/// A connection to a database.
pub(super) struct Postgres {
    address: PostgresAddress,
    options: PostgresOptions,
    connected: Connected,
    prepared: Vec<(String, Statement)>,
    /// How long the server has for the statement that comes.
    limit: Duration,
    is_in_transaction: bool,
}

impl Postgres {
    pub(super) fn open(
        address: PostgresAddress,
        options: PostgresOptions,
    ) -> Result<Self, HistoryError> {
        let connected = connect::connect(&address, options)?;
        let mut postgres = Self {
            address,
            options,
            connected,
            prepared: Vec::new(),
            limit: options.statement,
            is_in_transaction: false,
        };
        postgres.set_up()?;
        Ok(postgres)
    }

    fn set_up(&mut self) -> Result<(), HistoryError> {
        let millis = |time: Duration| time.as_millis().max(1);
        let (wait, limit) = (millis(self.options.wait), millis(self.options.statement));
        // A host that is gone gives the lock back within a minute, a program that hangs later.
        let settings = format!(
            "SET lock_timeout = {wait}; SET statement_timeout = {limit}; SET \
             idle_in_transaction_session_timeout = 600000; SET tcp_keepalives_idle = 30; SET \
             tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3; SELECT \
             set_config('synchronous_commit', 'on', false) WHERE \
             current_setting('synchronous_commit') = 'off'"
        );
        self.run_simple(&settings)?;
        let mut encoding = String::new();
        self.rows("SELECT current_setting('server_encoding')", &[], &mut |row| {
            encoding = row.text(0)?;
            Ok(())
        })?;
        if encoding == "UTF8" {
            return Ok(());
        }
        Err(HistoryError::Server {
            what: format!("the database {} keeps text as {encoding}", self.address),
            advice: "make one that keeps it as UTF8: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE \
                     template0",
        })
    }

    fn faults(&self) -> Faults<'_> {
        Faults { address: &self.address, options: self.options }
    }

    /// Waits for an answer. A server that does not give one in time is left.
    fn wait_for_answer<T>(
        &mut self,
        asked: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, HistoryError> {
        self.connected.left.store(MOST, Ordering::Relaxed);
        match wait_for(asked, self.limit + GRACE) {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(error)) => Err(self.faults().server_error(&error)),
            None => {
                self.connected.leave();
                Err(self.faults().silent_fault(self.limit + GRACE))
            }
        }
    }

    /// A connection that ended between two transactions is made anew, one that ended in the middle
    /// of one has lost it.
    fn reconnect_if_closed(&mut self) -> Result<(), HistoryError> {
        if self.is_in_transaction || !self.connected.is_closed() {
            return Ok(());
        }
        self.connected = connect::connect(&self.address, self.options)?;
        self.prepared.clear();
        self.set_up()
    }

    /// Statements without values; the number of rows that the last one changed.
    fn run_simple(&mut self, sql: &str) -> Result<u64, HistoryError> {
        let client = self.connected.client()?;
        let messages = self.wait_for_answer(async move { client.simple_query(sql).await })?;
        let done = messages.iter().rev().find_map(|message| match message {
            SimpleQueryMessage::CommandComplete(count) => Some(*count),
            _ => None,
        });
        Ok(done.unwrap_or(0))
    }

    /// The number that a query answers with.
    fn number(&mut self, sql: &str) -> Result<i64, HistoryError> {
        let mut number = 0;
        self.rows(sql, &[], &mut |row| {
            number = row.int(0)?;
            Ok(())
        })?;
        Ok(number)
    }

    fn prepare_statement(&mut self, sql: &str) -> Result<Statement, HistoryError> {
        if let Some((_, known)) = self.prepared.iter().find(|(text, _)| text == sql) {
            return Ok(known.clone());
        }
        let client = self.connected.client()?;
        let made = self.wait_for_answer(async move { client.prepare(sql).await })?;
        if self.prepared.len() == PREPARED {
            self.prepared.remove(0);
        }
        self.prepared.push((sql.to_owned(), made.clone()));
        Ok(made)
    }

    fn query_stream(&mut self, sql: &str, values: &[Value]) -> Result<RowStream, HistoryError> {
        let statement = self.prepare_statement(sql)?;
        let client = self.connected.client()?;
        let values: Vec<Sent> = values.iter().map(Sent::from).collect();
        self.wait_for_answer(async move {
            client.query_raw(&statement, values.iter().map(Sent::as_sql)).await
        })
    }

    /// What is left of a transaction, whatever the server says.
    fn end_transaction(&mut self, sql: &str) -> Result<usize, HistoryError> {
        self.is_in_transaction = false;
        let done = self.run_simple(sql);
        self.limit = self.options.statement;
        done.map(|_| 0)
    }
}

impl Sql for Postgres {
    fn exec(&mut self, sql: &str, values: &[Value]) -> Result<usize, HistoryError> {
        if matches!(sql, "COMMIT" | "ROLLBACK") {
            return self.end_transaction(sql);
        }
        self.reconnect_if_closed()?;
        if values.is_empty() {
            let count = self.run_simple(sql)?;
            return Ok(usize::try_from(count).unwrap_or(usize::MAX));
        }
        let statement = self.prepare_statement(sql)?;
        let client = self.connected.client()?;
        let values: Vec<Sent> = values.iter().map(Sent::from).collect();
        let count = self.wait_for_answer(async move {
            client.execute_raw(&statement, values.iter().map(Sent::as_sql)).await
        })?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    fn rows(&mut self, sql: &str, values: &[Value], each: EachRow<'_>) -> Result<(), HistoryError> {
        self.reconnect_if_closed()?;
        let mut rows = Box::pin(self.query_stream(sql, values)?);
        while let Some(row) = self.wait_for_answer(rows.try_next())? {
            each(&PostgresRow(&row))?;
        }
        Ok(())
    }

    /// All queries see what was there at the first one.
    fn begin_to_read(&mut self) -> Result<(), HistoryError> {
        self.reconnect_if_closed()?;
        self.limit = LONG;
        let long = LONG.as_millis();
        self.run_simple(&format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {long}"
        ))?;
        self.is_in_transaction = true;
        Ok(())
    }

    /// Each statement behind the lock sees what was written until then: a snapshot of the whole
    /// transaction would be older than the lock.
    fn begin(&mut self) -> Result<(), HistoryError> {
        self.reconnect_if_closed()?;
        self.run_simple("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")?;
        self.is_in_transaction = true;
        let locked = self.run_simple(&format!("SELECT pg_advisory_xact_lock({WRITERS})"));
        if locked.is_err() {
            let _ = self.end_transaction("ROLLBACK");
        }
        locked.map(|_| ())
    }

    /// Text is sorted by its bytes, as SQLite sorts it, and not as a language does.
    fn clustered(&self, table: &str) -> String {
        table.replace(" TEXT ", " TEXT COLLATE \"C\" ")
    }

    /// Triggers may change or delete what is written after this check.
    fn check(&mut self) -> Result<(), HistoryError> {
        let sql = "SELECT count(*) FROM pg_catalog.pg_trigger t \
                   JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
                   JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                   WHERE NOT t.tgisinternal AND n.nspname = current_schema()";
        if self.number(sql)? == 0 {
            return Ok(());
        }
        Err(HistoryError::Damaged("it holds a trigger, which envparity never makes".to_owned()))
    }

    fn try_lead(&mut self) -> Result<Leading, HistoryError> {
        let sql = format!(
            "SELECT pg_try_advisory_lock({LEADER}, hashtext(current_schema()))::INT::BIGINT"
        );
        let is_leader = self.number(&sql)? == 1;
        Ok(if is_leader { Leading::Here } else { Leading::Elsewhere })
    }

    /// A connection that was made anew is another session, and has no lock.
    fn still_leads(&mut self) -> Result<bool, HistoryError> {
        let sql = format!(
            "SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted \
             AND pid = pg_backend_pid() AND classid = {LEADER} AND objsubid = 2"
        );
        Ok(self.number(&sql)? > 0)
    }

    fn tables(&mut self) -> Result<Vec<String>, HistoryError> {
        let sql = "SELECT tablename::TEXT FROM pg_catalog.pg_tables \
                   WHERE schemaname = current_schema() ORDER BY 1";
        let mut names = Vec::new();
        self.rows(sql, &[], &mut |row| {
            names.push(row.text(0)?);
            Ok(())
        })?;
        Ok(names)
    }
}

/// A value as it is sent.
enum Sent {
    Int(i64),
    Real(f64),
    Text(String),
}

impl From<&Value> for Sent {
    fn from(value: &Value) -> Self {
        match value {
            Value::Int(number) => Self::Int(*number),
            Value::Real(number) => Self::Real(*number),
            Value::Text(told) => Self::Text(text::encode_text(told)),
        }
    }
}

impl Sent {
    fn as_sql(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Int(number) => number,
            Self::Real(number) => number,
            Self::Text(text) => text,
        }
    }
}

struct PostgresRow<'a>(&'a Row);

impl PostgresRow<'_> {
    fn get<'a, T: tokio_postgres::types::FromSql<'a>>(
        &'a self,
        column: usize,
        wanted: &str,
    ) -> Result<T, HistoryError> {
        let wrong =
            |_| HistoryError::Damaged(format!("column {column} of a row holds no {wanted}"));
        self.0.try_get(column).map_err(wrong)
    }
}

impl Columns for PostgresRow<'_> {
    fn int(&self, column: usize) -> Result<i64, HistoryError> {
        self.get(column, "whole number")
    }

    fn real(&self, column: usize) -> Result<f64, HistoryError> {
        self.get(column, "number")
    }

    fn text(&self, column: usize) -> Result<String, HistoryError> {
        self.get::<&str>(column, "text").map(text::decode_text)
    }
}
