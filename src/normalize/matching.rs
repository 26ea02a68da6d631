//! Which images the catalogue counts as a component.

use super::config::ComponentConfig;
use crate::model::{ComponentName, Glob, Locator, NumberedGlobs};

/// One `match:` of the catalogue.
#[derive(Debug)]
pub(super) struct Match {
    /// What they are.
    pub(super) component: ComponentName,
    image: Option<Glob>,
    workload: Option<Glob>,
    namespace: Option<Glob>,
    container: Option<Glob>,
}

impl Match {
    /// All of a component's; patterns were checked when the profile was.
    pub(super) fn of_component(config: &ComponentConfig) -> impl Iterator<Item = Self> + '_ {
        config.matches.iter().map(|patterns| {
            let [image, workload, namespace, container] = patterns.compile_globs();
            Self {
                component: config.component.as_str().into(),
                image,
                workload,
                namespace,
                container,
            }
        })
    }

    /// Whether it selects an image of these names that runs there.
    fn matches_image(&self, names: [&str; 2], locator: &Locator) -> bool {
        let fits =
            |glob: &Option<Glob>, text: &str| glob.as_ref().is_none_or(|glob| glob.is_match(text));
        let is_named = |glob: &Glob| names.into_iter().any(|name| glob.is_match(name));
        self.image.as_ref().is_none_or(is_named)
            && fits(&self.workload, &locator.workload)
            && fits(&self.namespace, &locator.namespace)
            && fits(&self.container, &locator.container)
    }

    /// The pattern that tells it best from other rows, and what the pattern is of: a name before a
    /// pattern, then what is rarely shared.
    fn best_key(&self) -> Option<(Key, &Glob)> {
        let all = [
            (Key::Workload, &self.workload),
            (Key::Container, &self.container),
            (Key::Image, &self.image),
            (Key::Namespace, &self.namespace),
        ];
        let given = || all.iter().filter_map(|(key, glob)| Some((*key, glob.as_ref()?)));
        given().find(|(_, glob)| glob.literal_name().is_some()).or_else(|| given().next())
    }
}

/// What rows are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Workload,
    Container,
    Image,
    Namespace,
}

/// All of them, in the order of the catalogue. Many rows are not held against each image one by one.
#[derive(Debug)]
pub(super) struct Matches {
    all: Vec<Match>,
    by_key: [(Key, NumberedGlobs); 4],
    /// Rows without any pattern.
    of_everything: Vec<usize>,
}

impl Matches {
    pub(super) fn new(all: Vec<Match>) -> Self {
        let by_key = [Key::Workload, Key::Container, Key::Image, Key::Namespace].map(|key| {
            let rows = all.iter().enumerate().filter_map(|(row, one)| Some((row, one.best_key()?)));
            let own = rows.filter(|(_, (of, _))| *of == key);
            (key, NumberedGlobs::new(own.map(|(row, (_, glob))| (row, glob.clone())).collect()))
        });
        let rows = all.iter().enumerate();
        let of_everything = rows.filter(|(_, one)| one.best_key().is_none()).map(|(row, _)| row);
        Self { of_everything: of_everything.collect(), by_key, all }
    }

    pub(super) fn components(&self) -> impl Iterator<Item = &ComponentName> {
        self.all.iter().map(|one| &one.component)
    }

    /// The first that selects an image of these names that runs there.
    pub(super) fn first_match(&self, names: [&str; 2], locator: &Locator) -> Option<&Match> {
        let found = self.by_key.iter().flat_map(|(key, globs)| {
            let texts = match key {
                Key::Workload => [Some(locator.workload.as_str()), None],
                Key::Container => [Some(locator.container.as_str()), None],
                Key::Image => names.map(Some),
                Key::Namespace => [Some(locator.namespace.as_str()), None],
            };
            texts.into_iter().flatten().flat_map(|text| globs.matching_numbers(text))
        });
        let rows = found.chain(self.of_everything.iter().copied());
        let fits =
            |row: &usize| self.all.get(*row).is_some_and(|one| one.matches_image(names, locator));
        self.all.get(rows.filter(fits).min()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(component: &str, patterns: [&str; 4]) -> Match {
        let [image, workload, namespace, container] =
            patterns.map(|text| (!text.is_empty()).then(|| Glob::new(text).unwrap()));
        Match { component: component.into(), image, workload, namespace, container }
    }

    #[test]
    fn the_first_row_that_fits_counts_whatever_it_is_found_by() {
        let all = || {
            vec![
                row("redis/a", ["*/redis", "cache", "", ""]),
                row("redis/b", ["redis", "", "shop", ""]),
                row("redis/c", ["", "ca*", "", "main"]),
                row("image/d", ["", "", "", "main"]),
                row("image/e", ["", "", "", ""]),
                row("image/f", ["redis", "", "", ""]),
            ]
        };
        let indexed = Matches::new(all());
        for workload in ["cache", "cart", "web"] {
            for namespace in ["shop", "other"] {
                for container in ["main", "side"] {
                    for names in [["docker.io/library/redis", "redis"], ["x/app", "app"]] {
                        let locator = Locator {
                            namespace: namespace.into(),
                            workload: workload.into(),
                            container: container.into(),
                        };
                        let plain =
                            all().into_iter().find(|one| one.matches_image(names, &locator));
                        let first =
                            indexed.first_match(names, &locator).map(|one| one.component.clone());
                        assert_eq!(first, plain.map(|one| one.component));
                    }
                }
            }
        }
    }
}
