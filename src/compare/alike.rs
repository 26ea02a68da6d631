//! Components that one side alone has, and that may be one under two names.
//!
//! A hint for people: nothing is compared by it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Comparison, ComponentName, Presence, letters_apart};

/// So many letters apart two names may be one.
const NEAR: usize = 2;
/// So many names are told of one component.
const TOLD: usize = 2;
/// So many that share a segment are looked at.
const LOOKED_AT: usize = 10;
/// So many pairs of names are compared letter by letter in all: a side may have any number.
const PAIRS: usize = 20_000;
/// Longer names are not compared letter by letter.
const LONGEST: usize = 64;

/// What one side lacks, and what it has instead.
pub struct Alike<'a> {
    instead: Vec<&'a str>,
    by_first: BTreeMap<&'a str, Vec<&'a str>>,
    by_last: BTreeMap<&'a str, Vec<&'a str>>,
    /// How many of `instead` are compared letter by letter with each that is lacked.
    compared: usize,
}

impl<'a> Alike<'a> {
    /// Of components that one side lacks: [`Presence::Missing`] or [`Presence::Unexpected`].
    pub fn new(comparison: &'a Comparison, lacked: Presence) -> Self {
        let other =
            if lacked == Presence::Missing { Presence::Unexpected } else { Presence::Missing };
        let of = |presence: Presence| {
            comparison.changes.iter().filter(move |change| change.presence == presence)
        };
        let mut alike = Self {
            instead: Vec::new(),
            by_first: BTreeMap::new(),
            by_last: BTreeMap::new(),
            compared: PAIRS / of(lacked).count().max(1),
        };
        for name in of(other).map(|change| &change.component) {
            alike.instead.push(name.as_str());
            alike.by_last.entry(last_part(name)).or_default().push(name.as_str());
            // All images begin alike.
            if name.is_target_level() {
                alike.by_first.entry(name.group()).or_default().push(name.as_str());
            }
        }
        alike
    }

    /// The names that are the nearest to one that is lacked: those a letter or two away, then
    /// those of one last segment, then those of one first segment.
    pub fn nearest_names(&self, lacked: &ComponentName) -> Vec<&'a str> {
        let shared = |by: &BTreeMap<&'a str, Vec<&'a str>>, segment: &str| {
            by.get(segment).into_iter().flatten().copied().take(LOOKED_AT).collect::<Vec<_>>()
        };
        let first = if lacked.is_target_level() { lacked.group() } else { "" };
        let near = self.instead.iter().copied().take(self.compared);
        let near =
            near.filter(|name| slip_distance(lacked.as_str(), name).is_some()).take(LOOKED_AT);
        let mut found: Vec<&str> = near.collect();
        found.extend(shared(&self.by_last, last_part(lacked)));
        found.extend(shared(&self.by_first, first));
        let rank = |name: &str| {
            (
                slip_distance(lacked.as_str(), name).unwrap_or(usize::MAX),
                last_of(name) != last_part(lacked),
            )
        };
        let ranked: BTreeSet<_> = found.into_iter().map(|name| (rank(name), name)).collect();
        ranked.into_iter().map(|(_, name)| name).take(TOLD).collect()
    }
}

fn last_part(name: &ComponentName) -> &str {
    last_of(name.as_str())
}

fn last_of(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, last)| last)
}

/// How many letters two names are apart, if that may be a slip. Of a short name little remains
/// then: `image/a` is not `image/b`.
fn slip_distance(a: &str, b: &str) -> Option<usize> {
    let rest = |name: &str| name.split_once('/').map_or(name, |(_, rest)| rest).chars().count();
    let is_long = a.len().max(b.len()) > LONGEST;
    // A letter has four bytes at most.
    if is_long || a.len().abs_diff(b.len()) > 4 * NEAR {
        return None;
    }
    let apart = letters_apart(a, b);
    (apart <= NEAR && apart < rest(a).min(rest(b))).then_some(apart)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Axis, Change, Class, PlacesCompared};

    /// What one side lacks, and what it has instead.
    fn comparison(missing: &[&str], unexpected: &[&str]) -> Comparison {
        let change = |name: &&str, presence: Presence| Change {
            component: (*name).into(),
            class: Class::Platform,
            presence,
            product: None,
            alone: Vec::new(),
            version: None,
            variants: None,
            settings: Vec::new(),
            places: PlacesCompared::default(),
        };
        let missing = missing.iter().map(|name| change(name, Presence::Missing));
        let unexpected = unexpected.iter().map(|name| change(name, Presence::Unexpected));
        let both = change(&"redis/cahce", Presence::Both);
        let unobserved = change(&"redis/cashe", Presence::Unobserved);
        Comparison {
            baseline: "prod".into(),
            current: "qualif".into(),
            axis: Axis::Environments,
            changes: missing.chain(unexpected).chain([both, unobserved]).collect(),
        }
    }

    fn nearest(lacked: &str, instead: &[&str]) -> Vec<String> {
        let comparison = comparison(&[lacked], instead);
        let alike = Alike::new(&comparison, Presence::Missing);
        alike.nearest_names(&lacked.into()).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_segment_in_common_or_a_slip_makes_names_alike() {
        assert_eq!(nearest("redis/cache", &["redis/main"]), ["redis/main"]);
        assert_eq!(nearest("postgresql/orders", &["pgsql/orders"]), ["pgsql/orders"]);
        assert_eq!(nearest("image/team/web", &["image/other/web"]), ["image/other/web"]);
        assert_eq!(nearest("image/timetable", &["image/timetabel"]), ["image/timetabel"]);
        assert_eq!(nearest("image/größe", &["image/grösse"]), ["image/grösse"]);
        // What both sides have is not another name of anything, nor is what nobody saw.
        assert!(nearest("redis/cache", &[]).is_empty());
    }

    #[test]
    fn images_and_short_names_are_not_alike_for_nothing() {
        assert!(nearest("image/a", &["image/b"]).is_empty());
        assert!(nearest("image/ab", &["image/cd"]).is_empty());
        assert!(nearest("image/orders", &["image/billing"]).is_empty());
        assert!(nearest("docker/engine", &["docker/runc"]).is_empty());
        assert!(nearest("redis/cache", &["redis/main/module/search"]).is_empty());
    }

    #[test]
    fn of_several_the_nearest_come_first() {
        let instead = ["redis/queue", "redis/caches", "valkey/cache", "redis/cach"];
        assert_eq!(nearest("redis/cache", &instead), ["redis/cach", "redis/caches"]);
        assert_eq!(
            nearest("redis/cache", &["redis/queue", "valkey/cache", "redis/main"]),
            ["valkey/cache", "redis/main"]
        );
    }

    #[test]
    fn it_works_both_ways() {
        let comparison = comparison(&["redis/cache"], &["redis/main"]);
        let alike = Alike::new(&comparison, Presence::Unexpected);
        assert_eq!(alike.nearest_names(&"redis/main".into()), ["redis/cache"]);
    }

    #[test]
    fn any_number_of_names_takes_no_longer_than_their_sum() {
        let names = |kind: &str| -> Vec<String> {
            (0..5_000).map(|i| format!("image/{kind}-of-a-long-name-{i:05}/same")).collect()
        };
        let (missing, unexpected) = (names("one"), names("other"));
        let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
        let unexpected: Vec<&str> = unexpected.iter().map(String::as_str).collect();
        let comparison = comparison(&missing, &unexpected);
        let start = std::time::Instant::now();
        let alike = Alike::new(&comparison, Presence::Missing);
        let told = missing.iter().filter(|name| !alike.nearest_names(&(**name).into()).is_empty());
        assert_eq!(told.count(), missing.len());
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }
}
