//! What is asked of the load of one target: which windows, and where it is kept.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::live::LiveTarget;
use crate::collect::prometheus::config::PrometheusConfig;
use crate::model::{BucketLength, EnvironmentName, LoadSpan, TargetId};
use crate::profile::Environment;
use crate::trend::{LoadCriteria, Window, WindowKind, window_end};

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

/// From the first moment that windows need to the last.
pub(super) fn span_of(windows: &[Window]) -> Option<LoadSpan> {
    let from = windows.iter().map(|window| window.span.from).min()?;
    let to = windows.iter().map(|window| window.span.to).max()?;
    Some(LoadSpan { from, to })
}
