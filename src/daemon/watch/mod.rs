//! The watch: every new bucket of the watched environments is judged, and what rises is an
//! incident, with what changed before it. Incidents are kept in the history, so that another
//! process goes on with them.

mod figure;
mod incident;
mod kept;
mod usual;
mod words;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

pub use figure::{BucketFigure, ServerBucket, WalkingCommand};
pub use incident::{BucketJudged, IncidentStep, JudgedServer, KeptIncident, RisenFigure};
pub use incident::{incident_id, judge_bucket, step};
pub use kept::{INCIDENT, Incidents, keep_incidents, read_incidents};
pub use usual::{Usual, WatchLimit, limit_of, same_hours};

use crate::history::{HistoryError, Store};
use crate::model::{BucketLength, EnvironmentName, PlaceBuckets, Series, TargetId};
use crate::pipeline::RecentChanges;
use crate::pipeline::load::fresh_bucket;
use crate::trend::{CommandLists, LoadCriteria, LoadIndicator};
use words::IncidentFacts;

/// The hour before a bucket tells what rose from what.
const BEFORE: i64 = 3_600;

/// A command that was not called for so long is new.
const NEW_FOR: i64 = 24 * 3_600;

/// How the watch judges.
pub struct Watch {
    /// The bucket's length.
    pub length: BucketLength,
    /// Seconds between samples.
    pub interval: f64,
    /// The criteria of the policy.
    pub criteria: LoadCriteria,
    /// Which commands walk.
    pub lists: CommandLists,
    /// The zone whose hours are compared.
    pub zone: TimeZone,
}

/// One bucket of a target, judged.
pub struct WatchedBucket {
    /// What it says.
    pub judged: BucketJudged,
    /// What each server did.
    pub servers: BTreeMap<String, ServerBucket>,
    /// Walking commands of the worst server that were not called in the 24 hours before.
    pub new_commands: Vec<String>,
}

impl Watch {
    /// Judges the bucket of a target that ends at `end`.
    ///
    /// # Errors
    /// If the history cannot be read.
    pub fn judge(
        &self,
        store: &mut Store,
        (environment, target): (&EnvironmentName, &TargetId),
        end: i64,
        incidents: &Incidents,
    ) -> Result<WatchedBucket, HistoryError> {
        let timing = (self.length, self.interval);
        let of = (environment, target);
        let fresh = fresh_bucket(store, of, end, timing, &self.lists)?;
        let wanted: Vec<LoadIndicator> = self.criteria.criteria.keys().copied().collect();
        let servers: BTreeMap<String, ServerBucket> = fresh
            .iter()
            .map(|(place, buckets)| {
                let made = ServerBucket::new(buckets, &wanted, self.length, &self.lists);
                (place.clone(), made)
            })
            .collect();
        let began = end - self.length.seconds();
        let before = self.values(store, of, (began - BEFORE, began), &wanted)?;
        let mut limits = BTreeMap::new();
        let past = self.weeks(store, of, end, incidents, &wanted)?;
        for place in servers.keys() {
            limits.insert(place.clone(), self.limits(past.get(place), &wanted));
        }
        let none = BTreeMap::new();
        let medians: BTreeMap<String, BTreeMap<LoadIndicator, f64>> = before
            .into_iter()
            .map(|(place, values)| (place, values.into_iter().filter_map(middle).collect()))
            .collect();
        let judged = servers.iter().map(|(place, bucket)| {
            let limits = &limits[place];
            let before = medians.get(place).unwrap_or(&none);
            (place.clone(), JudgedServer { bucket, limits, before })
        });
        let judged = judge_bucket(&judged.collect());
        let mut new_commands = Vec::new();
        if let BucketJudged::Risen(risen) = &judged
            && let Some(worst) = risen.first()
            && let Some(server) = servers.get(&worst.place)
        {
            new_commands = Self::new_commands(store, of, began, (&worst.place, server))?;
        }
        Ok(WatchedBucket { judged, servers, new_commands })
    }

    fn limits(
        &self,
        weeks: Option<&BTreeMap<LoadIndicator, Vec<f64>>>,
        wanted: &[LoadIndicator],
    ) -> BTreeMap<LoadIndicator, WatchLimit> {
        let of = |indicator: &LoadIndicator| {
            let criterion = self.criteria.criteria.get(indicator)?;
            let worst = weeks.and_then(|weeks| weeks.get(indicator));
            let usual = worst.and_then(|worst| Usual::of(worst));
            Some((*indicator, limit_of(*indicator, criterion, usual)?))
        };
        wanted.iter().filter_map(of).collect()
    }

    /// The worst bucket of each week at the same hour, by server: of weeks in which the server was
    /// seen, and was in no incident.
    fn weeks(
        &self,
        store: &mut Store,
        of: (&EnvironmentName, &TargetId),
        end: i64,
        incidents: &Incidents,
        wanted: &[LoadIndicator],
    ) -> Result<BTreeMap<String, BTreeMap<LoadIndicator, Vec<f64>>>, HistoryError> {
        let mut found: BTreeMap<String, BTreeMap<LoadIndicator, Vec<f64>>> = BTreeMap::new();
        for (from, to) in same_hours(end, &self.zone) {
            if incidents.touch(of, (from, to)) {
                continue;
            }
            for (place, values) in self.values(store, of, (from, to), wanted)? {
                let own = found.entry(place).or_default();
                for (indicator, values) in values {
                    let worst = values.into_iter().max_by(f64::total_cmp);
                    own.entry(indicator).or_default().extend(worst);
                }
            }
        }
        Ok(found)
    }

    /// The figures of each bucket of a span in which a server was seen; where hours are all that is
    /// kept, their worst.
    fn values(
        &self,
        store: &mut Store,
        (environment, target): (&EnvironmentName, &TargetId),
        span: (i64, i64),
        wanted: &[LoadIndicator],
    ) -> Result<BTreeMap<String, BTreeMap<LoadIndicator, Vec<f64>>>, HistoryError> {
        let series: Vec<Series> = wanted.iter().map(|one| one.series_of(&self.lists)).collect();
        let is_wanted = |one: &Series| *one == Series::Up || series.contains(one);
        let places = store.read_load(environment, target, span, &is_wanted)?;
        let of = |buckets: &PlaceBuckets| {
            let own = wanted.iter().map(|one| (*one, self.series_values(buckets, *one)));
            own.collect()
        };
        Ok(places.iter().map(|(place, buckets)| (place.clone(), of(buckets))).collect())
    }

    fn series_values(&self, buckets: &PlaceBuckets, indicator: LoadIndicator) -> Vec<f64> {
        let series = indicator.series_of(&self.lists);
        let rows = |series: &Series| buckets.buckets.get(series).into_iter().flatten();
        let hours = |series: &Series| buckets.hours.get(series).into_iter().flatten();
        let known: BTreeMap<i64, f64> = rows(&series)
            .map(|row| (row.at, indicator.value_in_bucket((row.a, row.b), self.length)))
            .collect();
        // A bucket that was seen and has no row was zero.
        let of_buckets = rows(&Series::Up).map(|up| known.get(&up.at).copied().unwrap_or(0.0));
        let worst: BTreeMap<i64, f64> = hours(&series)
            .map(|hour| (hour.at, indicator.value_in_bucket((hour.max_a, hour.max_b), self.length)))
            .collect();
        let of_hours = hours(&Series::Up).map(|up| worst.get(&up.at).copied().unwrap_or(0.0));
        of_buckets.chain(of_hours).collect()
    }

    /// Commands of a server that it was seen without for a day.
    fn new_commands(
        store: &mut Store,
        (environment, target): (&EnvironmentName, &TargetId),
        began: i64,
        (place, server): (&str, &ServerBucket),
    ) -> Result<Vec<String>, HistoryError> {
        let is_wanted = |one: &Series| match one {
            Series::Up => true,
            Series::Command(name) => server.walking.iter().any(|command| command.name == *name),
            _ => false,
        };
        let span = (began - NEW_FOR, began);
        let mut places = store.read_load(environment, target, span, &is_wanted)?;
        let Some(own) = places.remove(place) else { return Ok(Vec::new()) };
        let count = |series: &Series| {
            let buckets = own.buckets.get(series).into_iter().flatten().map(|row| row.a);
            let hours = own.hours.get(series).into_iter().flatten().map(|hour| hour.sum_a);
            buckets.chain(hours).sum::<f64>()
        };
        if count(&Series::Up) == 0.0 {
            return Ok(Vec::new());
        }
        let is_new = |name: &&String| count(&Series::Command((*name).clone())) == 0.0;
        let names = server.walking.iter().map(|command| &command.name);
        Ok(names.filter(is_new).cloned().collect())
    }

    /// What is told of an incident that a bucket begins; `changes` is what changed before it.
    pub fn describe(
        &self,
        (environment, target): (&EnvironmentName, &TargetId),
        bucket: &WatchedBucket,
        since: Timestamp,
        changes: &Result<RecentChanges, String>,
    ) -> KeptIncident {
        let risen: &[RisenFigure] = match &bucket.judged {
            BucketJudged::Risen(risen) => risen,
            BucketJudged::Quiet | BucketJudged::Unknown => &[],
        };
        let worst = risen.first().and_then(|worst| bucket.servers.get(&worst.place));
        let nothing = ServerBucket::default();
        let facts = IncidentFacts {
            environment,
            target,
            risen,
            bucket: worst.unwrap_or(&nothing),
            new_commands: &bucket.new_commands,
            since,
            changes,
            zone: &self.zone,
        };
        KeptIncident {
            id: incident_id(environment, target, since),
            environment: environment.to_string(),
            target: target.to_string(),
            title: facts.title(),
            lines: facts.lines(),
            since,
            until: None,
            quiet: 0,
            quiet_since: None,
        }
    }

    /// The newest bucket that has ended, and of which all samples are there.
    pub fn newest_end(&self, now: Timestamp) -> i64 {
        /// A sample that was asked for at the bucket's end is answered by then.
        const SETTLED: SignedDuration = SignedDuration::from_secs(3);
        let settled = now.checked_sub(SETTLED).unwrap_or(now);
        self.length.floor(settled.as_second())
    }
}

/// The middle of the values.
fn middle((indicator, mut values): (LoadIndicator, Vec<f64>)) -> Option<(LoadIndicator, f64)> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).map(|value| (indicator, *value))
}
