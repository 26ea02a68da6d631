//! Samples: what servers had counted at one moment, as they named it.

use jiff::Timestamp;

use super::error::HistoryError;
use super::format::{self, KeyedSample, SampleRow};
use super::sql::{Sql, Value};
use super::store::Store;
use crate::model::{EnvironmentName, Sample, TargetId};
use crate::wire::evidence::pieces::{self, SamplePiece};

/// A sample of the store.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptSample {
    /// The environment.
    pub environment: EnvironmentName,
    /// The sample.
    pub sample: Sample,
}

impl Store {
    /// Stores samples, in one transaction. One that is there already is not stored twice.
    ///
    /// # Errors
    /// If the history may not or cannot be written.
    pub fn add_samples(&mut self, samples: &[KeptSample]) -> Result<(), HistoryError> {
        let mut keyed = Vec::new();
        for KeptSample { environment, sample } in samples {
            let broken = |e: serde_json::Error| HistoryError::Unsupported(e.to_string());
            let piece = pieces::sample(sample).map_err(broken)?;
            let target = sample.target.to_string();
            let made = KeyedSample::new(environment.to_string(), target, sample.taken, piece);
            keyed.push(made.map_err(broken)?);
        }
        self.write_all(|store| insert_samples(&mut *store.sql, &keyed))
    }

    /// The servers of a target of which samples are kept.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn sampled_places(
        &mut self,
        environment: &EnvironmentName,
        target: &TargetId,
    ) -> Result<Vec<String>, HistoryError> {
        let sql = "SELECT DISTINCT place FROM sample WHERE environment = $1 AND target = $2 \
                   ORDER BY place";
        let mut found = Vec::new();
        self.sql.rows(sql, &[environment.as_str().into(), target.as_str().into()], &mut |row| {
            found.push(row.text(0)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Samples of one server of a target that were taken behind `from` and up to `to`, in the order
    /// of time.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn samples_of(
        &mut self,
        environment: &EnvironmentName,
        target: &TargetId,
        place: &str,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<Sample>, HistoryError> {
        let sql = "SELECT body FROM sample WHERE environment = $1 AND target = $2 \
                   AND place = $3 AND at > $4 AND at <= $5 ORDER BY at";
        let values = [
            environment.as_str().into(),
            target.as_str().into(),
            place.into(),
            from.as_microsecond().into(),
            to.as_microsecond().into(),
        ];
        self.query_samples(sql, &values, target)
    }

    /// Samples of a target that were taken behind `from` and up to `to`, in the order of time.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn read_samples(
        &mut self,
        environment: &EnvironmentName,
        target: &TargetId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Sample>, HistoryError> {
        let sql = "SELECT body FROM sample WHERE environment = $1 AND target = $2 \
                   AND at > $3 AND at <= $4 ORDER BY at, place";
        let values = [
            environment.as_str().into(),
            target.as_str().into(),
            from.as_microsecond().into(),
            to.as_microsecond().into(),
        ];
        self.query_samples(sql, &values, target)
    }

    fn query_samples(
        &mut self,
        sql: &str,
        values: &[Value],
        target: &TargetId,
    ) -> Result<Vec<Sample>, HistoryError> {
        let mut found = Vec::new();
        self.sql.rows(sql, values, &mut |row| {
            let read = pieces::read_sample(&row.text(0)?, target);
            found.push(read.map_err(HistoryError::Damaged)?);
            Ok(())
        })?;
        Ok(found)
    }
}

/// Inserts those that are not there yet: a recorded answer is told again by every run.
pub(super) fn insert_samples(
    sql: &mut dyn Sql,
    samples: &[KeyedSample],
) -> Result<(), HistoryError> {
    let mut values: Vec<Value> = Vec::new();
    for sample in samples {
        let KeyedSample { environment, target, at, piece } = sample;
        if look_up_sample(sql, environment, target, &sample.sample_row())?.is_some() {
            continue;
        }
        values.extend([
            Value::from(environment.as_str()),
            target.as_str().into(),
            piece.place.as_str().into(),
            (*at).into(),
            piece.run_id.as_str().into(),
            piece.role.as_str().into(),
            piece.body.as_str().into(),
        ]);
    }
    let insert = "INSERT INTO sample (environment, target, place, at, run_id, role, body)";
    sql.batch(insert, 7, &values, "")
}

/// The sample that a run refers to.
pub(super) fn find_sample(
    sql: &mut dyn Sql,
    environment: &str,
    target: &str,
    wanted: &SampleRow,
) -> Result<SamplePiece, HistoryError> {
    let lost = || {
        let place = &wanted.place;
        HistoryError::Damaged(format!("the sample of {environment} {target} {place} is gone"))
    };
    look_up_sample(sql, environment, target, wanted)?.ok_or_else(lost)
}

pub(super) fn look_up_sample(
    sql: &mut dyn Sql,
    environment: &str,
    target: &str,
    wanted: &SampleRow,
) -> Result<Option<SamplePiece>, HistoryError> {
    let values =
        [environment.into(), target.into(), wanted.place.as_str().into(), wanted.at.into()];
    let text = "SELECT run_id, role, body FROM sample \
                WHERE environment = $1 AND target = $2 AND place = $3 AND at = $4";
    let mut found = None;
    sql.rows(text, &values, &mut |row| {
        let body = row.text(2)?;
        if format::sha256(&body) == wanted.digest {
            let place = wanted.place.clone();
            found = Some(SamplePiece { place, run_id: row.text(0)?, role: row.text(1)?, body });
        }
        Ok(())
    })?;
    Ok(found)
}
