//! A Docker Engine, by four GETs whatever the number of containers.
//!
//! `/version` and `/info` are the part `engine`, `/containers/json` the part `containers`, and
//! `/images/json` (digests and labels of all images at once) the part `images`.

pub mod config;
mod context;
mod parse;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::kubernetes::Scope;
use super::{Collector, Context, http, net, recorded, tls};
use crate::model::{
    Failure, FailureKind, Field, Outcome, TLS_UNVERIFIED, TargetEvidence, TargetId,
};
use crate::wire::problem::Problem;
use config::{Address, DockerConfig, Named};
use context::Way;
use parse::Selection;

const ENGINE: &str = "engine";
const CONTAINERS: &str = "containers";
const IMAGES: &str = "images";

/// Some 10,000 containers.
const MAX_BODY: usize = 24 * 1024 * 1024;

/// Reads one engine.
pub struct Docker {
    id: TargetId,
    engine: Engine,
    include: Option<Selection>,
    exclude: Selection,
    else_recorded: Option<(PathBuf, PathBuf)>,
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
            exclude: config.exclude.as_ref().map(Selection::new).unwrap_or_default(),
            else_recorded: config
                .else_recorded
                .as_ref()
                .map(|path| (path.clone(), folder.join(path))),
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
        let engine = session.engine(&mut evidence).await;
        // What cannot be connected to once is not tried twice more; what refused one path may still
        // answer another.
        if let (Err(failure), true) =
            (&engine, evidence.fields.iter().all(|field| field.name == TLS_UNVERIFIED))
            && failure.kind.is_unreached()
        {
            return Err(failure.clone());
        }
        evidence.set_part(ENGINE, outcome(engine));
        let containers =
            session.containers(self.include.as_ref(), &self.exclude, &mut evidence).await;
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
            http::get(stream, host, path, MAX_BODY).await
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

    /// What refuses one path may still answer the other.
    async fn engine(&self, evidence: &mut TargetEvidence) -> Result<(), Failure> {
        let version = self.get("/version").await.and_then(|body| parse::version(&body, evidence));
        if version.as_ref().is_err_and(|failure| failure.kind.is_unreached()) {
            return version;
        }
        let info = self.get("/info").await.and_then(|body| parse::info(&body, evidence));
        version.and(info)
    }

    async fn containers(
        &self,
        include: Option<&Selection>,
        exclude: &Selection,
        evidence: &mut TargetEvidence,
    ) -> Result<(), Failure> {
        let body = self.get("/containers/json?all=true").await?;
        parse::containers(&body, include, exclude, evidence)
    }

    async fn images(&self, evidence: &mut TargetEvidence) -> Result<(), Failure> {
        parse::images(&self.get("/images/json").await?, evidence)
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

    fn parts(&self) -> &'static [&'static str] {
        &[ENGINE, CONTAINERS, IMAGES]
    }

    fn collect<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Vec<TargetEvidence>> {
        async move {
            let read = match self.way(context).await {
                Ok(way) => self.read(context, &way).await,
                Err(failure) => Err(failure),
            };
            vec![match (read.map_err(|failure| self.advised(failure)), &self.else_recorded) {
                (Ok(evidence), _) => evidence,
                (Err(failure), Some((shown, path))) if failure.kind.is_unreached() => {
                    recorded::instead_of(self, context, (shown, path), &Scope::default(), failure)
                        .await
                }
                (Err(failure), _) => self.unread((context.clock)(), &failure),
            }]
        }
        .boxed()
    }
}
