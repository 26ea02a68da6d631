//! The components that targets of the profiles can be or hold, as far as the profiles tell.

use std::collections::BTreeSet;
use std::path::Path;

use super::check::ProfileFiles;
use super::config::EnvironmentConfig;
use super::surroundings::Surroundings;
use crate::collect::config::COLLECTORS;
use crate::model::{Facts, Glob, Holds, ProductNames, TargetId, nearest_name};
use crate::wire::problem::Problem;
use crate::wire::yaml::Located;

/// Names of components that may be found.
#[derive(Clone, Default)]
pub(super) struct KnownNames {
    /// Whole names; what belongs to one begins with it and a `/`.
    own: BTreeSet<String>,
    /// First parts of names, of which all may be found.
    groups: BTreeSet<String>,
    /// Whether a file may hold anything.
    anything: bool,
}

impl KnownNames {
    /// Of all environments, with those that the catalogue names.
    pub(super) fn new(
        files: &ProfileFiles,
        folder: &Path,
        names: &ProductNames,
        around: &Surroundings<'_>,
    ) -> Self {
        let mut known = Self::default();
        let entries = files.catalogues.iter().flat_map(|parsed| &parsed.config.components);
        let matched = entries.filter(|entry| !entry.matches.is_empty());
        known.own.extend(matched.map(|entry| entry.component.value.clone()));
        for parsed in &files.environments {
            known.add_environment(&parsed.config, folder, names, around);
        }
        known
    }

    /// Of one environment, with those of others that the catalogue may find there as an image.
    pub(super) fn of_environment(
        &self,
        config: &EnvironmentConfig,
        folder: &Path,
        names: &ProductNames,
        around: &Surroundings<'_>,
    ) -> Self {
        let mut known = Self::default();
        known.add_environment(config, folder, names, around);
        if known.groups.contains("image") {
            let elsewhere = self.own.iter().filter(|name| name.starts_with("image/"));
            known.own.extend(elsewhere.cloned());
        }
        known
    }

    fn add_environment(
        &mut self,
        config: &EnvironmentConfig,
        folder: &Path,
        names: &ProductNames,
        around: &Surroundings<'_>,
    ) {
        for target in config.targets.all() {
            let kind = target.kind();
            let id = TargetId::new(kind.name, target.name());
            if kind.facts == Facts::OfOthers {
                self.add_file(target.name(), &id);
                let file = target.file().map(|file| folder.join(file));
                self.anything |= file.is_some_and(|file| (around.holds_others)(&file));
                continue;
            }
            let own = target.component().map_or_else(|| kind.component_of(&id), Into::into);
            self.own.insert(names.canonical_component(&own).to_string());
            self.add_groups(kind.parts.iter().flat_map(|part| part.holds));
        }
    }

    /// A recorded file is what a server of its name would say, or a cluster's lists.
    fn add_file(&mut self, name: &str, id: &TargetId) {
        self.own.insert(id.to_string());
        for kind in COLLECTORS.0 {
            self.own.insert(TargetId::new(kind.name, name).to_string());
            self.add_groups(kind.parts.iter().flat_map(|part| part.holds));
        }
    }

    fn add_groups<'a>(&mut self, holds: impl Iterator<Item = &'a Holds>) {
        for held in holds {
            match held {
                Holds::Group(first) => self.groups.insert((*first).to_owned()),
                Holds::Component(name) => self.own.insert((*name).to_owned()),
                Holds::Itself | Holds::OfItself => false,
            };
        }
    }

    /// All whole names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.own.iter().map(String::as_str)
    }

    /// Whether a file may hold anything.
    pub(super) fn is_open(&self) -> bool {
        self.anything
    }

    /// Whether something of that name, or one that fits the pattern, may be found. A pattern that
    /// is none has been told.
    pub(super) fn may_be(&self, pattern: &str) -> bool {
        if self.anything {
            return true;
        }
        let Ok(glob) = Glob::new(pattern) else { return true };
        let literal = &pattern[..pattern.find(['*', '?', '[', '{']).unwrap_or(pattern.len())];
        let is_pattern = literal.len() < pattern.len();
        // What begins so may be of a component, or of a group.
        let may_begin = |first: &str| {
            let first = format!("{first}/");
            literal.starts_with(&first) || (is_pattern && first.starts_with(literal))
        };
        self.own.iter().any(|name| glob.is_match(name) || may_be_within(literal, name))
            || self.groups.iter().any(|group| may_begin(group))
    }
}

/// Whether a name or pattern begins with a component and a `/`: its modules.
fn may_be_within(literal: &str, name: &str) -> bool {
    literal.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'))
}

/// A component, or a pattern of some, that no target of the profiles can be or hold.
pub(super) fn unmatched_name(
    known: &KnownNames,
    pattern: &Located<String>,
    what: &str,
) -> Option<Problem> {
    if known.may_be(pattern) {
        return None;
    }
    let message =
        format!("{what} names {:?}, which no target in the profiles can have", pattern.as_str());
    let advice = match nearest_name(pattern, known.names()) {
        Some(near) => format!("did you mean {near}?"),
        None => "correct the name, or remove it".to_owned(),
    };
    Some(Problem::at(pattern, message, advice))
}
