//! `kind: DriftReport`, version 1: the public result of an audit. Fields are added, never renamed.
//!
//! Everything that changes from run to run stands in `run`, so that a weekly diff shows only
//! what changed. `report/` fills these objects; YAML and JSON are two spellings of them.

mod counts;
mod failure;
mod figures;
mod kind;
mod load;
mod places;
mod since;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::header::{FileKind, FormatVersion};
use super::yaml::{self, Origin, ShapeError};
use crate::model::{EarlierFinding, EarlierReport, FindingId, Gate};
use crate::version::Level;

pub use counts::{Counts, GateCompared, Share};
pub use failure::Failure;
pub use figures::TargetFigures;
pub use load::{
    FailedSource, LoadExcluded, LoadFigure, LoadIndicator, LoadRisen, LoadServer, LoadWindow,
    TargetLoad,
};
pub use places::{PlaceChange, Places};
pub use since::{GoneFinding, Since};

/// The result of an audit.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct DriftReport {
    /// `envparity/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: FormatVersion,
    /// `DriftReport`.
    pub kind: FileKind,
    /// `audit`; or `diff`, which judges nothing but whether the evidence is complete: its `go` says
    /// no more than that.
    #[serde(default = "default_kind")]
    pub purpose: String,
    /// Go, No-Go or incomplete, and why.
    pub verdict: Verdict,
    /// The environment that all are compared with.
    pub baseline: String,
    /// Pairs that may block a release: from, to.
    pub gates: Vec<[String; 2]>,
    /// Environments that this audit left out; it is partial if there are any.
    pub left_out: Vec<String>,
    /// Each environment with what was read of it, in promotion order.
    pub environments: Vec<Environment>,
    /// Counts.
    pub summary: Summary,
    /// What became of findings since an earlier report, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
    /// What rules found and counts, by component and rule.
    pub findings: Vec<Finding>,
    /// What rules found and a waiver covers: it blocks nothing.
    pub waived: Vec<Finding>,
    /// Each component in each environment, by component.
    pub matrix: Vec<Row>,
    /// Waivers and their states.
    pub waivers: Vec<Waiver>,
    /// What changes from run to run.
    pub run: Run,
}

fn default_kind() -> String {
    "audit".to_owned()
}

/// Go, No-Go or incomplete.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Verdict {
    /// `go`, `no-go` or `incomplete`.
    pub is: String,
    /// The same in a sentence, as every format words it. Empty in a report of an earlier version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sentence: String,
    /// Why it is not `go`, and what would block, were it not waived. A `no-go` on incomplete
    /// evidence has reasons of both kinds.
    pub reasons: Vec<Reason>,
    /// What was not read and not judged, because the profile does not require it.
    pub not_judged: Vec<String>,
    /// How much each gate compared; empty if no gate was judged.
    #[serde(default)]
    pub compared: Vec<GateCompared>,
    /// Ids of findings that would block, were they not known from the earlier report; with
    /// `new-only` alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<String>,
    /// Active findings in a gate at or above this severity make it `no-go`.
    pub fail_on: String,
    /// Whether only findings that are new or worse since an earlier report could make it `no-go`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub new_only: bool,
}

/// One reason.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Reason {
    /// `blocks` or `incomplete`; `waived` for a finding that would block, were it not waived.
    pub kind: String,
    /// Id of the finding that blocks or is waived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
    /// In words.
    pub text: String,
}

/// An environment and its coverage.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Whether the verdict needs it.
    pub required: bool,
    /// Components that run there.
    pub components: usize,
    /// Instances that the profile or the catalogue leaves out.
    pub left_out: usize,
    /// Targets read completely, of all: `3 of 4`.
    pub complete: String,
    /// What became of each target.
    pub targets: Vec<Target>,
}

/// What became of one target.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Target {
    /// `<collector>/<target name>`.
    pub target: String,
    /// Address, without user name and password.
    pub endpoint: String,
    /// Whether the verdict needs it.
    pub required: bool,
    /// `live`, `recorded` or `declared`.
    pub source: String,
    /// The file, if recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What tells a file's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_from: Option<String>,
    /// Why the live target was not read, where a file stands in for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<Failure>,
    /// What became of each part.
    pub parts: Vec<Part>,
    /// What else is worth knowing of it: a Sentinel that did not answer, the end of a certificate.
    /// It decides nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Set if it was read but is too old, expired, or from the future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<Failure>,
}

/// What became of one part.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Part {
    /// Its name: `info`, `containers`.
    pub part: String,
    /// `complete`, `left-out` or `failed`.
    pub outcome: String,
    /// Why, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Components of other environments that this part could have held and that are therefore
    /// unobserved here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hides: Option<usize>,
}

/// Counts.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Summary {
    /// Targets read completely, of all.
    pub targets: String,
    /// Components equal in every environment that has or could have them, of all.
    pub equal: String,
    /// Active findings by severity, all severities named.
    pub findings: BTreeMap<String, usize>,
    /// Findings that a waiver covers.
    pub waived: usize,
    /// Findings that the policy switches off.
    pub off: usize,
    /// The numbers of the texts.
    #[serde(default)]
    pub counts: Counts,
}

/// What a rule found.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// The same from run to run.
    pub id: String,
    /// Id of the rule; `envparity explain RULE` tells of it.
    pub rule: String,
    /// `critical`, `high`, `medium`, `low` or `info`.
    pub severity: String,
    /// What it is about.
    pub component: String,
    /// Where, by name.
    pub environments: Vec<String>,
    /// What tells several findings of one rule and component apart: a setting, a repository with
    /// its tag.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// Whether it concerns a gate.
    pub in_gate: bool,
    /// Who looks after the component, by the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What `envparity waiver add` binds a waiver of it to, by environment: the minor that runs
    /// there. For rules on versions only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub versions: BTreeMap<String, String>,
    /// How far apart, for rules that say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// `ahead`, `behind` or `mixed`, seen from the baseline of the pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// What differs, where that is not a version: digests, values of a setting, each with where it
    /// is.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub values: BTreeSet<String>,
    /// The places that make it as severe as it is (at most 500, then a digest of the others), and
    /// how each differs: `shop/web/app: minor behind`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub places: BTreeMap<String, String>,
    /// One line for people.
    pub summary: String,
    /// What the policy says that the rule is a control of: `ISO 27001 A.8.31`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<String>,
    /// `new`, `worse`, `better` or `unchanged` since the earlier report, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The first run of the history that saw it, of those that saw it without an interruption: an
    /// interruption is a run that could have seen it and did not. Only with a history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub first_seen: Option<Timestamp>,
    /// Id of the waiver that covers it, of waived ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<String>,
}

/// One component in each environment.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// Its name.
    pub component: String,
    /// `platform` or `service`.
    pub class: String,
    /// One cell for each environment, in the order of `environments`.
    pub cells: Vec<Cell>,
}

/// One component in one environment.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the report by itself")]
pub struct Cell {
    /// Which environment.
    pub environment: String,
    /// `present`, `missing`, `not-running`, `unobserved` or `not-applicable`.
    pub state: String,
    /// Distinct readings with how often each was seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<Reading>,
    /// How far from the baseline: `equal`, `within-precision`, `patch` …; none in the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// `ahead`, `behind` or `mixed`, seen from the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// Whether it is another product than the baseline's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub other_product: bool,
    /// Whether it is another variant of the image than the baseline's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub other_variant: bool,
    /// Whether it is the baseline's build, though its version is written differently.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub same_content: bool,
    /// Whether what was read is too old, expired, or from the future: it proves nothing of now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
    /// What was compared place by place, where places differ that have names on both sides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<Places>,
    /// Set up but not running, by the source's word for its state.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub not_running: BTreeMap<String, usize>,
    /// The first run of the history that saw these readings here, of those without an interruption.
    /// Only with a history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub first_seen: Option<Timestamp>,
}

/// A distinct reading.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Reading {
    /// The product, where the product data knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// As it was said.
    pub version: String,
    /// The same on semver, where it fits without loss of order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semver: Option<String>,
    /// What told it: `program`, `label`, `tag` or `declared`.
    pub source: String,
    /// What a lower source (the tag, of a label) says instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contradicted_by: Option<String>,
    /// Instances that say so.
    pub instances: usize,
    /// Digests of their content, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<String>,
}

/// A waiver and its state.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Waiver {
    /// Its id in the file.
    pub id: String,
    /// `active`, `expiring`, `expired` or `unused`.
    pub state: String,
    /// Id of the rule.
    pub rule: String,
    /// The component.
    pub component: String,
    /// Where, by name.
    pub environments: Vec<String>,
    /// What of the rule's findings on the component, if not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The versions that it is bound to, by environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub versions: BTreeMap<String, String>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it counts, in UTC.
    pub expires: String,
    /// Ids of the findings that it covers; those that it would cover, of an expired one.
    pub findings: Vec<String>,
}

/// What changes from run to run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Run {
    /// When the run ended, in UTC.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// How long collecting took, in milliseconds; not told when the time was given with `--at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// The machine that ran it.
    pub host: String,
    /// Version of the program.
    pub tool: String,
    /// SHA-256 over the profile files, abbreviated to 12 digits.
    pub profiles: String,
    /// SHA-256 over what the policy says, without its comments, abbreviated to 12 digits; empty
    /// without one.
    pub policy: String,
    /// Commit of the repository that holds the profiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// What is worth knowing of how it was judged: support cycles that are not of now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// When each target answered, by environment and target.
    #[schemars(with = "BTreeMap<String, BTreeMap<String, String>>")]
    pub taken: BTreeMap<String, BTreeMap<String, Timestamp>>,
    /// The load of targets over time, where a source of it is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load: Vec<TargetLoad>,
    /// What each Redis has counted since its start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<TargetFigures>,
    /// What it became in the history, if it was stored in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<StoredRun>,
}

/// A run in a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct StoredRun {
    /// Its number there.
    pub run: i64,
    /// Its digest, which stands for all runs before it too: `history verify --head` takes it.
    pub digest: String,
}

impl DriftReport {
    /// Reads a report that was written as YAML or JSON.
    ///
    /// # Errors
    /// The first thing that is not of the shape of a report, or its kind if it is another one's.
    pub fn read(text: &str) -> Result<Self, ShapeError> {
        let read = yaml::read::<Self>(text, Origin::Program);
        let report = read.map_err(|error| kind::other_kind(text).unwrap_or(error))?;
        if report.kind == FileKind::DriftReport {
            return Ok(report);
        }
        Err(kind::refuse_kind(report.kind))
    }

    /// What a later audit is compared with.
    pub fn to_earlier(&self) -> EarlierReport {
        let environments = self.environments.iter().map(|environment| {
            let targets = environment.targets.iter().map(|target| {
                let read = target.parts.iter().filter(|part| part.outcome == "complete");
                (
                    target.target.as_str().into(),
                    read.map(|part| part.part.as_str().into()).collect(),
                )
            });
            (environment.name.as_str().into(), targets.collect())
        });
        EarlierReport {
            at: self.run.at,
            gates: self.gates.iter().map(to_gate).collect(),
            judged_by: self.judged_by(),
            environments: environments.collect(),
            findings: self.findings.iter().filter_map(Finding::to_earlier).collect(),
        }
    }

    /// What decides besides the evidence, by name.
    pub fn judged_by(&self) -> BTreeMap<&'static str, String> {
        let gates: Vec<String> =
            self.gates.iter().map(|[from, to]| format!("{from} -> {to}")).collect();
        BTreeMap::from([
            ("baseline", self.baseline.clone()),
            ("fail-on", self.verdict.fail_on.clone()),
            ("gates", gates.join(", ")),
            ("policy", self.run.policy.clone()),
            ("profiles", self.run.profiles.clone()),
            ("program", self.run.tool.clone()),
        ])
    }
}

fn to_gate([from, to]: &[String; 2]) -> Gate {
    Gate { from: from.as_str().into(), to: to.as_str().into() }
}

impl Finding {
    fn to_earlier(&self) -> Option<EarlierFinding> {
        Some(EarlierFinding {
            id: FindingId::parse(&self.id)?,
            rule: self.rule.clone(),
            severity: self.severity.parse().ok()?,
            component: self.component.as_str().into(),
            environments: self.environments.iter().map(|name| name.as_str().into()).collect(),
            in_gate: self.in_gate,
            level: self.level.as_deref().and_then(Level::from_drift_word),
            direction: self.direction.clone(),
            versions: self.versions.iter().map(|(e, v)| (e.as_str().into(), v.clone())).collect(),
            subject: self.subject.clone(),
            values: self.values.clone(),
            places: self.places.clone(),
            summary: self.summary.clone(),
        })
    }
}

/// The JSON Schema of the format.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(DriftReport)
}
