//! One tag, two contents.

use std::collections::BTreeMap;

use super::{Context, HIGH, Hook, LOW, Rule, RuleMeta, finding, of_pair};
use crate::compare::mismatches_within;
use crate::model::{Comparison, Defaults, DigestMismatch as Mismatch, Finding, Snapshot};

pub(super) struct DigestMismatch;

static META: RuleMeta = RuleMeta {
    id: "digest-mismatch",
    summary: "One repository and tag stands for different content, within an environment or across two.",
    why: "Somebody pushed the tag again: the versions look equal, and what was tested is not what runs.",
    fix: "Deploy one build everywhere, by digest; never push a tag twice.",
    hooks: &[Hook::Environment, Hook::Pair],
    subsumes: &[],
    defaults: &[("the tag says a whole version", HIGH), ("other tags", LOW)],
};

impl Rule for DigestMismatch {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_environment(&self, _: &Context<'_>, snapshot: &Snapshot) -> Vec<Finding> {
        let found = snapshot.components.iter().flat_map(|(name, component)| {
            by_repository(&mismatches_within(component))
                .into_iter()
                .map(move |(repository, list)| {
                    let digests: Vec<String> = list.iter().flat_map(|m| &m.baseline).map(|d| short(d)).collect();
                    let summary = format!("{} runs {} as {}", snapshot.environment, tags(&list), digests.join(" and "));
                    let finding = finding(&META, name, vec![snapshot.environment.clone()], defaults(&list), summary);
                    Finding { subject: repository.to_owned(), ..finding }
                })
                .collect::<Vec<_>>()
        });
        found.collect()
    }

    fn check_pair(&self, _: &Context<'_>, comparison: &Comparison) -> Vec<Finding> {
        let found = comparison.changes.iter().flat_map(|change| {
            by_repository(&change.digests).into_iter().map(move |(repository, list)| {
                let side = |digests: fn(&Mismatch) -> &Vec<String>| {
                    list.iter().flat_map(|m| digests(m)).map(|d| short(d)).collect::<Vec<_>>().join(" and ")
                };
                let summary = format!(
                    "{} is {} in {}, {} in {}",
                    tags(&list),
                    side(|m| &m.current),
                    comparison.current,
                    side(|m| &m.baseline),
                    comparison.baseline,
                );
                let finding = of_pair(&META, comparison, &change.component, defaults(&list), summary);
                Finding { subject: repository.to_owned(), ..finding }
            })
        });
        found.collect()
    }
}

/// One finding for a repository: its id must not hold a version, and a tag is one.
fn by_repository(mismatches: &[Mismatch]) -> BTreeMap<&str, Vec<&Mismatch>> {
    let mut found = BTreeMap::<_, Vec<_>>::new();
    for mismatch in mismatches {
        found.entry(mismatch.repository.as_str()).or_default().push(mismatch);
    }
    found
}

fn tags(mismatches: &[&Mismatch]) -> String {
    let list: Vec<String> = mismatches.iter().map(|m| format!("{}:{}", m.repository, m.tag)).collect();
    list.join(", ")
}

fn defaults(mismatches: &[&Mismatch]) -> Defaults {
    if mismatches.iter().any(|m| m.full_precision) { HIGH } else { LOW }
}

/// `sha256:0123456789ab`, as engines abbreviate.
fn short(digest: &str) -> String {
    digest.chars().take("sha256:".len() + 12).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, pair, single};
    use super::*;

    #[test]
    fn fires_across_environments_and_within_one() {
        let prod = environment("prod").build("app", "v22", "sha256:aaaa");
        let found = pair(&DigestMismatch, prod, environment("qualif").build("app", "v22", "sha256:bbbb"));
        assert_eq!(found[0].summary, "app:v22 is sha256:bbbb in qualif, sha256:aaaa in prod");
        assert_eq!((found[0].defaults, found[0].subject.as_str()), (HIGH, "app"));
        let two = environment("dev").build("app", "7", "sha256:aaaa").build("app", "7", "sha256:bbbb");
        assert_eq!(single(&DigestMismatch, two)[0].defaults, LOW);
    }

    #[test]
    fn stays_silent_on_one_build_other_tags_and_what_is_not_known() {
        let prod = || environment("prod").build("app", "v22", "sha256:aaaa");
        assert!(pair(&DigestMismatch, prod(), environment("qualif").build("app", "v22", "sha256:aaaa")).is_empty());
        assert!(pair(&DigestMismatch, prod(), environment("qualif").build("app", "v23", "sha256:bbbb")).is_empty());
        assert!(pair(&DigestMismatch, prod(), environment("qualif").app("app", "v22")).is_empty());
    }
}
