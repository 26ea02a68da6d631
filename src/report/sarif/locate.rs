//! Where in the profiles a finding is looked for: at its declared entry, else at the target that
//! told of its component, else where the component is expected or catalogued, else at its
//! environment's name.

use std::collections::BTreeMap;

use super::object::{ArtifactLocation, Location, PhysicalLocation, Region};
use super::words;
use crate::model::{
    ComponentName, Coverage, EnvironmentName, EnvironmentPlaces, Place, Source, TargetId,
};
use crate::report::{Audit, AuditedEnvironment};

/// The root of the repository, in the place of which readers put where they have it.
pub(super) const ROOT: &str = "%SRCROOT%";

/// Finds places for one report.
pub(super) struct PlaceFinder<'a> {
    report: &'a Audit,
    environments: BTreeMap<&'a EnvironmentName, &'a AuditedEnvironment>,
    /// Where the files are named whose evidence stands for a target.
    files: BTreeMap<(&'a EnvironmentName, &'a TargetId), &'a Place>,
}

impl<'a> PlaceFinder<'a> {
    pub(super) fn new(report: &'a Audit) -> Self {
        let environments =
            report.environments.iter().map(|e| (&e.snapshot.environment, e)).collect();
        let files = report.environments.iter().flat_map(|environment| {
            let name = &environment.snapshot.environment;
            let places = report.places.environments.get(name);
            let of = move |coverage: &'a Coverage| {
                Some(((name, &coverage.target), of_file(places?, coverage)?))
            };
            environment.snapshot.coverage.iter().filter_map(of)
        });
        Self { report, environments, files: files.collect() }
    }

    /// One for each environment of a finding: the first that is not the baseline comes first, since
    /// that is where something is to be done, the baseline last.
    pub(super) fn of_finding<'b>(
        &self,
        component: &ComponentName,
        environments: &'b [EnvironmentName],
    ) -> Vec<(&'b EnvironmentName, &'a Place)> {
        let of_order = |name: &EnvironmentName| {
            let index =
                self.report.environments.iter().position(|e| e.snapshot.environment == *name);
            (*name == self.report.baseline, index)
        };
        let mut names: Vec<&'b EnvironmentName> = environments.iter().collect();
        names.sort_by_key(|name| of_order(name));
        names
            .into_iter()
            .filter_map(|name| Some((name, self.of_component(component, name)?)))
            .collect()
    }

    fn of_component(
        &self,
        component: &ComponentName,
        environment: &EnvironmentName,
    ) -> Option<&'a Place> {
        let places = self.report.places.environments.get(environment)?;
        let declared = places.targets.get(&TargetId::new("declared", component.as_str()));
        let told = || {
            let seen = self.environments.get(environment)?.snapshot.components.get(component)?;
            seen.instances.iter().find_map(|instance| self.of_target(environment, &instance.target))
        };
        declared
            .or_else(told)
            .or_else(|| places.expected.get(component))
            .or_else(|| self.report.places.catalogue.get(component))
            .or(Some(&places.name))
    }

    /// Where a target is named: in evidence of a file, where that file is.
    pub(super) fn of_target(
        &self,
        environment: &EnvironmentName,
        target: &TargetId,
    ) -> Option<&'a Place> {
        let named = || self.report.places.environments.get(environment)?.targets.get(target);
        self.files.get(&(environment, target)).copied().or_else(named)
    }

    /// Where an environment is named.
    pub(super) fn of_environment(&self, environment: &EnvironmentName) -> Option<&'a Place> {
        self.report.places.environments.get(environment).map(|places| &places.name)
    }
}

fn of_file<'a>(places: &'a EnvironmentPlaces, coverage: &Coverage) -> Option<&'a Place> {
    match &coverage.source {
        Source::Recorded { path, .. } => places.recorded.get(path),
        Source::Live | Source::Declared => None,
    }
}

pub(super) fn sarif_location(place: &Place) -> Location {
    let is_below_root = !place.path.starts_with('/');
    Location {
        id: None,
        physical: PhysicalLocation {
            artifact_location: ArtifactLocation {
                uri: words::file_uri(&place.path),
                uri_base_id: is_below_root.then_some(ROOT),
            },
            region: Region { start_line: place.line, start_column: place.column },
        },
        message: None,
    }
}
