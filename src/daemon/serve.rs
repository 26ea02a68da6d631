//! `serve`: one process that runs schedules, samples, watches and serves pages over one history.
//!
//! Of several processes over one history one leads, and does all but the pages; when it is gone
//! another one does. Listener, clock, waits and shutdown are passed in.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::http::{ServeGuard, Site, serve_pages};
use super::sampling::sample_servers;
use super::scheduler::run_schedules;
use super::setup::ServeSetup;
use super::state::ServeState;
use super::tell::link_of;
use super::watching::watch_buckets;
use crate::history::{HistoryError, Leading, Store};

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
        let before = self.state.change(|status| std::mem::replace(&mut status.is_leader, leads));
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
