//! What became of findings since an earlier report.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{ComponentName, EnvironmentName, FindingId, Gate, PartName, Severity, TargetId};
use crate::version::Level;

/// What is known of an earlier audit: its report, as far as it is compared with.
#[derive(Clone, Debug)]
pub struct EarlierReport {
    /// When it ended.
    pub at: Timestamp,
    /// Its gates.
    pub gates: Vec<Gate>,
    /// What it judged by, by name: `policy`, `baseline`. Each that is another now is said.
    pub judged_by: BTreeMap<&'static str, String>,
    /// Its environments, the targets of each, and the parts of these that were read.
    pub environments: BTreeMap<EnvironmentName, BTreeMap<TargetId, BTreeSet<PartName>>>,
    /// Its active findings.
    pub findings: Vec<EarlierFinding>,
}

/// An active finding of an earlier report.
#[derive(Clone, Debug)]
pub struct EarlierFinding {
    /// Its name.
    pub id: FindingId,
    /// Id of its rule, which this program may not know.
    pub rule: String,
    /// How severe it was.
    pub severity: Severity,
    /// What it was about.
    pub component: ComponentName,
    /// Where.
    pub environments: Vec<EnvironmentName>,
    /// Whether it concerned a gate.
    pub in_gate: bool,
    /// How far apart the two sides were, where they had an order.
    pub level: Option<Level>,
    /// The word for where the current side stood.
    pub direction: Option<String>,
    /// What ran in each environment, as a waiver would be bound to it; for rules on versions.
    pub versions: BTreeMap<EnvironmentName, String>,
    /// What told it from others of its rule, component and place.
    pub subject: String,
    /// What differed, where that was not a version.
    pub values: BTreeSet<String>,
    /// Where it was, and how the sides differed there.
    pub places: BTreeMap<String, String>,
    /// What was said of it (untrusted).
    pub summary: String,
}

/// An audit seen from an earlier one.
#[derive(Clone, Debug)]
pub struct Since {
    /// When the earlier one ended.
    pub at: Timestamp,
    /// What else changed between the two, in words: the policy, the baseline, the program.
    pub changed: Vec<String>,
    /// What became of each finding that is active now.
    pub trends: BTreeMap<FindingId, FindingTrend>,
    /// Findings of the earlier report that are not there any more.
    pub gone: Vec<GoneFinding>,
}

/// A finding that is active now, seen from the earlier report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingTrend {
    /// It was not there, or was waived; or it is another drift: of another product or direction, of
    /// another minor that is not a step towards the same baseline, of another digest or value.
    New,
    /// It was less severe, or the two sides were closer, or it concerned no gate.
    Worse,
    /// It was more severe, or the two sides were further apart.
    Better,
    /// As it was.
    Unchanged,
}

/// A finding that was active in the earlier report, and is not now.
#[derive(Clone, Debug)]
pub struct GoneFinding {
    /// What the earlier report said.
    pub finding: EarlierFinding,
    /// Why it is not active now.
    pub fate: Fate,
}

/// Why a finding is not active any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Not everything that could show it was read: nothing is known.
    Unknown,
    /// Everything that could show it was read, and it is not there.
    Resolved,
    /// A waiver covers it now.
    Waived,
    /// The policy switches it off now.
    Off,
}

impl FindingTrend {
    /// All of them, the one to look at first in front.
    pub const ALL: [Self; 4] = [Self::New, Self::Worse, Self::Better, Self::Unchanged];

    /// The word used in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Worse => "worse",
            Self::Better => "better",
            Self::Unchanged => "unchanged",
        }
    }
}

impl Fate {
    /// All of them, the one to look at first in front.
    pub const ALL: [Self; 4] = [Self::Unknown, Self::Resolved, Self::Waived, Self::Off];

    /// The word used in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Resolved => "resolved",
            Self::Waived => "waived",
            Self::Off => "off",
        }
    }
}

impl FindingTrend {
    /// Whether the finding asks for somebody's attention who knows the earlier report.
    pub fn is_news(self) -> bool {
        matches!(self, Self::New | Self::Worse)
    }
}

impl Since {
    /// Whether a finding is new or worse.
    pub fn is_news(&self, id: &FindingId) -> bool {
        self.trends.get(id).is_some_and(|trend| trend.is_news())
    }

    /// How many findings have that trend.
    pub fn count_trend(&self, wanted: FindingTrend) -> usize {
        self.trends.values().filter(|trend| **trend == wanted).count()
    }

    /// How many findings of the earlier report have that fate.
    pub fn count_gone(&self, wanted: Fate) -> usize {
        self.gone.iter().filter(|gone| gone.fate == wanted).count()
    }
}
