//! Evidence: what an environment answered, verbatim, with coverage and time.
//!
//! This is what is stored and exchanged; nothing here is interpreted. Interpretation is a
//! snapshot, made anew from evidence by `normalize/`.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{EnvironmentName, Failure, Outcome, PartName, Revisions, Sample, TargetId};

/// An environment's observations, coverage and time.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Where it was collected.
    pub environment: EnvironmentName,
    /// When the collection ended.
    pub taken: Timestamp,
    /// One for each target, in the order of their ids.
    pub targets: Vec<TargetEvidence>,
}

/// What one target answered.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetEvidence {
    /// `redis/cache`.
    pub id: TargetId,
    /// Address as shown to people: without user name and password.
    pub endpoint: String,
    /// Whether the profile requires it; not part of the stored form.
    pub required: bool,
    /// Where the answer comes from.
    pub source: Source,
    /// When the target answered.
    pub taken: Timestamp,
    /// What became of each part.
    pub parts: BTreeMap<PartName, Outcome>,
    /// Facts about the target itself.
    pub fields: Vec<Field>,
    /// Counters and sizes: one sample for each server that told them.
    pub samples: Vec<Sample>,
    /// Images in use, one for each container or workload.
    pub images: Vec<ImageUse>,
    /// Facts that a person vouches for.
    pub declared: Vec<Declared>,
    /// What a cluster remembers, where it was asked: see [`Revisions`].
    pub revisions: Option<Revisions>,
    /// Containers or workloads that the profile excludes: counted, not kept.
    pub left_out: usize,
}

impl TargetEvidence {
    /// Evidence of a live target with nothing read yet.
    pub fn new(id: TargetId, endpoint: impl Into<String>, taken: Timestamp) -> Self {
        Self {
            id,
            endpoint: endpoint.into(),
            required: true,
            source: Source::Live,
            taken,
            parts: BTreeMap::new(),
            fields: Vec::new(),
            samples: Vec::new(),
            images: Vec::new(),
            declared: Vec::new(),
            revisions: None,
            left_out: 0,
        }
    }

    /// Records what became of a part.
    pub fn set_part(&mut self, part: &str, outcome: Outcome) {
        self.parts.insert(part.into(), outcome);
    }

    /// Tells when the target answered, and so its servers.
    pub fn set_taken(&mut self, taken: Timestamp) {
        self.taken = taken;
        self.samples.iter_mut().for_each(|sample| sample.taken = taken);
    }

    /// Whether any part was read.
    pub fn has_complete_part(&self) -> bool {
        self.parts.values().any(|outcome| *outcome == Outcome::Complete)
    }

    /// The value of the target's own field `name` (not one of a place in it).
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|f| f.name == name && f.place.is_empty()).map(|f| f.value.as_str())
    }
}

/// Where evidence of a target comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// The target itself, now.
    Live,
    /// A file.
    Recorded {
        /// Path as the profile names it.
        path: String,
        /// What tells its time.
        time: TimeSource,
        /// Why the live target was not read, where the file stands in for one.
        instead_of: Option<Failure>,
    },
    /// A person.
    Declared,
}

/// What tells the time of a recorded answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeSource {
    /// `taken:` in the profile.
    Profile,
    /// The evidence file's own.
    Evidence,
    /// `server_time_usec` of an INFO.
    Server,
    /// The newest time within what kubectl printed: a node's heartbeat, a container's start. The
    /// file is not older.
    Printed,
    /// The file's modification time, the weakest.
    FileModified,
}

impl TimeSource {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Profile, Self::Evidence, Self::Server, Self::Printed, Self::FileModified];

    /// In words that fit behind "time from ".
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "the profile",
            Self::Evidence => "the evidence file",
            Self::Server => "the server's clock",
            Self::Printed => "the newest time that kubectl printed",
            Self::FileModified => "the file's modification time",
        }
    }
}

/// One fact about a target or a place in it, verbatim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Host or node that it is about; empty for the target itself.
    pub place: String,
    /// As the target names it: `redis_version`.
    pub name: String,
    /// As the target said it.
    pub value: String,
}

impl Field {
    /// A fact about the target itself.
    pub fn of_target(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { place: String::new(), name: name.into(), value: value.into() }
    }
}

/// Name of the target's own field that says by which setting nobody looks at the certificate of the
/// server.
pub const TLS_UNVERIFIED: &str = "tls_unverified";

/// One place where an image is used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageUse {
    /// Where.
    pub locator: Locator,
    /// The reference as the container names it; may be a bare image ID.
    pub reference: String,
    /// Image configuration ID, `sha256:…`; empty if not told.
    pub image_id: String,
    /// `repository@sha256:…` as the engine lists them.
    pub repo_digests: Vec<String>,
    /// `repository:tag` of that very content as the engine lists them, where the reference is an
    /// image ID.
    pub repo_tags: Vec<String>,
    /// What runs it, where that is told: `containerd`, `cri-o`, `docker`.
    pub runtime: String,
    /// `org.opencontainers.image.version`, of the image; empty if none.
    pub version_label: String,
    /// `org.opencontainers.image.ref.name`, of the image; empty if none. Mostly that of the base
    /// image, which handed down its version label, too.
    pub ref_name: String,
    /// `app.kubernetes.io/version`, of the workload whose only container it is; empty if none.
    pub app_version: String,
    /// `helm.sh/chart` of the workload: `redis-19.1.0`; empty if none.
    pub chart: String,
    /// Whether it runs.
    pub state: RunState,
}

impl ImageUse {
    /// Whether the reference is the image's ID, whole or abbreviated, and no name.
    pub fn is_named_by_id(&self) -> bool {
        let id = self.image_id.trim_start_matches("sha256:");
        let reference = self.reference.as_str();
        reference.starts_with("sha256:") || (reference.len() >= 12 && id.starts_with(reference))
    }
}

/// Where an instance runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locator {
    /// Compose project or Kubernetes namespace.
    pub namespace: String,
    /// Compose service or workload.
    pub workload: String,
    /// Container.
    pub container: String,
}

/// Whether an instance counts: running, paused and restarting containers do, and what runs on a
/// schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunState {
    /// It runs.
    #[default]
    Running,
    /// It runs from time to time, and not now: it counts, so that what is compared does not depend
    /// on the minute.
    Scheduled,
    /// It counts by what it is set up to run: what it does now was not told.
    Presumed(Presumed),
    /// It does not; the source's own word for its state.
    NotRunning(String),
}

impl RunState {
    /// Whether it takes part in the comparison.
    pub fn counts(&self) -> bool {
        !matches!(self, Self::NotRunning(_))
    }
}

/// Why nobody can tell whether an instance runs that counts nevertheless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presumed {
    /// Its state was not told.
    StateUnknown,
    /// Its node is lost.
    Unreachable,
    /// All its pods are starting or ending, or it wants some and has none; or it waits for a start
    /// in a pod that runs.
    RollingOut,
}

impl Presumed {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::StateUnknown, Self::Unreachable, Self::RollingOut];

    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StateUnknown => "state unknown",
            Self::Unreachable => "unreachable",
            Self::RollingOut => "rolling out",
        }
    }
}

/// A fact that a person vouches for, until it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The component that it is about.
    pub component: String,
    /// The product that it is; empty if the person does not say.
    pub product: String,
    /// Its version.
    pub version: String,
    /// Who says so.
    pub by: String,
    /// Since when.
    pub on: jiff::civil::Date,
    /// The last day on which it counts.
    pub expires: jiff::civil::Date,
}
