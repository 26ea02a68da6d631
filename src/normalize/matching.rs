//! Which images the catalogue counts as a component.

use super::config::ComponentConfig;
use crate::model::{ComponentName, Glob, Locator};

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
            let [image, workload, namespace, container] = patterns.globs();
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
    pub(super) fn fits(&self, names: [&str; 2], locator: &Locator) -> bool {
        let fits =
            |glob: &Option<Glob>, text: &str| glob.as_ref().is_none_or(|glob| glob.is_match(text));
        let is_named = |glob: &Glob| names.into_iter().any(|name| glob.is_match(name));
        self.image.as_ref().is_none_or(is_named)
            && fits(&self.workload, &locator.workload)
            && fits(&self.namespace, &locator.namespace)
            && fits(&self.container, &locator.container)
    }
}
