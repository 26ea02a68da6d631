//! What a source of load is, and what it is asked for.

use std::collections::BTreeMap;

use futures::future::BoxFuture;

use super::collector::CollectContext;
use crate::model::{BucketLength, Failure, LiveServer, Load, LoadSpan, TargetId};

/// The load that is wanted of one target.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadWanted {
    /// Whose.
    pub target: TargetId,
    /// When. Both ends are lines of the grid; a source begins one bucket before.
    pub span: LoadSpan,
    /// The grid.
    pub length: BucketLength,
    /// What the servers themselves say now, by place as in [`Load::places`]; empty where none was
    /// asked.
    pub live: BTreeMap<String, LiveServer>,
}

/// Reads the load of one target from where it is kept: raw counters, and never a rate.
pub trait LoadSource: Send + Sync {
    /// As shown to people: `prometheus https://prom/base`.
    fn name(&self) -> String;

    /// Which server is asked, in whatever form: each is asked by a few at a time.
    fn server(&self) -> String;

    /// Reads it within the context's deadline. What fails costs this target's load alone.
    ///
    /// # Errors
    /// If nothing can be made of what is kept, or not all of it could be read.
    fn read<'a>(
        &'a self,
        wanted: &'a LoadWanted,
        context: &'a CollectContext,
    ) -> BoxFuture<'a, Result<Load, Failure>>;
}
