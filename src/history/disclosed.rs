//! Runs as an auditor gets them: with the very bytes that their digests are of.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::error::HistoryError;
use super::format;
use super::runs::{self, RunSummary};
use super::sql::Value;
use super::store::{SeriesKey, Store};
use crate::model::Bucket;

/// A run with what proves it.
#[derive(Clone, Debug)]
pub struct DisclosedRun {
    /// As a list shows it.
    pub summary: RunSummary,
    /// Digest of the run before.
    pub prev: String,
    /// What it says, if it is no audit.
    pub said: Json,
    /// Its SHA-256 is the run's digest.
    pub bytes: Vec<u8>,
    /// Buckets that it judged.
    pub judged: Vec<DisclosedBuckets>,
}

/// Buckets that a run judged.
#[derive(Clone, Debug)]
pub struct DisclosedBuckets {
    /// Whose.
    pub key: SeriesKey,
    /// Ends of the buckets: behind this time, up to `to`; unix seconds.
    pub from: i64,
    /// See `from`.
    pub to: i64,
    /// As the run has it.
    pub digest: String,
    /// Where they came from.
    pub source: String,
    /// What was asked there.
    pub query: String,
    /// SHA-256 of the answer.
    pub answer: String,
    /// The buckets.
    pub rows: Vec<Bucket>,
    /// Their SHA-256 is `digest`.
    pub bytes: Vec<u8>,
}

impl Store {
    /// Hands over every run from the first to the last that ended in a span, in the order of the
    /// chain, one after the other. Those between of another time are among them.
    ///
    /// # Errors
    /// If the history cannot be read, or `see` fails.
    pub fn disclose_runs<E: From<HistoryError>>(
        &mut self,
        (from, to): (Timestamp, Timestamp),
        see: &mut dyn FnMut(DisclosedRun) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut ends: Option<(i64, i64)> = None;
        let values: [Value; 2] = [from.as_microsecond().into(), to.as_microsecond().into()];
        let sql = "SELECT id FROM run WHERE at >= $1 AND at < $2 ORDER BY id";
        self.sql.rows(sql, &values, &mut |row| {
            let id = row.int(0)?;
            ends = Some(ends.map_or((id, id), |(first, _)| (first, id)));
            Ok(())
        })?;
        let Some((first, last)) = ends else { return Ok(()) };
        for id in first..=last {
            let row = self.run_row(id)?;
            let body = runs::run_body(&row)?;
            let mut judged = Vec::new();
            for head in body.judged {
                judged.push(self.judged_by(head)?);
            }
            see(DisclosedRun {
                summary: runs::run_summary(&row)?,
                prev: row.prev.clone(),
                said: body.said,
                bytes: row.preimage(),
                judged,
            })?;
        }
        Ok(())
    }

    fn judged_by(&mut self, head: format::JudgedHead) -> Result<DisclosedBuckets, HistoryError> {
        let format::JudgedHead { environment, target, place, name, from, to, .. } = head;
        let key = SeriesKey { environment, target, place, name };
        let rows = self.read_buckets(&key, from, to)?;
        Ok(DisclosedBuckets {
            key,
            from,
            to,
            digest: head.digest,
            source: head.source,
            query: head.query,
            answer: head.answer,
            bytes: format::bytes_of(&rows),
            rows,
        })
    }

    /// Moments of schedules in a span, by schedule: unix seconds.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn claimed(
        &mut self,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<(String, i64)>, HistoryError> {
        let values: [Value; 2] = [from.as_second().into(), to.as_second().into()];
        let sql = "SELECT schedule, at FROM due WHERE at >= $1 AND at < $2 ORDER BY at, schedule";
        let mut found = Vec::new();
        self.sql.rows(sql, &values, &mut |row| {
            found.push((row.text(0)?, row.int(1)?));
            Ok(())
        })?;
        Ok(found)
    }
}
