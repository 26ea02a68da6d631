//! How many versions a side runs, how far apart they are, and how far it is from another side.

use std::collections::{BTreeMap, BTreeSet};

use super::between;
use super::nearest::order_kind;
use super::point::{ComparedPoint, Measure, level_rank};
use crate::model::{Component, VersionChange};
use crate::version::{Level, Reading};

/// Of so many at most each is compared with each.
const FEW: usize = 24;

/// Of so many kinds of texts at most is one compared with all.
const PIVOTS: usize = 64;

/// The distinct readings of a component, with the number of instances that say each.
pub fn distinct_readings(component: &Component) -> BTreeMap<&Reading, usize> {
    let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for instance in &component.instances {
        found.entry(&*instance.reading).or_default().insert(instance.place());
    }
    found.into_iter().map(|(reading, places)| (reading, places.len())).collect()
}

/// The widest distance within a component; `None` if all its instances say the same.
///
/// No two versions of a kind are further apart than the further of them is from any third. So the
/// distances from one version of each kind give the widest. `7` is a kind of its own beside `7.1.0`
/// and `7.2.0`: it may be either.
pub fn widest_level(component: &Component) -> Option<Level> {
    let measure = Measure { class: component.class, levels: &component.levels };
    let points: BTreeSet<ComparedPoint<'_>> =
        component.instances.iter().map(ComparedPoint::of_instance).collect();
    let points: Vec<ComparedPoint<'_>> = points.into_iter().collect();
    let pivots = if points.len() <= FEW { points.clone() } else { pick_pivots(&points) };
    let mut widest = None;
    for (i, a) in pivots.iter().enumerate() {
        // The pivots of few are the points themselves.
        let others = if points.len() <= FEW { &points[i + 1..] } else { &points[..] };
        for b in others {
            let level = Some(measure.difference(a, b).level).filter(|_| a != b);
            let level = level.filter(|level| *level != Level::Equal);
            widest = widest.max(level.map(level_rank));
        }
    }
    widest.map(|(_, level)| level)
}

/// One point of each kind of text, [`PIVOTS`] at most.
fn pick_pivots<'a>(points: &[ComparedPoint<'a>]) -> Vec<ComparedPoint<'a>> {
    let mut seen = BTreeSet::new();
    let kind = |point: &ComparedPoint<'a>| {
        let numbers = point.reading.version().map(|version| version.release.len());
        (order_kind(point.reading), point.reading.is_proven(), numbers, point.flags)
    };
    points.iter().copied().filter(|point| seen.insert(kind(point))).take(PIVOTS).collect()
}

/// The worst distance between two sides that both run; `None` if they have no product in common.
pub fn version_change(baseline: &Component, current: &Component) -> Option<VersionChange> {
    between::compare_components(baseline, current).version_change()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use std::sync::Arc;

    use crate::model::{Class, Digest, Instance, Locator, ReadingSource, RunningImage};
    use crate::version::{Direction, Levels, Scheme, read};

    fn component(tags: &[(&str, &str)]) -> Component {
        let instance = |(tag, digest): &(&str, &str)| Instance {
            target: "docker/x".into(),
            locator: Locator::default(),
            site: Arc::default(),
            product: None,
            reading: read(Scheme::ImageTag, tag).into(),
            source: ReadingSource::Tag,
            contradicted_by: None,
            image: Some(
                RunningImage {
                    repository: "app".into(),
                    tag: Some(read(Scheme::ImageTag, tag).into()),
                    digests: (!digest.is_empty())
                        .then(|| Digest::Repository((*digest).into()))
                        .into_iter()
                        .collect(),
                    is_pinned: false,
                }
                .into(),
            ),
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
        instance.reading = read(Scheme::Generic, label).into();
        instance.source = ReadingSource::Label;
        instance.contradicted_by = contradicted_by.map(|tag| read(Scheme::ImageTag, tag).into());
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
        // Swapped label and tag are not equality.
        let one = labelled(Class::Platform, "2.0.0", "1.0.0", Some("2.0.0"), "a");
        let two = labelled(Class::Platform, "1.0.0", "2.0.0", Some("1.0.0"), "b");
        assert_eq!(level(&one, &two), "major");
    }

    fn of_many(tags: &[String]) -> Option<&'static str> {
        let tags: Vec<(&str, &str)> = tags.iter().map(|tag| (tag.as_str(), "")).collect();
        widest_level(&component(&tags)).map(Level::as_str)
    }

    #[test]
    fn a_shorter_tag_does_not_hide_what_is_between_many() {
        let minors = (0..30).map(|minor| format!("7.{minor}.1"));
        assert_eq!(of_many(&minors.clone().collect::<Vec<_>>()), Some("minor"));
        let with = |short: &str| -> Vec<String> {
            std::iter::once(short.to_owned()).chain(minors.clone()).collect()
        };
        assert_eq!(of_many(&with("7")), Some("minor"));
        // Nor what has no order.
        assert_eq!(of_many(&with("2024-05-01")), Some("minor"));
        let patches = (0..30).map(|patch| format!("7.2.{patch}"));
        let patches: Vec<String> =
            ["7".to_owned(), "7.2".to_owned()].into_iter().chain(patches).collect();
        assert_eq!(of_many(&patches), Some("patch"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        /// However many there are.
        #[test]
        fn the_widest_of_many_is_the_widest_of_any_two(
            tags in prop::collection::vec("[1-3](\\.[0-3](\\.[0-3])?)?", 40..60)
        ) {
            let tags: Vec<(&str, &str)> = tags.iter().map(|tag| (tag.as_str(), "")).collect();
            let of_two = tags.iter().enumerate();
            let of_two = of_two.flat_map(|(i, a)| tags[i + 1..].iter().map(move |b| [*a, *b]));
            let of_two = of_two.filter_map(|two| widest_level(&component(&two)));
            prop_assert_eq!(widest_level(&component(&tags)).map(level_rank), of_two.map(level_rank).max());
        }
    }

    #[test]
    fn the_side_that_knows_the_product_says_how_it_counts() {
        let unknown = component(&[("16.4", "")]);
        let two = Levels::new(vec![Level::Major, Level::Patch], Vec::new());
        let known = Component { class: Class::Platform, levels: two, ..component(&[("16.6", "")]) };
        assert_eq!((level(&unknown, &known), level(&known, &unknown)), ("patch", "patch"));
    }
}
