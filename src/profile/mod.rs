//! Loads a folder of profile files and composes what every stage's `config.rs` describes.
//!
//! Stages never import this; the pipeline hands them what it composed.

mod broken;
mod catalogue_names;
mod check;
pub mod config;
pub mod git;
mod known;
mod load;
mod parsed;
mod places;
mod releases;
mod same_file;
pub mod schema;
mod scrub;
mod spelling;
mod surroundings;
mod warnings;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use crate::checklist::config::ChecklistConfig;
use crate::collect::config::{COLLECTORS, TargetsConfig};
use crate::daemon::config::{SampleConfig, ScheduleConfig, ServeConfig};
use crate::history::config::HistoryConfig;
use crate::model::{
    ComponentName, EnvironmentName, Facts, Gate, Globs, Places, ProductNames, Release, TargetId,
    meant_and_known,
};
use crate::normalize::config::CatalogueConfig;
use crate::notify::config::SinkConfig;
use crate::policy::config::PolicyConfig;
use crate::policy::waiver::config::WaiversConfig;
use crate::wire::problem::Problem;

pub use load::{load, load_with_warnings};
pub use surroundings::Surroundings;

/// Older evidence is incomplete, unless the profile says otherwise.
pub const DEFAULT_MAX_AGE: Duration = Duration::from_secs(24 * 3600);

/// A checked folder of profiles.
#[derive(Debug)]
pub struct Profiles {
    /// Where they are; paths in them are relative to it.
    pub folder: PathBuf,
    /// The environment that all are compared with.
    pub baseline: EnvironmentName,
    /// All environments, in promotion order.
    pub environments: Vec<Environment>,
    /// Pairs that may block a release, as the file of kind `Audit` says; `None` where it leaves
    /// that to the promotion order.
    pub own_gates: Option<Vec<Gate>>,
    /// For showing times.
    pub timezone: jiff::tz::TimeZone,
    /// Which observations are one component.
    pub catalogue: Option<CatalogueConfig>,
    /// How much findings matter.
    pub policy: Option<PolicyConfig>,
    /// The file that says so.
    pub policy_path: Option<PathBuf>,
    /// SHA-256 over what that file says, without comments, abbreviated to 12 digits; empty without
    /// one.
    pub policy_digest: String,
    /// What somebody accepts for a while.
    pub waivers: Option<WaiversConfig>,
    /// The file that says so.
    pub waivers_path: Option<PathBuf>,
    /// SHA-256 over the files, their names and order, abbreviated to 12 digits.
    pub digest: String,
    /// Where all of this stands.
    pub places: Places,
    /// What components are called, whatever alias of a product somebody writes.
    pub names: ProductNames,
    /// Where each audit is kept.
    pub history: Option<HistoryConfig>,
    /// Who is told of what was found.
    pub notify: Vec<SinkConfig>,
    /// What is run at which times.
    pub schedule: Vec<ScheduleConfig>,
    /// Where what was found is served.
    pub serve: Option<ServeConfig>,
    /// What is sampled while it serves.
    pub sample: Option<SampleConfig>,
    /// Environments whose load is watched while it serves.
    pub watch: Vec<EnvironmentName>,
    /// Releases, by the order of their files.
    pub releases: Vec<Release>,
    /// The file of each of them, by name.
    pub release_paths: BTreeMap<String, PathBuf>,
    /// How releases are judged.
    pub checklist: Option<ChecklistConfig>,
}

/// One environment, with its defaults resolved.
#[derive(Debug)]
pub struct Environment {
    /// Its name.
    pub name: EnvironmentName,
    /// Whether the verdict needs it, if the profile says so itself.
    pub required: Option<bool>,
    /// Default for its targets, over the collectors' own.
    pub deadline: Option<Duration>,
    /// Older evidence is incomplete.
    pub max_age: Duration,
    /// Components that must be seen with a proven version.
    pub expect: Vec<ComponentName>,
    /// Components that do not count here.
    pub ignore: Globs,
    /// What is read.
    pub targets: TargetsConfig,
}

impl Profiles {
    /// Pairs that may block a release: those that are written, else the environment before the
    /// baseline against it.
    pub fn gates(&self, baseline: &EnvironmentName) -> Vec<Gate> {
        if let Some(own) = &self.own_gates {
            return own.clone();
        }
        let mut pairs = self.environments.windows(2);
        let before = pairs.find(|pair| pair[1].name == *baseline);
        let gate = |pair: &[Environment]| Gate { from: pair[0].name.clone(), to: baseline.clone() };
        before.map(gate).into_iter().collect()
    }

    /// Components that the profiles name: by a target, an entry of the catalogue or a waiver. What
    /// a host or a cluster holds is not among them.
    pub fn component_names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for target in self.environments.iter().flat_map(|one| one.targets.all()) {
            let kind = target.kind();
            let id = TargetId::new(kind.name, target.name());
            let own = target.component().map_or_else(|| kind.component_of(&id), Into::into);
            names.insert(self.names.component(&own).to_string());
            if kind.facts == Facts::OfOthers {
                let of_kind = |kind: &str| TargetId::new(kind, target.name()).to_string();
                names.extend(COLLECTORS.0.iter().map(|kind| of_kind(kind.name)));
            }
        }
        let entries = self.catalogue.iter().flat_map(|catalogue| &catalogue.components);
        names.extend(entries.map(|entry| entry.component.value.clone()));
        let waivers = self.waivers.iter().flat_map(|waivers| &waivers.waivers);
        names.extend(waivers.map(|waiver| waiver.component.value.clone()));
        names
    }
}

impl Profiles {
    /// The release of that name.
    ///
    /// # Errors
    /// If there is none: what is probably meant, and those that there are.
    pub fn release(&self, name: &str) -> Result<&Release, String> {
        let found = self.releases.iter().find(|release| release.name == name);
        found.ok_or_else(|| {
            let known: Vec<&str> = self.releases.iter().map(|one| one.name.as_str()).collect();
            match known.as_slice() {
                [] => format!("no release {name:?}: there is no file of kind Release yet"),
                known => format!("no release {name:?}; {}", meant_and_known(name, known)),
            }
        })
    }
}

impl Environment {
    /// Whether the verdict needs it: what the profile says, else whether it is the baseline or in a
    /// gate.
    pub fn is_required(&self, baseline: &EnvironmentName, gates: &[Gate]) -> bool {
        let in_gate = || gates.iter().any(|gate| gate.from == self.name || gate.to == self.name);
        self.required.unwrap_or_else(|| self.name == *baseline || in_gate())
    }
}

/// A problem in a file. No secret stands in its texts.
#[derive(Clone, Debug)]
pub struct FileProblem {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub problem: Problem,
}

/// Everything that is wrong with a folder of profiles.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{} in the profiles", crate::model::count(self.0.len(), "problem"))]
pub struct ProfileErrors(pub Vec<FileProblem>);
