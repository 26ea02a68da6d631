//! Warnings of one recorded file that several environments read: they would be compared with
//! themselves, and always match.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::FileProblem;
use super::check::{ParsedFile, ProfileFiles};
use super::config::EnvironmentConfig;
use super::surroundings::Surroundings;
use crate::collect::config::COLLECTORS;
use crate::model::{EnvironmentName, Sharing, TargetId};
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

/// A target that is read from a file, or would be where it cannot be reached.
struct ReadingTarget<'a> {
    environment: &'a ParsedFile<EnvironmentConfig>,
    target: &'a Located<String>,
    shown: &'a Path,
}

/// One warning for each target whose file is another compared environment's, too.
pub(super) fn same_file_warnings(
    files: &ProfileFiles,
    folder: &Path,
    around: &Surroundings<'_>,
) -> Vec<FileProblem> {
    let Some(ParsedFile { config: audit, .. }) = files.audits.first() else { return Vec::new() };
    let is_compared = |parsed: &&ParsedFile<EnvironmentConfig>| {
        audit.environments.iter().any(|name| name.as_str() == parsed.config.name.as_str())
    };
    let shared: Vec<Sharing> =
        files.catalogues.iter().flat_map(|parsed| parsed.config.sharing_rules()).collect();
    let mut first: BTreeMap<PathBuf, Vec<ReadingTarget<'_>>> = BTreeMap::new();
    let mut found = Vec::new();
    for environment in files.environments.iter().filter(is_compared) {
        for target in environment.config.targets.all() {
            for shown in [target.file(), target.else_recorded()].into_iter().flatten() {
                let reader = ReadingTarget { environment, target: target.name(), shown };
                let readers = first.entry((around.canonical)(&folder.join(shown))).or_default();
                let other = readers.iter().find(|other| {
                    other.name() != reader.name() && !other.may_share(&reader, &shared)
                });
                found.extend(other.map(|other| reader.same_file_problem(other, &audit.baseline)));
                readers.push(reader);
            }
        }
    }
    found
}

impl ReadingTarget<'_> {
    fn name(&self) -> EnvironmentName {
        self.environment.config.name.as_str().into()
    }

    /// Whether the catalogue says that the two read one thing on purpose. What a file holds is not
    /// known here: it may be a target of any collector by that name.
    fn may_share(&self, other: &Self, shared: &[Sharing]) -> bool {
        let names = [self.name(), other.name()];
        let environments: BTreeSet<&EnvironmentName> = names.iter().collect();
        shared.iter().any(|sharing| {
            COLLECTORS.0.iter().any(|kind| {
                let targets = [self, other].map(|side| TargetId::new(kind.name, side.target));
                sharing.allows_sharing(&environments, targets.iter())
            })
        })
    }

    fn same_file_problem(&self, other: &Self, baseline: &str) -> FileProblem {
        let (own, others) = (self.name(), other.name());
        let itself = if own.as_str() == baseline { &own } else { &others };
        let message = format!(
            "{:?} is read for {others} too: {itself} would be compared with itself",
            self.shown.display().to_string()
        );
        let advice = "record each environment in a file of its own; what they share on purpose is \
                      listed under shared: of the catalogue";
        self.environment.source.problem(Problem::at(self.target, message, advice))
    }
}
