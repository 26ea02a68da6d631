//! Answers from a file: evidence that `collect` wrote, the text of INFO, or what `kubectl` printed.
//!
//! A file that is missing, broken or another environment's is an outcome of its target.

pub mod config;
mod parse;
mod pasted;
mod yaml;

use std::path::{Path, PathBuf};

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::collector::{CollectContext, Collector, Target};
use super::io::aside::run_blocking;
use super::io::system::without_errno;
use super::io::{file, net, silence};
use super::kubernetes::scope::ClusterScope;
use crate::model::{
    CollectorKind, Failure, FailureKind, Outcome, Source, TargetEvidence, TargetId, TimeSource,
};
use config::{FILE, RecordedConfig};

/// Evidence of 100,000 containers.
pub const MAX_FILE: u64 = 256 * 1024 * 1024;

/// Reads one file.
pub struct Recorded {
    id: TargetId,
    shown: PathBuf,
    path: PathBuf,
    taken: Option<Timestamp>,
    scope: ClusterScope,
}

impl Recorded {
    /// A collector for a checked profile; paths are relative to `folder`.
    pub fn new(config: &RecordedConfig, folder: &Path) -> Self {
        Self {
            id: TargetId::new("recorded", &config.name),
            shown: config.path.clone(),
            path: folder.join(&config.path),
            taken: config.taken,
            scope: ClusterScope::new(&config.read, &config.namespaces),
        }
    }

    /// The targets that the file holds. Minds no deadline: the live target that it stands in for
    /// may have used it up.
    pub(super) async fn load(
        &self,
        context: &CollectContext,
    ) -> Result<Vec<TargetEvidence>, Failure> {
        let (bytes, modified) = if file::is_piped(&self.path) {
            (read_piped(&self.path, context).await?, (context.clock)())
        } else {
            read_file(&self.path).await?
        };
        let (shown, name, environment) =
            (self.endpoint(), self.id.name().to_owned(), context.environment.clone());
        let scope = self.scope.clone();
        // Parsing a large file takes a while: the deadline must hold meanwhile.
        let parsing = run_blocking(move || {
            let file = parse::File { shown: &shown, name: &name, scope: &scope, modified };
            parse::targets(&parse::text(bytes)?, &file, &environment)
        });
        let mut targets = parsing.await??;
        for target in &mut targets {
            if let (Some(taken), Source::Recorded { time, .. }) = (self.taken, &mut target.source) {
                *time = TimeSource::Profile;
                target.taken = taken;
            }
            // What a collection could not read then is not known now either.
            if target.parts.is_empty() {
                let failure =
                    Failure::new(FailureKind::File, "the file does not say what was read");
                target.set_part(FILE, Outcome::Failed(failure));
            }
        }
        Ok(targets)
    }
}

impl Target for RecordedConfig {
    fn collector(&self, folder: &Path) -> Box<dyn Collector> {
        Box::new(Recorded::new(self, folder))
    }
}

impl Collector for Recorded {
    fn id(&self) -> TargetId {
        self.id.clone()
    }

    fn endpoint(&self) -> String {
        self.shown.display().to_string()
    }

    fn kind(&self) -> &'static CollectorKind {
        &RecordedConfig::KIND
    }

    fn unread(&self, now: Timestamp, failure: &Failure) -> TargetEvidence {
        let time =
            if self.taken.is_some() { TimeSource::Profile } else { TimeSource::FileModified };
        let source = Source::Recorded { path: self.endpoint(), time, instead_of: None };
        let mut evidence = TargetEvidence::new(self.id(), self.endpoint(), now);
        evidence.source = source;
        evidence.set_part(FILE, Outcome::Failed(failure.clone()));
        evidence
    }

    fn collect<'a>(&'a self, context: &'a CollectContext) -> BoxFuture<'a, Vec<TargetEvidence>> {
        async move {
            // A file is not a server that could be silent.
            silence::broken();
            match net::within(context.deadline, context.allowed, self.load(context)).await {
                Ok(targets) => targets,
                Err(failure) => vec![self.unread((context.clock)(), &failure)],
            }
        }
        .boxed()
    }
}

/// The targets that a file's bytes hold, as of the epoch: an entry for tests that mutate files.
///
/// # Errors
/// As a recorded target fails.
#[doc(hidden)]
pub fn targets_of(
    bytes: Vec<u8>,
    environment: &crate::model::EnvironmentName,
) -> Result<Vec<TargetEvidence>, Failure> {
    let scope = ClusterScope::default();
    let file =
        parse::File { shown: "file", name: "name", scope: &scope, modified: Timestamp::UNIX_EPOCH };
    parse::targets(&parse::text(bytes)?, &file, environment)
}

/// What somebody pipes into the program, until shortly before the deadline: the reason is to be
/// told.
async fn read_piped(path: &Path, context: &CollectContext) -> Result<Vec<u8>, Failure> {
    let within = context.allowed.mul_f64(0.9);
    file::read_pipe(path, MAX_FILE, within).await.map_err(|e| {
        let message = format!("what was piped cannot be read: {}", without_errno(&e));
        Failure::new(FailureKind::File, message).with_advice(
            "pipe one answer in: kubectl get … -A -o json | envparity audit; a pipe is read once, \
             by one target",
        )
    })
}

async fn read_file(path: &Path) -> Result<(Vec<u8>, Timestamp), Failure> {
    let failure = |e: std::io::Error| {
        Failure::new(FailureKind::File, format!("the file cannot be read: {}", without_errno(&e)))
    };
    let bytes = file::read_aside(path.to_owned(), MAX_FILE).await.map_err(failure)?;
    let metadata = tokio::fs::metadata(path).await.map_err(failure)?;
    let modified = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    Ok((bytes, modified.unwrap_or(Timestamp::UNIX_EPOCH)))
}
