//! Runs of one kind with what they say: answers, marks.

use serde_json::Value as Json;

use super::error::HistoryError;
use super::runs::{self, RunSummary};
use super::store::Store;

impl Store {
    /// Every run of a kind with what it says, oldest first.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn runs_of_kind(&mut self, kind: &str) -> Result<Vec<(RunSummary, Json)>, HistoryError> {
        let sql = format!("{} WHERE kind = $1 ORDER BY id", runs::SELECT);
        let mut rows = Vec::new();
        self.sql.rows(&sql, &[kind.into()], &mut |columns| {
            rows.push(runs::run_row(columns)?);
            Ok(())
        })?;
        let said = rows.iter().map(|row| Ok((runs::run_summary(row)?, runs::run_body(row)?.said)));
        said.collect()
    }

    /// What the newest run of a kind says; `None` if there is none.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn newest_said(&mut self, kind: &str) -> Result<Option<Json>, HistoryError> {
        let sql = format!("{} WHERE kind = $1 ORDER BY id DESC LIMIT 1", runs::SELECT);
        let mut found = None;
        self.sql.rows(&sql, &[kind.into()], &mut |columns| {
            found = Some(runs::run_row(columns)?);
            Ok(())
        })?;
        found.map(|row| Ok(runs::run_body(&row)?.said)).transpose()
    }
}
