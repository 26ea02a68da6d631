//! The load of a target over time: what each source of it tells, and the windows of that.
//!
//! [`windows_of_target`] is the one way from sources to windows: audits, checklists and trends call
//! it, and differ in the windows they ask for. A source that fails costs its own load alone.

mod closed;
mod judged;
mod kept;
mod live;
mod outside;
mod rests;
mod selected;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::collect::Clock;
use crate::collect::prometheus::config::PrometheusConfig;
use crate::history::{HistoryError, Store};
use crate::model::{
    BucketLength, BucketedLoad, EnvironmentName, Failure, FailureKind, Load, LoadSpan, SpanMark,
    TargetId,
};
use crate::profile::Environment;
use crate::trend::{
    CommandLists, LoadCriteria, TargetWindows, Window, WindowKind, bucketed, read_windows,
    window_end,
};

pub use closed::{close_buckets, keep_samples};
pub use judged::{TargetJudged, judge_load};
pub use live::LiveTarget;
pub use outside::{OutsideLoad, read_outside};
pub use rests::rests_on;

/// What is wanted of one target.
#[derive(Clone, Debug)]
pub struct LoadAsked<'a> {
    /// Where it is.
    pub environment: &'a EnvironmentName,
    /// Which: `redis/cache`.
    pub target: &'a TargetId,
    /// Where its load is kept besides the history, if the profile says: see [`prometheus_of`].
    pub prometheus: Option<&'a PrometheusConfig>,
    /// Paths of the profile are relative to it.
    pub folder: &'a Path,
    /// Another deadline than that of the source.
    pub deadline: Option<Duration>,
    /// The windows: see [`windows_at`].
    pub windows: &'a [Window],
    /// The grid; tests use a shorter one than five minutes.
    pub length: BucketLength,
    /// What the servers themselves say now; empty where nobody asked them.
    pub live: &'a LiveTarget,
    /// Whether buckets of all commands are wanted, and not only of those that windows are read by.
    pub all_commands: bool,
    /// What says whether a source covers a window.
    pub criteria: &'a LoadCriteria,
}

/// What is known of the load of one target.
#[derive(Clone, Debug)]
pub struct TargetLoad {
    /// Where it is.
    pub environment: EnvironmentName,
    /// Which.
    pub target: TargetId,
    /// What each source told, the history first. Empty: none was named.
    pub sources: Vec<SourceLoad>,
    /// The windows, each by the first source that covers it, else by the one that covers most of
    /// it. Those that no source could be asked for are not in it.
    pub windows: TargetWindows,
    /// Which of `sources` each window is by.
    pub by_source: BTreeMap<WindowKind, usize>,
    /// What was marked in the environment.
    pub marks: Vec<SpanMark>,
}

/// What one source told of a target.
#[derive(Clone, Debug)]
pub struct SourceLoad {
    /// `history`, `prometheus https://prom/base`.
    pub label: String,
    /// Its buckets, with identity, clock, warnings and since when it holds any; or why there are
    /// none.
    pub told: Result<BucketedLoad, Failure>,
    /// All windows that were asked for, by this source alone.
    pub windows: Option<TargetWindows>,
}

impl TargetLoad {
    /// The source that a window is by.
    pub fn source(&self, kind: WindowKind) -> Option<&SourceLoad> {
        self.sources.get(*self.by_source.get(&kind)?)
    }
}

/// Where the profile of an environment says that the load of a target is kept, if it does.
pub fn prometheus_of<'a>(
    environment: &'a Environment,
    target: &TargetId,
) -> Option<&'a PrometheusConfig> {
    let mut targets = environment.targets.all();
    let own = targets.find(|own| TargetId::new(own.kind().name, own.name()) == *target)?;
    own.load().map(|load| &load.prometheus)
}

/// The windows of an audit or a checklist at a time. `since` is when the release of the baseline
/// came to production, if that is known.
pub fn windows_at(now: Timestamp, since: Option<i64>, length: BucketLength) -> Vec<Window> {
    let end = window_end(now.as_second(), length);
    let of_kind = |kind| Window::of_kind(kind, end, since, length);
    WindowKind::OF_CHECKLIST.into_iter().filter_map(of_kind).collect()
}

/// Reads the load of one target from the history and from what its profile names, and the windows
/// of it. The future is not `Send` while a history is read: see [`read_outside`] and
/// [`put_together`] for the two halves.
pub async fn windows_of_target(
    asked: &LoadAsked<'_>,
    history: Option<&mut Store>,
    clock: Clock,
) -> TargetLoad {
    let outside = match asked.prometheus {
        Some(config) => Some(read_outside(asked, config, clock).await),
        None => None,
    };
    put_together(asked, history.map(Ok), outside)
}

/// The windows of what was read outside and of what the history holds, or why it cannot be read.
pub fn put_together(
    asked: &LoadAsked<'_>,
    history: Option<Result<&mut Store, &HistoryError>>,
    outside: Option<OutsideLoad>,
) -> TargetLoad {
    let lists = CommandLists::builtin();
    let (mut sources, mut marks) = (Vec::new(), Vec::new());
    if let Some(history) = history {
        let told = match history {
            Ok(store) => kept::read(asked, store, &lists).map_err(|error| failure(&error)),
            Err(error) => Err(failure(error)),
        };
        let told = told.map(|(load, marked)| {
            marks = marked;
            load
        });
        sources.push((kept::LABEL.to_owned(), told));
    }
    if let Some(OutsideLoad { label, told }) = outside {
        let told = told.map(|load: Load| bucketed(asked.live.identified(load), &lists));
        sources.push((label, told));
    }
    let read = |(label, told): (String, Result<BucketedLoad, Failure>)| {
        let windows = told.as_ref().ok();
        let windows = windows.map(|load| read_windows(load.clone(), asked.windows, &marks, &lists));
        SourceLoad { label, told, windows }
    };
    let sources: Vec<SourceLoad> = sources.into_iter().map(read).collect();
    let (windows, by_source) = selected::windows(asked, &sources);
    TargetLoad {
        environment: asked.environment.clone(),
        target: asked.target.clone(),
        sources,
        windows,
        by_source,
        marks,
    }
}

/// A history that cannot be read costs what it holds, and not the audit.
fn failure(error: &HistoryError) -> Failure {
    Failure::new(FailureKind::File, format!("the history: {error}")).advise(error.advice())
}

/// From the first moment that windows need to the last.
fn span_of(windows: &[Window]) -> Option<LoadSpan> {
    let from = windows.iter().map(|window| window.span.from).min()?;
    let to = windows.iter().map(|window| window.span.to).max()?;
    Some(LoadSpan { from, to })
}
