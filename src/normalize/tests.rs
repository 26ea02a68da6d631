//! What products and the catalogue make of evidence, from end to end.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Normalizer;
use super::config::CatalogueConfig;
use crate::collect::config::COLLECTORS;
use crate::model::{
    Class, CollectorKind, Collectors, Component, Declared, Evidence, Facts, Field, ImageUse,
    Locator, ReadingSource, RunState, Snapshot, TargetEvidence,
};
use crate::version::{Body, Level, difference_of};
use crate::wire::yaml::{self, Origin};

fn snapshot(target: TargetEvidence, catalogue: &str) -> Snapshot {
    let head = "apiVersion: envparity/v1\nkind: Catalogue\n";
    let catalogue: CatalogueConfig =
        yaml::read(&format!("{head}{catalogue}"), Origin::Person).unwrap();
    assert_eq!(catalogue.find_problems(), Vec::new());
    let evidence =
        Evidence { environment: "dev".into(), taken: Timestamp::UNIX_EPOCH, targets: vec![target] };
    Normalizer::new(Some(&catalogue), COLLECTORS)
        .build_snapshot(evidence, crate::model::Globs::default())
}

fn target(id: &str) -> TargetEvidence {
    TargetEvidence::new(id.into(), "", Timestamp::UNIX_EPOCH)
}

fn only(snapshot: Snapshot) -> (String, Component) {
    let mut all = snapshot.components.into_iter();
    let (name, component) = all.next().expect("a component");
    (name.to_string(), component)
}

fn image(reference: &str, label: &str, catalogue: &str) -> (String, Component) {
    let mut docker = target("docker/laptop");
    docker.images = vec![ImageUse {
        locator: Locator { workload: "w".into(), ..Locator::default() },
        reference: reference.into(),
        image_id: String::new(),
        repo_digests: Vec::new(),
        repo_tags: Vec::new(),
        runtime: String::new(),
        version_label: label.into(),
        ref_name: String::new(),
        app_version: String::new(),
        chart: String::new(),
        state: RunState::Running,
    }];
    only(snapshot(docker, catalogue))
}

fn declared(component: &str, version: &str, catalogue: &str) -> Component {
    let mut facts = target("declared/x");
    facts.declared = vec![Declared {
        component: component.into(),
        product: String::new(),
        version: version.into(),
        by: "a person".into(),
        on: Date::default(),
        expires: Date::default(),
    }];
    only(snapshot(facts, catalogue)).1
}

fn redis(version: &str, catalogue: &str) -> Component {
    let mut cache = target("redis/cache");
    cache.fields = vec![Field::of_target("redis_version", version)];
    only(snapshot(cache, catalogue)).1
}

/// The distance as the first side counts.
fn apart(b: &Component, c: &Component) -> Level {
    difference_of(&b.levels, &b.instances[0].reading, &c.instances[0].reading).level
}

#[test]
fn declared_facts_count_as_their_product_does() {
    let fact = |version| declared("postgresql/orders", version, "");
    assert_eq!(apart(&fact("16.3"), &fact("16.4")), Level::Patch);
    assert_eq!(apart(&fact("9.5.1"), &fact("9.6.1")), Level::Major);
    assert_eq!(apart(&fact("16.3"), &fact("PostgreSQL 16.3 on x86_64-pc-linux-gnu")), Level::Equal);
    let unknown = |version| declared("ledger/orders", version, "");
    assert_eq!(apart(&unknown("16.3"), &unknown("16.4")), Level::Minor);
    assert_eq!(fact("16.3").instances[0].source, ReadingSource::Declared);
}

#[test]
fn the_packager_of_an_image_is_no_variant_of_it() {
    let (name, component) = image("bitnami/redis:7.2.4-debian-12-r9", "", "");
    let tag = component.instances[0].image.as_ref().unwrap().tag.clone().unwrap();
    assert_eq!(
        (name.as_str(), tag.version().unwrap().variant.as_str()),
        ("image/redis", "debian-12")
    );
    let (_, later) = image("bitnami/redis:7.2.4-debian-12-r24", "", "");
    assert_eq!(apart(&component, &later), Level::Build);
    // A label that agrees by the product's own count contradicts nothing.
    let (_, labelled) = image("grafana/grafana:11.3.0-security-01", "11.3.0+security-01", "");
    assert_eq!(
        (labelled.instances[0].source, &labelled.instances[0].contradicted_by),
        (ReadingSource::Label, &None)
    );
}

#[test]
fn a_catalogue_adds_products_and_replaces_them_whole() {
    let own = "products:\n- {name: ledger, aliases: [books], images: [team/ledger], levels: \
        [major, patch], sentinels: [edge]}\n";
    let (name, component) = image("team/ledger:12.3", "", own);
    assert_eq!((name.as_str(), component.class), ("image/ledger", Class::Platform));
    assert_eq!(apart(&component, &image("team/ledger:12.4", "", own).1), Level::Patch);
    assert!(image("team/ledger:edge", "", own).1.instances[0].reading.is_unreleased());
    assert_eq!(
        apart(&declared("books/x", "1.1", own), &declared("books/x", "1.2", own)),
        Level::Patch
    );
    let replaced = "products:\n- {name: redis, images: [team/redis], levels: [major, patch], \
        info-version: redis_version}\n";
    assert_eq!(image("redis:7.2", "", replaced).1.class, Class::Service);
    assert_eq!(apart(&redis("7.2.4", replaced), &redis("7.4.1", replaced)), Level::Patch);
    let taken = "products:\n- {name: cache, images: [redis]}\n";
    assert_eq!(image("redis:7.2", "", taken).0, "image/cache");
}

#[test]
fn own_services_are_what_the_catalogue_says() {
    let own = "own: [\"registry.example/team/**\"]\n";
    let class = |reference: &str, catalogue: &str| image(reference, "", catalogue).1.class;
    assert_eq!(class("registry.example/team/web:v22", own), Class::Service);
    assert_eq!(class("registry.example/team/redis:v22", own), Class::Service);
    assert_eq!(class("vendor/thing:1.2.3", own), Class::Platform);
    assert_eq!(class("redis:7.2.4", own), Class::Platform);
    assert_eq!(class("vendor/thing:1.2.3", ""), Class::Service);
}

#[test]
fn library_is_docker_hubs_whatever_the_registry() {
    let name = |reference: &str| image(reference, "", "").0;
    for reference in ["redis:7.2.4", "registry.example/library/redis:7.2.4"] {
        assert_eq!(name(reference), "image/redis", "{reference}");
    }
    assert_eq!(name("registry.example/proxy/dockerhub/library/redis:7.2.4"), "image/redis");
    assert_eq!(name("registry.example/library/team/redis:1"), "image/team/redis");
}

#[test]
fn what_is_shared_on_purpose_is_a_pattern_or_names_who_shares_it() {
    let head = "apiVersion: envparity/v1\nkind: Catalogue\n";
    let read = |rows: &str| {
        yaml::read::<CatalogueConfig>(&format!("{head}shared: {rows}\n"), Origin::Person)
    };
    let rows = read("[docker/ci, {target: \"kubernetes/*\", between: [dev, qualif]}]").unwrap();
    let sharing = rows.sharing_rules();
    assert_eq!((sharing[0].between.len(), sharing[1].between.len()), (0, 2));
    assert!(sharing[1].targets.is_match("kubernetes/mks"));
    for wrong in ["[{target: x, between: [dev]}]", "[{target: x}]", "[{target: x, betwen: [a, b]}]"]
    {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_scheme_of_a_component_is_the_users_last_word() {
    let by = |component: &str, scheme: &str| {
        format!("components:\n- {{component: {component}, scheme: {scheme}}}\n")
    };
    let scheme = |component: &Component| component.instances[0].reading.scheme().as_str();
    let reports = by("image/team/reports", "calver");
    assert_eq!(scheme(&image("team/reports:26.04.1", "", &reports).1), "calver");
    assert_eq!(
        *image("team/reports:latest", "", &reports).1.instances[0].reading.body(),
        Body::Floating
    );
    assert_eq!(scheme(&redis("7.2.4", &by("redis/cache", "semver"))), "semver");
    assert_eq!(scheme(&declared("postgresql/x", "16.4", &by("postgresql/x", "loose"))), "loose");
    assert_eq!(scheme(&declared("postgresql/x", "16.4", "")), "postgres");
    assert_eq!(scheme(&declared("ledger/x", "1:7.0.15-1", "")), "deb");
}

#[test]
fn clusters_and_engines_are_read_as_their_products() {
    let mut mks = target("kubernetes/mks");
    let runtime =
        Field { place: "node-1".into(), ..Field::of_target("runtime", "containerd://1.7.20") };
    mks.fields = vec![Field::of_target("git_version", "v1.29.3"), runtime];
    let own = "products:\n- {name: containerd, scheme: semver, levels: [major, patch]}\n";
    let seen = snapshot(mks, own);
    let of = |name: &str| &seen.components[&name.into()].instances[0];
    assert_eq!(of("kubernetes/server").product.as_deref(), Some("kubernetes"));
    // What the product's scheme cannot read, the collector's can.
    assert_eq!(of("kubernetes/runtime").reading.scheme().as_str(), "runtime");
    assert_eq!(of("kubernetes/runtime").product.as_deref(), Some("containerd"));
    assert_eq!(seen.components[&"kubernetes/runtime".into()].levels.to_string(), "major, patch");
}

/// A live server of version `live` and a declared fact beside it.
fn beside_a_fact(live: &str, fact: &str) -> Component {
    let mut server = TargetEvidence::new("redis/cache".into(), "", Timestamp::UNIX_EPOCH);
    server.fields.push(Field::of_target("redis_version", live));
    let mut declared =
        TargetEvidence::new("declared/redis/cache".into(), "", Timestamp::UNIX_EPOCH);
    declared.declared.push(Declared {
        product: String::new(),
        component: "redis/cache".into(),
        version: fact.into(),
        by: "platform".into(),
        on: Date::constant(2026, 1, 1),
        expires: Date::constant(2027, 1, 1),
    });
    let evidence = Evidence {
        environment: "prod".into(),
        taken: Timestamp::UNIX_EPOCH,
        targets: vec![declared, server],
    };
    let mut snapshot =
        Normalizer::new(None, COLLECTORS).build_snapshot(evidence, crate::model::Globs::default());
    snapshot.components.remove(&"redis/cache".into()).unwrap()
}

#[test]
fn what_was_read_wins_over_what_is_declared() {
    let component = beside_a_fact("7.2.4", "7.0.15");
    let [instance] = &component.instances[..] else { panic!("{:?}", component.instances) };
    assert_eq!((instance.reading.text(), instance.source), ("7.2.4", ReadingSource::Program));
    assert_eq!(component.overruled[0].text(), "7.0.15");
    // What proves no version says nothing against a person.
    let component = beside_a_fact("255.255.255", "7.0.15");
    assert!(component.overruled.is_empty() && component.instances.len() == 2);
}

#[test]
fn a_fact_is_the_component_that_its_product_names() {
    for name in ["postgresql/orders", "postgres/orders", "PG/orders"] {
        let mut facts = target(&format!("declared/{name}"));
        facts.declared = vec![Declared {
            component: name.into(),
            product: String::new(),
            version: "16.4".into(),
            by: "a person".into(),
            on: Date::constant(2026, 1, 1),
            expires: Date::constant(2026, 2, 1),
        }];
        let snapshot = snapshot(facts, "");
        // What it is called where it was not read follows from the target's name.
        assert_eq!(snapshot.coverage[0].component.as_str(), "postgresql/orders");
        assert_eq!(only(snapshot).0, "postgresql/orders", "{name}");
    }
}

/// A collector of services, and nothing else.
const SERVICES: Collectors = Collectors(&[&CollectorKind {
    name: "service",
    noun: "service",
    facts: Facts::Version,
    parts: &[],
    is_service: true,
    jointly: &[],
    identity: None,
    groups: &["service"],
    products: &[],
    deadline: std::time::Duration::ZERO,
    clashes_with_files: false,
}]);

#[test]
fn a_service_is_the_component_and_the_product_that_its_evidence_names() {
    let component = |fields: &[(&str, &str)]| {
        let mut target = TargetEvidence::new("service/orders".into(), "", Timestamp::UNIX_EPOCH);
        target.fields =
            fields.iter().map(|(name, value)| Field::of_target(*name, *value)).collect();
        let evidence = Evidence {
            environment: "prod".into(),
            taken: Timestamp::UNIX_EPOCH,
            targets: vec![target],
        };
        let snapshot = Normalizer::new(None, SERVICES)
            .build_snapshot(evidence, crate::model::Globs::default());
        let found = snapshot.components.iter().next();
        let own = snapshot.coverage[0].component.to_string();
        (own, found.map(|(name, c)| (name.to_string(), c.instances[0].product.clone())))
    };
    let of = |name: &str, product: Option<&str>| Some((name.into(), product.map(Into::into)));
    assert_eq!(component(&[("version", "1.2.3")]).1, of("service/orders", None));
    let named = component(&[("version", "16.4"), ("component", "postgresql/orders")]);
    assert_eq!(named.1, of("postgresql/orders", Some("postgresql")));
    let product = component(&[("version", "1.2.3"), ("product", "postgres")]);
    assert_eq!(product.1, of("service/orders", Some("postgresql")));
    let alias = component(&[("version", "16.4"), ("component", "postgres/orders")]);
    assert_eq!(alias.1, of("postgresql/orders", Some("postgresql")));
    // A target that was not read still says what it is.
    let unread = component(&[("component", "postgresql/orders")]);
    assert_eq!(unread, ("postgresql/orders".to_owned(), None));
}
