//! One image under two names: a mirror that the catalogue does not know.

use std::collections::{BTreeMap, BTreeSet};

use super::{Hook, INFO, Rule, RuleContext, RuleMeta, environments_of, finding, pairs};
use crate::model::{Component, ComponentName, Finding, Snapshot};

pub(super) struct UnmappedMirror;

static META: RuleMeta = RuleMeta {
    id: "unmapped-mirror",
    summary: "An image that only one side has shares its digest, or the end of its path, with one \
        that only the other has.",
    why: "The two are probably one image from two registries: then they are not compared with each \
        other, and one is told to be missing and the other to be unexpected.",
    fix: "Map the mirror in the catalogue: mirrors: {registry.example/mirror: docker.io}.",
    hooks: &[Hook::All],
    defaults: &[("any", INFO)],
    ..RuleMeta::PLAIN
};

impl Rule for UnmappedMirror {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_all(&self, context: &RuleContext<'_>, snapshots: &[Snapshot]) -> Vec<Finding> {
        pairs(context, snapshots)
            .flat_map(|(baseline, current)| between(baseline, current))
            .collect()
    }
}

/// Images that only one side has, by the name that they may have on the other.
#[derive(Default)]
struct Alone<'a> {
    by_digest: BTreeMap<&'a str, &'a ComponentName>,
    /// Those of one last segment of the path.
    by_end: BTreeMap<&'a str, BTreeSet<&'a ComponentName>>,
}

impl<'a> Alone<'a> {
    fn of(here: &'a Snapshot, there: &Snapshot) -> Self {
        let mut alone = Self::default();
        for (name, component) in images(here) {
            if !there.components.contains_key(name) {
                alone.by_end.entry(end(name)).or_default().insert(name);
                alone.by_digest.extend(digests(component).map(|digest| (digest, name)));
            }
        }
        alone
    }

    /// The image that is probably the same, and how that is known. Of several with one end, none
    /// is more probable than the others.
    fn counterpart(
        &self,
        name: &ComponentName,
        component: &Component,
    ) -> Option<(&'a ComponentName, &'static str)> {
        if let Some(same) = digests(component).find_map(|digest| self.by_digest.get(digest)) {
            return Some((same, "one digest"));
        }
        let alike = self.by_end.get(end(name)).filter(|names| names.len() == 1)?;
        alike.first().map(|same| (*same, "the same end of the path"))
    }
}

fn images(snapshot: &Snapshot) -> impl Iterator<Item = (&ComponentName, &Component)> {
    snapshot.components.iter().filter(|(name, _)| name.as_str().starts_with("image/"))
}

fn digests(component: &Component) -> impl Iterator<Item = &str> {
    let images = component.instances.iter().filter_map(|instance| instance.image.as_ref());
    images.flat_map(|image| image.digests.iter().map(|digest| digest.as_str()))
}

fn end(name: &ComponentName) -> &str {
    name.as_str().rsplit('/').next().unwrap_or_default()
}

fn between(baseline: &Snapshot, current: &Snapshot) -> Vec<Finding> {
    let there = Alone::of(current, baseline);
    let mut found = Vec::new();
    for (name, component) in images(baseline) {
        if current.components.contains_key(name) {
            continue;
        }
        let Some((other, known_by)) = there.counterpart(name, component) else { continue };
        let (b, c) = (&baseline.environment, &current.environment);
        let environments = environments_of(b, c);
        let summary =
            format!("{b} {name} and {c} {other} have {known_by}: they may be the same image");
        let finding = finding(&META, name, environments, INFO, summary);
        found.push(Finding { subject: other.to_string(), ..finding });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::testing::{all, environment};
    use super::*;

    fn told(prod: Snapshot, qualif: Snapshot) -> Vec<String> {
        all(&UnmappedMirror, vec![qualif, prod]).into_iter().map(|f| f.summary).collect()
    }

    #[test]
    fn fires_on_one_digest_or_one_end_of_the_path() {
        let by_end = told(
            environment("prod").app("mirror/goharbor/nginx-photon", "v2"),
            environment("qualif").app("goharbor/nginx-photon", "v2"),
        );
        assert_eq!(
            by_end,
            ["prod image/mirror/goharbor/nginx-photon and qualif image/goharbor/nginx-photon \
              have the same end of the path: they may be the same image"]
        );
        let by_digest = told(
            environment("prod").build("cache/a", "v2", "sha256:1"),
            environment("qualif").build("team/b", "v2", "sha256:1"),
        );
        assert!(by_digest[0].contains("have one digest"), "{by_digest:?}");
    }

    #[test]
    fn stays_silent_on_what_both_have_and_on_ends_of_several() {
        let both = || environment("prod").app("a/web", "v1");
        let qualif = environment("qualif").app("a/web", "v1").app("b/web", "v1");
        assert!(told(both(), qualif).is_empty());
        let several = environment("qualif").app("b/web", "v1").app("c/web", "v1");
        assert!(told(both(), several).is_empty());
    }
}
