//! A Docker Engine, by four GETs whatever the number of containers.
//!
//! `/version` and `/info` are the part `engine`, `/containers/json` the part `containers`, and
//! `/images/json` (digests and labels of all images at once) the part `images`. `/info` is asked
//! once more where it counts more running containers than the list has: they may just have ended.
//!
//! bollard asks and decodes (`client`), over a transport of ours (`transport`): it sends GET alone,
//! on a capped connection (`way`, `ssh`), takes lists apart item by item (`list`), and hands
//! bollard what is used of them (`fields`). What bollard has read becomes evidence (`parse`,
//! `containers`).

mod account;
mod client;
pub mod config;
mod containers;
mod context;
mod endpoint;
mod fields;
mod items;
mod list;
#[cfg(test)]
mod mutated;
mod orchestrator;
mod parse;
mod ssh;
mod transport;

use std::path::{Path, PathBuf};

use bollard::models::SystemInfo;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::collector::{CollectContext, Collector, Target};
use super::io::{net, tls};
use crate::model::{
    CollectorKind, Failure, Field, Outcome, TLS_UNVERIFIED, TargetEvidence, TargetId,
};
use crate::wire::problem::Problem;
use client::EngineClient;
use config::{CONTAINERS, DockerConfig, ENGINE, EngineName, IMAGES};
use containers::{ContainerSelection, Containers, Selections};
use endpoint::EngineEndpoint;
use parse::Images;

/// Reads one engine.
pub struct Docker {
    id: TargetId,
    engine: Engine,
    include: Option<ContainerSelection>,
    exclude: ContainerSelection,
}

/// An engine as the profile names it.
enum Engine {
    Known(EngineEndpoint),
    /// Its way is found when the target is read.
    Context(String),
}

impl Docker {
    /// A collector for a checked profile; paths are relative to `folder`.
    ///
    /// # Errors
    /// If it names no engine.
    pub fn new(config: &DockerConfig, folder: &Path) -> Result<Self, Problem> {
        let engine = match config.named()? {
            EngineName::Context(name) => Engine::Context(name),
            EngineName::Host(address) => Engine::Known(EngineEndpoint {
                shown: address.shown(config.host.as_ref().map_or("", |host| host.value.as_str())),
                address,
                tls: tls::TlsSettings(config.tls.clone().unwrap_or_default().relative_to(folder)),
                verify: true,
            }),
        };
        Ok(Self {
            id: TargetId::new("docker", &config.name),
            engine,
            include: config.include.as_ref().map(ContainerSelection::new),
            exclude: config
                .exclude
                .as_ref()
                .map_or(ContainerSelection::nothing(), ContainerSelection::new),
        })
    }

    /// The way to the engine; nothing is connected to yet.
    async fn way(&self, context: &CollectContext) -> Result<EngineEndpoint, Failure> {
        match &self.engine {
            Engine::Known(way) => Ok(way.clone()),
            Engine::Context(name) => {
                net::within(context.deadline, context.allowed, context::find(name)).await
            }
        }
    }

    async fn read(
        &self,
        context: &CollectContext,
        way: &EngineEndpoint,
    ) -> Result<TargetEvidence, Failure> {
        let mut evidence = TargetEvidence::new(self.id(), way.shown.clone(), (context.clock)());
        if way.is_unverified() {
            evidence.fields.push(Field::of_target(TLS_UNVERIFIED, "SkipTLSVerify"));
        }
        let session = EngineSession { context, client: EngineClient::new(way.clone()) };
        let outcome = |result: Result<(), Failure>| {
            result.map_or_else(Outcome::Failed, |()| Outcome::Complete)
        };
        let (engine, counted) = session.engine(&mut evidence).await;
        // What cannot be connected to once is not tried twice more; what refused one path may still
        // answer another.
        if let (Err(failure), true) =
            (&engine, evidence.fields.iter().all(|field| field.name == TLS_UNVERIFIED))
            && session.client.way().is_lost(failure)
        {
            return Err(failure.clone());
        }
        evidence.set_part(ENGINE, outcome(engine));
        let wanted = Selections { include: self.include.as_ref(), exclude: &self.exclude };
        let containers = session.containers(&wanted, counted, &mut evidence).await;
        evidence.set_part(CONTAINERS, outcome(containers));
        let images = session.images(&mut evidence).await;
        evidence.set_part(IMAGES, outcome(images));
        evidence.taken = (context.clock)();
        Ok(evidence)
    }

    /// In words that fit how the profile names the engine.
    fn advised(&self, failure: Failure) -> Failure {
        match &self.engine {
            Engine::Known(_) => failure,
            Engine::Context(name) => context::advised(failure, name),
        }
    }
}

/// One engine, until the deadline.
struct EngineSession<'a> {
    context: &'a CollectContext,
    client: EngineClient,
}

impl EngineSession<'_> {
    async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let done = net::within(self.context.deadline, self.context.allowed, work).await;
        done.map_err(|failure| self.client.way().advised(failure))
    }

    async fn info(&self) -> Result<SystemInfo, Failure> {
        self.within(self.client.info()).await
    }

    /// What refuses one path may still answer the other. With it, how many containers run.
    async fn engine(&self, evidence: &mut TargetEvidence) -> (Result<(), Failure>, Option<u64>) {
        let version = self.within(self.client.version()).await;
        let version = version.and_then(|version| parse::version(version, evidence));
        if version.as_ref().is_err_and(|failure| self.client.way().is_lost(failure)) {
            return (version, None);
        }
        let info = self.info().await;
        let counted = info.as_ref().ok().and_then(parse::running);
        (version.and(info.and_then(|info| parse::info(info, evidence))), counted)
    }

    async fn containers(
        &self,
        wanted: &Selections<'_>,
        counted: Option<u64>,
        evidence: &mut TargetEvidence,
    ) -> Result<(), Failure> {
        let listed = match self.within(self.list_containers(wanted)).await {
            Ok(read) => read.finish(self.client.tally().await, evidence)?,
            Err(failure) => return Err(failure),
        };
        let Some(before) = counted.filter(|counted| containers::is_short(listed, *counted)) else {
            return Ok(());
        };
        // Containers that ended meanwhile are not counted any more.
        let after = self.info().await.ok().as_ref().and_then(parse::running);
        let counted = after.map_or(before, |after| after.min(before));
        if containers::is_short(listed, counted) {
            return Err(containers::short(listed, counted));
        }
        Ok(())
    }

    /// A list that is not read to its end is worth nothing, and is not kept.
    async fn list_containers<'w>(
        &self,
        wanted: &'w Selections<'w>,
    ) -> Result<Containers<'w>, Failure> {
        let mut read = Containers::new(wanted);
        loop {
            let batch = self.client.containers().await?;
            if batch.is_empty() {
                return Ok(read);
            }
            batch.into_iter().try_for_each(|container| read.add(container))?;
        }
    }

    async fn images(&self, evidence: &mut TargetEvidence) -> Result<(), Failure> {
        let mut images = Images::of(evidence);
        let read = async {
            loop {
                let batch = self.client.images().await?;
                if batch.is_empty() {
                    return Ok(());
                }
                batch.iter().try_for_each(|image| images.add(image))?;
            }
        };
        self.within(read).await?;
        parse::all_read(self.client.tally().await, "images")
    }
}

impl Target for DockerConfig {
    fn collector(&self, folder: &Path) -> Box<dyn Collector> {
        Box::new(Docker::new(self, folder).expect("a checked profile has an address"))
    }

    fn found_elsewhere(&self, _folder: &Path) -> Vec<PathBuf> {
        self.context.as_ref().map(|name| context::files(name)).unwrap_or_default()
    }
}

impl Collector for Docker {
    fn id(&self) -> TargetId {
        self.id.clone()
    }

    fn endpoint(&self) -> String {
        match &self.engine {
            Engine::Known(way) => way.shown.clone(),
            Engine::Context(name) => format!("context {name}"),
        }
    }

    fn kind(&self) -> &'static CollectorKind {
        &DockerConfig::KIND
    }

    fn collect<'a>(&'a self, context: &'a CollectContext) -> BoxFuture<'a, Vec<TargetEvidence>> {
        async move {
            let read = match self.way(context).await {
                Ok(way) => self.read(context, &way).await,
                Err(failure) => Err(failure),
            };
            let read = read.map_err(|failure| self.advised(failure));
            vec![read.unwrap_or_else(|failure| self.unread((context.clock)(), &failure))]
        }
        .boxed()
    }
}
