//! The packages of a host or an image, from a file. Contacts nothing, and starts nothing.

pub mod config;
mod parse;

use std::path::{Path, PathBuf};

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::collector::{CollectContext, Collector, Target};
use super::io::aside::run_blocking;
use super::io::system::without_errno;
use super::io::{file, net, silence};
use super::patterns::globs;
use crate::model::{
    CollectorKind, Failure, FailureKind, Globs, Outcome, Source, TargetEvidence, TargetId,
    TimeSource,
};
use config::{PACKAGES, PackagesConfig};
use parse::FoundPackages;

/// SBOMs of large images have some ten MiB.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// Reads one file.
pub struct Packages {
    id: TargetId,
    shown: PathBuf,
    path: PathBuf,
    include: Globs,
    taken: Option<Timestamp>,
}

impl Packages {
    /// A collector for a checked profile; paths are relative to `folder`.
    pub fn new(config: &PackagesConfig, folder: &Path) -> Self {
        Self {
            id: TargetId::new("packages", &config.name),
            shown: config.path.clone(),
            path: folder.join(&config.path),
            include: Globs::new(&globs(&config.include)),
            taken: config.taken,
        }
    }

    async fn load(&self) -> Result<(FoundPackages, Timestamp), Failure> {
        let failure = |e: std::io::Error| {
            let message = format!("the file cannot be read: {}", without_errno(&e));
            Failure::new(FailureKind::File, message)
        };
        let bytes = file::read_aside(self.path.clone(), MAX_FILE).await.map_err(failure)?;
        let metadata = tokio::fs::metadata(&self.path).await.map_err(failure)?;
        let modified = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
        let include = self.include.clone();
        let found = run_blocking(move || {
            let no_text = |_| Failure::new(FailureKind::File, "the file is not text");
            let text = String::from_utf8(bytes).map_err(no_text)?;
            FoundPackages::read(&text, &include)
        });
        Ok((found.await??, modified.unwrap_or(Timestamp::UNIX_EPOCH)))
    }
}

impl Target for PackagesConfig {
    fn collector(&self, folder: &Path) -> Box<dyn Collector> {
        Box::new(Packages::new(self, folder))
    }
}

impl Collector for Packages {
    fn id(&self) -> TargetId {
        self.id.clone()
    }

    fn endpoint(&self) -> String {
        self.shown.display().to_string()
    }

    fn kind(&self) -> &'static CollectorKind {
        &PackagesConfig::KIND
    }

    fn unread(&self, now: Timestamp, failure: &Failure) -> TargetEvidence {
        let time =
            if self.taken.is_some() { TimeSource::Profile } else { TimeSource::FileModified };
        let mut evidence = TargetEvidence::new(self.id(), self.endpoint(), now);
        evidence.source = Source::Recorded { path: self.endpoint(), time, instead_of: None };
        evidence.set_part(PACKAGES, Outcome::Failed(failure.clone()));
        evidence
    }

    fn collect<'a>(&'a self, context: &'a CollectContext) -> BoxFuture<'a, Vec<TargetEvidence>> {
        async move {
            // A file is not a server that could be silent.
            silence::broken();
            let read = net::within(context.deadline, context.allowed, self.load()).await;
            let (found, modified) = match read {
                Ok(read) => read,
                Err(failure) => return vec![self.unread((context.clock)(), &failure)],
            };
            let (taken, time) = match (self.taken, found.made) {
                (Some(taken), _) => (taken, TimeSource::Profile),
                (None, Some(made)) => (made, TimeSource::Evidence),
                (None, None) => (modified, TimeSource::FileModified),
            };
            let mut evidence = TargetEvidence::new(self.id(), self.endpoint(), taken);
            evidence.source = Source::Recorded { path: self.endpoint(), time, instead_of: None };
            evidence.fields = found.fields();
            evidence.set_part(PACKAGES, Outcome::Complete);
            vec![evidence]
        }
        .boxed()
    }
}
