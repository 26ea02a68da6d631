//! Where in the files environments, targets and components are named.
//!
//! Nothing depends on it but what points at a line; problems of profiles carry their own places.

use std::path::Path;

use super::check::{ParsedFile, ProfileFiles};
use super::config::EnvironmentConfig;
use crate::model::{EnvironmentPlaces, Place, Places, TargetId};
use crate::wire::yaml::Located;

/// Places in files of `folder`, which are shown as if it were `shown`.
pub(super) fn find_places(files: &ProfileFiles, folder: &Path, shown: &Path) -> Places {
    let path = |path: &Path| {
        shown.join(path.strip_prefix(folder).unwrap_or(path)).to_string_lossy().into_owned()
    };
    let environments = files.environments.iter().map(|ParsedFile { source, config }| {
        let path = path(&source.path);
        (config.name.as_str().into(), environment_places(config, &path))
    });
    let catalogue = files.catalogues.iter().flat_map(|ParsedFile { source, config }| {
        let path = path(&source.path);
        config
            .components
            .iter()
            .map(move |entry| (entry.component.as_str().into(), place_of(&path, &entry.component)))
    });
    Places { environments: environments.collect(), catalogue: catalogue.collect() }
}

fn environment_places(config: &EnvironmentConfig, path: &str) -> EnvironmentPlaces {
    let names = config.targets.all().map(|target| (target.kind().name, target.name()));
    let recorded = config.targets.all().filter_map(|target| {
        Some((target.file()?.display().to_string(), place_of(path, target.name())))
    });
    let expected = config.expect.iter().map(|name| (name.as_str().into(), place_of(path, name)));
    EnvironmentPlaces {
        name: place_of(path, &config.name),
        targets: names
            .map(|(collector, name)| (TargetId::new(collector, name), place_of(path, name)))
            .collect(),
        recorded: recorded.collect(),
        expected: expected.collect(),
    }
}

fn place_of(path: &str, name: &Located<String>) -> Place {
    Place { path: path.to_owned(), line: name.line, column: name.column }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::check::ProblemSource;
    use crate::wire::yaml::{Origin, read};

    const DEV: &str = "apiVersion: envparity/v1\nkind: Environment\nname: dev\nexpect: [redis/cache]\ntargets:\n  docker:\n  \
                       - {host: unix:///x, name: laptop}\n  recorded:\n  - path: dev.txt\n    name: cache\n  declared:\n  \
                       - {component: pg/x, version: '1', by: a, on: 2026-01-01, expires: 2026-02-01}\n";
    const CATALOGUE: &str = "apiVersion: envparity/v1\nkind: Catalogue\ncomponents:\n- {component: image/x, scheme: generic}\n";

    #[test]
    fn everything_that_is_named_has_its_line() {
        let source =
            |name: &str| ProblemSource { path: Path::new("/repo/deep/profiles").join(name) };
        let files = ProfileFiles {
            environments: vec![ParsedFile {
                source: source("dev.yaml"),
                config: read(DEV, Origin::Person).unwrap(),
            }],
            catalogues: vec![ParsedFile {
                source: source("c.yaml"),
                config: read(CATALOGUE, Origin::Person).unwrap(),
            }],
            ..ProfileFiles::default()
        };
        let places =
            find_places(&files, Path::new("/repo/deep/profiles"), Path::new("deep/profiles"));
        let at = |place: &Place| (place.path.clone(), place.line, place.column);
        let dev = &places.environments[&"dev".into()];
        let here = |line, column| ("deep/profiles/dev.yaml".to_owned(), line, column);
        assert_eq!(at(&dev.name), here(3, 7));
        assert_eq!(at(&dev.expected[&"redis/cache".into()]), here(4, 10));
        assert_eq!(at(&dev.targets[&"docker/laptop".into()]), here(7, 29));
        assert_eq!(at(&dev.targets[&"recorded/cache".into()]), here(10, 11));
        assert_eq!(at(&dev.recorded["dev.txt"]), here(10, 11));
        assert_eq!(at(&dev.targets[&"declared/pg/x".into()]), here(12, 17));
        let entry = &places.catalogue[&"image/x".into()];
        assert_eq!(at(entry), ("deep/profiles/c.yaml".to_owned(), 4, 15));
    }
}
