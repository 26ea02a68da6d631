//! What the sources of one target told, and the windows of that.

use std::collections::BTreeMap;

use crate::model::{BucketedLoad, EnvironmentName, Failure, SpanMark, TargetId};
use crate::trend::{TargetWindows, Unknown, WindowKind};

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

impl SourceLoad {
    /// Whether it is another source than the history.
    pub(in crate::pipeline) fn is_outside(&self) -> bool {
        self.label != super::kept::LABEL
    }

    /// Why the source is not believed in a window as it tells it; empty if it is.
    pub(super) fn doubts_in(&self, kind: WindowKind) -> Vec<&Unknown> {
        let reads = self.windows.iter().flat_map(|windows| windows.places.values().flatten());
        let reasons = reads.filter(|read| read.window.kind == kind).flat_map(|read| &read.unknown);
        reasons.filter(|why| why.is_distrust()).collect()
    }
}

impl TargetLoad {
    /// The source that a window is by.
    pub fn source_of_window(&self, kind: WindowKind) -> Option<&SourceLoad> {
        self.sources.get(*self.by_source.get(&kind)?)
    }
}
