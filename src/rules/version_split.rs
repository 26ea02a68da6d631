//! Several versions of one component at once.

use std::collections::{BTreeMap, BTreeSet};

use super::{Hook, Rule, RuleContext, RuleLevels, RuleMeta, finding, listed, short, unless_host};
use crate::compare::{proven_different, widest_level};
use crate::model::{Component, Defaults, Finding, Severity, Snapshot, with_product};
use crate::version::{Level, Reading};

pub(super) struct VersionSplit;

const DEFAULTS: Defaults = Defaults::by_gate(Severity::Medium, Severity::Low);

static META: RuleMeta = RuleMeta {
    id: "version-split",
    summary: "One environment runs several versions of a component at once.",
    why: "A rollout that stopped half way, or an instance that was forgotten: which one a test \
        met is chance.",
    fix: "Finish the rollout. Where the two are meant to differ, name them apart in the catalogue.",
    hooks: &[Hook::Environment],
    defaults: &[("any", DEFAULTS)],
    on_versions: true,
    levels: RuleLevels::Any,
    ..RuleMeta::PLAIN
};

impl Rule for VersionSplit {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_environment(&self, _: &RuleContext<'_>, snapshot: &Snapshot) -> Vec<Finding> {
        let split = snapshot.components.iter().filter_map(|(name, component)| {
            // `7` beside `7.2.4`, and two builds of one version, are not two versions as far as is
            // known.
            let level = widest_level(component)
                .filter(|level| !matches!(level, Level::WithinPrecision | Level::Build))?;
            let is_told =
                component.instances.iter().any(|instance| !instance.reading.text().is_empty());
            if !is_told && !is_split_in_a_place(component) {
                return None;
            }
            let versions = places_by_version(component);
            let list: Vec<String> =
                versions.iter().map(|(version, places)| format!("{version} ({places})")).collect();
            // One text twice is two versions only if it stands for two builds.
            let builds = if versions.len() == 1 { builds(component)? } else { String::new() };
            let environments = vec![snapshot.environment.clone()];
            let summary =
                format!("{} runs {}{builds} at once", snapshot.environment, list.join(", "));
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
    let mut images = BTreeMap::<_, Vec<_>>::new();
    for instance in &component.instances {
        let place = (instance.place(), &instance.locator.container);
        images.entry(place).or_default().extend(instance.image.as_deref());
    }
    images.into_values().any(|images| !proven_different(images).is_empty())
}

/// ` as sha256:0123456789ab and sha256:…`: what differs, where the versions do not. `None` if no
/// two are known to be different builds.
fn builds(component: &Component) -> Option<String> {
    let images = component.instances.iter().filter_map(|instance| instance.image.as_deref());
    let digests: BTreeSet<String> = proven_different(images).into_iter().map(short).collect();
    let digests: Vec<String> = digests.into_iter().collect();
    (!digests.is_empty()).then(|| format!(" as {}", listed(&digests)))
}

/// In how many places each version runs, with its product where one is known: 7.2.4 may be of two.
fn places_by_version(component: &Component) -> BTreeMap<String, usize> {
    let mut found: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
    for instance in &component.instances {
        let version = shown(&instance.reading);
        let text = with_product(instance.product_in(component).as_deref(), version);
        found.entry(text).or_default().insert(instance.place());
    }
    found.into_iter().map(|(version, places)| (version, places.len())).collect()
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
    fn fires_on_two_builds_of_one_text_and_names_them() {
        let two = || environment("prod").build("app", "latest", "sha256:aaaa");
        let found = single(&VersionSplit, two().build("app", "latest", "sha256:bbbb"));
        assert_eq!(found[0].summary, "prod runs latest (2) as sha256:aaaa and sha256:bbbb at once");
        assert!(single(&VersionSplit, two().build("app", "latest", "sha256:aaaa")).is_empty());
        // What no source tells of either is not a difference.
        let unknown = environment("prod").app("app", "latest").app("app", "latest");
        assert!(single(&VersionSplit, unknown).is_empty());
    }

    #[test]
    fn fires_and_names_the_products() {
        let found = single(
            &VersionSplit,
            environment("prod").redis("cache", "7.2.4").product("redis/cache", "valkey", "8.0.1"),
        );
        assert_eq!(found[0].summary, "prod runs redis 7.2.4 (1), valkey 8.0.1 (1) at once");
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
