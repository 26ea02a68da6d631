//! The result of a checklist: what each item saw, what it must be, and what settles it.
//!
//! Plain data, before any format.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Came, ComponentName, Extent, Gate, Indicators, Override, ReleaseType, Run, Verdict};

/// The result of a checklist.
#[derive(Debug)]
pub struct Checklist {
    /// What is judged.
    pub release: ChecklistRelease,
    /// Where it comes from and where it goes to.
    pub gate: Gate,
    /// Whether it may go.
    pub verdict: Verdict,
    /// Items in the order in which they are shown.
    pub items: Vec<ChecklistItem>,
    /// Earlier checklists of the release that somebody overrode, oldest first.
    pub overrides: Vec<Override>,
    /// Sources of load that were judged, in words; empty: none.
    pub load: Vec<String>,
    /// Windows of load that the profiles leave out.
    pub windows_left_out: Vec<&'static str>,
    /// What changes from run to run.
    pub run: Run,
}

impl Checklist {
    /// Names of the items with an outcome.
    pub fn with(&self, outcome: ItemOutcome) -> Vec<&str> {
        let items = self.items.iter().filter(|item| item.outcome() == outcome);
        items.map(|item| item.id.as_str()).collect()
    }
}

/// What is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChecklistRelease {
    /// `v22`.
    pub name: String,
    /// Which items are judged.
    pub kind: ReleaseType,
    /// The release that production runs until then.
    pub previous: Option<String>,
    /// Services that changed.
    pub changed: Vec<ComponentName>,
    /// Services of its train.
    pub services: usize,
    /// Since when it is in the environment that it comes from.
    pub came: Came,
    /// The release that load is compared with, if one is known.
    pub baseline: Option<String>,
    /// Why it is this one, or why there is none.
    pub baseline_told: String,
    /// SHA-256 over its builds: answers are bound to it.
    pub digest: String,
}

/// One item.
#[derive(Clone, Debug, PartialEq)]
pub struct ChecklistItem {
    /// Its name.
    pub id: String,
    /// Among which it is shown.
    pub section: ItemSection,
    /// What it saw, the worst of which decides.
    pub lines: Vec<ItemLine>,
    /// The figures that it rests on, in full precision.
    pub figures: Vec<ItemFigure>,
    /// What settles it, where it is not GO.
    pub settle: Option<Settle>,
}

impl ChecklistItem {
    /// The worst of its lines.
    pub fn outcome(&self) -> ItemOutcome {
        let worst = self.lines.iter().map(|line| line.outcome).max();
        worst.unwrap_or(ItemOutcome::NotApplicable)
    }
}

/// What became of an item, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemOutcome {
    /// The profiles hold nothing of its kind.
    NotApplicable,
    /// Releases of this kind are not judged by it.
    Skipped,
    /// As it must be.
    Go,
    /// Not everything that it needs is known.
    Incomplete,
    /// Not as it must be.
    NoGo,
}

impl ItemOutcome {
    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "n/a",
            Self::Skipped => "skipped",
            Self::Go => "go",
            Self::Incomplete => "incomplete",
            Self::NoGo => "no-go",
        }
    }
}

/// What items are shown together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemSection {
    /// What was read, and how the environments stand to each other.
    Environments,
    /// The builds.
    Release,
    /// What the release does to Redis.
    Redis,
    /// How production is before the release.
    Production,
    /// What people answer for.
    People,
}

impl ItemSection {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] =
        [Self::Environments, Self::Release, Self::Redis, Self::Production, Self::People];

    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Environments => "environments",
            Self::Release => "release",
            Self::Redis => "redis",
            Self::Production => "production",
            Self::People => "people",
        }
    }
}

/// One thing that an item saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemLine {
    /// What it makes the item.
    pub outcome: ItemOutcome,
    /// In words; quotes what was read (untrusted).
    pub seen: String,
    /// What it must be; empty if the words say it.
    pub must: String,
}

impl ItemLine {
    /// Where nothing of Redis can be judged.
    pub(crate) fn without_redis() -> Self {
        Self::new(ItemOutcome::NotApplicable, "no Redis in the profiles")
    }

    /// A line without a limit of its own.
    pub fn new(outcome: ItemOutcome, seen: impl Into<String>) -> Self {
        Self { outcome, seen: seen.into(), must: String::new() }
    }

    /// The same with what it must be.
    #[must_use]
    pub fn must(mut self, must: impl Into<String>) -> Self {
        self.must = must.into();
        self
    }
}

/// A figure that an item rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemFigure {
    /// What it is of: `redis/cache keys`.
    pub name: String,
    /// As it is.
    pub value: Option<f64>,
    /// What the numbers count: `calls`, `ms`.
    pub unit: &'static str,
    /// It must not be above this.
    pub limit: Option<f64>,
    /// What it is compared with.
    pub baseline: Option<f64>,
    /// Where it comes from.
    pub source: String,
}

/// What settles an item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Settle {
    /// A command, or what is to be done.
    pub command: String,
    /// How long that takes.
    pub takes: String,
}

impl Settle {
    /// A command and how long it takes.
    pub fn by(command: impl Into<String>, takes: impl Into<String>) -> Self {
        Self { command: command.into(), takes: takes.into() }
    }
}

/// What the servers of a target have counted since their start.
#[derive(Clone, Debug)]
pub struct TargetCounters {
    /// Of which servers of the target.
    pub extent: Extent,
    /// One for each server that answered.
    pub servers: Vec<ServerCounters>,
}

/// What one server has counted since its start.
#[derive(Clone, Debug)]
pub struct ServerCounters {
    /// Its address; empty where the source does not tell it.
    pub place: String,
    /// What tells this start of it from every other; empty if not told.
    pub run_id: String,
    /// `master`, `slave`.
    pub role: String,
    /// How many replicas are connected to it.
    pub replicas: f64,
    /// When it answered.
    pub taken: Timestamp,
    /// Whether all that it told was kept: else an absent counter is not zero.
    pub is_whole: bool,
    /// The counters, by our own names.
    pub indicators: Indicators,
}

/// What a person answered to the question of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The item.
    pub item: String,
    /// The release.
    pub release: String,
    /// Digest of its builds at that time.
    pub digest: String,
    /// Whether the answer is yes.
    pub is_yes: bool,
    /// Who says so, by their own word.
    pub by: String,
    /// A link or a sentence; empty if none was given.
    pub evidence: String,
    /// When.
    pub at: Timestamp,
    /// What the machine knows of who said so: its user, and variables of a CI.
    pub claims: BTreeMap<String, String>,
}

/// What the history holds as an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptAnswer {
    /// One that can be read.
    Read(Answer),
    /// One that cannot: it may be the answer that counts.
    Unread {
        /// The first digits of its run.
        run: String,
        /// The item that it names, if it names one.
        item: Option<String>,
        /// The release that it names, if it names one.
        release: Option<String>,
        /// When it was kept.
        at: Timestamp,
    },
}
