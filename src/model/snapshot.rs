//! Snapshot: evidence seen through today's catalogue. Always derived, never stored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::version::Levels;
pub use crate::version::Reading;

use super::{
    CollectorKind, ComponentName, EnvironmentName, Facts, Failure, Globs, IDENTITY_PART, Locator,
    Outcome, PartName, SETTINGS_PART, Site, Source, TargetId, TargetIndicators, failures_of,
};

/// An environment's components, coverage and identities.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Which environment.
    pub environment: EnvironmentName,
    /// When its evidence was collected.
    pub taken: Timestamp,
    /// What runs there.
    pub components: BTreeMap<ComponentName, Component>,
    /// What became of each target.
    pub coverage: Vec<Coverage>,
    /// What tells instances of a service apart across environments.
    pub identities: BTreeSet<Identity>,
    /// What the samples of each target come to.
    pub indicators: BTreeMap<TargetId, TargetIndicators>,
    /// Components that do not count in this environment, by its profile.
    pub ignore: Globs,
    /// Instances left out by the catalogue or the profile: counted, not compared.
    pub left_out: usize,
}

impl Snapshot {
    /// Whether a component of another environment is expected here at all.
    pub fn expects(&self, name: &ComponentName, component: &Component) -> bool {
        component.belongs_in(&self.environment) && !self.ignore.is_match(name.as_str())
    }
}

/// The thing compared.
#[derive(Clone, Debug)]
pub struct Component {
    /// Platform or own service.
    pub class: Class,
    /// What the numbers of its versions mean.
    pub levels: Levels,
    /// Where it runs.
    pub instances: Vec<Instance>,
    /// Where it is set up but does not run: the state's own word and how often.
    pub not_running: BTreeMap<String, usize>,
    /// Settings on the allow-list, with their values.
    pub settings: BTreeMap<String, Values>,
    /// The only environments where it belongs; empty for all.
    pub only_in: Vec<EnvironmentName>,
    /// The product that its name tells, where nothing better does: `containerd` of
    /// `docker/containerd`.
    pub named_product: Option<String>,
    /// What a person declares of it, where what was read proves a version: it is not an instance
    /// then.
    pub overruled: Vec<Reading>,
}

impl Component {
    /// Whether the catalogue lets it be in an environment.
    pub fn belongs_in(&self, environment: &EnvironmentName) -> bool {
        self.only_in.is_empty() || self.only_in.contains(environment)
    }
}

/// The values of one setting, mostly one, and the servers that have each.
pub type Values = BTreeMap<String, BTreeSet<String>>;

/// Who releases a component; it decides what a difference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Known products, engines, hosts, declared facts.
    Platform,
    /// Images of no known product: own services, which the release train moves.
    Service,
}

/// One place where a component runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance {
    /// The target that told of it.
    pub target: TargetId,
    /// Where in the target.
    pub locator: Locator,
    /// What of it counts where it is paired with those of another environment; shared by all of a
    /// target.
    pub site: Arc<Site>,
    /// The product's name in the product data; the component's own if it has none.
    pub product: Option<Arc<str>>,
    /// Its version, from the best source that told one; shared by all that run the same image.
    pub reading: Arc<Reading>,
    /// What told it.
    pub source: ReadingSource,
    /// What a lower source says instead, where it disagrees.
    pub contradicted_by: Option<Arc<Reading>>,
    /// The image, where it is one; shared by all that run it.
    pub image: Option<Arc<RunningImage>>,
}

impl Instance {
    /// The place by which it is paired: namespace, workload and container as the catalogue names
    /// them.
    pub fn paired_place(&self) -> [&str; 3] {
        let Locator { namespace, workload, container } = &self.locator;
        [namespace, workload, if self.site.has_containers { container } else { "" }]
    }

    /// Target, namespace and workload; the container where there is no workload. Instances are
    /// counted by it, so that neither replicas nor several containers of one image make a number.
    pub fn place(&self) -> (&TargetId, &str, &str) {
        Self::place_of(&self.target, &self.locator)
    }

    /// The place of what a target tells of.
    pub fn place_of<'a>(
        target: &'a TargetId,
        locator: &'a Locator,
    ) -> (&'a TargetId, &'a str, &'a str) {
        let Locator { namespace, workload, container } = locator;
        (target, namespace, if workload.is_empty() { container } else { workload })
    }
}

/// What told a version, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReadingSource {
    /// The running program itself, by INFO or an API.
    Program,
    /// `org.opencontainers.image.version` of the image.
    Label,
    /// The image's tag.
    Tag,
    /// `app.kubernetes.io/version` of the workload.
    WorkloadLabel,
    /// A person.
    Declared,
}

impl ReadingSource {
    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Label => "label",
            Self::Tag => "tag",
            Self::WorkloadLabel => "workload-label",
            Self::Declared => "declared",
        }
    }
}

/// Which image an instance runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunningImage {
    /// Without registry, `library/` and mirror prefixes.
    pub repository: String,
    /// The tag, if the reference has one, as its product writes them.
    pub tag: Option<Arc<Reading>>,
    /// What identifies its content, where known: repository digests, then the configuration's.
    pub digests: Vec<Digest>,
    /// Whether the reference names a digest: that may be of the manifest for one platform.
    pub is_pinned: bool,
}

impl RunningImage {
    /// Whether two images have the same content: `None` where no digests of one type are known.
    pub fn same_content(&self, other: &Self) -> Option<bool> {
        same_content(&self.digests, &other.digests)
    }

    /// Digests of one type that are proven to be of different content: this one's, then the
    /// other's.
    pub fn unlike<'a>(&'a self, other: &'a Self) -> Option<(&'a Digest, &'a Digest)> {
        if self.same_content(other) != Some(false) {
            return None;
        }
        let pairs = self.digests.iter().flat_map(|a| other.digests.iter().map(move |b| (a, b)));
        pairs.into_iter().find(|(a, b)| a.same(b) == Some(false))
    }
}

/// Whether digests of two images tell the same content: `None` where none of one type are known.
pub fn same_content(one: &[Digest], other: &[Digest]) -> Option<bool> {
    let mut known = None;
    for digest in one {
        for same in other.iter().filter_map(|other| digest.same(other)) {
            if same {
                return Some(true);
            }
            known = Some(false);
        }
    }
    known
}

/// Digests are typed: one of a repository, one of a platform's manifest and one of an image's
/// configuration never compare.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Digest {
    /// Of what a tag stands for in a repository: mostly an index of all platforms.
    Repository(String),
    /// Of the manifest for one platform, which is what CRI-O may tell.
    Manifest(OfPlatform),
    /// Of the image's configuration: the engine's image ID.
    Configuration(OfPlatform),
}

/// What a digest is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DigestKind {
    /// What a tag stands for in a repository.
    Repository,
    /// The manifest for one platform.
    Manifest,
    /// The image's configuration.
    Configuration,
}

/// A digest that is another on each architecture.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OfPlatform {
    /// `sha256:…`.
    pub digest: String,
    /// `amd64`; `None` where it is not known, or where several are.
    pub architecture: Option<String>,
}

impl OfPlatform {
    fn same(&self, other: &Self) -> Option<bool> {
        if self.digest == other.digest {
            return Some(true);
        }
        // One image has a digest for each architecture.
        (self.architecture.is_some() && self.architecture == other.architecture).then_some(false)
    }
}

impl Digest {
    /// `Some(equal)` for digests that can be compared, `None` across types and architectures.
    pub fn same(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Repository(a), Self::Repository(b)) => Some(a == b),
            (Self::Manifest(a), Self::Manifest(b))
            | (Self::Configuration(a), Self::Configuration(b)) => a.same(b),
            _ => None,
        }
    }

    /// What it is of.
    pub fn kind(&self) -> DigestKind {
        match self {
            Self::Repository(_) => DigestKind::Repository,
            Self::Manifest(_) => DigestKind::Manifest,
            Self::Configuration(_) => DigestKind::Configuration,
        }
    }

    /// The architecture that it is of, where it is known and there is one.
    pub fn architecture(&self) -> Option<&str> {
        match self {
            Self::Repository(_) => None,
            Self::Manifest(of) | Self::Configuration(of) => of.architecture.as_deref(),
        }
    }

    /// `sha256:…`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Repository(text) => text,
            Self::Manifest(of) | Self::Configuration(of) => &of.digest,
        }
    }
}

/// What became of one target.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// Which.
    pub target: TargetId,
    /// What reads it.
    pub kind: &'static CollectorKind,
    /// The component that it is itself, where it is one.
    pub component: ComponentName,
    /// Components that are found among images, by the catalogue.
    pub mapped: Arc<BTreeSet<ComponentName>>,
    /// Its address, without user name and password.
    pub endpoint: String,
    /// Whether the verdict needs it.
    pub required: bool,
    /// Live, from a file, or declared.
    pub source: Source,
    /// When it answered.
    pub taken: Timestamp,
    /// The last day on which a declared fact counts.
    pub expires: Option<jiff::civil::Date>,
    /// What became of each part.
    pub parts: BTreeMap<PartName, Outcome>,
    /// What else is worth knowing of it, and decides nothing.
    pub notes: Vec<Note>,
}

/// A remark on a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// One line for people; quotes what was read (untrusted).
    pub text: String,
    /// Whether it says that something is not as it should be, so that it is always shown.
    pub is_odd: bool,
}

impl Coverage {
    /// Whether a component of that name would be found in that part.
    pub fn could_hold(&self, part: &PartName, name: &ComponentName) -> bool {
        self.kind.could_hold(part, &self.component, name)
            || (self.mapped.contains(name) && self.kind.could_hold_images(part))
    }

    /// Parts that count as left out, and why, in words behind the target's name; `None` if all
    /// were read or tried. No profile leaves out parts of what answers INFO: its server does.
    pub fn left_out(&self) -> Option<String> {
        let left_out = self.parts.iter().filter(|(_, outcome)| **outcome == Outcome::LeftOut);
        let parts: Vec<&str> = left_out.map(|(part, _)| part.as_str()).collect();
        if parts.is_empty() {
            return None;
        }
        Some(match (self.kind.facts, &self.source) {
            (Facts::Info, _) => {
                let said = parts.iter().map(|part| match *part {
                    IDENTITY_PART => "who it is (run_id)".to_owned(),
                    SETTINGS_PART => "how it is set up (maxmemory_policy)".to_owned(),
                    other => other.to_owned(),
                });
                format!("the server does not say {}", said.collect::<Vec<_>>().join(" and "))
            }
            // A file may hold less than a profile asks for.
            (_, Source::Recorded { .. }) => {
                format!("{} left out by the file or the profile", parts.join(", "))
            }
            _ => format!("{} left out by the profile", parts.join(", ")),
        })
    }

    /// Whether any part was read.
    pub fn is_read_at_all(&self) -> bool {
        self.parts.values().any(|outcome| *outcome == Outcome::Complete)
    }

    /// As [`failures_of`].
    pub fn failures(&self) -> Vec<(Option<&PartName>, &Failure)> {
        failures_of(&self.parts)
    }

    /// Whether every part that the profile asks for was read.
    pub fn is_complete(&self) -> bool {
        self.parts.values().all(|outcome| outcome.failure().is_none())
    }
}

impl Class {
    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Service => "service",
        }
    }
}

/// What tells one instance of a service from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// `run_id`, `engine ID`, `kube-system UID`, `master_replid`.
    pub kind: &'static str,
    /// Its value.
    pub value: String,
    /// The target that has it.
    pub target: TargetId,
}

impl Identity {
    /// The kind of identity that data have: servers that replicate each other share it.
    pub const REPLICATION: &'static str = "master_replid";
    /// The same, of a server that says that it is a replica.
    pub const REPLICA: &'static str = "master_replid of a replica";
    /// As [`Self::REPLICATION`], of a PostgreSQL cluster: copies of its files share it, too.
    pub const SYSTEM: &'static str = "system identifier";
    /// As [`Self::REPLICA`], of a PostgreSQL server in recovery.
    pub const SYSTEM_REPLICA: &'static str = "system identifier of a replica";

    /// Whether it tells data apart and not instances.
    pub fn is_of_data(&self) -> bool {
        [Self::REPLICATION, Self::REPLICA, Self::SYSTEM, Self::SYSTEM_REPLICA].contains(&self.kind)
    }
}
