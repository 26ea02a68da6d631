//! A recorded answer in place of a live target that cannot be reached, whatever collects it.

use std::path::Path;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::collector::{CollectContext, Collector};
use super::recorded::Recorded;
use super::recorded::config::RecordedConfig;
use crate::model::{
    CollectorKind, Failure, FailureKind, Outcome, Revisions, Source, TargetEvidence, TargetId,
};

/// A collector with a file to fall back on. The failure of the live target is kept beside what the
/// file says.
struct OrRecorded {
    live: Box<dyn Collector>,
    recorded: Recorded,
}

/// The collector with the file that stands in for it, if the profile names one.
pub fn or_recorded(
    live: Box<dyn Collector>,
    stand_in: Option<&RecordedConfig>,
    folder: &Path,
) -> Box<dyn Collector> {
    match stand_in {
        Some(config) => Box::new(OrRecorded { live, recorded: Recorded::new(config, folder) }),
        None => live,
    }
}

impl OrRecorded {
    async fn stand_in(&self, context: &CollectContext, failure: Failure) -> TargetEvidence {
        let (id, shown) = (self.live.id(), self.recorded.endpoint());
        let unread = |file: &str| {
            let message = format!("{}; {shown}: {file}", failure.message);
            self.live.unread((context.clock)(), &Failure { message, ..failure.clone() })
        };
        let targets = match self.recorded.load(context).await {
            Ok(targets) => targets,
            Err(file) => return unread(&file.message),
        };
        let Some(mut evidence) = targets.into_iter().find(|target| target.id == id) else {
            return unread(&format!("holds nothing of {id}"));
        };
        // The text of one server's INFO says nothing of the others that the profile names.
        for part in unread("").parts.into_keys() {
            let silent = || Failure::new(FailureKind::File, format!("{shown} does not mention it"));
            evidence.parts.entry(part).or_insert_with(|| Outcome::Failed(silent()));
        }
        if let Source::Recorded { instead_of, .. } = &mut evidence.source {
            *instead_of = Some(failure);
        }
        evidence
    }
}

impl Collector for OrRecorded {
    fn keep_connections(&mut self) {
        self.live.keep_connections();
    }

    fn id(&self) -> TargetId {
        self.live.id()
    }

    fn endpoint(&self) -> String {
        self.live.endpoint()
    }

    fn kind(&self) -> &'static CollectorKind {
        self.live.kind()
    }

    fn unread(&self, now: jiff::Timestamp, failure: &Failure) -> TargetEvidence {
        self.live.unread(now, failure)
    }

    fn unreached(&self, evidence: &TargetEvidence) -> Option<Failure> {
        self.live.unreached(evidence)
    }

    fn remembered<'a>(
        &'a self,
        context: &'a CollectContext,
    ) -> Option<BoxFuture<'a, Result<Revisions, Failure>>> {
        // A file remembers nothing: what is asked is the live target.
        self.live.remembered(context)
    }

    fn give_up<'a>(
        &'a self,
        context: &'a CollectContext,
        failure: Failure,
    ) -> BoxFuture<'a, Vec<TargetEvidence>> {
        async move { vec![self.stand_in(context, failure).await] }.boxed()
    }

    fn collect<'a>(&'a self, context: &'a CollectContext) -> BoxFuture<'a, Vec<TargetEvidence>> {
        async move {
            let mut collected = Vec::new();
            for evidence in self.live.collect(context).await {
                collected.push(match self.live.unreached(&evidence) {
                    Some(failure) => self.stand_in(context, failure).await,
                    None => evidence,
                });
            }
            collected
        }
        .boxed()
    }
}
