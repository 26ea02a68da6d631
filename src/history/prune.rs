//! Lets go of what is old. What is deleted is told by a run of its own, the tombstone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use super::error::HistoryError;
use super::format::Prepared;
use super::retention::{self, Deletion, HeldRows, Keep, KeptTable};
use super::runs::{self, NewRun};
use super::series::{self, KEEP_HOURS};
use super::sql::{Sql, Value};
use super::store::{SeriesKey, Store};
use crate::model::{BucketLength, Hour, LoadSpan, PlaceBuckets, Series};

/// Makes hours of the buckets of one server, in a span of whole hours.
pub type HoursOf<'a> = &'a dyn Fn(&PlaceBuckets, LoadSpan) -> BTreeMap<Series, Vec<Hour>>;

/// Rows that were deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Rows of `sample`.
    pub samples: usize,
    /// Rows of `bucket`.
    pub buckets: usize,
    /// Rows of `hour`.
    pub hours: usize,
}

/// Whose rows: a series, or samples of one server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Series(i64),
    Server([String; 3]),
}

/// Spans on which runs rest, by whose they are.
#[derive(Default)]
struct Rests {
    samples: BTreeMap<[String; 3], Vec<(i64, i64)>>,
    buckets: BTreeMap<SeriesKey, Vec<(i64, i64)>>,
}

impl Store {
    /// Deletes what is older than it is kept for, and on which no run rests: samples after 48
    /// hours, buckets after 35 days, hours after 400 days. Of buckets that go `hours_of` makes the
    /// hours that are not there yet.
    ///
    /// # Errors
    /// If the history may not or cannot be written.
    pub fn prune(&mut self, now: Timestamp, hours_of: HoursOf<'_>) -> Result<Pruned, HistoryError> {
        let keep = Keep::default();
        self.write_all(|store| {
            let rests = store.all_rests()?;
            let held = store.held_rows(&rests)?;
            let plan = retention::plan_deletions(now, &keep, &held);
            store.close_hours(&plan, hours_of)?;
            let mut pruned = Pruned::default();
            for deletion in &plan {
                let count = delete_rows(&mut *store.sql, deletion)?;
                match deletion.table {
                    KeptTable::Samples => pruned.samples += count,
                    KeptTable::Buckets => pruned.buckets += count,
                    KeptTable::Hours => pruned.hours += count,
                }
            }
            if pruned != Pruned::default() {
                store.append_run(pruned_run(now, pruned), Prepared::default())?;
            }
            Ok(pruned)
        })
    }

    fn all_rests(&mut self) -> Result<Rests, HistoryError> {
        let mut rests = Rests::default();
        self.sql.rows(runs::SELECT, &[], &mut |columns| {
            let body = runs::run_body(&runs::run_row(columns)?)?;
            for head in body.evidence {
                for target in head.targets {
                    for sample in target.samples {
                        let of = [head.environment.clone(), target.head.id.clone(), sample.place];
                        let spans = rests.samples.entry(of).or_default();
                        spans.push((sample.at - 1, sample.at));
                    }
                }
            }
            for judged in body.judged {
                let (environment, target) = (judged.environment, judged.target);
                let key = SeriesKey { environment, target, place: judged.place, name: judged.name };
                rests.buckets.entry(key).or_default().push((judged.from, judged.to));
            }
            Ok(())
        })?;
        Ok(rests)
    }

    fn held_rows(&mut self, rests: &Rests) -> Result<Vec<HeldRows<Of>>, HistoryError> {
        let mut held = Vec::new();
        let mut keys: BTreeMap<i64, SeriesKey> = BTreeMap::new();
        let sql = "SELECT id, environment, target, place, name FROM series";
        self.sql.rows(sql, &[], &mut |row| {
            let key = SeriesKey {
                environment: row.text(1)?,
                target: row.text(2)?,
                place: row.text(3)?,
                name: row.text(4)?,
            };
            keys.insert(row.int(0)?, key);
            Ok(())
        })?;
        for (table, name) in [(KeptTable::Buckets, "bucket"), (KeptTable::Hours, "hour")] {
            for (id, key) in &keys {
                // The key of the table finds it at once.
                let sql = format!("SELECT at FROM {name} WHERE series = $1 ORDER BY at LIMIT 1");
                let mut oldest = None;
                self.sql.rows(&sql, &[(*id).into()], &mut |row| {
                    oldest = Some(row.int(0)?);
                    Ok(())
                })?;
                let Some(oldest) = oldest else { continue };
                let rests = rests.buckets.get(key).filter(|_| table == KeptTable::Buckets);
                let rests = rests.cloned().unwrap_or_default();
                held.push(HeldRows { of: Of::Series(*id), table, oldest, rests });
            }
        }
        let sql = "SELECT environment, target, place, MIN(at) FROM sample \
                   GROUP BY environment, target, place";
        self.sql.rows(sql, &[], &mut |row| {
            let of = [row.text(0)?, row.text(1)?, row.text(2)?];
            let own = rests.samples.get(&of).cloned().unwrap_or_default();
            let (table, oldest) = (KeptTable::Samples, row.int(3)?);
            held.push(HeldRows { of: Of::Server(of), table, oldest, rests: own });
            Ok(())
        })?;
        Ok(held)
    }

    /// Before buckets go, their hours must be there: they keep the worst bucket.
    fn close_hours(
        &mut self,
        plan: &[Deletion<Of>],
        hours_of: HoursOf<'_>,
    ) -> Result<(), HistoryError> {
        for ((environment, target, place), span) in self.hours_to_close(plan)? {
            let mut ids = BTreeMap::new();
            let mut own = PlaceBuckets::default();
            for (id, key) in self.series_of(&environment, &target)? {
                // Copies of what runs judged have no hours.
                let Ok(series) = key.name.parse::<Series>() else { continue };
                if key.place == place && !key.name.contains("@run/") {
                    let buckets = series::read_buckets(&mut *self.sql, id, span.from, span.to)?;
                    own.buckets.insert(series.clone(), buckets);
                    ids.insert(series, id);
                }
            }
            for (series, hours) in hours_of(&own, span) {
                if let Some(id) = ids.get(&series) {
                    series::insert_hours(&mut *self.sql, *id, &hours, KEEP_HOURS)?;
                }
            }
        }
        Ok(())
    }

    /// By server, the whole hours of which buckets go.
    fn hours_to_close(
        &mut self,
        plan: &[Deletion<Of>],
    ) -> Result<BTreeMap<(String, String, String), LoadSpan>, HistoryError> {
        let hour = BucketLength::new(3_600);
        let mut spans: BTreeMap<(String, String, String), LoadSpan> = BTreeMap::new();
        for Deletion { of, table, from, to } in plan {
            let (Of::Series(id), KeptTable::Buckets) = (of, table) else { continue };
            let sql = "SELECT environment, target, place FROM series WHERE id = $1";
            self.sql.rows(sql, &[(*id).into()], &mut |row| {
                let server = (row.text(0)?, row.text(1)?, row.text(2)?);
                let own = LoadSpan { from: hour.floor(*from), to: hour.ceil(*to) };
                let span = spans.entry(server).or_insert(own);
                span.from = span.from.min(own.from);
                span.to = span.to.max(own.to);
                Ok(())
            })?;
        }
        Ok(spans)
    }
}

fn delete_rows(sql: &mut dyn Sql, deletion: &Deletion<Of>) -> Result<usize, HistoryError> {
    let Deletion { of, table, from, to } = deletion;
    let span = [Value::Int(*from), Value::Int(*to)];
    match of {
        Of::Series(id) => {
            let name = if *table == KeptTable::Hours { "hour" } else { "bucket" };
            let text = format!("DELETE FROM {name} WHERE at > $1 AND at <= $2 AND series = $3");
            sql.exec(&text, &[span[0].clone(), span[1].clone(), Value::Int(*id)])
        }
        Of::Server(of) => {
            let text = "DELETE FROM sample WHERE at > $1 AND at <= $2 AND environment = $3 AND \
                        target = $4 AND place = $5";
            let of = of.iter().map(|text| Value::from(text.as_str()));
            let values: Vec<Value> = span.into_iter().chain(of).collect();
            sql.exec(text, &values)
        }
    }
}

/// What was deleted, for anyone who misses it.
fn pruned_run(now: Timestamp, pruned: Pruned) -> NewRun<'static> {
    NewRun {
        kind: "prune",
        at: now,
        verdict: "",
        facts: BTreeMap::new(),
        evidence: &[],
        findings: BTreeMap::new(),
        judged: Vec::new(),
        said: json!({
            "samples": pruned.samples,
            "buckets": pruned.buckets,
            "hours": pruned.hours,
        }),
    }
}
