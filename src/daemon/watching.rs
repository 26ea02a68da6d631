//! The watch as it runs: each bucket once, while this process is the leader. When something rises
//! its environment is read at once, so that what changed can be told.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{sleep, timeout};

use super::runs::Unwatched;
use super::state::ServeState;
use super::status::{BucketStatus, IncidentStatus};
use super::tell::RunOf;
use super::watch::{
    IncidentStep, Incidents, KeptIncident, Watch, WatchedBucket, keep_incidents, read_incidents,
    step,
};
use crate::history::{HistoryError, Store};
use crate::model::{EnvironmentName, Evidence, TargetId};
use crate::notify::{Incident, ObservedRun};
use crate::pipeline::{self, RecentChanges};
use crate::policy;
use crate::profile::Environment;
use crate::trend::{CommandLists, LoadIndicator};

/// An environment is read for so long at most, so that the message is there in time.
const READ_TIME: Duration = Duration::from_secs(8);

/// What changed is looked for from so long before.
const BEFORE: SignedDuration = SignedDuration::from_hours(1);

/// Judges buckets until it is dropped.
pub(super) async fn watch_buckets(state: Arc<ServeState>) {
    let mut watching = Watching::new(state);
    let tick = watching.state.setup.tick;
    // Nothing is sampled.
    if watching.targets.is_empty() {
        return;
    }
    loop {
        if watching.state.is_leader() {
            watching.turn().await;
        } else {
            watching.judged_to = None;
        }
        sleep(tick).await;
    }
}

struct Watching {
    state: Arc<ServeState>,
    watch: Watch,
    /// Targets that are sampled, and whether they are watched.
    targets: Vec<(EnvironmentName, TargetId, bool)>,
    /// End of the last bucket that was judged.
    judged_to: Option<i64>,
}

/// What a bucket has begun, or ended.
struct Turned {
    environment: EnvironmentName,
    target: TargetId,
    bucket: WatchedBucket,
}

impl Watching {
    fn new(state: Arc<ServeState>) -> Self {
        let setup = &state.setup;
        let profiles = &setup.profiles;
        let watch = Watch {
            length: setup.length,
            interval: setup.every.as_secs_f64(),
            criteria: policy::load::load_criteria(profiles.policy.as_ref()),
            lists: CommandLists::builtin_lists(),
            zone: profiles.timezone.clone(),
        };
        let sampler = setup.sampler();
        let targets = sampler.targets().map(|(environment, target, _)| {
            let is_watched = profiles.watch.contains(&environment);
            (environment, target, is_watched)
        });
        let targets = targets.collect();
        Self { targets, watch, judged_to: None, state }
    }

    /// Judges the buckets that have ended since the last turn.
    async fn turn(&mut self) {
        /// After a pause older ones are not told of any more.
        const MOST: i64 = 3;
        let now = (self.state.setup.clock)();
        let newest = self.watch.newest_end(now);
        let length = self.watch.length.seconds();
        // What ended just before this process began to lead may be seen by nobody.
        let last = self.judged_to.unwrap_or(newest - length).max(newest - MOST * length);
        let mut end = last + length;
        while end <= newest {
            self.judged_to = Some(end);
            self.judge(end).await;
            end += length;
        }
        self.judged_to = Some(self.judged_to.unwrap_or(newest));
    }

    async fn judge(&self, end: i64) {
        let history = &self.state.setup.history;
        let judged = tokio::task::block_in_place(|| {
            let mut store = history.to_write()?;
            self.judge_all(&mut store, end)
        });
        let (mut incidents, begun, has_changed) = match judged {
            Ok(judged) => judged,
            Err(error) => return self.state.note_history(Some(history.said(&error))),
        };
        let since = self.began(end);
        let mut evidence = Vec::new();
        for turned in &begun {
            let (read, changes) = self.changes(&turned.environment, since).await;
            let of = (&turned.environment, &turned.target);
            incidents.incidents.push(self.watch.describe(of, &turned.bucket, since, &changes));
            // Two targets of one environment: read once is enough.
            let is_new = |one: &Evidence| one.environment == turned.environment;
            if !evidence.iter().any(is_new) {
                evidence.extend(read);
            }
        }
        if begun.is_empty() && !has_changed {
            return;
        }
        let now = (self.state.setup.clock)();
        let kept = tokio::task::block_in_place(|| {
            let mut store = history.to_write()?;
            keep_incidents(&mut store, &mut incidents, &evidence, now)
        });
        self.state.note_history(kept.err().map(|error| history.said(&error)));
        self.show(&incidents);
        let open = incidents.open().map(told_incident).collect();
        let seen =
            ObservedRun { began: now, at: now, incidents: Some(open), ..ObservedRun::default() };
        self.state.tell(&seen, RunOf::Watch).await;
    }

    /// Judges a bucket of every target: incidents as they are then, those that begin, and whether
    /// any other has changed.
    fn judge_all(
        &self,
        store: &mut Store,
        end: i64,
    ) -> Result<(Incidents, Vec<Turned>, bool), HistoryError> {
        let mut incidents = read_incidents(store)?;
        let (mut begun, mut has_changed) = (Vec::new(), false);
        for (environment, target, is_watched) in &self.targets {
            let of = (environment, target);
            let bucket = self.watch.judge(store, of, end, &incidents)?;
            self.show_bucket(of, &bucket, end);
            if !is_watched {
                continue;
            }
            match step(incidents.open_of(of), &bucket.judged, self.began(end)) {
                IncidentStep::Unchanged => {}
                IncidentStep::Goes | IncidentStep::Ends => has_changed = true,
                IncidentStep::Begins => {
                    let (environment, target) = (environment.clone(), target.clone());
                    begun.push(Turned { environment, target, bucket });
                }
            }
        }
        has_changed |= self.end_unwatched(&mut incidents, self.began(end));
        Ok((incidents, begun, has_changed))
    }

    /// What is watched no more has no end that could be seen.
    fn end_unwatched(&self, incidents: &mut Incidents, now: Timestamp) -> bool {
        let is_watched = |one: &KeptIncident| {
            self.targets.iter().any(|(environment, target, is_watched)| {
                *is_watched
                    && one.environment == environment.as_str()
                    && one.target == target.as_str()
            })
        };
        let mut has_changed = false;
        for one in &mut incidents.incidents {
            if one.until.is_none() && !is_watched(one) {
                one.until = Some(now);
                has_changed = true;
            }
        }
        has_changed
    }

    fn began(&self, end: i64) -> Timestamp {
        let began = end - self.watch.length.seconds();
        Timestamp::from_second(began).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Reads the environment now, and compares it with what is known from before.
    async fn changes(
        &self,
        name: &EnvironmentName,
        since: Timestamp,
    ) -> (Option<Evidence>, Result<RecentChanges, String>) {
        let setup = &self.state.setup;
        let found = setup.profiles.environments.iter().find(|one| one.name == *name);
        let Some(environment) = found else { return (None, Err("it has no profile".to_owned())) };
        let Some(evidence) = self.read(environment).await else {
            return (None, Err("the environment was not read in time".to_owned()));
        };
        let before = since.checked_sub(BEFORE).unwrap_or(since);
        let profiles = &setup.profiles;
        let changes = tokio::task::block_in_place(|| {
            let mut store = setup.history.to_read()?;
            pipeline::changes_lately(profiles, environment, &mut store, &evidence, before)
        });
        (Some(evidence), changes.map_err(|error| setup.history.said(&error)))
    }

    async fn read(&self, environment: &Environment) -> Option<Evidence> {
        let setup = &self.state.setup;
        let (folder, clock) = (&setup.profiles.folder, setup.clock.clone());
        let environments = [(environment, true)];
        // All ends within twice the deadline.
        let deadline = Some(READ_TIME / 2);
        let reading = pipeline::collect(&environments, None, folder, deadline, clock, &Unwatched);
        timeout(READ_TIME, reading).await.ok()?.pop()
    }

    fn show_bucket(
        &self,
        (environment, target): (&EnvironmentName, &TargetId),
        bucket: &WatchedBucket,
        end: i64,
    ) {
        self.state.change(|status| {
            for shown in &mut status.samples {
                let is_own = shown.environment == *environment && shown.target == *target;
                let Some(own) = bucket.servers.get(&shown.place).filter(|_| is_own) else {
                    continue;
                };
                let of = |indicator| own.figures.get(&indicator).and_then(|one| one.least());
                shown.bucket = Some(BucketStatus {
                    at: end,
                    walk_share: of(LoadIndicator::WalkShare),
                    cpu: of(LoadIndicator::Cpu),
                });
            }
        });
    }

    fn show(&self, incidents: &Incidents) {
        self.state.change(|status| status.incidents = shown_incidents(incidents));
    }
}

fn told_incident(kept: &KeptIncident) -> Incident {
    Incident {
        id: kept.id.clone(),
        title: kept.title.clone(),
        lines: kept.lines.clone(),
        environments: vec![kept.environment.clone()],
    }
}

/// As pages show them, newest first.
pub(super) fn shown_incidents(incidents: &Incidents) -> Vec<IncidentStatus> {
    let shown = incidents.incidents.iter().rev().map(|one| IncidentStatus {
        id: one.id.clone(),
        environment: one.environment.as_str().into(),
        target: one.target.as_str().into(),
        title: one.title.clone(),
        lines: one.lines.clone(),
        since: one.since,
        until: one.until,
    });
    shown.collect()
}
