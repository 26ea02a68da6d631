//! A PostgreSQL database: version, extensions, some settings, and which server it is. It hears a
//! login and four questions, each in a read-only transaction, and nothing else.

pub mod config;
mod parse;
#[cfg(feature = "postgres")]
mod session;

use std::path::Path;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::collector::{CollectContext, Collector, Target};
#[cfg(feature = "postgres")]
use super::io::secret;
use super::io::{net, tls};
use crate::model::{CollectorKind, Failure, FailureKind, Outcome, TargetEvidence, TargetId};
use crate::wire::problem::Problem;
use crate::wire::secret::SecretReference;
use config::{PostgresqlAddress, PostgresqlConfig, PostgresqlPart};
use parse::TextRow;

/// Reads one database.
pub struct Postgresql {
    id: TargetId,
    address: PostgresqlAddress,
    tls: tls::TlsSettings,
    role: String,
    password: Option<SecretReference>,
    /// What is read.
    parts: Vec<PostgresqlPart>,
}

impl Postgresql {
    /// A collector for a checked profile; paths are relative to `folder`.
    ///
    /// # Errors
    /// If its URL is not one.
    pub fn new(config: &PostgresqlConfig, folder: &Path) -> Result<Self, Problem> {
        let parts = PostgresqlPart::ALL.into_iter().filter(|part| config.reads_part(*part));
        Ok(Self {
            id: TargetId::new("postgresql", &config.name),
            address: config.address()?,
            tls: tls::TlsSettings(config.tls.clone().unwrap_or_default().relative_to(folder)),
            role: config.username.value.clone(),
            password: config.password.as_ref().map(|password| password.relative_to(folder)),
            parts: parts.collect(),
        })
    }

    /// The rows of each part that is read.
    #[cfg(feature = "postgres")]
    async fn ask(&self) -> Result<Vec<Result<Vec<TextRow>, Failure>>, Failure> {
        let password = match &self.password {
            Some(reference) => Some(secret::resolve(reference, Some(&self.role)).await?),
            None => None,
        };
        let questions: Vec<String> = self.parts.iter().copied().map(parse::question).collect();
        let login = session::Login {
            address: &self.address,
            tls: &self.tls,
            role: &self.role,
            password: password.as_ref(),
        };
        login.ask(&questions).await
    }

    #[cfg(not(feature = "postgres"))]
    #[expect(clippy::unused_async, reason = "the other build waits for a server")]
    async fn ask(&self) -> Result<Vec<Result<Vec<TextRow>, Failure>>, Failure> {
        // Only the other build has a use for them.
        let _ = (&self.tls, &self.role, &self.password, parse::question(PostgresqlPart::Server));
        Err(Failure::new(FailureKind::Unsupported, "this build of envparity has no PostgreSQL")
            .advise("use the container image, or build with --features postgres"))
    }

    fn advised(&self, failure: Failure) -> Failure {
        if failure.kind == FailureKind::Authentication && self.password.is_none() {
            return failure.advise("set password: ${env:NAME}, or check pg_hba.conf");
        }
        net::with_tls_in_mind(failure, self.address.tls)
    }
}

impl Target for PostgresqlConfig {
    fn collector(&self, folder: &Path) -> Box<dyn Collector> {
        Box::new(Postgresql::new(self, folder).expect("a checked profile has a URL"))
    }
}

impl Collector for Postgresql {
    fn id(&self) -> TargetId {
        self.id.clone()
    }

    fn endpoint(&self) -> String {
        self.address.shown()
    }

    fn kind(&self) -> &'static CollectorKind {
        &PostgresqlConfig::KIND
    }

    fn unread(&self, now: jiff::Timestamp, failure: &Failure) -> TargetEvidence {
        let mut evidence = TargetEvidence::new(self.id(), self.endpoint(), now);
        for part in PostgresqlPart::ALL {
            let is_read = self.parts.contains(&part);
            let outcome = if is_read { Outcome::Failed(failure.clone()) } else { Outcome::LeftOut };
            evidence.set_part(part.name(), outcome);
        }
        evidence
    }

    fn collect<'a>(&'a self, context: &'a CollectContext) -> BoxFuture<'a, Vec<TargetEvidence>> {
        async move {
            let read = net::within(context.deadline, context.allowed, self.ask()).await;
            let now = (context.clock)();
            let answers = match read {
                Ok(answers) => answers,
                Err(failure) => return vec![self.unread(now, &self.advised(failure))],
            };
            let unasked = Failure::new(FailureKind::Cut, "the server was not asked");
            let mut evidence = self.unread(now, &unasked);
            for (part, answer) in self.parts.iter().zip(answers) {
                let facts = answer.and_then(|rows| parse::facts(*part, &rows));
                let outcome = match facts {
                    Ok(facts) => {
                        evidence.fields.extend(facts);
                        Outcome::Complete
                    }
                    Err(failure) => Outcome::Failed(failure),
                };
                evidence.set_part(part.name(), outcome);
            }
            vec![evidence]
        }
        .boxed()
    }
}
