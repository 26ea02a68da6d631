//! Several versions of one component at once.

use std::collections::BTreeMap;

use super::{Context, Hook, Rule, RuleMeta, finding, unless_host};
use crate::compare::{distinct_readings, widest};
use crate::model::{Component, Defaults, Finding, Severity, Snapshot};
use crate::version::{Level, Reading};

pub(super) struct VersionSplit;

const DEFAULTS: Defaults = Defaults::gate(Severity::Medium, Severity::Low);

static META: RuleMeta = RuleMeta {
    id: "version-split",
    summary: "One environment runs several versions of a component at once.",
    why: "A rollout that stopped half way, or an instance that was forgotten: which one a test met is chance.",
    fix: "Finish the rollout. Where the two are meant to differ, name them apart in the catalogue.",
    hooks: &[Hook::Environment],
    defaults: &[("any", DEFAULTS)],
    on_versions: true,
    ..RuleMeta::PLAIN
};

impl Rule for VersionSplit {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_environment(&self, _: &Context<'_>, snapshot: &Snapshot) -> Vec<Finding> {
        let split = snapshot.components.iter().filter_map(|(name, component)| {
            // `7` beside `7.2.4`, and two builds of one version, are no two versions as far as is
            // known.
            let level = widest(component)
                .filter(|level| !matches!(level, Level::WithinPrecision | Level::Build))?;
            let readings = distinct_readings(component);
            let is_told = readings.keys().any(|reading| !reading.text().is_empty());
            if !is_told && !is_split_in_a_place(component) {
                return None;
            }
            let list: Vec<String> =
                readings.iter().map(|(reading, n)| format!("{} ({n})", shown(reading))).collect();
            let environments = vec![snapshot.environment.clone()];
            let summary = format!("{} runs {} at once", snapshot.environment, list.join(", "));
            Some(Finding {
                level: Some(level),
                ..finding(&META, name, environments, unless_host(name, DEFAULTS), summary)
            })
        });
        split.collect()
    }
}

/// Whether one workload runs several contents. Images of one repository that are named by digest
/// alone may be different programs, as those of OpenShift's payload are.
fn is_split_in_a_place(component: &Component) -> bool {
    let mut seen = BTreeMap::new();
    component.instances.iter().any(|instance| {
        let place = (instance.place(), &instance.locator.container);
        let image = instance.image.as_ref();
        let first = *seen.entry(place).or_insert(image);
        first.zip(image).is_some_and(|(a, b)| a.same_content(b) == Some(false))
    })
}

fn shown(reading: &Reading) -> &str {
    if reading.text().is_empty() { "a version that nothing tells" } else { reading.text() }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, single};
    use super::*;

    #[test]
    fn fires_on_two_versions() {
        let found = single(
            &VersionSplit,
            environment("prod").app("app", "v21").app("app", "v20").app("app", "v21"),
        );
        assert_eq!(found[0].summary, "prod runs v20 (1), v21 (2) at once");
        assert_eq!(found[0].level, Some(Level::Major));
    }

    #[test]
    fn stays_silent_on_replicas_and_variants_of_one_version() {
        assert!(
            single(&VersionSplit, environment("prod").app("app", "v21").app("app", "v21"))
                .is_empty()
        );
        assert!(
            single(
                &VersionSplit,
                environment("prod").app("app", "1.2.3").app("app", "1.2.3-alpine")
            )
            .is_empty()
        );
    }
}
