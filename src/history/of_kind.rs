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
    pub fn said(&mut self, kind: &str) -> Result<Vec<(RunSummary, Json)>, HistoryError> {
        let sql = format!("{} WHERE kind = $1 ORDER BY id", runs::SELECT);
        let mut rows = Vec::new();
        self.sql.rows(&sql, &[kind.into()], &mut |columns| {
            rows.push(runs::row(columns)?);
            Ok(())
        })?;
        let said = rows.iter().map(|row| Ok((runs::summary(row)?, runs::body(row)?.said)));
        said.collect()
    }
}
