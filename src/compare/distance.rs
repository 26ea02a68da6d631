//! How far two sets of readings are apart.
//!
//! The level is the worst distance of any reading to its nearest on the other side. A drift
//! outranks what cannot be compared, so that one floating tag never hides a major difference.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Component, Instance, RunningImage, VersionChange};
use crate::version::{Difference, Direction, Level, Reading, difference};

/// A reading as it takes part in the comparison.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Point<'a> {
    reading: &'a Reading,
    image: Option<&'a RunningImage>,
}

/// The distinct readings of a component, with the number of instances that say each.
pub fn distinct_readings(component: &Component) -> BTreeMap<&Reading, usize> {
    let mut found = BTreeMap::new();
    for instance in &component.instances {
        *found.entry(&instance.reading).or_default() += 1;
    }
    found
}

/// The worst distance between two sides that both run.
pub fn version_change(baseline: &Component, current: &Component) -> Option<VersionChange> {
    let (baseline, current) = (points(&baseline.instances), points(&current.instances));
    let from_current = current.iter().filter_map(|&c| nearest(c, &baseline, |b, c| (b, c)));
    let from_baseline = baseline.iter().filter_map(|&b| nearest(b, &current, |c, b| (b, c)));
    let pairs: Vec<Pair<'_>> = from_current.chain(from_baseline).collect();
    let worst = pairs.iter().max_by_key(|pair| rank(pair.difference.level))?;
    let directions: BTreeSet<Direction> = pairs.iter().filter_map(|pair| pair.difference.direction).collect();
    let direction = if directions.len() > 1 { Some(Direction::Mixed) } else { worst.difference.direction };
    Some(VersionChange {
        level: worst.difference.level,
        direction: direction.filter(|_| worst.difference.level.is_drift()),
        baseline: worst.baseline.clone(),
        current: worst.current.clone(),
    })
}

struct Pair<'a> {
    difference: Difference,
    baseline: &'a Reading,
    current: &'a Reading,
}

fn points(instances: &[Instance]) -> BTreeSet<Point<'_>> {
    let mut points = BTreeSet::new();
    for instance in instances {
        points.insert(Point { reading: &instance.reading, image: instance.image.as_ref() });
        // What a lower source says instead takes part too, but has no digest to hide behind.
        if let Some(other) = &instance.contradicted_by {
            points.insert(Point { reading: other, image: None });
        }
    }
    points
}

/// The nearest of `others`; `sides` puts (other, own) into the order (baseline, current).
fn nearest<'a>(
    own: Point<'a>,
    others: &BTreeSet<Point<'a>>,
    sides: fn(Point<'a>, Point<'a>) -> (Point<'a>, Point<'a>),
) -> Option<Pair<'a>> {
    let pairs = others.iter().map(|&other| {
        let (baseline, current) = sides(other, own);
        Pair { difference: of(baseline, current), baseline: baseline.reading, current: current.reading }
    });
    pairs.min_by_key(|pair| pair.difference.level)
}

/// The same content is the same version, whatever the tags say.
fn of(baseline: Point<'_>, current: Point<'_>) -> Difference {
    let same = baseline.image.zip(current.image).and_then(|(b, c)| b.same_content(c));
    if same == Some(true) {
        return Difference { level: Level::Equal, direction: None };
    }
    difference(baseline.reading, current.reading)
}

/// Equal, then what is true as far as it goes, then what is not known, then drift.
fn rank(level: Level) -> (u8, Level) {
    let group = match level {
        Level::Equal => 0,
        Level::WithinPrecision => 1,
        Level::Incomparable(_) => 2,
        Level::Build | Level::Prerelease | Level::Patch | Level::Minor | Level::Major => 3,
    };
    (group, level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Class, Digest, Locator, ReadingSource};
    use crate::version::{Scheme, read};

    fn component(tags: &[(&str, &str)]) -> Component {
        let instance = |(tag, digest): &(&str, &str)| Instance {
            target: "docker/x".into(),
            locator: Locator::default(),
            product: None,
            reading: read(Scheme::ImageTag, tag),
            source: ReadingSource::Tag,
            contradicted_by: None,
            image: Some(RunningImage {
                repository: "app".into(),
                tag: Some((*tag).into()),
                digests: (!digest.is_empty()).then(|| Digest::Repository((*digest).into())).into_iter().collect(),
            }),
        };
        Component {
            class: Class::Service,
            numbers: 3,
            instances: tags.iter().map(instance).collect(),
            not_running: BTreeMap::new(),
            settings: BTreeMap::new(),
            only_in: Vec::new(),
        }
    }

    fn change(baseline: &[(&str, &str)], current: &[(&str, &str)]) -> (&'static str, Option<Direction>) {
        let change = version_change(&component(baseline), &component(current)).unwrap();
        (change.level.as_str(), change.direction)
    }

    #[test]
    fn the_worst_of_the_nearest_decides() {
        assert_eq!(change(&[("1.0.0", "")], &[("1.0.0", ""), ("1.1.0", "")]), ("minor", Some(Direction::Ahead)));
        assert_eq!(change(&[("1.0.0", ""), ("2.0.0", "")], &[("2.0.0", "")]), ("major", Some(Direction::Ahead)));
        assert_eq!(change(&[("1.0.0", ""), ("1.2.0", "")], &[("1.1.0", "")]).1, Some(Direction::Mixed));
    }

    #[test]
    fn a_floating_tag_hides_no_drift() {
        assert_eq!(change(&[("6.0.0", "")], &[("latest", ""), ("7.0.0", "")]).0, "major");
        assert_eq!(change(&[("6.0.0", "")], &[("latest", ""), ("6.0.0", "")]).0, "incomparable");
    }

    #[test]
    fn the_same_content_is_equal_whatever_the_tag() {
        assert_eq!(change(&[("latest", "sha256:a")], &[("7.2.4", "sha256:a")]).0, "equal");
        assert_eq!(change(&[("latest", "sha256:a")], &[("latest", "sha256:b")]).0, "incomparable");
    }
}
