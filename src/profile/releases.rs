//! What must hold between files of releases.

use std::collections::BTreeMap;

use super::FileProblem;
use super::parsed::{ParsedFile, ProblemSource};
use crate::model::nearest_name;
use crate::wire::problem::Problem;
use crate::wire::release::ReleaseConfig;
use crate::wire::yaml::Located;

/// Everything that is wrong with releases, each for itself and beside the others.
pub(super) fn release_problems(releases: &[ParsedFile<ReleaseConfig>]) -> Vec<FileProblem> {
    let mut found = Vec::new();
    let mut first: BTreeMap<&str, &ProblemSource> = BTreeMap::new();
    for ParsedFile { source, config } in releases {
        found.extend(config.check().into_iter().map(|problem| source.problem(problem)));
        if let Some(other) = first.insert(&config.name, source) {
            let message = format!("there are two releases named {:?}", config.name.as_str());
            let advice = format!("the other is in {}", other.path.display());
            found.push(source.problem(Problem::at(&config.name, message, advice)));
        }
        found.extend(order_circles(releases, config).map(|problem| source.problem(problem)));
    }
    found
}

/// A release that comes, by way of others, before itself.
fn order_circles(
    releases: &[ParsedFile<ReleaseConfig>],
    release: &ReleaseConfig,
) -> impl Iterator<Item = Problem> + use<> {
    let before = |name: &str| {
        let of = releases.iter().find(|other| other.config.name.as_str() == name)?;
        of.config.previous.as_ref().map(|previous| previous.value.clone())
    };
    let mut name = release.previous.as_ref().map(|previous| previous.value.clone());
    let mut steps = 0;
    while let Some(other) = name.take().filter(|_| steps <= releases.len()) {
        steps += 1;
        if other == release.name.value && steps > 1 {
            let place = release.previous.as_ref();
            let message = "the releases before this one lead back to it";
            let problem = place.map(|place| Problem::at(place, message, "name the one before it"));
            return problem.into_iter();
        }
        name = before(&other);
    }
    None.into_iter()
}

/// Where releases name environments.
pub(super) fn named_environments(
    releases: &[ParsedFile<ReleaseConfig>],
) -> impl Iterator<Item = (&ProblemSource, Located<String>)> {
    releases.iter().flat_map(|ParsedFile { source, config }| {
        let gate = config.gate.iter().flat_map(|(from, to)| [from.clone(), to.clone()]);
        let freeze = config.freeze.iter().map(|freeze| freeze.environment.clone());
        // The place of a key is that of its value.
        let came = config.came.iter();
        let came = came.map(|(name, at)| Located { value: name.clone(), ..at.clone() });
        gate.chain(freeze).chain(came).map(move |name| (source, name))
    })
}

/// Releases that are named and have no file: fine on the first day, and a typing mistake if another
/// has nearly that name.
pub(super) fn release_warnings(releases: &[ParsedFile<ReleaseConfig>]) -> Vec<FileProblem> {
    let known: Vec<&str> = releases.iter().map(|one| one.config.name.as_str()).collect();
    let mut found = Vec::new();
    for ParsedFile { source, config } in releases {
        let named = config.previous.iter().chain(&config.baseline);
        for name in named.filter(|name| !known.contains(&name.as_str())) {
            let message = format!("no file describes the release {:?}", name.as_str());
            let others = known.iter().copied().filter(|other| *other != config.name.as_str());
            let advice = match nearest_name(name, others) {
                Some(near) => format!("did you mean {near}?"),
                None => format!(
                    "envparity release capture {} --from the environment that runs it",
                    name.as_str()
                ),
            };
            found.push(source.problem(Problem::at(name, message, advice)));
        }
    }
    found
}
