//! Where the profile files say what an audit is about, for anyone who wants to point at a line.

use std::collections::BTreeMap;

use super::{ComponentName, EnvironmentName, TargetId};

/// The places of everything that the profiles name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Environments with what they hold.
    pub environments: BTreeMap<EnvironmentName, EnvironmentPlaces>,
    /// Entries of the catalogue, by the component that they name.
    pub catalogue: BTreeMap<ComponentName, Place>,
}

/// The places of one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentPlaces {
    /// Its name.
    pub name: Place,
    /// Names of its targets; of a declared fact, its component.
    pub targets: BTreeMap<TargetId, Place>,
    /// Names of recorded targets by the path of their file as the profile writes it: evidence in a
    /// file keeps the names of its own targets.
    pub recorded: BTreeMap<String, Place>,
    /// Components that it expects.
    pub expected: BTreeMap<ComponentName, Place>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, from the root of the repository that holds it; outside of one, from where
    /// `--profiles` leads.
    pub path: String,
    /// Line from 1.
    pub line: usize,
    /// Column from 1, in characters.
    pub column: usize,
}
