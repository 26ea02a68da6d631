//! One run of a schedule: an audit or a checklist, by the functions that the commands call.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use jiff::Timestamp;

use super::config::ScheduleConfig;
use super::kept::keep_failed;
use super::setup::ServeSetup;
use super::state::ServeState;
use super::tell::{RunOf, Telling};
use crate::collect::Progress;
use crate::history::{HistoryError, Store};
use crate::model::{EnvironmentName, TargetId};
use crate::notify::ObservedRun;
use crate::pipeline::{
    self, AuditOptions, ChecklistAsked, HistoryDoor, audit_and_keep, run_checklist,
};

/// The fact of a run that names its schedule.
pub(super) const SCHEDULE: &str = "schedule";

/// The fact that names the time at which it was due.
pub(super) const DUE: &str = "due";

/// Nobody watches.
pub(super) struct Unwatched;

impl Progress for Unwatched {
    fn started(&self, _: usize) {}
    fn finished(&self, _: &EnvironmentName, _: &TargetId, _: bool) {}
}

impl ServeState {
    /// Makes a run; whatever becomes of it is noted. Dropping the future ends what is read, and
    /// what is being written is written.
    pub(super) async fn run_once(self: Arc<Self>, at: usize, due: Timestamp) {
        let setup = Arc::clone(&self.setup);
        let Some(schedule) = setup.profiles.schedule.get(at) else { return };
        let made = AssertUnwindSafe(self.make_run(schedule, due)).catch_unwind().await;
        let failure = match made {
            Ok(Ok(())) => None,
            Ok(Err(why)) => Some(why),
            // Where it was is told already.
            Err(_) => Some("a defect of envparity ended it".to_owned()),
        };
        self.change(|status| match &failure {
            None => status.failed_runs = 0,
            Some(_) => status.failed_runs = status.failed_runs.saturating_add(1),
        });
        let Some(why) = failure else { return };
        let id = schedule.id.as_str();
        (setup.warn)(&format!("the run of {id} failed: {why}"));
        let now = (setup.clock)();
        let kept = setup
            .history
            .to_write()
            .and_then(|mut store| keep_failed(&mut store, id, due, &why, now));
        self.note_history(kept.err().map(|error| setup.history.said(&error)));
    }

    async fn make_run(&self, schedule: &ScheduleConfig, due: Timestamp) -> Result<(), String> {
        let setup = &self.setup;
        let id = schedule.id.value.clone();
        let to_write = || -> Result<Store, HistoryError> {
            let mut store = setup.history.to_write()?;
            store.note_fact(SCHEDULE, id.clone());
            store.note_fact(DUE, due.to_string());
            Ok(store)
        };
        let (kept, seen, of) = match &schedule.release {
            None => {
                let options = AuditOptions { length: setup.length, ..AuditOptions::default() };
                let (profiles, facts) = (&setup.profiles, setup.facts.clone());
                let clock = setup.clock.clone();
                let made =
                    audit_and_keep(profiles, &options, facts, clock, &Unwatched, to_write).await;
                let (audit, kept) = made.map_err(|error| error.to_string())?;
                let seen = ObservedRun::of_audit(&audit);
                self.set_audit(audit);
                (kept, seen, RunOf::Audit)
            }
            Some(release) => {
                let to_read = || setup.history.to_read();
                let door = HistoryDoor { to_read: &to_read, to_write: &to_write };
                let release = setup.profiles.release(release)?;
                let asked = ChecklistAsked {
                    profiles: &setup.profiles,
                    release,
                    kind: release.kind.unwrap_or_default(),
                    recorded_only: false,
                    options: AuditOptions::default(),
                    facts: setup.facts.clone(),
                };
                pipeline::gate_of(&setup.profiles, release).map_err(|e| e.to_string())?;
                let made = run_checklist(asked, &door, setup.clock.clone(), &Unwatched).await;
                let (checklist, kept) = made.map_err(|error| error.to_string())?;
                let seen = ObservedRun::of_checklist(&checklist);
                self.set_checklist(checklist);
                (kept, seen, RunOf::ChecklistOf(&release.name))
            }
        };
        let is_kept = kept.is_ok();
        self.note_history(kept.err().map(|error| setup.history.said(&error)));
        if is_kept {
            self.tell(&seen, of).await;
        }
        Ok(())
    }

    /// Tells people, and counts what did not arrive.
    pub(super) async fn tell(&self, seen: &ObservedRun, of: RunOf<'_>) {
        let ServeSetup { history, profiles, clock, warn, delivery, sleep, .. } = &*self.setup;
        let telling =
            Telling { history, profiles, clock, sleep: &**sleep, times: *delivery, warn: &**warn };
        let failed = telling.tell(seen, of).await;
        self.change(|status| {
            status.notifications_failed += u64::try_from(failed).unwrap_or(u64::MAX);
        });
    }
}
