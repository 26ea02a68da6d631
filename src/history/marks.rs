//! Marks: spans of time that somebody says something of. Each is a run of its own, so that none can
//! be put in, changed or taken away afterwards.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::error::HistoryError;
use super::format::{self, Prepared};
use super::runs::{NewRun, Saved};
use super::said::{KIND, SaidMark};
use super::sql::Value;
use super::store::Store;
use crate::model::{EnvironmentName, SpanMark};

impl Store {
    /// Stores a mark of a span.
    ///
    /// # Errors
    /// If the history may not or cannot be written.
    pub fn mark_span(
        &mut self,
        environment: &EnvironmentName,
        mark: &SpanMark,
        at: Timestamp,
    ) -> Result<Saved, HistoryError> {
        let said = SaidMark {
            environment: environment.to_string(),
            mark: "span".to_owned(),
            from: mark.span.from,
            to: mark.span.to,
            label: mark.label.clone(),
            by: mark.by.clone(),
            exclude: mark.is_excluded,
        };
        let broken = |e: serde_json::Error| HistoryError::Unsupported(e.to_string());
        let json = serde_json::to_value(&said).map_err(broken)?;
        let row = row_of(&said, format::canonical_json(&json));
        self.write_all(|store| {
            let run = NewRun {
                kind: KIND,
                at,
                verdict: "",
                facts: BTreeMap::new(),
                evidence: &[],
                findings: BTreeMap::new(),
                judged: Vec::new(),
                said: json,
            };
            let saved = store.append_run(run, Prepared::default())?;
            let values: Vec<Value> = [Value::Int(saved.id)].into_iter().chain(row).collect();
            let insert = "INSERT INTO mark (run, environment, kind, since, until, label, body)";
            store.sql.batch(insert, values.len(), &values, "")?;
            Ok(saved)
        })
    }

    /// Marks of spans of an environment, oldest first.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn marked_spans(
        &mut self,
        environment: &EnvironmentName,
    ) -> Result<Vec<SpanMark>, HistoryError> {
        let sql = "SELECT body FROM mark WHERE environment = $1 AND kind = 'span' ORDER BY run";
        let mut found = Vec::new();
        self.sql.rows(sql, &[environment.as_str().into()], &mut |row| {
            let broken = |e: serde_json::Error| HistoryError::Damaged(format!("a mark: {e}"));
            let said: SaidMark = serde_json::from_str(&row.text(0)?).map_err(broken)?;
            found.push(said.into_mark().1);
            Ok(())
        })?;
        Ok(found)
    }

    /// Takes a moment of a schedule for this process; false if another one has it. It is the
    /// table's key that decides.
    ///
    /// # Errors
    /// If the history may not or cannot be written.
    pub fn claim_due(&mut self, schedule: &str, at: i64) -> Result<bool, HistoryError> {
        self.write_all(|store| {
            let sql = "INSERT INTO due (schedule, at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            Ok(store.sql.exec(sql, &[schedule.into(), at.into()])? == 1)
        })
    }

    /// The newest moment of a schedule that was taken.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn last_claimed(&mut self, schedule: &str) -> Result<Option<i64>, HistoryError> {
        let sql = "SELECT at FROM due WHERE schedule = $1 ORDER BY at DESC LIMIT 1";
        let mut found = None;
        self.sql.rows(sql, &[schedule.into()], &mut |row| {
            found = Some(row.int(0)?);
            Ok(())
        })?;
        Ok(found)
    }
}

/// The columns of `mark` behind the run's number.
pub(super) fn row_of(said: &SaidMark, body: String) -> [Value; 6] {
    [
        said.environment.as_str().into(),
        said.mark.as_str().into(),
        said.from.into(),
        said.to.into(),
        said.label.as_str().into(),
        body.into(),
    ]
}
