//! Names of the catalogue that no target and no component has: warnings of `check-profiles`.

use std::collections::BTreeSet;

use super::FileProblem;
use super::check::{ParsedFile, ProfileFiles};
use super::known::{KnownNames, unmatched_name};
use crate::collect::config::COLLECTORS;
use crate::model::{Facts, Glob, TargetId, nearest_name};
use crate::normalize::config::{CatalogueConfig, SharedConfig};
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

/// Warnings of every catalogue.
pub(super) fn name_warnings(files: &ProfileFiles, known: &KnownNames) -> Vec<FileProblem> {
    let targets = target_names(files);
    let mut found = Vec::new();
    for ParsedFile { source, config } in &files.catalogues {
        let of_targets = shared_warnings(config, &targets).chain(mapped_warnings(config, &targets));
        // A file of many targets may hold one of any name.
        let of_targets = of_targets.filter(|_| !known.is_open());
        let problems = component_warnings(config, known).chain(of_targets);
        found.extend(problems.map(|problem| source.problem(problem)));
    }
    found
}

/// `redis/cache`: every target of the profiles. A recorded file is what a server of its name would
/// say.
fn target_names(files: &ProfileFiles) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for target in files.environments.iter().flat_map(|parsed| parsed.config.targets.all()) {
        let kind = target.kind();
        names.insert(TargetId::new(kind.name, target.name()).to_string());
        if kind.facts == Facts::OfOthers {
            let others = COLLECTORS.0.iter();
            names.extend(others.map(|kind| TargetId::new(kind.name, target.name()).to_string()));
        }
    }
    names
}

/// Entries that say something of a component by its name alone.
fn component_warnings(
    config: &CatalogueConfig,
    known: &KnownNames,
) -> impl Iterator<Item = Problem> {
    let named = config.components.iter().filter(|entry| entry.matches.is_empty());
    named.filter_map(|entry| unmatched_name(known, &entry.component, "the entry"))
}

/// Patterns of `shared:`.
fn shared_warnings(
    config: &CatalogueConfig,
    targets: &BTreeSet<String>,
) -> impl Iterator<Item = Problem> {
    let is_unknown = |row: &&Located<SharedConfig>| {
        let glob = Glob::new(&row.target);
        glob.is_ok_and(|glob| !targets.iter().any(|target| glob.is_match(target)))
    };
    config.shared.iter().filter(is_unknown).map(|row| {
        let message = format!("shared: names {:?}, and no target fits it", row.target.as_str());
        Problem::at(row, message, meant_words(&row.target, targets.iter().map(String::as_str)))
    })
}

/// Keys of `targets:`, which are names without their collector.
fn mapped_warnings(
    config: &CatalogueConfig,
    targets: &BTreeSet<String>,
) -> impl Iterator<Item = Problem> {
    let names: BTreeSet<&str> =
        targets.iter().filter_map(|target| Some(target.split_once('/')?.1)).collect();
    let unknown = config.targets.keys().filter(|name| !names.contains(name.as_str()));
    let problem = |name: &String| {
        let message = format!("targets: maps {name:?}, which is not the name of a target");
        Problem::of_file(message, meant_words(name, names.iter().copied()))
    };
    unknown.map(problem).collect::<Vec<_>>().into_iter()
}

fn meant_words<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    match nearest_name(name, known) {
        Some(near) => format!("did you mean {near}?"),
        None => "correct the name, or remove it".to_owned(),
    }
}
