//! How far two sets of readings are apart.
//!
//! The level is the worst distance of any reading to its nearest on the other side. A drift
//! outranks what cannot be compared, so that one floating tag never hides a major difference.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Class, Component, Instance, ReadingSource, RunningImage, VersionChange};
use crate::version::{Difference, Direction, Incomparable, Level, Reading, difference_of};

/// What an instance says, as it takes part in the comparison.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Point<'a> {
    reading: &'a Reading,
    contradicted_by: Option<&'a Reading>,
    image: Option<&'a RunningImage>,
    /// The version is a label's and the tag moves: somebody else may have written the label.
    label_alone: bool,
    /// The version is what a chart says of the image.
    claimed: bool,
    /// The version is the tag's.
    by_tag: bool,
}

/// The distinct readings of a component, with the number of instances that say each.
pub fn distinct_readings(component: &Component) -> BTreeMap<&Reading, usize> {
    let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for instance in &component.instances {
        found.entry(&instance.reading).or_default().insert(instance.place());
    }
    found.into_iter().map(|(reading, places)| (reading, places.len())).collect()
}

/// The widest distance within a component; `None` if all its instances say the same.
pub fn widest(component: &Component) -> Option<Level> {
    let points: Vec<Point<'_>> = points(&component.instances).into_iter().collect();
    let pairs =
        points.iter().enumerate().flat_map(|(i, a)| points[i + 1..].iter().map(move |b| (a, b)));
    let levels = pairs.map(|(a, b)| of(component, *a, *b).level);
    levels.filter(|level| *level != Level::Equal).max_by_key(|level| rank(*level))
}

/// The worst distance between two sides that both run.
pub fn version_change(baseline: &Component, current: &Component) -> Option<VersionChange> {
    // Whichever side knows the product knows how its versions count.
    let component = if current.class < baseline.class { current } else { baseline };
    let (baseline, current) = (points(&baseline.instances), points(&current.instances));
    let from_current =
        current.iter().filter_map(|&c| nearest(component, c, &baseline, |b, c| (b, c)));
    let from_baseline =
        baseline.iter().filter_map(|&b| nearest(component, b, &current, |c, b| (b, c)));
    let pairs: Vec<Pair<'_>> = from_current.chain(from_baseline).collect();
    let worst = pairs.iter().max_by_key(|pair| rank(pair.difference.level))?;
    let directions: BTreeSet<Direction> =
        pairs.iter().filter_map(|pair| pair.difference.direction).collect();
    let direction =
        if directions.len() > 1 { Some(Direction::Mixed) } else { worst.difference.direction };
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
    instances.iter().map(point).collect()
}

fn point(instance: &Instance) -> Point<'_> {
    let tag = instance.image.as_ref().and_then(|image| image.tag.as_ref());
    let tag_moves = tag.is_none_or(|tag| !tag.is_proven());
    Point {
        reading: &instance.reading,
        contradicted_by: instance.contradicted_by.as_ref(),
        image: instance.image.as_ref(),
        label_alone: instance.source == ReadingSource::Label && tag_moves,
        claimed: instance.source == ReadingSource::WorkloadLabel,
        by_tag: instance.source == ReadingSource::Tag,
    }
}

/// The nearest of `others`; `sides` puts (other, own) into the order (baseline, current).
fn nearest<'a>(
    component: &Component,
    own: Point<'a>,
    others: &BTreeSet<Point<'a>>,
    sides: fn(Point<'a>, Point<'a>) -> (Point<'a>, Point<'a>),
) -> Option<Pair<'a>> {
    let pairs = others.iter().map(|&other| {
        let (baseline, current) = sides(other, own);
        let difference = of(component, baseline, current);
        Pair { difference, baseline: baseline.reading, current: current.reading }
    });
    pairs.min_by_key(|pair| pair.difference.level)
}

/// The same content is the same version, whatever the tags say. What a lower source says instead
/// is compared too, and the worse of the two counts: a difference must not hide behind a label.
fn of(component: &Component, baseline: Point<'_>, current: Point<'_>) -> Difference {
    let same = baseline.image.zip(current.image).and_then(|(b, c)| b.same_content(c));
    if same == Some(true) {
        return Difference { level: Level::Equal, direction: None };
    }
    let by = |b, c| difference_of(&component.levels, b, c);
    let own = by(baseline.reading, current.reading);
    // Equal labels on tags that move prove nothing of other content; nor do those of own services,
    // which inherit them from their base images.
    let alone = baseline.label_alone || current.label_alone;
    let hollow = alone && (same == Some(false) || component.class == Class::Service);
    // What a chart says of an image is no property of the image.
    let claimed = baseline.claimed || current.claimed;
    if own.level == Level::Equal && (hollow || claimed) {
        return Difference { level: Level::Incomparable(Incomparable::Floating), direction: None };
    }
    // Two `7` are two of many, unless their content is known to be the same.
    let is_short =
        |point: Point<'_>| point.by_tag && !point.reading.is_full_precision(&component.levels);
    if own.level == Level::Equal && is_short(baseline) && is_short(current) {
        return Difference { level: Level::WithinPrecision, direction: None };
    }
    if baseline.contradicted_by.is_none() && current.contradicted_by.is_none() {
        return own;
    }
    let lower = by(
        baseline.contradicted_by.unwrap_or(baseline.reading),
        current.contradicted_by.unwrap_or(current.reading),
    );
    if rank(lower.level) > rank(own.level) { lower } else { own }
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
    use crate::model::{Digest, Locator};
    use crate::version::{Levels, Scheme, read};

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
                tag: Some(read(Scheme::ImageTag, tag)),
                digests: (!digest.is_empty())
                    .then(|| Digest::Repository((*digest).into()))
                    .into_iter()
                    .collect(),
            }),
        };
        Component {
            class: Class::Service,
            levels: Levels::DEFAULT,
            instances: tags.iter().map(instance).collect(),
            not_running: BTreeMap::new(),
            settings: BTreeMap::new(),
            only_in: Vec::new(),
            named_product: None,
            overruled: Vec::new(),
        }
    }

    fn change(
        baseline: &[(&str, &str)],
        current: &[(&str, &str)],
    ) -> (&'static str, Option<Direction>) {
        let change = version_change(&component(baseline), &component(current)).unwrap();
        (change.level.as_str(), change.direction)
    }

    #[test]
    fn the_worst_of_the_nearest_decides() {
        assert_eq!(
            change(&[("1.0.0", "")], &[("1.0.0", ""), ("1.1.0", "")]),
            ("minor", Some(Direction::Ahead))
        );
        assert_eq!(
            change(&[("1.0.0", ""), ("2.0.0", "")], &[("2.0.0", "")]),
            ("major", Some(Direction::Ahead))
        );
        assert_eq!(
            change(&[("1.0.0", ""), ("1.2.0", "")], &[("1.1.0", "")]).1,
            Some(Direction::Mixed)
        );
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

    fn labelled(
        class: Class,
        tag: &str,
        label: &str,
        contradicted_by: Option<&str>,
        digest: &str,
    ) -> Component {
        let mut component = Component { class, ..component(&[(tag, digest)]) };
        let instance = &mut component.instances[0];
        instance.reading = read(Scheme::Generic, label);
        instance.source = ReadingSource::Label;
        instance.contradicted_by = contradicted_by.map(|tag| read(Scheme::ImageTag, tag));
        component
    }

    fn level(baseline: &Component, current: &Component) -> &'static str {
        version_change(baseline, current).unwrap().level.as_str()
    }

    #[test]
    fn no_difference_hides_behind_a_label() {
        let service = |digest| labelled(Class::Service, "latest", "22.04", None, digest);
        assert_eq!(level(&service("a"), &service("b")), "incomparable");
        assert_eq!(level(&service(""), &service("")), "incomparable");
        assert_eq!(level(&service("a"), &service("a")), "equal");
        let platform = |digest| labelled(Class::Platform, "latest", "1.27.3", None, digest);
        assert_eq!(level(&platform(""), &platform("")), "equal");
        assert_eq!(level(&platform("a"), &platform("b")), "incomparable");
        // Swapped label and tag are no equality.
        let one = labelled(Class::Platform, "2.0.0", "1.0.0", Some("2.0.0"), "a");
        let two = labelled(Class::Platform, "1.0.0", "2.0.0", Some("1.0.0"), "b");
        assert_eq!(level(&one, &two), "major");
    }

    #[test]
    fn the_side_that_knows_the_product_says_how_it_counts() {
        let unknown = component(&[("16.4", "")]);
        let two = Levels::new(vec![Level::Major, Level::Patch], Vec::new());
        let known = Component { class: Class::Platform, levels: two, ..component(&[("16.6", "")]) };
        assert_eq!((level(&unknown, &known), level(&known, &unknown)), ("patch", "patch"));
    }
}
