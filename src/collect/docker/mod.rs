//! A Docker Engine, by four GETs whatever the number of containers.
//!
//! `/version` and `/info` are the part `engine`, `/containers/json` the part `containers`, and
//! `/images/json` (digests and labels of all images at once) the part `images`. `/info` is asked
//! once more where it counts more running containers than the list has: they may just have ended.

pub mod config;
mod containers;
mod context;
mod orchestrator;
mod parse;

use std::path::Path;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::collector::{Collector, Context, Target};
use super::io::http::{self, Advice, Wanted};
use super::io::{net, tls};
use crate::model::{
    CollectorKind, Failure, FailureKind, Field, Outcome, TLS_UNVERIFIED, TargetEvidence, TargetId,
};
use crate::wire::problem::Problem;
use config::{Address, CONTAINERS, DockerConfig, ENGINE, IMAGES, Named};
use containers::{Selection, Selections};
use context::Way;

/// Some 10,000 containers.
const MAX_BODY: usize = 24 * 1024 * 1024;

/// Reads one engine.
pub struct Docker {
    id: TargetId,
    engine: Engine,
    include: Option<Selection>,
    exclude: Selection,
}

/// An engine as the profile names it.
enum Engine {
    Known(Way),
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
            Named::Context(name) => Engine::Context(name),
            Named::Host(address) => Engine::Known(Way {
                address,
                tls: tls::Settings(config.tls.clone().unwrap_or_default().relative_to(folder)),
                verify: true,
                shown: config.host.as_ref().map(|host| host.value.clone()).unwrap_or_default(),
            }),
        };
        Ok(Self {
            id: TargetId::new("docker", &config.name),
            engine,
            include: config.include.as_ref().map(Selection::new),
            exclude: config.exclude.as_ref().map_or(Selection::nothing(), Selection::new),
        })
    }

    /// The way to the engine; nothing is connected to yet.
    async fn way(&self, context: &Context) -> Result<Way, Failure> {
        match &self.engine {
            Engine::Known(way) => Ok(way.clone()),
            Engine::Context(name) => {
                net::within(context.deadline, context.allowed, context::find(name)).await
            }
        }
    }

    async fn read(&self, context: &Context, way: &Way) -> Result<TargetEvidence, Failure> {
        let mut evidence = TargetEvidence::new(self.id(), way.shown.clone(), (context.clock)());
        if way.is_unverified() {
            evidence.fields.push(Field::of_target(TLS_UNVERIFIED, "SkipTLSVerify"));
        }
        let session = Session { context, way };
        let outcome = |result: Result<(), Failure>| {
            result.map_or_else(Outcome::Failed, |()| Outcome::Complete)
        };
        let (engine, counted) = session.engine(&mut evidence).await;
        // What cannot be connected to once is not tried twice more; what refused one path may still
        // answer another.
        if let (Err(failure), true) =
            (&engine, evidence.fields.iter().all(|field| field.name == TLS_UNVERIFIED))
            && failure.kind.is_unreached()
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

/// One engine on one way.
struct Session<'a> {
    context: &'a Context,
    way: &'a Way,
}

impl Session<'_> {
    async fn get(&self, path: &str) -> Result<Bytes, Failure> {
        let Way { address, tls, verify, .. } = self.way;
        let exchange = async {
            let (stream, host): (Box<dyn net::Duplex>, &str) = match address {
                Address::Unix(socket) => (Box::new(net::unix(socket).await?), "docker"),
                Address::Tcp { host, port, tls: false } => {
                    (Box::new(net::tcp(host, *port).await?), host)
                }
                Address::Tcp { host, port, tls: true } if *verify => {
                    (Box::new(net::tcp_tls(host, *port, tls).await?), host)
                }
                Address::Tcp { host, port, .. } => {
                    (Box::new(net::tcp_tls_unverified(host, *port, tls).await?), host)
                }
            };
            let wanted = Wanted {
                host,
                path,
                shown: path,
                accept: "application/json",
                token: None,
                cap: MAX_BODY,
                advice: &advice(path),
            };
            http::get(stream, &wanted).await.map(|answer| answer.body)
        };
        let answer = net::within(self.context.deadline, self.context.allowed, exchange).await;
        let over_tls = matches!(address, Address::Tcp { tls: true, .. });
        answer.map_err(|failure| match failure.kind {
            // Its reason may be lost with the connection.
            FailureKind::Cut if over_tls && tls.0.cert.is_none() => failure
                .advise("does the server want a client certificate? Then name tls.cert and tls.key in the profile"),
            _ => net::with_tls_in_mind(failure, over_tls),
        })
    }

    /// What refuses one path may still answer the other. With it, how many containers run.
    async fn engine(&self, evidence: &mut TargetEvidence) -> (Result<(), Failure>, Option<u64>) {
        let version = self.get("/version").await.and_then(|body| parse::version(&body, evidence));
        if version.as_ref().is_err_and(|failure| failure.kind.is_unreached()) {
            return (version, None);
        }
        let body = self.get("/info").await;
        let counted = body.as_ref().ok().and_then(|body| parse::running(body));
        (version.and(body.and_then(|body| parse::info(&body, evidence))), counted)
    }

    async fn containers(
        &self,
        wanted: &Selections<'_>,
        counted: Option<u64>,
        evidence: &mut TargetEvidence,
    ) -> Result<(), Failure> {
        let body = self.get("/containers/json?all=true").await?;
        let listed = containers::containers(&body, wanted, evidence)?;
        let Some(before) = counted.filter(|counted| containers::is_short(listed, *counted)) else {
            return Ok(());
        };
        // Containers that ended meanwhile are not counted any more.
        let after = self.get("/info").await.ok().and_then(|body| parse::running(&body));
        let counted = after.map_or(before, |after| after.min(before));
        if containers::is_short(listed, counted) {
            return Err(containers::short(listed, counted));
        }
        Ok(())
    }

    async fn images(&self, evidence: &mut TargetEvidence) -> Result<(), Failure> {
        parse::images(&self.get("/images/json").await?, evidence)
    }
}

fn advice(path: &str) -> Advice {
    let (unauthorized, broken) = (
        "an engine knows no passwords: what stands in front of it wants one, and envparity has none to give",
        "the engine could not answer: look into its log, and that of any proxy in between",
    );
    Advice {
        unauthorized: unauthorized.to_owned(),
        forbidden: format!(
            "allow GET {path} to this client, for example in the socket proxy in front of the engine"
        ),
        broken: broken.to_owned(),
    }
}

impl Target for DockerConfig {
    fn collector(&self, folder: &Path) -> Box<dyn Collector> {
        Box::new(Docker::new(self, folder).expect("a checked profile has an address"))
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

    fn collect<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Vec<TargetEvidence>> {
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
