//! A Kubernetes cluster, by one GET for each part and by lists in pages.
//!
//! `/version` is the part `server`; the nodes are the part `nodes`; the UID of the namespace
//! `kube-system` is the part `identity`; pods, and Deployments, StatefulSets, DaemonSets and
//! CronJobs for what has no pod, are the part `workloads`. One request at a time: an audit must not
//! load a cluster.

mod access;
mod api;
pub mod config;
mod exec;
mod kubeconfig;
pub(super) mod kubectl;
mod objects;
mod parse;
mod pod;
mod question;
pub(super) mod scope;
mod workloads;

use std::path::{Path, PathBuf};

use futures::FutureExt;
use futures::future::BoxFuture;

use super::collector::{Collector, Context, Target};
use super::io::net;
use super::recorded::config::RecordedConfig;
use crate::model::{CollectorKind, Failure, FailureKind, Outcome, TargetEvidence, TargetId};
use api::Api;
use config::{KubernetesConfig, KubernetesPart as Part};
use kubeconfig::Settings;
use question::{
    CRON_JOBS, DAEMON_SETS, DEPLOYMENTS, NODES, PODS, Question, Resource, STATEFUL_SETS,
};
use scope::Scope;
use workloads::Workloads;

/// What is small comes first: a large cluster that takes too long has still told who it is.
const ORDER: [Part; 4] = [Part::Server, Part::Identity, Part::Nodes, Part::Workloads];

/// Reads one cluster.
pub struct Kubernetes {
    id: TargetId,
    shown: String,
    settings: Settings,
    scope: Scope,
    /// Namespaces that are asked for one by one; none if all are listed.
    namespaces: Vec<String>,
}

impl Kubernetes {
    /// A collector for a checked profile; paths are relative to `folder`, or to the home directory.
    pub fn new(config: &KubernetesConfig, folder: &Path) -> Self {
        let file = config.kubeconfig.as_ref().map(|path| path.display().to_string());
        let parts = [config.context.clone(), file];
        let shown = parts.into_iter().flatten().collect::<Vec<_>>().join(" of ");
        let kubeconfig = config.kubeconfig.as_ref().map(|path| from_home(path, folder));
        let namespaces = &config.namespaces;
        Self {
            id: TargetId::new("kubernetes", &config.name),
            shown: if shown.is_empty() { "current context".to_owned() } else { shown },
            settings: Settings {
                kubeconfig,
                context: config.context.clone(),
                proxy: config.proxy(),
            },
            scope: Scope::new(&config.read, namespaces),
            namespaces: namespaces.literal().unwrap_or_default(),
        }
    }

    /// All parts; one that nothing could be asked of makes those after it fail for the same reason.
    async fn read(&self, context: &Context) -> TargetEvidence {
        let mut evidence = TargetEvidence::new(self.id(), self.endpoint(), (context.clock)());
        for part in Part::all().into_iter().filter(|part| !self.scope.parts.contains(part)) {
            evidence.set_part(part.as_str(), Outcome::LeftOut);
        }
        let access =
            net::within(context.deadline, context.allowed, access::find(&self.settings, context))
                .await;
        let mut api = access.map(|access| Api::new(access, context));
        if let Ok(api) = &api {
            evidence.endpoint = api.shown().to_owned();
        }
        for part in ORDER.into_iter().filter(|part| self.scope.parts.contains(part)) {
            let read = match &api {
                Ok(api) => self.part(part, api, &mut evidence).await,
                Err(failure) => Err(failure.clone()),
            };
            if let Some(failure) = read.as_ref().err().filter(|failure| is_hopeless(failure)) {
                api = Err(failure.clone());
            }
            evidence
                .set_part(part.as_str(), read.map_or_else(Outcome::Failed, |()| Outcome::Complete));
        }
        evidence.taken = (context.clock)();
        evidence
    }

    async fn part(
        &self,
        part: Part,
        api: &Api,
        evidence: &mut TargetEvidence,
    ) -> Result<(), Failure> {
        match part {
            Part::Server => parse::version(&api.get(&Question::VERSION).await?, evidence),
            Part::Identity => parse::identity(&api.get(&Question::KUBE_SYSTEM).await?, evidence),
            Part::Nodes => {
                let nodes =
                    api.list(NODES, None, &parse::Nodes::default(), parse::Nodes::page).await?;
                let outcome = nodes.outcome();
                evidence.fields.extend(nodes.fields);
                outcome
            }
            Part::Workloads => self.workloads(api, evidence).await,
        }
    }

    /// What one list refuses, another may answer.
    async fn workloads(&self, api: &Api, evidence: &mut TargetEvidence) -> Result<(), Failure> {
        let empty = Workloads::new(self.scope.selection.clone());
        let (mut found, mut failures, mut pods_are_known) = (empty.clone(), Vec::new(), true);
        for (resource, kind, namespace) in self.lists() {
            let list =
                api.list(resource, namespace, &empty, move |state: &mut Workloads, body: &[u8]| {
                    match kind {
                        Some(kind) => state.templates(kind, body),
                        None => state.pods(body),
                    }
                });
            match list.await {
                Ok(listed) => found.merge(listed),
                Err(failure) => {
                    // What was read before stays read.
                    let is_last = is_hopeless(&failure);
                    pods_are_known &= kind.is_some() && !is_last;
                    failures.push(failure);
                    if is_last {
                        break;
                    }
                }
            }
        }
        // A namespace of which a list failed may hold what was not seen.
        if failures.is_empty() {
            failures = found.failures();
        }
        evidence.left_out = found.left_out();
        evidence.images = found.images(pods_are_known);
        failures.into_iter().reduce(parse::both).map_or(Ok(()), Err)
    }

    /// Each list of the part `workloads`: the kind that owns its pods (none for the pods
    /// themselves), and the namespace it is asked of.
    fn lists(&self) -> impl Iterator<Item = (Resource, Option<&'static str>, Option<&str>)> {
        const OWNERS: [(Resource, Option<&str>); 5] = [
            (PODS, None),
            (DEPLOYMENTS, Some("Deployment")),
            (STATEFUL_SETS, Some("StatefulSet")),
            (DAEMON_SETS, Some("DaemonSet")),
            (CRON_JOBS, Some("CronJob")),
        ];
        let all = self.namespaces.is_empty().then_some(None);
        let namespaces = all.into_iter().chain(self.namespaces.iter().map(|n| Some(n.as_str())));
        namespaces.flat_map(|namespace| OWNERS.map(|(resource, kind)| (resource, kind, namespace)))
    }
}

/// Whether the next question would meet the same.
fn is_hopeless(failure: &Failure) -> bool {
    // A connection that broke off in one answer may bring the next.
    failure.kind == FailureKind::Authentication
        || (failure.kind.is_unreached() && failure.kind != FailureKind::Cut)
}

/// `~/x` is of the home directory, everything else of the profile's folder.
fn from_home(path: &Path, folder: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => Path::new(&home).join(rest),
        _ => folder.join(path),
    }
}

impl Target for KubernetesConfig {
    fn collector(&self, folder: &Path) -> Box<dyn Collector> {
        Box::new(Kubernetes::new(self, folder))
    }

    fn stand_in(&self) -> Option<RecordedConfig> {
        let path = self.else_recorded.as_deref()?;
        Some(RecordedConfig {
            read: self.read.clone(),
            namespaces: self.namespaces.clone(),
            ..RecordedConfig::in_place_of(&self.name, path)
        })
    }
}

impl Collector for Kubernetes {
    fn id(&self) -> TargetId {
        self.id.clone()
    }

    fn endpoint(&self) -> String {
        self.shown.clone()
    }

    fn kind(&self) -> &'static CollectorKind {
        &KubernetesConfig::KIND
    }

    /// An answer that broke off was heard.
    fn unreached(&self, evidence: &TargetEvidence) -> Option<Failure> {
        let mut asked = evidence.parts.values().filter(|outcome| **outcome != Outcome::LeftOut);
        let first = asked.next()?.failure()?;
        let is_unreached =
            |failure: &Failure| failure.kind.is_unreached() && failure.kind != FailureKind::Cut;
        let is_each = asked.all(|outcome| outcome.failure().is_some_and(is_unreached));
        (is_unreached(first) && is_each).then(|| first.clone())
    }

    fn collect<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Vec<TargetEvidence>> {
        async move { vec![self.read(context).await] }.boxed()
    }
}
