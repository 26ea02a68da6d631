//! Findings: what a rule says, and what the policy makes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::version::{Direction, Level};

use super::{ComponentName, EnvironmentName};

/// What a rule says of a component in one or more environments, before any policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id: `version-skew`.
    pub rule: &'static str,
    /// What it is about.
    pub component: ComponentName,
    /// Where, sorted by name and without repetition.
    pub environments: Vec<EnvironmentName>,
    /// What tells several findings of one rule, component and place apart; never a version.
    pub subject: String,
    /// One line for people; quotes what was read (untrusted).
    pub summary: String,
    /// How far apart, for rules that say so.
    pub level: Option<Level>,
    /// Where the current side of a pair stands, seen from its baseline.
    pub direction: Option<Direction>,
    /// What differs, where that is not a version: digests, values of a setting. Anyone who knows
    /// the finding knows these (untrusted).
    pub values: BTreeSet<String>,
    /// Where the sides differ so that the finding is as severe as it is, by name, and how: `minor
    /// behind`. For rules on pairs; empty where nothing tells places apart (untrusted).
    pub places: BTreeMap<String, String>,
    /// The severity, unless the policy says otherwise.
    pub defaults: Defaults,
    /// What it is at least in a gate, because it has stood for longer than the policy lets it; rows
    /// of the policy do not lower it, and may switch it off.
    pub at_least: Option<Severity>,
}

/// Severity in a gate, and elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// Where a gate's environments are concerned.
    pub in_gate: Severity,
    /// Anywhere else.
    pub elsewhere: Severity,
}

impl Defaults {
    /// The same severity everywhere.
    pub const fn same_everywhere(severity: Severity) -> Self {
        Self { in_gate: severity, elsewhere: severity }
    }

    /// One severity in a gate and another elsewhere.
    pub const fn by_gate(in_gate: Severity, elsewhere: Severity) -> Self {
        Self { in_gate, elsewhere }
    }
}

/// How much a finding matters, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Not shown, not judged.
    Off,
    /// Shown when asked for.
    Info,
    /// Worth knowing.
    Low,
    /// Worth doing.
    Medium,
    /// Blocks by default.
    High,
    /// Blocks always by default.
    Critical,
}

impl Severity {
    /// All severities, worst first.
    pub const ALL: [Self; 6] =
        [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info, Self::Off];

    /// The word used in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
            Self::Off => "off",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The word is not a severity.
#[derive(Debug, thiserror::Error)]
#[error("not a severity: use critical, high, medium, low, info or off")]
pub struct ParseSeverityError;

impl FromStr for Severity {
    type Err = ParseSeverityError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == word).ok_or(ParseSeverityError)
    }
}

/// Names a finding from run to run: 16 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingId(String);

impl FindingId {
    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FindingId {
    /// The id that a report has; `None` if the text is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let is_id = text.len() == 16
            && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        is_id.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Finding {
    /// So many places are kept one by one.
    const PLACES: usize = 500;

    /// Names of places and how each differs, of bounded size: what is left out is told by a digest,
    /// so that it is known when it changes.
    pub fn bound_places(
        places: impl IntoIterator<Item = (String, String)>,
    ) -> BTreeMap<String, String> {
        let mut kept: BTreeMap<String, String> = places.into_iter().collect();
        let Some((first, _)) = kept.iter().nth(Self::PLACES) else { return kept };
        let others = kept.split_off(&first.clone());
        let mut hash = Sha256::new();
        for (place, how) in &others {
            [place, how].iter().for_each(|text| hash.update(format!("{text}\0")));
        }
        let digest: String =
            hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        kept.insert(format!("and {} more", others.len()), digest);
        kept
    }

    /// What findings are sorted by, and told apart.
    pub fn sort_key(&self) -> (&ComponentName, &str, &[EnvironmentName], &str) {
        (&self.component, self.rule, &self.environments, &self.subject)
    }

    /// The first 64 bits of SHA-256 over rule, component, environments and subject, each
    /// followed by a NUL. No version is in it, so that a finding keeps its name while it moves.
    pub fn id(&self) -> FindingId {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update(text.as_bytes());
            hash.update([0]);
        };
        add(self.rule);
        add(self.component.as_str());
        self.environments.iter().for_each(|environment| add(environment.as_str()));
        add(&self.subject);
        FindingId(hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }
}

/// A finding under the policy.
#[derive(Clone, Debug)]
pub struct JudgedFinding {
    /// Its name from run to run.
    pub id: FindingId,
    /// What the rule says.
    pub finding: Finding,
    /// What the policy makes of it.
    pub severity: Severity,
    /// Whether it concerns a gate.
    pub in_gate: bool,
    /// Whether it counts.
    pub disposition: Disposition,
    /// Who looks after the component, by the policy.
    pub owner: Option<String>,
    /// What the policy says that its rule is a control of: `ISO 27001 A.8.31`.
    pub controls: Vec<String>,
    /// What a waiver of it is bound to unless somebody says otherwise: the minor that runs in each
    /// environment. Empty for rules that are not on versions.
    pub versions: BTreeMap<EnvironmentName, String>,
}

impl JudgedFinding {
    /// Whether it counts.
    pub fn is_active(&self) -> bool {
        self.disposition == Disposition::Active
    }

    /// The waiver that covers it.
    pub fn waiver(&self) -> Option<&str> {
        match &self.disposition {
            Disposition::Waived(waiver) => Some(waiver),
            Disposition::Active | Disposition::Off => None,
        }
    }
}

/// Whether a finding counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// It counts.
    Active,
    /// The waiver of this id covers it: it is shown apart and blocks nothing.
    Waived(String),
    /// The policy switched it off; it is counted, not shown.
    Off,
}
