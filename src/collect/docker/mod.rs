//! A Docker Engine, by four GETs whatever the number of containers.
//!
//! `/version` and `/info` are the part `engine`, `/containers/json` the part `containers`, and
//! `/images/json` (digests and labels of all images at once) the part `images`.

pub mod config;
mod parse;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::kubernetes::Scope;
use super::{Collector, Context, http, net, recorded, tls};
use crate::model::{Failure, Outcome, TargetEvidence, TargetId};
use crate::wire::problem::Problem;
use config::{Address, DockerConfig};
use parse::Selection;

const ENGINE: &str = "engine";
const CONTAINERS: &str = "containers";
const IMAGES: &str = "images";

/// Some 10,000 containers.
const MAX_BODY: usize = 32 * 1024 * 1024;

/// Reads one engine.
pub struct Docker {
    id: TargetId,
    address: Address,
    shown: String,
    tls: tls::Settings,
    include: Option<Selection>,
    exclude: Selection,
    else_recorded: Option<(PathBuf, PathBuf)>,
}

impl Docker {
    /// A collector for a checked profile; paths are relative to `folder`.
    ///
    /// # Errors
    /// If the host is none.
    pub fn new(config: &DockerConfig, folder: &Path) -> Result<Self, Problem> {
        Ok(Self {
            id: TargetId::new("docker", &config.name),
            address: config.address()?,
            shown: config.host.value.clone(),
            tls: tls::Settings(config.tls.clone().unwrap_or_default().relative_to(folder)),
            include: config.include.as_ref().map(Selection::new),
            exclude: config.exclude.as_ref().map(Selection::new).unwrap_or_default(),
            else_recorded: config.else_recorded.as_ref().map(|path| (path.clone(), folder.join(path))),
        })
    }

    async fn get(&self, context: &Context, path: &str) -> Result<Bytes, Failure> {
        let exchange = async {
            let (stream, host): (Box<dyn net::Duplex>, &str) = match &self.address {
                Address::Unix(socket) => (Box::new(net::unix(socket).await?), "docker"),
                Address::Tcp { host, port, tls: false } => (Box::new(net::tcp(host, *port).await?), host),
                Address::Tcp { host, port, tls: true } => (Box::new(net::tcp_tls(host, *port, &self.tls).await?), host),
            };
            http::get(stream, host, path, MAX_BODY).await
        };
        let answer = net::within(context.deadline, context.allowed, exchange).await;
        let tls = matches!(self.address, Address::Tcp { tls: true, .. });
        answer.map_err(|failure| net::with_tls_in_mind(failure, tls))
    }

    /// What refuses one path may still answer the other.
    async fn engine(&self, context: &Context, evidence: &mut TargetEvidence) -> Result<(), Failure> {
        let version = self.get(context, "/version").await.and_then(|body| parse::version(&body, evidence));
        if version.as_ref().is_err_and(|failure| failure.kind.is_unreached()) {
            return version;
        }
        let info = self.get(context, "/info").await.and_then(|body| parse::info(&body, evidence));
        version.and(info)
    }

    async fn containers(&self, context: &Context, evidence: &mut TargetEvidence) -> Result<(), Failure> {
        let body = self.get(context, "/containers/json?all=true").await?;
        parse::containers(&body, self.include.as_ref(), &self.exclude, evidence)
    }

    async fn images(&self, context: &Context, evidence: &mut TargetEvidence) -> Result<(), Failure> {
        parse::images(&self.get(context, "/images/json").await?, evidence)
    }
}

impl Collector for Docker {
    fn id(&self) -> TargetId {
        self.id.clone()
    }

    fn endpoint(&self) -> String {
        self.shown.clone()
    }

    fn parts(&self) -> &'static [&'static str] {
        &[ENGINE, CONTAINERS, IMAGES]
    }

    fn collect<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Vec<TargetEvidence>> {
        async move {
            let mut evidence = TargetEvidence::new(self.id(), self.endpoint(), (context.clock)());
            let outcome = |result: Result<(), Failure>| result.map_or_else(Outcome::Failed, |()| Outcome::Complete);
            let engine = self.engine(context, &mut evidence).await;
            // What cannot be connected to once is not tried twice more; what refused one path
            // may still answer another.
            if let (Err(failure), true) = (&engine, evidence.fields.is_empty()) {
                let hopeless = failure.kind.is_unreached();
                if let (true, Some((shown, path))) = (hopeless, &self.else_recorded) {
                    return vec![
                        recorded::instead_of(self, context, (shown, path), &Scope::default(), failure.clone()).await,
                    ];
                }
                if hopeless {
                    return vec![self.unread((context.clock)(), failure)];
                }
            }
            evidence.set_part(ENGINE, outcome(engine));
            let containers = self.containers(context, &mut evidence).await;
            evidence.set_part(CONTAINERS, outcome(containers));
            let images = self.images(context, &mut evidence).await;
            evidence.set_part(IMAGES, outcome(images));
            evidence.taken = (context.clock)();
            vec![evidence]
        }
        .boxed()
    }
}
