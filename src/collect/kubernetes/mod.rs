//! A Kubernetes cluster, by one GET for each part and by lists in pages.
//!
//! `/version` is the part `server`; the nodes are the part `nodes`; the UID of the namespace
//! `kube-system` is the part `identity`; pods, and Deployments, StatefulSets, DaemonSets and
//! CronJobs for what has no pod, are the part `workloads`. One request at a time: an audit must not
//! load a cluster.

mod access;
mod api;
mod body;
mod client;
pub mod config;
mod connector;
mod exchange;
mod exec;
mod json;
mod kubeconfig;
pub(super) mod kubectl;
#[cfg(test)]
mod mutated;
mod objects;
mod page;
mod parse;
mod payload;
mod pod;
mod protobuf;
mod question;
mod revisions;
pub(super) mod scope;
pub(super) mod stray;
mod workloads;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use futures::FutureExt;
use futures::future::BoxFuture;

use super::collector::{CollectContext, Collector, Target};
use super::io::aside::run_blocking;
use super::io::net;
use super::recorded::config::RecordedConfig;
use crate::model::{
    CollectorKind, Failure, FailureKind, Field, Outcome, Revisions, TLS_UNVERIFIED, TargetEvidence,
    TargetId,
};
use api::Api;
use config::{KubernetesConfig, KubernetesPart as Part};
use kubeconfig::ClusterSettings;
use payload::Payload;
use question::{
    CONTROLLER_REVISIONS, CRON_JOBS, DAEMON_SETS, DEPLOYMENTS, GRANT, NODES, PODS, Question,
    REPLICA_SETS, Resource, STATEFUL_SETS, grant,
};
use revisions::RevisionsRead;
use scope::ClusterScope;
use workloads::Workloads;

/// What is small comes first: a large cluster that takes too long has still told who it is.
const ORDER: [Part; 4] = [Part::Server, Part::Identity, Part::Nodes, Part::Workloads];

/// Reads one cluster.
pub struct Kubernetes {
    id: TargetId,
    shown: String,
    settings: ClusterSettings,
    scope: ClusterScope,
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
            settings: ClusterSettings {
                kubeconfig,
                context: config.context.clone(),
                proxy: config.proxy(),
            },
            scope: ClusterScope::new(&config.read, namespaces),
            namespaces: namespaces.literal().unwrap_or_default(),
        }
    }

    /// All parts; one that nothing could be asked of makes those after it fail for the same reason.
    async fn read(&self, context: &CollectContext) -> TargetEvidence {
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
            let unverified = api.unverified().map(|how| Field::of_target(TLS_UNVERIFIED, how));
            evidence.fields.extend(unverified);
        }
        let (mut heard, mut lost, mut refused) = (false, BTreeSet::new(), Vec::new());
        for part in ORDER.into_iter().filter(|part| self.scope.parts.contains(part)) {
            let read = match &api {
                Ok(api) => {
                    let read = self.part(part, (api, context), &mut evidence, &mut lost);
                    Box::pin(read).await
                }
                Err(failure) => Err(failure.clone()),
            };
            let hopeless = match (&read, &api) {
                (Err(failure), Ok(api)) if api.is_hopeless(failure) => Some(failure.clone()),
                _ => None,
            };
            let is_put_off = |failure: &Failure| failure.kind == FailureKind::Unavailable;
            let is_silent = hopeless.is_some() || read.as_ref().err().is_some_and(is_put_off);
            heard |= !is_silent && api.is_ok();
            if let (Some(failure), Ok(asked)) = (hopeless, &api) {
                refused.extend(asked.refused());
                let message = format!("not asked, after {}", failure.message);
                api = Err(if heard { Failure { message, ..failure } } else { failure });
            }
            evidence
                .set_part(part.as_str(), read.map_or_else(Outcome::Failed, |()| Outcome::Complete));
        }
        if let Ok(api) = &api {
            refused.extend(api.refused());
        }
        self.grant_all(&refused, &mut evidence);
        evidence.taken = (context.clock)();
        evidence
    }

    /// Each part that lacks a right tells all that the target lacks, so that it is granted at once.
    fn grant_all(&self, refused: &[Question], evidence: &mut TargetEvidence) {
        let mut all = grant(refused);
        let may_be_named = self.namespaces.is_empty() && self.scope.selection.is_narrowed();
        if may_be_named && refused.iter().any(Question::is_of_all_namespaces) {
            all.push_str(
                "; or name the namespaces of include: without * and the like: then a Role in each of them will do",
            );
        }
        let failures = evidence.parts.values_mut().filter_map(|outcome| match outcome {
            Outcome::Failed(failure) => Some(failure),
            Outcome::Complete | Outcome::LeftOut => None,
        });
        for failure in failures {
            // Its own is a part of the whole, as `grant` words it.
            if let Some(at) = failure.advice.find(GRANT) {
                failure.advice.replace_range(at.., &all);
            }
        }
    }

    async fn part(
        &self,
        part: Part,
        (api, context): (&Api, &CollectContext),
        evidence: &mut TargetEvidence,
        lost: &mut BTreeSet<String>,
    ) -> Result<(), Failure> {
        match part {
            Part::Server => {
                let told = api.get(&Question::VERSION, told_by(evidence, parse::version)).await?;
                evidence.fields.extend(told);
                Ok(())
            }
            Part::Identity => {
                let parse = told_by(evidence, parse::identity);
                evidence.fields.extend(api.get(&Question::KUBE_SYSTEM, parse).await?);
                Ok(())
            }
            Part::Nodes => {
                let nodes =
                    api.list(NODES, None, &parse::Nodes::default(), parse::Nodes::page).await?;
                let outcome = nodes.outcome();
                evidence.fields.extend(nodes.fields);
                *lost = nodes.lost;
                outcome
            }
            Part::Workloads => {
                let read = self.workloads((api, context), evidence, std::mem::take(lost));
                Box::pin(read).await
            }
        }
    }

    /// What one list refuses, another may answer.
    async fn workloads(
        &self,
        (api, context): (&Api, &CollectContext),
        evidence: &mut TargetEvidence,
        lost_nodes: BTreeSet<String>,
    ) -> Result<(), Failure> {
        let empty = Workloads::new(self.scope.selection.clone()).with_lost_nodes(lost_nodes);
        let (mut found, mut failures, mut pods_are_known) = (empty.clone(), Vec::new(), true);
        for (resource, kind, namespace) in self.lists() {
            let list = api.list(
                resource,
                namespace,
                &empty,
                move |state: &mut Workloads, body: Payload<'_>| match kind {
                    Some(kind) => state.templates(kind, body),
                    None => state.pods(body),
                },
            );
            match list.await {
                Ok(listed) => found = merged(found, listed, context).await?,
                Err(failure) => {
                    // What was read before stays read.
                    let is_last = api.is_hopeless(&failure);
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
        // What was read is bounded, and counts also where a list took all the time that there was.
        evidence.images = run_blocking(move || found.images(pods_are_known)).await?;
        folded(failures).map_or(Ok(()), Err)
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

/// What is asked of each namespace besides what an audit asks, and what of that once more.
#[derive(Clone, Copy)]
enum Remembered {
    ReplicaSets,
    ControllerRevisions,
    Workloads(&'static str),
    Pods,
}

impl Kubernetes {
    const REMEMBERED: [(Resource, Remembered); 6] = [
        (REPLICA_SETS, Remembered::ReplicaSets),
        (CONTROLLER_REVISIONS, Remembered::ControllerRevisions),
        (DEPLOYMENTS, Remembered::Workloads("Deployment")),
        (STATEFUL_SETS, Remembered::Workloads("StatefulSet")),
        (DAEMON_SETS, Remembered::Workloads("DaemonSet")),
        (PODS, Remembered::Pods),
    ];

    /// The part `revisions`, which checklists ask for: what is refused makes all of it unknown.
    async fn revisions(&self, context: &CollectContext) -> Result<Revisions, Failure> {
        let access = access::find(&self.settings, context);
        let access = net::within(context.deadline, context.allowed, access).await?;
        let api = Api::new(access, context);
        let empty = RevisionsRead::new(self.scope.selection.clone());
        let (mut found, mut failures) = (empty.clone(), Vec::new());
        let mut without_revisions = Vec::new();
        let all = self.namespaces.is_empty().then_some(None);
        let namespaces = all.into_iter().chain(self.namespaces.iter().map(|n| Some(n.as_str())));
        'asking: for namespace in namespaces {
            for (resource, what) in Self::REMEMBERED {
                let list = api.list(
                    resource,
                    namespace,
                    &empty,
                    move |state: &mut RevisionsRead, body: Payload<'_>| match what {
                        Remembered::ReplicaSets => state.replica_sets(body),
                        Remembered::ControllerRevisions => state.controller_revisions(body),
                        Remembered::Workloads(kind) => state.workloads(kind, body),
                        Remembered::Pods => state.pods(body),
                    },
                );
                match list.await {
                    Ok(listed) => found.merge(listed)?,
                    Err(failure) => {
                        let is_last =
                            api.is_hopeless(&failure) || failure.kind == FailureKind::Unavailable;
                        let is_of_revisions = matches!(
                            what,
                            Remembered::ReplicaSets | Remembered::ControllerRevisions
                        );
                        let lacks_right = failure.kind == FailureKind::Permission;
                        let of = if is_of_revisions && lacks_right {
                            &mut without_revisions
                        } else {
                            &mut failures
                        };
                        of.push(failure);
                        if is_last {
                            break 'asking;
                        }
                    }
                }
            }
        }
        let granted = |failures: Vec<Failure>| {
            let refused = api.refused();
            let told = |failure: Failure| {
                if refused.is_empty() { failure } else { failure.advise(grant(&refused)) }
            };
            folded(failures).map(told)
        };
        if let Some(failure) = granted(failures) {
            return Err(failure);
        }
        let refused = granted(without_revisions);
        let told = run_blocking(move || found.finish()).await??;
        // Half a list of revisions is none.
        let revisions = if refused.is_some() { Vec::new() } else { told.revisions };
        Ok(Revisions { revisions, refused, ..told })
    }
}

/// What an answer tells, as `parse` adds it to evidence.
fn told_by(
    of: &TargetEvidence,
    parse: fn(Payload<'_>, &mut TargetEvidence) -> Result<(), Failure>,
) -> impl FnOnce(Payload<'_>) -> Result<Vec<Field>, Failure> + Send + 'static {
    let mut told = TargetEvidence::new(of.id.clone(), "", of.taken);
    move |body| parse(body, &mut told).map(|()| told.fields)
}

/// Both lists in one.
async fn merged(
    mut found: Workloads,
    listed: Workloads,
    context: &CollectContext,
) -> Result<Workloads, Failure> {
    let merging = run_blocking(move || found.merge(listed).map(|()| found));
    net::within(context.deadline, context.allowed, async { merging.await? }).await
}

/// One failure of several; what is refused once more is named, and the server's words are told
/// once.
fn folded(failures: Vec<Failure>) -> Option<Failure> {
    let (refused, others): (Vec<_>, Vec<_>) =
        failures.into_iter().partition(|failure| failure.kind == FailureKind::Permission);
    let path = |failure: &Failure| {
        let words = failure.message.strip_prefix("GET ").unwrap_or(&failure.message);
        words.split(' ').next().unwrap_or(words).to_owned()
    };
    let more: Vec<String> = refused.iter().skip(1).map(path).collect();
    let first = refused.into_iter().reduce(|first, next| {
        let message = first.message.clone();
        parse::both(first, Failure { message, ..next })
    });
    let first = first.map(|first| match more.as_slice() {
        [] => first,
        more => Failure {
            message: format!("{}; so was GET {}", first.message, more.join(", ")),
            ..first
        },
    });
    // What stands behind the rules to grant would be taken for a part of them.
    others.into_iter().chain(first).reduce(parse::both)
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

    fn found_elsewhere(&self, folder: &Path) -> Vec<PathBuf> {
        let own = self.kubeconfig.as_ref().map(|path| from_home(path, folder));
        kubeconfig::files(own)
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

    fn collect<'a>(&'a self, context: &'a CollectContext) -> BoxFuture<'a, Vec<TargetEvidence>> {
        async move { vec![Box::pin(self.read(context)).await] }.boxed()
    }

    fn remembered<'a>(
        &'a self,
        context: &'a CollectContext,
    ) -> Option<BoxFuture<'a, Result<Revisions, Failure>>> {
        // Where the profile leaves workloads out, nothing of them is asked.
        let is_asked = self.scope.parts.contains(&Part::Workloads);
        is_asked.then(|| self.revisions(context).boxed())
    }
}
