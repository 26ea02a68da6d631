//! `serve`: one process that runs schedules, samples, watches and serves pages over one history.
//!
//! Of several processes over one history one leads, and does all but the pages; when it is gone
//! another one does. Listener, clock, waits and shutdown are passed in.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::access::HistoryAccess;
use super::http::{ServeGuard, Site, serve_pages};
use super::sampling::sample_servers;
use super::scheduler::run_schedules;
use super::state::ServeState;
use super::status::{ScheduleStatus, ServeStatus};
use super::tell::link_of;
use super::watching::watch_buckets;
use crate::collect::Clock;
use crate::history::{HistoryError, Leading, Store};
use crate::model::{BucketLength, Secret};
use crate::notify::DeliveryTimes;
use crate::pipeline::{RunFacts, Sampler};
use crate::profile::Profiles;

/// Waits; a test's may return at once.
pub type ServeSleep = dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync;

/// Everything that serving needs.
pub struct ServeSetup {
    /// The profiles.
    pub profiles: Profiles,
    /// The history that all is kept in.
    pub history: HistoryAccess,
    /// What is known of where this runs.
    pub facts: RunFacts,
    /// What readers must show; `None` for everybody on this machine.
    pub token: Option<Secret>,
    /// The time.
    pub clock: Clock,
    /// Waits for jitter and between tries of a notice.
    pub sleep: Box<ServeSleep>,
    /// How often it is looked whether something is due.
    pub tick: Duration,
    /// How often servers are sampled.
    pub every: Duration,
    /// The grid of load; five minutes but for tests.
    pub length: BucketLength,
    /// How often a notice is tried.
    pub delivery: DeliveryTimes,
    /// Hears, a line each, what whoever runs this should know.
    pub warn: Box<dyn Fn(&str) + Send + Sync>,
}

/// Why nothing can be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The file is one process's.
    #[error(
        "another envparity serve runs over this history: a file is for one, and several share a \
         PostgreSQL"
    )]
    AnotherServes,
    /// The history cannot be used.
    #[error("{0}")]
    History(HistoryError),
}

/// Whether this process still leads is looked at as often.
const LEAD: Duration = Duration::from_secs(5);

/// Pages of a process that does not lead are as old as this at most.
const REFRESH: Duration = Duration::from_secs(30);

/// How long what is being written may take when this ends.
const ENDING: Duration = Duration::from_secs(4);

/// For so long at least those who ask are told that this ends.
const TELLING: Duration = Duration::from_millis(300);

impl ServeSetup {
    /// What is sampled.
    pub(super) fn sampler(&self) -> Sampler {
        let environments: Vec<_> = self.profiles.environments.iter().collect();
        let sampler =
            Sampler::new(&environments, &self.profiles.folder, None, Arc::clone(&self.clock));
        match &self.profiles.sample {
            Some(config) => sampler.only(|target| config.covers(target.as_str())),
            None => sampler,
        }
    }
}

impl ServeStatus {
    /// As it is before anything is known.
    pub(super) fn new(setup: &ServeSetup) -> Self {
        let now = (setup.clock)();
        let schedules = setup.profiles.schedule.iter().map(|schedule| ScheduleStatus {
            id: schedule.id.value.clone(),
            what: schedule.what(),
            last: None,
            running_since: None,
            next: schedule.times(&setup.profiles.timezone).and_then(|times| times.after(now)),
            missed: 0,
            skipped: 0,
        });
        Self {
            now,
            started: now,
            timezone: setup.profiles.timezone.clone(),
            is_leader: false,
            is_stopping: false,
            history_failure: None,
            failed_runs: 0,
            audit: None,
            checklists: Vec::new(),
            schedules: schedules.collect(),
            runs: Vec::new(),
            samples: Vec::new(),
            incidents: Vec::new(),
            notifications_failed: 0,
            public_url: link_of(&setup.profiles).map(str::to_owned),
        }
    }
}

/// Serves until `shutdown` is done; then what is being read is left, and what is being written is
/// written. It needs a runtime of several threads.
///
/// # Errors
/// If the history cannot be used, or is a file that another process serves. Later failures are
/// shown by `/readyz` and metrics.
pub async fn serve(
    setup: ServeSetup,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let state = Arc::new(ServeState::new(Arc::new(setup)));
    let mut leadership = Leadership::new(Arc::clone(&state))?;
    let guard = ServeGuard::new(state.setup.token.as_ref(), link_of(&state.setup.profiles));
    let site = Arc::new(Site { state: Arc::clone(&state), guard });
    let pages = tokio::spawn(serve_pages(listener, site));
    let mut work = JoinSet::new();
    work.spawn(run_schedules(Arc::clone(&state)));
    work.spawn(sample_servers(Arc::clone(&state)));
    work.spawn(watch_buckets(Arc::clone(&state)));
    work.spawn(refresh_again_and_again(Arc::clone(&state)));
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            () = sleep(LEAD) => leadership.look(),
            Some(ended) = work.join_next() => {
                // A loop that ends by itself has nothing to do; a defect in one must be seen.
                if ended.is_err_and(|error| error.is_panic()) {
                    (state.setup.warn)("a part of serve has ended by a defect");
                    state.change(|status| status.failed_runs = u32::MAX);
                }
            }
        }
    }
    state.change(|status| status.is_stopping = true);
    work.abort_all();
    let ending = async { while work.join_next().await.is_some() {} };
    let told = sleep(TELLING);
    let _ = timeout(ENDING, futures::future::join(ending, told)).await;
    pages.abort();
    drop(leadership);
    Ok(())
}

async fn refresh_again_and_again(state: Arc<ServeState>) {
    loop {
        Arc::clone(&state).refresh().await;
        let soon = state.wants_refresh();
        let _ = timeout(REFRESH, soon).await;
    }
}

/// The lock of the one that leads, and the connection that holds it.
struct Leadership {
    state: Arc<ServeState>,
    store: Option<Store>,
}

impl Leadership {
    fn new(state: Arc<ServeState>) -> Result<Self, ServeError> {
        let mut store = tokio::task::block_in_place(|| state.setup.history.to_write())
            .map_err(ServeError::History)?;
        let leading =
            tokio::task::block_in_place(|| store.try_lead()).map_err(ServeError::History)?;
        if leading == Leading::Refused {
            return Err(ServeError::AnotherServes);
        }
        let leadership = Self { state, store: Some(store) };
        leadership.note(leading == Leading::Here);
        Ok(leadership)
    }

    /// Whether this process leads now: one that has lost its connection does not, until it gets the
    /// lock again.
    fn look(&mut self) {
        let was_leader = self.state.is_leader();
        let leads = tokio::task::block_in_place(|| self.leads(was_leader));
        match leads {
            Ok(leads) => self.note(leads),
            Err(error) => {
                self.store = None;
                self.note(false);
                self.state.note_history(Some(self.state.setup.history.said(&error)));
            }
        }
    }

    fn leads(&mut self, was_leader: bool) -> Result<bool, HistoryError> {
        let store = match &mut self.store {
            Some(store) => store,
            none => none.insert(self.state.setup.history.to_write()?),
        };
        if was_leader {
            return store.still_leads();
        }
        Ok(store.try_lead()? == Leading::Here)
    }

    fn note(&self, leads: bool) {
        let before = self.state.change(|status| {
            std::mem::replace(&mut status.is_leader, leads)
        });
        if before != leads {
            let told = if leads {
                "this process leads: it runs schedules, samples and watches"
            } else {
                "this process does not lead any more: it serves pages"
            };
            (self.state.setup.warn)(told);
        }
    }
}
