//! Like is compared with like: components with places, and what is said of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::between::{self, Between};
use super::nearest::NearestSide;
use super::point::tests::distances_counted;
use super::point::{ComparedPoint, Measure};
use super::{find_differing, find_mismatches, version_change};
use crate::model::{
    Class, Component, Digest, Instance, Locator, Presence, ReadingSource, RunningImage, Site,
};
use crate::version::{Direction, Level, Levels, Scheme, read};

fn component(instances: Vec<Instance>) -> Component {
    Component {
        class: Class::Service,
        levels: Levels::DEFAULT,
        instances,
        not_running: BTreeMap::new(),
        settings: BTreeMap::new(),
        only_in: Vec::new(),
        named_product: None,
        overruled: Vec::new(),
    }
}

/// An instance in a workload; `redis 7.2.4` has a product.
fn runs(workload: &str, text: &str) -> Instance {
    let (product, version) = match text.split_once(' ') {
        Some((product, version)) => (Some(product.into()), version),
        None => (None, text),
    };
    Instance {
        target: "kubernetes/k".into(),
        locator: Locator { workload: workload.to_owned(), ..Locator::default() },
        site: Arc::new(Site { has_containers: true, ..Site::default() }),
        product,
        reading: read(Scheme::ImageTag, version).into(),
        source: ReadingSource::Tag,
        contradicted_by: None,
        image: None,
    }
}

/// `web 1.0.0, worker redis 7.2.4`
fn side(text: &str) -> Component {
    let one = |text: &str| {
        let (workload, version) = text.trim().split_once(' ').unwrap();
        runs(workload, version)
    };
    component(text.split(',').map(one).collect())
}

fn between(baseline: &str, current: &str) -> Between {
    between::compare_components(&side(baseline), &side(current)).sum_up()
}

/// Level, direction, how many places differ, and of how many.
fn seen(baseline: &str, current: &str) -> (&'static str, Option<Direction>, usize, usize) {
    let Between { version, places, .. } = between(baseline, current);
    let version = version.unwrap();
    (version.level.as_str(), version.direction, places.differing.len(), places.of)
}

#[test]
fn swapped_versions_are_drift_at_both_places() {
    let swapped = seen("orders 16.4, users 14.11", "orders 14.11, users 16.4");
    assert_eq!(swapped, ("major", Some(Direction::Mixed), 2, 2));
    // The one that is behind is named.
    let version = between("a 1.0.0, b 2.0.0", "a 2.0.0, b 1.0.0").version.unwrap();
    assert_eq!(version.at.map(|at| (at.place, at.more)), Some(("b".to_owned(), 1)));
    assert_eq!(version.direction_there, Some(Direction::Behind));
}

#[test]
fn a_place_that_one_side_has_is_compared_with_all_of_the_other() {
    assert_eq!(seen("a 1.0.0, b 2.0.0", "a 1.0.0, c 2.0.0"), ("equal", None, 0, 3));
    assert_eq!(seen("a 1.0.0, b 2.0.0", "a 1.0.0, c 2.0.1").0, "patch");
    // Nothing is told of places if no name is on both sides.
    assert_eq!(seen("a 1.0.0, b 2.0.0", "c 2.0.0, d 1.0.0"), ("equal", None, 0, 0));
}

#[test]
fn replicas_and_rollouts_are_readings_of_one_place() {
    assert_eq!(seen("a 1.0.0, a 1.0.0, a 1.0.0", "a 1.0.0").0, "equal");
    assert_eq!(
        seen("a 1.0.0, a 1.1.0, b 3.0.0", "a 1.0.0, b 3.0.0"),
        ("minor", Some(Direction::Behind), 1, 2)
    );
}

fn in_container(container: &str, version: &str) -> Instance {
    let mut instance = runs("web", version);
    instance.locator.container = container.to_owned();
    instance
}

#[test]
fn containers_of_a_workload_are_places_and_one_of_another_name_is_paired_by_it() {
    let two = |a, b| component(vec![in_container("a", a), in_container("b", b)]);
    let version =
        |b: &Component, c: &Component| between::compare_components(b, c).sum_up().version.unwrap();
    assert_eq!(version(&two("1.0.0", "2.0.0"), &two("2.0.0", "1.0.0")).level, Level::Major);
    let other = |name: &str, version: &str, elsewhere: &str| {
        component(vec![in_container(name, version), runs("worker", elsewhere)])
    };
    let renamed = version(&other("old", "1.0.0", "2.0.0"), &other("new", "2.0.0", "1.0.0"));
    assert_eq!(renamed.level, Level::Major);
    let renamed = version(&other("old", "1.0.0", "2.0.0"), &other("new", "1.0.0", "2.0.0"));
    assert_eq!(renamed.level, Level::Equal);
}

fn on_target(target: &str, is_one_of_several: bool, version: &str) -> Instance {
    let mut instance = runs("", version);
    instance.target = format!("docker/{target}").as_str().into();
    let site = Site { target: target.to_owned(), is_one_of_several, ..Site::default() };
    instance.site = Arc::new(site);
    instance
}

#[test]
fn a_targets_name_counts_where_a_side_has_several() {
    let level = |b: Vec<Instance>, c: Vec<Instance>| {
        between::compare_components(&component(b), &component(c)).sum_up().version.unwrap().level
    };
    let two = |a, b| vec![on_target("edge", true, a), on_target("core", true, b)];
    assert_eq!(level(two("27.0.0", "28.0.0"), two("28.0.0", "27.0.0")), Level::Major);
    assert_eq!(level(two("27.0.0", "28.0.0"), two("27.0.0", "28.0.0")), Level::Equal);
    let one = |name, version| vec![on_target(name, false, version)];
    assert_eq!(level(one("mks-prod", "28.0.0"), one("mks-qualif", "28.0.0")), Level::Equal);
    // One of the two is the other side's only one.
    assert_eq!(level(two("27.0.0", "28.0.0"), one("core", "27.0.0")), Level::Major);
}

#[test]
fn a_distance_is_between_readings_of_one_product() {
    let found = between("a redis 8.0.1, a valkey 7.2.5", "a redis 7.2.5, a valkey 8.0.1");
    assert_eq!(found.version.unwrap().level, Level::Major);
    assert!(found.product.is_none() && found.alone.is_empty());
    // Another product at a place of both.
    let found = between("a redis 7.2.5, b valkey 8.0.1", "a valkey 7.2.5, b valkey 8.0.1");
    let product = found.product.unwrap();
    assert_eq!(
        (product.baseline, product.current),
        (vec!["redis 7.2.5".to_owned()], vec!["valkey 7.2.5".to_owned()])
    );
    assert_eq!(found.places.differing.len(), 1);
    // None in common.
    let found = between("a redis 7.2.5", "b valkey 7.2.5");
    assert!(found.product.is_some() && found.version.is_none() && found.alone.is_empty());
}

#[test]
fn a_product_at_a_place_of_one_side_is_missing_or_unexpected() {
    let both = "a redis 7.2.5, b valkey 8.0.1";
    let alone = |baseline, current| {
        let found = between(baseline, current);
        assert!(found.product.is_none());
        found.alone.into_iter().map(|alone| (alone.product, alone.side)).collect::<Vec<_>>()
    };
    assert_eq!(alone(both, "a redis 7.2.5"), [("valkey".to_owned(), Presence::Missing)]);
    assert_eq!(alone("a redis 7.2.5", both), [("valkey".to_owned(), Presence::Unexpected)]);
    assert_eq!(alone(both, "a redis 7.2.5, c valkey 8.0.1"), []);
}

#[test]
fn only_what_differs_is_a_part_of_it() {
    let (one, other) = (side("a 1.0.0, b 2.0.0, c 5.0.0"), side("a 1.0.0, b 3.0.0, c 5.0.0"));
    let found = find_differing(&one, &other);
    assert_eq!(found.versions.map(|side| side.len()), [1, 1]);
    assert_eq!(found.products.map(|side| side.len()), [0, 0]);
}

#[test]
fn a_declared_version_of_fewer_numbers_proves_less() {
    let of = |source, text: &str| {
        let mut instance = runs("web", text);
        (instance.source, instance.reading) = (source, read(Scheme::Generic, text).into());
        component(vec![instance])
    };
    let level = |declared: &str, read: &str| {
        let (declared, read) =
            (of(ReadingSource::Declared, declared), of(ReadingSource::Program, read));
        let [one, other] = [(&declared, &read), (&read, &declared)]
            .map(|(b, c)| version_change(b, c).unwrap().level);
        assert_eq!(one, other);
        one
    };
    assert_eq!(level("16", "16.4.0"), Level::WithinPrecision);
    assert_eq!(level("16.4", "16.4.1"), Level::WithinPrecision);
    assert_eq!(level("15", "16.4.0"), Level::Major);
    assert_eq!(level("16.4.0", "16.4.1"), Level::Patch);
    assert_eq!(level("16.4.1", "16.4.1"), Level::Equal);
    // A program says all that there is to say.
    let program = |text| of(ReadingSource::Program, text);
    assert_eq!(version_change(&program("16"), &program("16.4.1")).unwrap().level, Level::Minor);
}

fn built(workload: &str, digest: &str) -> Instance {
    let mut instance = runs(workload, "1.2.3");
    instance.image = Some(
        RunningImage {
            repository: "app".into(),
            tag: Some(instance.reading.clone()),
            digests: vec![Digest::Repository(digest.into())],
            is_pinned: false,
        }
        .into(),
    );
    instance
}

#[test]
fn contents_are_compared_by_place() {
    let two = |a, b| component(vec![built("web", a), built("worker", b)]);
    let found = find_mismatches(&two("sha256:a", "sha256:b"), &two("sha256:b", "sha256:a"));
    let at = found[0].at.as_ref().map(|at| (at.place.as_str(), at.more));
    assert_eq!((found.len(), at), (1, Some(("web", 1))));
    assert!(find_mismatches(&two("sha256:a", "sha256:b"), &two("sha256:a", "sha256:b")).is_empty());
}

/// How many distances are taken of so many instances on either side.
fn asked(number: usize, workload: fn(usize) -> String, version: fn(usize) -> String) -> usize {
    let side = |shift: usize| {
        let all = (0..number).map(|i| runs(&workload(i), &version(i + shift)));
        component(all.collect())
    };
    let (baseline, current) = (side(0), side(1));
    distances_counted();
    between::compare_components(&baseline, &current).sum_up();
    super::widest_level(&baseline);
    distances_counted()
}

#[test]
fn the_work_grows_with_the_number_of_versions_not_with_its_square() {
    let version = |i: usize| format!("{}.{}.{}", i / 10_000, i / 100 % 100, i % 100);
    let elsewhere = |_: usize| "web".to_owned();
    for number in [1_000, 20_000] {
        let asked = asked(number, elsewhere, version);
        assert!(asked <= number * 40, "{asked} distances of {number} versions");
    }
    let workload = |i: usize| format!("workload-{i}");
    let asked = asked(5_000, workload, version);
    assert!(asked <= 5_000 * 40, "{asked} distances of 5,000 workloads");
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[0-2]\\.[0-2]\\.[0-2]",
        2 => "v?[0-2](\\.[0-2])?",
        2 => "[01]\\.[0-2]\\.[0-2]-(rc1|rc2|alpine|bookworm|[0-2])",
        1 => "[01]\\.[0-2]\\.[0-2]\\.[0-2]",
        1 => "202604(0[1-9]|1[0-9])",
        1 => "latest|main|deadbee[0-9]",
    ]
}

proptest! {
    /// What is found by order is as near as what is found by looking at all.
    #[test]
    fn the_nearest_of_many_is_the_nearest(
        texts in prop::collection::vec(text(), 40..120),
        own in text(),
        scheme in prop::sample::select(vec![Scheme::ImageTag, Scheme::Generic]),
    ) {
        let all: Vec<Instance> = texts.iter().map(|text| runs("a", text)).collect();
        let own = Instance { reading: read(scheme, &own).into(), ..runs("a", "1") };
        let (measure, own) = (
            Measure { class: Class::Platform, levels: &Levels::DEFAULT },
            ComparedPoint::of_instance(&own),
        );
        let many = NearestSide::new(all.iter().map(ComparedPoint::of_instance), measure);
        let found = many.nearest_point(&own, measure, |other| measure.difference(other, &own));
        let levels = all.iter().map(|one| measure.difference(&ComparedPoint::of_instance(one), &own).level);
        prop_assert_eq!(found.map(|(difference, _)| difference.level), levels.min());
    }
}
