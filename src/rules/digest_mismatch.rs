//! One tag, two contents.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    HIGH, Hook, LOW, Rule, RuleContext, RuleMeta, TWO_DIGESTS, environments_of, finding, listed,
    of_place, short,
};
use crate::compare::{find_mismatches, mismatches_within};
use crate::model::{Defaults, DigestMismatch as Mismatch, EnvironmentName, Finding, Snapshot};

pub(super) struct DigestMismatch;

static META: RuleMeta = RuleMeta {
    id: "digest-mismatch",
    summary: "One repository and tag stands for different content, within an environment or \
        across two.",
    why: "Somebody pushed the tag again: the versions look equal, and what was tested is not what \
        runs.",
    fix: "Deploy one build everywhere, by digest; never push a tag twice.",
    hooks: &[Hook::Environment, Hook::All],
    defaults: &[("the tag says a whole version", HIGH), ("other tags", LOW)],
    ..RuleMeta::PLAIN
};

impl Rule for DigestMismatch {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_environment(&self, _: &RuleContext<'_>, snapshot: &Snapshot) -> Vec<Finding> {
        let found = snapshot.components.iter().flat_map(|(name, component)| {
            by_repository(&mismatches_within(component))
                .into_iter()
                .map(move |(repository, list)| {
                    let digests = list.iter().flat_map(|m| &m.baseline).map(|d| short(d));
                    let summary = format!(
                        "{} runs {} as {}{}",
                        snapshot.environment,
                        tags(&list),
                        listed(digests),
                        unless(&list),
                    );
                    let finding = finding(
                        &META,
                        name,
                        vec![snapshot.environment.clone()],
                        defaults(&list),
                        summary,
                    );
                    let values = values(&snapshot.environment, &list, |m| &m.baseline);
                    Finding { subject: repository.to_owned(), values, ..finding }
                })
                .collect::<Vec<_>>()
        });
        found.collect()
    }

    /// Any two environments, not only those that are compared with the baseline: what is tested
    /// first is what is released next.
    fn check_all(&self, _: &RuleContext<'_>, snapshots: &[Snapshot]) -> Vec<Finding> {
        let pairs = snapshots
            .iter()
            .enumerate()
            .flat_map(|(i, a)| snapshots[i + 1..].iter().map(move |b| (a, b)));
        pairs.flat_map(|(earlier, later)| across(earlier, later)).collect()
    }
}

fn across(earlier: &Snapshot, later: &Snapshot) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, component) in &earlier.components {
        let Some(other) = later.components.get(name) else { continue };
        for (repository, list) in by_repository(&find_mismatches(component, other)) {
            let side = |digests: fn(&Mismatch) -> &Vec<String>| {
                listed(list.iter().flat_map(|m| digests(m)).map(|d| short(d)))
            };
            let (here, there) = (side(|m| &m.baseline), side(|m| &m.current));
            let summary = format!(
                "{} is {here} in {}, {there} in {}{}{}",
                tags(&list),
                earlier.environment,
                later.environment,
                of_place(list.iter().find_map(|m| m.at.as_ref())),
                unless(&list),
            );
            let environments = environments_of(&earlier.environment, &later.environment);
            let finding = finding(&META, name, environments, defaults(&list), summary);
            let mut all = values(&earlier.environment, &list, |m| &m.baseline);
            all.extend(values(&later.environment, &list, |m| &m.current));
            findings.push(Finding { subject: repository.to_owned(), values: all, ..finding });
        }
    }
    findings
}

/// One finding for a repository: its id must not hold a version, and a tag is one.
fn by_repository(mismatches: &[Mismatch]) -> BTreeMap<&str, Vec<&Mismatch>> {
    let mut found = BTreeMap::<_, Vec<_>>::new();
    for mismatch in mismatches {
        found.entry(mismatch.repository.as_str()).or_default().push(mismatch);
    }
    found
}

/// `qualif 1.4.2@sha256:…`: tags and whole digests, each with where it is.
fn values(
    environment: &EnvironmentName,
    mismatches: &[&Mismatch],
    digests: fn(&Mismatch) -> &Vec<String>,
) -> BTreeSet<String> {
    let of = |m: &&Mismatch| -> Vec<String> {
        digests(m).iter().map(|digest| format!("{environment} {}@{digest}", m.tag)).collect()
    };
    mismatches.iter().flat_map(of).collect()
}

fn tags(mismatches: &[&Mismatch]) -> String {
    let list: Vec<String> =
        mismatches.iter().map(|m| format!("{}:{}", m.repository, m.tag)).collect();
    list.join(", ")
}

/// What else two digests may be.
fn unless(mismatches: &[&Mismatch]) -> &'static str {
    if mismatches.iter().any(|mismatch| mismatch.is_pinned) { TWO_DIGESTS } else { "" }
}

fn defaults(mismatches: &[&Mismatch]) -> Defaults {
    if mismatches.iter().any(|m| m.full_precision) { HIGH } else { LOW }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{all, environment, single};
    use super::*;

    #[test]
    fn fires_across_any_two_environments_and_within_one() {
        let app = |name, digest| environment(name).build("app", "v22", digest);
        let found = all(
            &DigestMismatch,
            vec![
                app("dev", "sha256:aaaa"),
                app("qualif", "sha256:bbbb"),
                environment("prod").app("app", "v21"),
            ],
        );
        assert_eq!(found[0].summary, "app:v22 is sha256:aaaa in dev, sha256:bbbb in qualif");
        assert_eq!((found[0].defaults, found[0].subject.as_str(), found.len()), (HIGH, "app", 1));
        let two =
            environment("dev").build("app", "7", "sha256:aaaa").build("app", "7", "sha256:bbbb");
        assert_eq!(single(&DigestMismatch, two)[0].defaults, LOW);
    }

    #[test]
    fn stays_silent_on_one_build_other_tags_and_what_is_not_known() {
        let silent = |qualif| {
            let prod = environment("prod").build("app", "v22", "sha256:aaaa");
            all(&DigestMismatch, vec![qualif, prod]).is_empty()
        };
        assert!(silent(environment("qualif").build("app", "v22", "sha256:aaaa")));
        assert!(silent(environment("qualif").build("app", "v23", "sha256:bbbb")));
        assert!(silent(environment("qualif").app("app", "v22")));
    }
}
