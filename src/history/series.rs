//! Buckets and hours: the load of servers on one grid, by series.

use std::collections::BTreeMap;

use super::error::HistoryError;
use super::sql::{Sql, Value};
use super::store::{SeriesKey, Store};
use crate::model::{
    Bucket, BucketFlags, BucketLength, EnvironmentName, Hour, PlaceBuckets, Series, TargetId,
};

/// Seconds of an hour.
const HOUR: i64 = 3_600;

impl Store {
    /// Stores buckets; those that are there already are replaced.
    ///
    /// # Errors
    /// If the history may not or cannot be written.
    pub fn add_buckets(&mut self, of: &[(SeriesKey, Vec<Bucket>)]) -> Result<(), HistoryError> {
        self.write_all(|store| {
            for (key, buckets) in of {
                let id = store.series_id(key)?;
                insert_buckets(&mut *store.sql, id, buckets)?;
            }
            Ok(())
        })
    }

    /// Stores hours; those that are there already are replaced.
    ///
    /// # Errors
    /// If the history may not or cannot be written.
    pub fn add_hours(&mut self, of: &[(SeriesKey, Vec<Hour>)]) -> Result<(), HistoryError> {
        self.write_all(|store| {
            for (key, hours) in of {
                let id = store.series_id(key)?;
                insert_hours(&mut *store.sql, id, hours, REPLACE_HOURS)?;
            }
            Ok(())
        })
    }

    /// Buckets of one series that end behind `from` and up to `to`, in the order of time.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn read_buckets(
        &mut self,
        key: &SeriesKey,
        from: i64,
        to: i64,
    ) -> Result<Vec<Bucket>, HistoryError> {
        match self.known_series(key)? {
            Some(id) => read_buckets(&mut *self.sql, id, from, to),
            None => Ok(Vec::new()),
        }
    }

    /// Hours of one series that end behind `from` and up to `to`, in the order of time.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn read_hours(
        &mut self,
        key: &SeriesKey,
        from: i64,
        to: i64,
    ) -> Result<Vec<Hour>, HistoryError> {
        match self.known_series(key)? {
            Some(id) => read_hours(&mut *self.sql, id, from, to),
            None => Ok(Vec::new()),
        }
    }

    /// The load of one target behind `from` and up to `to`, by server: buckets, and hours of before
    /// the first bucket. Only series that `wanted` takes are read.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn read_load(
        &mut self,
        environment: &EnvironmentName,
        target: &TargetId,
        (from, to): (i64, i64),
        wanted: &dyn Fn(&Series) -> bool,
    ) -> Result<BTreeMap<String, PlaceBuckets>, HistoryError> {
        let mut places: BTreeMap<String, PlaceBuckets> = BTreeMap::new();
        for (id, key) in self.series_of(environment.as_str(), target.as_str())? {
            // Copies of what runs judged, and series of a later version, are not load of ours.
            let Ok(series) = key.name.parse::<Series>() else { continue };
            if key.name.contains("@run/") || !wanted(&series) {
                continue;
            }
            let buckets = read_buckets(&mut *self.sql, id, from, to)?;
            let first = buckets.first().map_or(to, |bucket| bucket.at);
            let before = BucketLength::new(HOUR).floor(first - 1);
            let hours = read_hours(&mut *self.sql, id, from, before.min(to))?;
            let place = places.entry(key.place).or_default();
            place.buckets.insert(series.clone(), buckets);
            place.hours.insert(series, hours);
        }
        Ok(places)
    }

    /// When the oldest bucket or hour of a target begins; `None` if none is kept.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn held_since(
        &mut self,
        environment: &EnvironmentName,
        target: &TargetId,
        length: BucketLength,
    ) -> Result<Option<i64>, HistoryError> {
        let up = Series::Up.to_string();
        let mut oldest: Option<i64> = None;
        for (id, _) in self
            .series_of(environment.as_str(), target.as_str())?
            .into_iter()
            .filter(|(_, key)| key.name == up)
        {
            for (table, seconds) in [("bucket", length.seconds()), ("hour", HOUR)] {
                let sql = format!("SELECT at FROM {table} WHERE series = $1 ORDER BY at LIMIT 1");
                self.sql.rows(&sql, &[id.into()], &mut |row| {
                    let begins = row.int(0)? - seconds;
                    oldest = Some(oldest.map_or(begins, |oldest| oldest.min(begins)));
                    Ok(())
                })?;
            }
        }
        Ok(oldest)
    }

    /// Targets of which there is load, or a sample at least.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn targets_with_load(&mut self) -> Result<Vec<(EnvironmentName, TargetId)>, HistoryError> {
        let mut found = Vec::new();
        let sql = "SELECT environment, target FROM series \
                   UNION SELECT environment, target FROM sample ORDER BY environment, target";
        self.sql.rows(sql, &[], &mut |row| {
            found.push((row.text(0)?.into(), row.text(1)?.into()));
            Ok(())
        })?;
        Ok(found)
    }

    /// All series of a target, with their ids.
    pub(super) fn series_of(
        &mut self,
        environment: &str,
        target: &str,
    ) -> Result<Vec<(i64, SeriesKey)>, HistoryError> {
        let sql = "SELECT id, environment, target, place, name FROM series \
                   WHERE environment = $1 AND target = $2 ORDER BY place, name";
        let mut found = Vec::new();
        self.sql.rows(sql, &[environment.into(), target.into()], &mut |row| {
            let key = SeriesKey {
                environment: row.text(1)?,
                target: row.text(2)?,
                place: row.text(3)?,
                name: row.text(4)?,
            };
            found.push((row.int(0)?, key));
            Ok(())
        })?;
        Ok(found)
    }

    /// The id of a series, if it is there.
    pub(super) fn known_series(&mut self, key: &SeriesKey) -> Result<Option<i64>, HistoryError> {
        if let Some(id) = self.series.get(key) {
            return Ok(Some(*id));
        }
        let SeriesKey { environment, target, place, name } = key;
        let values = [environment, target, place, name].map(|text| Value::from(text.as_str()));
        let sql = "SELECT id FROM series \
                   WHERE environment = $1 AND target = $2 AND place = $3 AND name = $4";
        let mut found = None;
        self.sql.rows(sql, &values, &mut |row| {
            found = Some(row.int(0)?);
            Ok(())
        })?;
        if let Some(id) = found {
            self.series.insert(key.clone(), id);
        }
        Ok(found)
    }

    /// The id of a series, which it gets if it has none; within a transaction.
    pub(super) fn series_id(&mut self, key: &SeriesKey) -> Result<i64, HistoryError> {
        if let Some(id) = self.known_series(key)? {
            return Ok(id);
        }
        let mut last = 0;
        self.sql.rows("SELECT COALESCE(MAX(id), 0) FROM series", &[], &mut |row| {
            last = row.int(0)?;
            Ok(())
        })?;
        let id = last + 1;
        let SeriesKey { environment, target, place, name } = key;
        let texts = [environment, target, place, name].map(|text| Value::from(text.as_str()));
        let values: Vec<Value> = [Value::Int(id)].into_iter().chain(texts).collect();
        let insert = "INSERT INTO series (id, environment, target, place, name)";
        self.sql.batch(insert, 5, &values, "")?;
        self.series.insert(key.clone(), id);
        Ok(id)
    }
}

const REPLACE_BUCKETS: &str = "ON CONFLICT (series, at) DO UPDATE SET covered = excluded.covered, \
     a = excluded.a, b = excluded.b, flags = excluded.flags";

const REPLACE_HOURS: &str = "ON CONFLICT (series, at) DO UPDATE SET covered = excluded.covered, \
     sum_a = excluded.sum_a, sum_b = excluded.sum_b, max_a = excluded.max_a, max_b = \
     excluded.max_b, flags = excluded.flags";

/// Hours that are there stay: they were made of more than is there now.
pub(super) const KEEP_HOURS: &str = "ON CONFLICT (series, at) DO NOTHING";

/// Of rows for one time the last: PostgreSQL does not replace what the same statement has inserted.
fn each_once<T>(rows: &[T], at: impl Fn(&T) -> i64) -> BTreeMap<i64, &T> {
    rows.iter().map(|row| (at(row), row)).collect()
}

pub(super) fn insert_buckets(
    sql: &mut dyn Sql,
    series: i64,
    buckets: &[Bucket],
) -> Result<(), HistoryError> {
    let mut values: Vec<Value> = Vec::with_capacity(buckets.len() * 6);
    for Bucket { at, covered, a, b, flags } in each_once(buckets, |bucket| bucket.at).values() {
        values.extend([
            Value::Int(series),
            Value::Int(*at),
            Value::Real(*covered),
            Value::Real(*a),
            Value::Real(*b),
            Value::Int(flags.bits()),
        ]);
    }
    let insert = "INSERT INTO bucket (series, at, covered, a, b, flags)";
    sql.batch(insert, 6, &values, REPLACE_BUCKETS)
}

pub(super) fn insert_hours(
    sql: &mut dyn Sql,
    series: i64,
    hours: &[Hour],
    conflict: &str,
) -> Result<(), HistoryError> {
    let mut values: Vec<Value> = Vec::with_capacity(hours.len() * 8);
    let hours = each_once(hours, |hour| hour.at);
    for Hour { at, covered, sum_a, sum_b, max_a, max_b, flags } in hours.values() {
        let figures = [covered, sum_a, sum_b, max_a, max_b].map(|figure| Value::Real(*figure));
        values.extend([Value::Int(series), Value::Int(*at)]);
        values.extend(figures);
        values.push(Value::Int(flags.bits()));
    }
    let insert = "INSERT INTO hour (series, at, covered, sum_a, sum_b, max_a, max_b, flags)";
    sql.batch(insert, 8, &values, conflict)
}

pub(super) fn read_buckets(
    sql: &mut dyn Sql,
    series: i64,
    from: i64,
    to: i64,
) -> Result<Vec<Bucket>, HistoryError> {
    let text = "SELECT at, covered, a, b, flags FROM bucket \
                WHERE series = $1 AND at > $2 AND at <= $3 ORDER BY at";
    let mut found = Vec::new();
    sql.rows(text, &[series.into(), from.into(), to.into()], &mut |row| {
        found.push(Bucket {
            at: row.int(0)?,
            covered: row.real(1)?,
            a: row.real(2)?,
            b: row.real(3)?,
            flags: BucketFlags::from_bits(row.int(4)?),
        });
        Ok(())
    })?;
    Ok(found)
}

fn read_hours(
    sql: &mut dyn Sql,
    series: i64,
    from: i64,
    to: i64,
) -> Result<Vec<Hour>, HistoryError> {
    let text = "SELECT at, covered, sum_a, sum_b, max_a, max_b, flags FROM hour \
                WHERE series = $1 AND at > $2 AND at <= $3 ORDER BY at";
    let mut found = Vec::new();
    sql.rows(text, &[series.into(), from.into(), to.into()], &mut |row| {
        found.push(Hour {
            at: row.int(0)?,
            covered: row.real(1)?,
            sum_a: row.real(2)?,
            sum_b: row.real(3)?,
            max_a: row.real(4)?,
            max_b: row.real(5)?,
            flags: BucketFlags::from_bits(row.int(6)?),
        });
        Ok(())
    })?;
    Ok(found)
}
