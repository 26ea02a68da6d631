//! Runs: each is stored whole, in one transaction, behind the one before.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value as Json;

use super::chain::{BEGINNING, RunRow};
use super::error::HistoryError;
use super::format::{self, EvidenceHead, JudgedHead, Prepared, RunBody};
use super::said;
use super::samples;
use super::series;
use super::sql::{Columns, Sql, Value};
use super::store::{SeriesKey, Store};
use crate::model::{Bucket, Collectors, EnvironmentName, Evidence, SpanMark};
use crate::wire::evidence::pieces::{self, PartPiece, TargetPieces};

/// A run that is to be stored.
#[derive(Debug)]
pub struct NewRun<'a> {
    /// `audit`, `checklist`, `mark`, …
    pub kind: &'a str,
    /// When it ended.
    pub at: Timestamp,
    /// `go`, `no-go`, `incomplete`; empty if it judged nothing.
    pub verdict: &'a str,
    /// What is worth knowing of how it was made.
    pub facts: BTreeMap<String, String>,
    /// What environments answered.
    pub evidence: &'a [Evidence],
    /// Active findings: severity by id.
    pub findings: BTreeMap<String, String>,
    /// Buckets that were judged.
    pub judged: Vec<JudgedBuckets>,
    /// What another kind of run has to say.
    pub said: Json,
}

/// Buckets of one series that a run judged.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedBuckets {
    /// Whose.
    pub key: SeriesKey,
    /// Ends of the buckets: behind this time, up to `to`.
    pub from: i64,
    /// See `from`.
    pub to: i64,
    /// Where they came from.
    pub from_source: JudgedSource,
}

/// Where judged buckets came from.
#[derive(Clone, Debug, PartialEq)]
pub enum JudgedSource {
    /// From this history.
    History,
    /// From elsewhere: they are copied, because that forgets.
    Outside {
        /// `prometheus https://prom/base`.
        source: String,
        /// What was asked.
        query: String,
        /// SHA-256 of the answer.
        answer: String,
        /// The buckets.
        buckets: Vec<Bucket>,
    },
}

/// A run that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Counts from 1.
    pub id: i64,
    /// Its digest, which stands for all runs before it too.
    pub digest: String,
}

/// A run, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    /// Counts from 1.
    pub id: i64,
    /// `audit`, `checklist`, `mark`, …
    pub kind: String,
    /// When it ended.
    pub at: Timestamp,
    /// Empty if it judged nothing.
    pub verdict: String,
    /// Its digest.
    pub digest: String,
    /// Environments of which it holds evidence.
    pub environments: Vec<String>,
    /// Severity of active findings by id.
    pub findings: BTreeMap<String, String>,
    /// How it was made.
    pub facts: BTreeMap<String, String>,
    /// What it says of a span, if it is a mark.
    pub mark: Option<(EnvironmentName, SpanMark)>,
}

impl Store {
    /// Stores a run. Nothing of it is there if this fails.
    ///
    /// # Errors
    /// If the history may not or cannot be written.
    pub fn save_run(
        &mut self,
        run: NewRun<'_>,
        collectors: Collectors,
    ) -> Result<Saved, HistoryError> {
        self.check_schema()?;
        let prepared = Prepared::new(run.evidence, collectors)?;
        self.write_all(|store| store.append_run(run, prepared))
    }

    /// Appends to the chain; the caller holds the lock.
    pub(super) fn append_run(
        &mut self,
        run: NewRun<'_>,
        prepared: Prepared,
    ) -> Result<Saved, HistoryError> {
        let (last, prev) = last_run(&mut *self.sql)?;
        let (id, at) = (last + 1, run.at.as_microsecond());
        let Prepared { heads, inventories, samples, standing } = prepared;
        add_inventories(&mut *self.sql, inventories)?;
        add_seen(&mut *self.sql, &heads, at)?;
        samples::insert_samples(&mut *self.sql, &samples)?;
        let mut judged = Vec::new();
        for one in run.judged {
            judged.push(self.judged_rows(one, id)?);
        }
        let body = RunBody {
            facts: run.facts,
            evidence: heads,
            findings: run.findings,
            judged,
            standing,
            said: run.said,
        };
        let body = format::text_of(&body).map_err(|e| format::unwritable(&e))?;
        let (kind, verdict) = (run.kind.to_owned(), run.verdict.to_owned());
        let mut row = RunRow { id, kind, at, verdict, body, prev, digest: String::new() };
        row.digest = row.expected_digest();
        insert_run(&mut *self.sql, &row)?;
        Ok(Saved { id, digest: row.digest })
    }

    /// The rows that a run judged, copied if they came from outside.
    fn judged_rows(&mut self, one: JudgedBuckets, run: i64) -> Result<JudgedHead, HistoryError> {
        let JudgedBuckets { mut key, from, to, from_source } = one;
        let (mut source, mut query, mut answer) =
            ("history".to_owned(), String::new(), String::new());
        if let JudgedSource::Outside { source: of, query: asked, answer: told, buckets } =
            from_source
        {
            (source, query, answer) = (of, asked, told);
            // Of this run alone: another one may be told something else of the same time.
            key.name = format!("{}@run/{run}", key.name);
            let id = self.series_id(&key)?;
            series::insert_buckets(&mut *self.sql, id, &buckets)?;
        }
        let rows = self.read_buckets(&key, from, to)?;
        let digest = format::of_buckets(&rows);
        let SeriesKey { environment, target, place, name } = key;
        Ok(JudgedHead { environment, target, place, name, from, to, digest, source, query, answer })
    }

    /// The newest runs, newest first.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn newest_runs(&mut self, most: usize) -> Result<Vec<RunSummary>, HistoryError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let sql = format!("{SELECT} ORDER BY id DESC LIMIT $1");
        let mut found = Vec::new();
        self.sql.rows(&sql, &[most.into()], &mut |columns| {
            found.push(run_summary(&run_row(columns)?)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// What environments answered in a run, as it was then.
    ///
    /// # Errors
    /// If the history cannot be read, or what the run rests on is not there any more.
    pub fn evidence_of_run(
        &mut self,
        run: i64,
        collectors: Collectors,
    ) -> Result<Vec<Evidence>, HistoryError> {
        let row = self.run_row(run)?;
        let body = run_body(&row)?;
        body.evidence.into_iter().map(|head| self.rebuild_evidence(head, collectors)).collect()
    }

    pub(super) fn rebuild_evidence(
        &mut self,
        head: EvidenceHead,
        collectors: Collectors,
    ) -> Result<Evidence, HistoryError> {
        let mut targets = Vec::new();
        for target in head.targets {
            let mut parts = BTreeMap::new();
            for (part, row) in target.parts {
                let content = self.read_inventory(&row.digest)?;
                parts.insert(part, PartPiece { content, outcome: row.outcome });
            }
            let mut found = Vec::new();
            for sample in target.samples {
                found.push(samples::find_sample(
                    &mut *self.sql, &head.environment, &target.head.id, &sample,
                )?);
            }
            let whole = TargetPieces { head: target.head, parts, samples: found };
            targets.push(pieces::put_together(whole, collectors).map_err(HistoryError::Damaged)?);
        }
        let environment = head.environment.into();
        Ok(Evidence { environment, taken: head.taken, targets })
    }

    fn read_inventory(&mut self, digest: &str) -> Result<String, HistoryError> {
        let damaged =
            |what: &str| HistoryError::Damaged(format!("the inventory {digest:.12} {what}"));
        let text = self.inventory_text(digest)?.ok_or_else(|| damaged("is gone"))?;
        if format::sha256(&text) == digest { Ok(text) } else { Err(damaged("was changed")) }
    }

    /// The text of an inventory; `None` if it is gone.
    pub(super) fn inventory_text(&mut self, digest: &str) -> Result<Option<String>, HistoryError> {
        let mut found = None;
        let sql = "SELECT body FROM inventory WHERE digest = $1";
        self.sql.rows(sql, &[digest.into()], &mut |row| {
            found = Some(row.text(0)?);
            Ok(())
        })?;
        Ok(found)
    }

    pub(super) fn run_row(&mut self, id: i64) -> Result<RunRow, HistoryError> {
        let mut found = None;
        self.sql.rows(&format!("{SELECT} WHERE id = $1"), &[id.into()], &mut |columns| {
            found = Some(run_row(columns)?);
            Ok(())
        })?;
        found.ok_or_else(|| HistoryError::Damaged(format!("run {id} is gone")))
    }
}

/// All columns of `run`.
pub(super) const SELECT: &str = "SELECT id, kind, at, verdict, body, prev, digest FROM run";

/// A row of [`SELECT`].
pub(super) fn run_row(columns: &dyn Columns) -> Result<RunRow, HistoryError> {
    Ok(RunRow {
        id: columns.int(0)?,
        kind: columns.text(1)?,
        at: columns.int(2)?,
        verdict: columns.text(3)?,
        body: columns.text(4)?,
        prev: columns.text(5)?,
        digest: columns.text(6)?,
    })
}

/// What a run holds.
pub(super) fn run_body(row: &RunRow) -> Result<RunBody, HistoryError> {
    let broken = |e: serde_json::Error| HistoryError::Damaged(format!("run {}: {e}", row.id));
    serde_json::from_str(&row.body).map_err(broken)
}

/// A run, as a list shows it.
pub(super) fn run_summary(row: &RunRow) -> Result<RunSummary, HistoryError> {
    let body = run_body(row)?;
    let environments: BTreeSet<String> =
        body.evidence.into_iter().map(|head| head.environment).collect();
    let wrong = |_| HistoryError::Damaged(format!("run {} has no time", row.id));
    Ok(RunSummary {
        id: row.id,
        kind: row.kind.clone(),
        at: Timestamp::from_microsecond(row.at).map_err(wrong)?,
        verdict: row.verdict.clone(),
        digest: row.digest.clone(),
        environments: environments.into_iter().collect(),
        findings: body.findings,
        facts: body.facts,
        mark: said::of_run(&row.kind, &body.said),
    })
}

/// Id and digest of the last run.
fn last_run(sql: &mut dyn Sql) -> Result<(i64, String), HistoryError> {
    let mut found = (0, BEGINNING.to_owned());
    sql.rows("SELECT id, digest FROM run ORDER BY id DESC LIMIT 1", &[], &mut |row| {
        found = (row.int(0)?, row.text(1)?);
        Ok(())
    })?;
    Ok(found)
}

pub(super) fn insert_run(sql: &mut dyn Sql, row: &RunRow) -> Result<(), HistoryError> {
    let RunRow { id, kind, at, verdict, body, prev, digest } = row;
    let values = [
        Value::Int(*id),
        kind.as_str().into(),
        Value::Int(*at),
        verdict.as_str().into(),
        body.as_str().into(),
        prev.as_str().into(),
        digest.as_str().into(),
    ];
    let insert = "INSERT INTO run (id, kind, at, verdict, body, prev, digest)";
    sql.batch(insert, values.len(), &values, "")
}

/// Inventories that are asked for with one statement.
const ASKED: usize = 500;

/// Stores what is not there yet: most of what is told was told before, and may be megabytes.
fn add_inventories(
    sql: &mut dyn Sql,
    mut inventories: BTreeMap<String, String>,
) -> Result<(), HistoryError> {
    let digests: Vec<Value> = inventories.keys().map(|digest| digest.as_str().into()).collect();
    for chunk in digests.chunks(ASKED) {
        let places: Vec<String> = (1..=chunk.len()).map(|place| format!("${place}")).collect();
        let text = format!("SELECT digest FROM inventory WHERE digest IN ({})", places.join(", "));
        sql.rows(&text, chunk, &mut |row| {
            inventories.remove(&row.text(0)?);
            Ok(())
        })?;
    }
    let values: Vec<Value> =
        inventories.into_iter().flat_map(|(digest, body)| [digest.into(), body.into()]).collect();
    let insert = "INSERT INTO inventory (digest, body)";
    sql.batch(insert, 2, &values, "ON CONFLICT (digest) DO NOTHING")
}

fn add_seen(sql: &mut dyn Sql, heads: &[EvidenceHead], at: i64) -> Result<(), HistoryError> {
    let mut values: Vec<Value> = Vec::new();
    for head in heads {
        for target in &head.targets {
            for (part, row) in &target.parts {
                values.extend([
                    Value::from(head.environment.as_str()),
                    target.head.id.as_str().into(),
                    part.as_str().into(),
                    at.into(),
                    row.digest.as_str().into(),
                    row.outcome.as_str().into(),
                ]);
            }
        }
    }
    let insert = "INSERT INTO seen (environment, target, part, at, digest, outcome)";
    sql.batch(insert, 6, &values, "")
}
