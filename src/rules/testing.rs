//! Snapshots in a line, for the fixtures of rules.
#![expect(clippy::needless_pass_by_value, reason = "fixtures are built where they are used up")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{DEFAULT_MIN_SHARE, Rule, RuleContext};
use crate::collect::config::COLLECTORS;
use crate::compare::compare;
use crate::model::{
    Class, Component, Coverage, Cycles, Digest, EnvironmentName, Failure, FailureKind, Finding,
    Gate, Glob, Globs, Identity, Instance, Locator, Outcome, ReadingSource, RunningImage, Sharing,
    Snapshot, Source,
};
use crate::version::{Levels, Scheme, read};

pub(super) fn environment(name: &str) -> Snapshot {
    Snapshot {
        environment: name.into(),
        taken: Timestamp::UNIX_EPOCH,
        components: BTreeMap::new(),
        coverage: Vec::new(),
        identities: BTreeSet::new(),
        indicators: BTreeMap::new(),
        ignore: Globs::default(),
        left_out: 0,
    }
}

impl Snapshot {
    pub(super) fn redis(self, name: &str, version: &str) -> Self {
        self.product(&format!("redis/{name}"), "redis", version)
    }

    pub(super) fn product(self, component: &str, product: &str, version: &str) -> Self {
        let instance = Instance {
            target: component.into(),
            locator: Locator::default(),
            site: Arc::default(),
            product: Some(product.into()),
            reading: read(Scheme::Generic, version).into(),
            source: ReadingSource::Program,
            contradicted_by: None,
            image: None,
        };
        self.instance(component, Class::Platform, instance).read(component, "info")
    }

    pub(super) fn app(self, repository: &str, tag: &str) -> Self {
        self.build(repository, tag, "")
    }

    pub(super) fn build(self, repository: &str, tag: &str, digest: &str) -> Self {
        let digests = (!digest.is_empty()).then(|| Digest::Repository(digest.into()));
        let instance = Instance {
            target: "docker/x".into(),
            locator: Locator::default(),
            site: Arc::default(),
            product: None,
            reading: read(Scheme::ImageTag, tag).into(),
            source: ReadingSource::Tag,
            contradicted_by: None,
            image: Some(
                RunningImage {
                    repository: repository.into(),
                    tag: Some(read(Scheme::ImageTag, tag).into()),
                    digests: digests.into_iter().collect(),
                    is_pinned: false,
                }
                .into(),
            ),
        };
        self.instance(&format!("image/{repository}"), Class::Service, instance)
            .read("docker/x", "containers")
    }

    /// An image of a workload in the namespace `shop`.
    pub(super) fn workload(mut self, workload: &str, repository: &str, tag: &str) -> Self {
        let component = format!("image/{repository}");
        self = self.app(repository, tag);
        let instances = &mut self.components.get_mut(&component.as_str().into()).unwrap().instances;
        let locator = &mut instances.last_mut().unwrap().locator;
        (locator.namespace, locator.workload) = ("shop".into(), workload.into());
        self
    }

    fn instance(mut self, component: &str, class: Class, mut instance: Instance) -> Self {
        let empty = Component {
            class,
            levels: Levels::DEFAULT,
            instances: Vec::new(),
            not_running: BTreeMap::new(),
            settings: BTreeMap::new(),
            only_in: Vec::new(),
            named_product: COLLECTORS.product_of(&component.into()).map(str::to_owned),
            overruled: Vec::new(),
        };
        let instances = &mut self.components.entry(component.into()).or_insert(empty).instances;
        instance.locator.container = format!("container-{}", instances.len());
        instances.push(instance);
        self
    }

    pub(super) fn setting(mut self, component: &str, name: &str, value: &str) -> Self {
        let settings = &mut self.components.get_mut(&component.into()).unwrap().settings;
        let values = settings.entry(name.into()).or_default();
        let server = format!(
            "10.0.0.{}:6379",
            values.values().map(|servers| servers.len()).sum::<usize>() + 1
        );
        values.entry(value.into()).or_default().insert(server);
        self
    }

    pub(super) fn identity(mut self, target: &str, kind: &'static str, value: &str) -> Self {
        self.identities.insert(Identity { kind, value: value.into(), target: target.into() });
        self
    }

    pub(super) fn read(self, target: &str, part: &str) -> Self {
        self.covered(target, part, Outcome::Complete)
    }

    pub(super) fn unread(self, target: &str, part: &str) -> Self {
        self.covered(target, part, Outcome::Failed(Failure::new(FailureKind::Timeout, "no answer")))
    }

    fn covered(mut self, target: &str, part: &str, outcome: Outcome) -> Self {
        self.coverage.push(Coverage {
            target: target.into(),
            kind: COLLECTORS.kind_of(&target.into()),
            component: target.into(),
            mapped: std::sync::Arc::default(),
            endpoint: String::new(),
            required: true,
            source: Source::Live,
            taken: Timestamp::UNIX_EPOCH,
            expires: None,
            notes: Vec::new(),
            parts: BTreeMap::from([(part.into(), outcome)]),
        });
        self
    }
}

/// Promotion order dev, qualif, prod; baseline prod, with which both are compared; `kubernetes/*`
/// shared on purpose; nothing wanted.
pub(super) fn with_context<T>(check: impl FnOnce(&RuleContext<'_>) -> T) -> T {
    let order: Vec<EnvironmentName> = vec!["dev".into(), "qualif".into(), "prod".into()];
    let pairs = ["dev", "qualif"].map(|current| ("prod".into(), current.into()));
    let shared = [Sharing { targets: Glob::new("kubernetes/*").unwrap(), between: Vec::new() }];
    let gates = [Gate { from: "qualif".into(), to: "prod".into() }];
    check(&RuleContext {
        order: &order,
        gates: &gates,
        baseline: &order[2],
        pairs: &pairs,
        shared: &shared,
        ranges: &[],
        now: Timestamp::UNIX_EPOCH,
        end_of_life: &Cycles::default(),
        lookahead: Duration::ZERO,
        long_ahead: &BTreeMap::new(),
        min_share: DEFAULT_MIN_SHARE,
    })
}

pub(super) fn single(rule: &dyn Rule, snapshot: Snapshot) -> Vec<Finding> {
    with_context(|context| rule.check_environment(context, &snapshot))
}

pub(super) fn pair(rule: &dyn Rule, baseline: Snapshot, current: Snapshot) -> Vec<Finding> {
    with_context(|context| rule.check_pair(context, &compare(&baseline, &current)))
}

pub(super) fn all(rule: &dyn Rule, snapshots: Vec<Snapshot>) -> Vec<Finding> {
    with_context(|context| rule.check_all(context, &snapshots))
}
