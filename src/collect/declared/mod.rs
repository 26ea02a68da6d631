//! Facts that a person vouches for, until they expire. Contacts nothing.

pub mod config;

use std::path::Path;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::tz::TimeZone;

use super::collector::{CollectContext, Collector, Target};
use crate::model::{self, CollectorKind, Outcome, Source, TargetEvidence, TargetId};
use config::{DeclaredConfig, FACT};

/// One declared fact.
pub struct DeclaredFact(model::Declared);

impl DeclaredFact {
    /// The fact as the profile states it.
    pub fn new(config: &DeclaredConfig) -> Self {
        let DeclaredConfig { component, product, version, by, on, expires, .. } = config.clone();
        let product = product.map(|name| name.value).unwrap_or_default();
        Self(model::Declared { component: component.value, product, version, by, on, expires })
    }
}

impl Target for DeclaredConfig {
    fn collector(&self, _folder: &Path) -> Box<dyn Collector> {
        Box::new(DeclaredFact::new(self))
    }
}

impl Collector for DeclaredFact {
    fn id(&self) -> TargetId {
        TargetId::new("declared", &self.0.component)
    }

    fn endpoint(&self) -> String {
        format!("declared by {}", self.0.by)
    }

    fn kind(&self) -> &'static CollectorKind {
        &DeclaredConfig::KIND
    }

    fn collect<'a>(&'a self, context: &'a CollectContext) -> BoxFuture<'a, Vec<TargetEvidence>> {
        let now = (context.clock)();
        let since = self.0.on.to_zoned(TimeZone::UTC).map_or(now, |zoned| zoned.timestamp());
        let mut evidence = TargetEvidence::new(self.id(), self.endpoint(), since);
        evidence.source = Source::Declared;
        evidence.declared.push(self.0.clone());
        // Whether it has expired is judged by the time of the run, not of the collection.
        evidence.set_part(FACT, Outcome::Complete);
        async move { vec![evidence] }.boxed()
    }
}
