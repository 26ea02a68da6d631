//! Whether the version of each target itself can be read: what a gate compares by must be a
//! version.
//!
//! A Redis, an engine, a control plane and its nodes, a declared fact. Images and hosts are told of
//! by rules.

use std::collections::BTreeSet;

use super::subject::{Subject, by_name};
use crate::model::{
    Component, ComponentName, EnvironmentName, Gate, Instance, ReadingSource, Snapshot,
};

/// What proves no version on either side of a gate, in words, each with whether the verdict needs
/// it.
pub(super) fn unreadable_versions(gates: &[Gate], subjects: &[Subject<'_>]) -> Vec<(bool, String)> {
    let sides: BTreeSet<&EnvironmentName> =
        gates.iter().flat_map(|gate| [&gate.from, &gate.to]).collect();
    let sides = sides.into_iter().filter_map(|name| by_name(subjects, name));
    let of_side = |subject: &Subject<'_>| {
        let told = without_version(subject.snapshot).into_iter();
        let environment = &subject.snapshot.environment;
        told.map(|(needed, text)| (needed, format!("{environment} {text}"))).collect::<Vec<_>>()
    };
    sides.flat_map(of_side).collect()
}

/// Targets of an environment that prove no version, in words, each with whether the verdict needs
/// the target.
pub fn without_version(snapshot: &Snapshot) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    for (name, component) in &snapshot.components {
        if silent_instances(name, component).next().is_none() {
            continue;
        }
        // One line for each text, needed if any target that says it is.
        let unproven: BTreeSet<&str> =
            silent_instances(name, component).map(|instance| instance.reading.text()).collect();
        for text in unproven {
            let mut of_text =
                silent_instances(name, component).filter(|i| i.reading.text() == text);
            let is_needed = |instance: &Instance| {
                let mut coverage = snapshot.coverage.iter();
                coverage.any(|c| c.target == instance.target && c.required)
            };
            let unreleased = of_text.clone().any(|instance| instance.reading.is_unreleased());
            found.push((of_text.any(is_needed), unreadable_words(name, text, unreleased)));
        }
    }
    found
}

/// Its instances that prove no version.
fn silent_instances<'a>(
    name: &'a ComponentName,
    component: &'a Component,
) -> impl Iterator<Item = &'a Instance> + Clone {
    let is_target = is_target(name);
    component.instances.iter().filter(move |instance| {
        let counts = is_target || instance.source == ReadingSource::Declared;
        counts && !instance.reading.is_proven()
    })
}

fn unreadable_words(name: &ComponentName, text: &str, unreleased: bool) -> String {
    let text = text.trim();
    if text.is_empty() {
        format!("{name} reports no version")
    } else if unreleased {
        format!("{name} reports {text:?}, which is not a released version")
    } else if text.starts_with(|c: char| c.is_ascii_digit()) {
        format!("{name} reports {text:?}, which is not a full version")
    } else {
        format!("{name} reports {text:?}, which is not a version")
    }
}

/// Whether a component is a target itself, and no part of one: `redis/cache`, but neither
/// `redis/cache/module/search` nor `docker/runc`. A cluster is its nodes, too.
fn is_target(name: &ComponentName) -> bool {
    let Some((kind, part)) = name.as_str().split_once('/') else { return false };
    match kind {
        "docker" => part == "engine",
        "kubernetes" => matches!(part, "server" | "kubelet" | "runtime"),
        "image" | "chart" | "host" => false,
        _ => !part.contains('/'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_told_from_their_parts() {
        let is = |name: &str| is_target(&name.into());
        for name in ["redis/cache", "docker/engine", "kubernetes/server", "kubernetes/kubelet"] {
            assert!(is(name), "{name}");
        }
        for name in [
            "redis/cache/module/json",
            "docker/runc",
            "kubernetes/virtual-kubelet",
            "host/os",
            "image/redis",
        ] {
            assert!(!is(name), "{name}");
        }
    }
}
