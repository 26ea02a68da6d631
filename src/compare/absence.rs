//! Whether a component that one side lacks is missing, or merely was not seen.

use std::collections::BTreeSet;

use crate::model::{Component, ComponentName, Coverage, Outcome, PartName, Presence, Snapshot};

/// Whether a component of another environment may be in `there`, in what is required and could not
/// be read. What is not required, or was left out, excuses nothing.
pub fn may_be_unread(name: &ComponentName, known: &Component, there: &Snapshot) -> bool {
    let required = || there.coverage.iter().filter(|target| target.required);
    let is_unread = |target: &Coverage| {
        let mut parts = target.parts.iter();
        parts.any(|(part, read)| read.failure().is_some() && target.could_hold(part, name))
    };
    there.expects_component(name, known) && required().any(is_unread)
}

/// What the absence of `name` in `there` means; `gone` if everything that could hold it was read.
pub(super) fn presence_of_absent(
    name: &ComponentName,
    known: &Component,
    there: &Snapshot,
    gone: Presence,
) -> Presence {
    if !there.expects_component(name, known) {
        return Presence::NotApplicable;
    }
    // Set up there, but not running: another target that was not read may run it.
    let is_idle = there.components.get(name).is_some_and(|c| !c.not_running.is_empty());
    let parts = || {
        there
            .coverage
            .iter()
            .flat_map(|target| target.parts.iter().map(move |(part, read)| (target, part, read)))
    };
    let mut holders = parts().filter(|(target, part, _)| target.could_hold(part, name)).peekable();
    if holders.peek().is_none() {
        // Anyone who runs a Redis or a database of its own has a target for it: without one it is
        // not there. Images and host facts need a target of their kind.
        let is_absent = name.is_target_level()
            || parts().any(|(target, ..)| is_service(name, target))
            || is_idle;
        return if is_absent { gone } else { Presence::NotApplicable };
    }
    // A virtual node does not tell what every node has.
    if OF_EVERY_HOST.contains(&name.as_str()) && !has_windows(there) {
        return Presence::Unobserved;
    }
    if holders.all(|(_, _, outcome)| *outcome == Outcome::Complete) {
        gone
    } else {
        Presence::Unobserved
    }
}

/// Nothing runs without them: where none is seen it was not told.
const OF_EVERY_HOST: [&str; 3] = ["host/kernel", "host/os", "kubernetes/runtime"];

/// Whether there are hosts of another system than Linux, which do without its kernel.
fn has_windows(there: &Snapshot) -> bool {
    there.components.contains_key(&"host/windows-kernel".into())
}

/// Whether it is one that a target of this kind would be: `redis/cache`, but not
/// `redis/cache/module/search`.
fn is_service(name: &ComponentName, target: &Coverage) -> bool {
    let kind = target.kind;
    kind.is_service && kind.name == name.group() && name.as_str().matches('/').count() == 1
}

/// How many components of `others` a part that was not read could hold, and `here` lacks.
pub fn count_hidden(
    target: &Coverage,
    part: &PartName,
    here: &Snapshot,
    others: &[Snapshot],
) -> usize {
    let names: BTreeSet<&ComponentName> =
        others.iter().flat_map(|other| other.components.keys()).collect();
    names
        .into_iter()
        .filter(|name| !here.components.contains_key(*name) && target.could_hold(part, name))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::config::COLLECTORS;
    use crate::model::{Class, Failure, FailureKind, Source};
    use jiff::Timestamp;
    use std::collections::BTreeMap;

    fn component(only_in: &[&str]) -> Component {
        Component {
            class: Class::Platform,
            levels: crate::version::Levels::DEFAULT,
            instances: Vec::new(),
            not_running: BTreeMap::new(),
            settings: BTreeMap::new(),
            only_in: only_in.iter().map(|e| (*e).into()).collect(),
            named_product: None,
            overruled: Vec::new(),
        }
    }

    fn snapshot(parts: &[(&str, &str, bool)]) -> Snapshot {
        let coverage = parts.iter().map(|(target, part, read)| Coverage {
            target: (*target).into(),
            kind: COLLECTORS.kind_of(&(*target).into()),
            component: (*target).into(),
            mapped: std::sync::Arc::default(),
            endpoint: String::new(),
            required: true,
            source: Source::Live,
            taken: Timestamp::UNIX_EPOCH,
            expires: None,
            notes: Vec::new(),
            parts: BTreeMap::from([(
                (*part).into(),
                if *read {
                    Outcome::Complete
                } else {
                    Outcome::Failed(Failure::new(FailureKind::Timeout, "x"))
                },
            )]),
        });
        Snapshot {
            environment: "dev".into(),
            taken: Timestamp::UNIX_EPOCH,
            components: BTreeMap::new(),
            coverage: coverage.collect(),
            identities: BTreeSet::new(),
            indicators: BTreeMap::new(),
            ignore: crate::model::Globs::default(),
            left_out: 0,
        }
    }

    fn absence(name: &str, there: &Snapshot) -> Presence {
        presence_of_absent(&name.into(), &component(&[]), there, Presence::Missing)
    }

    #[test]
    fn missing_only_where_everything_was_read() {
        let read = snapshot(&[("docker/a", "containers", true), ("docker/b", "containers", true)]);
        assert_eq!(absence("image/app", &read), Presence::Missing);
        let half = snapshot(&[("docker/a", "containers", true), ("docker/b", "containers", false)]);
        assert_eq!(absence("image/app", &half), Presence::Unobserved);
        let file = snapshot(&[("docker/a", "containers", true), ("recorded/x", "file", false)]);
        assert_eq!(absence("image/app", &file), Presence::Unobserved);
    }

    #[test]
    fn without_a_target_of_that_kind_only_what_is_a_target_itself_is_missing() {
        let redis = snapshot(&[("redis/cache", "info", true)]);
        assert_eq!(absence("image/app", &redis), Presence::NotApplicable);
        assert_eq!(absence("postgresql/orders", &redis), Presence::Missing);
        assert_eq!(absence("kubernetes/server", &redis), Presence::NotApplicable);
        assert_eq!(absence("redis/sessions", &redis), Presence::Missing);
        assert_eq!(absence("redis/cache/module/search", &redis), Presence::Missing);
        assert_eq!(absence("redis/sessions/module/search", &redis), Presence::NotApplicable);
    }

    /// As [`snapshot`], where the catalogue says that a container may be `redis/cache`.
    fn mapped(parts: &[(&str, &str, bool)]) -> Snapshot {
        let mut there = snapshot(parts);
        for target in &mut there.coverage {
            target.mapped = std::sync::Arc::new(BTreeSet::from(["redis/cache".into()]));
        }
        there
    }

    #[test]
    fn what_containers_may_be_is_missing_only_where_they_were_read() {
        for (target, part) in [("docker/a", "containers"), ("kubernetes/k", "workloads")] {
            let unread = mapped(&[(target, part, false)]);
            assert_eq!(absence("redis/cache", &unread), Presence::Unobserved, "{target}");
            assert_eq!(absence("redis/main", &unread), Presence::Missing, "{target}");
            assert_eq!(absence("redis/cache/module/search", &unread), Presence::NotApplicable);
            assert_eq!(absence("redis/cache", &mapped(&[(target, part, true)])), Presence::Missing);
        }
        // Nodes hold no containers.
        let nodes = mapped(&[("kubernetes/k", "nodes", false)]);
        assert_eq!(absence("redis/cache", &nodes), Presence::Missing);
        let none = mapped(&[("redis/main", "info", true)]);
        assert_eq!(absence("redis/cache", &none), Presence::Missing);
    }

    #[test]
    fn what_is_set_up_and_does_not_run_may_run_where_nobody_looked() {
        let with_idle = |mut there: Snapshot, name: &str| {
            let idle =
                Component { not_running: BTreeMap::from([("exited".into(), 1)]), ..component(&[]) };
            there.components.insert(name.into(), idle);
            absence(name, &there)
        };
        let half = [("docker/a", "containers", true), ("docker/b", "containers", false)];
        let whole = [("docker/a", "containers", true), ("docker/b", "containers", true)];
        for name in ["image/app", "redis/cache"] {
            assert_eq!(with_idle(mapped(&half), name), Presence::Unobserved, "{name}");
            assert_eq!(with_idle(mapped(&whole), name), Presence::Missing, "{name}");
        }
    }

    #[test]
    fn what_belongs_elsewhere_is_not_missed() {
        let read = snapshot(&[("docker/a", "containers", true)]);
        let elsewhere = component(&["ovh-production"]);
        assert_eq!(
            presence_of_absent(&"image/app".into(), &elsewhere, &read, Presence::Missing),
            Presence::NotApplicable
        );
    }
}
