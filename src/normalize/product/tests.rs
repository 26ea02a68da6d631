//! The product data, by tags and texts as they are published.

use std::collections::BTreeSet;

use super::config::{self, ProductConfig};
use super::{Product, Products, TextReader};
use crate::collect::config::COLLECTORS;
use crate::version::{Body, Direction, Incomparable, Level, Reading, difference_of};
use crate::wire::yaml::{self, Origin};

/// Product, tag, then release, pre-release, build, revision and variant, a `|` between them.
const TAGS: &[(&str, &str, &str)] = &[
    ("redis", "7.2.4-debian-12-r9", "7.2.4||||r9|debian-12"),
    ("redis-stack", "7.2.0-v9", "7.2.0||||v9|"),
    ("redis", "7.4-rc2-bookworm", "7.4|rc2||||bookworm"),
    ("valkey", "8.0.1-debian-12-r3", "8.0.1||||r3|debian-12"),
    ("keydb", "alpine_x86_64_v6.3.4", "6.3.4|||||alpine_x86_64"),
    ("keydb", "x86_64_v6.3.4", "6.3.4|||||x86_64"),
    ("dragonfly", "v1.15.1", "1.15.1|||||"),
    ("dragonfly", "df-v1.2", "1.2|||||"),
    ("postgresql", "16.2.0-debian-12-r6", "16.2.0||||r6|debian-12"),
    ("postgresql", "16.2-alpine3.19", "16.2|||||alpine3.19"),
    ("postgis", "16-3.4-alpine", "16|||||3.4-alpine"),
    ("timescaledb", "2.14.2-pg16", "2.14.2|||||pg16"),
    ("timescaledb", "pg16.2-ts2.14.2", "2.14.2|||||pg16.2"),
    ("mysql", "8.0.36-debian", "8.0.36|||||debian"),
    ("mariadb", "11.3.2-jammy", "11.3.2|||||jammy"),
    ("mariadb", "5.5.5-10.11.6-MariaDB-log", "10.11.6|||||log"),
    ("percona-server", "8.0.36-28.1", "8.0.36||||28.1|"),
    ("percona-server", "8.0.36-28.1-multi", "8.0.36||||28.1|multi"),
    ("percona-server-mongodb", "7.0.8-5", "7.0.8||||5|"),
    ("mongodb", "7.0.7-jammy", "7.0.7|||||jammy"),
    ("minio", "2024.3.15-debian-12-r0", "2024.3.15||||r0|debian-12"),
    ("clickhouse", "24.3.2.23-alpine", "24.3.2.23|||||alpine"),
    ("clickhouse", "v24.3.2.23-lts", "24.3.2.23|||||lts"),
    ("clickhouse", "24.3.5.47.altinitystable", "24.3.5.47|||||altinitystable"),
    ("rabbitmq", "3.13.1-management-alpine", "3.13.1|||||management-alpine"),
    ("kafka", "0.40.0-kafka-3.7.0", "3.7.0||||0.40.0|"),
    ("kafka", "2.13-2.8.1", "2.8.1|||||2.13"),
    ("mosquitto", "2.0.18-openssl", "2.0.18|||||openssl"),
    ("envoy", "distroless-v1.29.2", "1.29.2|||||distroless"),
    ("envoy", "contrib-debug-v1.29.2", "1.29.2|||||contrib-debug"),
    ("istio-proxy", "1.21.0-distroless", "1.21.0|||||distroless"),
    ("squid", "6.6-24.04_edge", "6.6|||||24.04_edge"),
    ("node", "20.11.1-bookworm-slim", "20.11.1|||||bookworm-slim"),
    ("tomcat", "10.1.19-jdk17-temurin", "10.1.19|||||jdk17-temurin"),
    ("openjdk", "8u342-jdk", "8.0.342|||||jdk"),
    ("openjdk", "17.0.2-jdk-slim", "17.0.2|||||jdk-slim"),
    ("eclipse-temurin", "17.0.10_7-jre-alpine", "17.0.10||7|||jre-alpine"),
    ("eclipse-temurin", "8u402-b06-jre", "8.0.402||06|||jre"),
    ("eclipse-temurin", "21_35-jdk", "21||35|||jdk"),
    ("amazoncorretto", "17.0.10-al2023", "17.0.10|||||al2023"),
    ("amazoncorretto", "8u402-alpine3.19", "8.0.402|||||alpine3.19"),
    ("kube-proxy", "v1.29.3", "1.29.3|||||"),
    ("kube-proxy", "v1.29.1-minimal-eksbuild.2", "1.29.1||||eksbuild.2|"),
    ("coredns", "v1.11.1-eksbuild.4", "1.11.1||||eksbuild.4|"),
    ("grafana", "10.4.1-security-01", "10.4.1||||security-01|"),
    ("grafana", "11.3.0-security-01-ubuntu", "11.3.0||||security-01|ubuntu"),
    ("grafana", "10.4.1-ubuntu", "10.4.1|||||ubuntu"),
    ("fluentd", "v1.16.5-debian-1.0", "1.16.5||||1.0|debian"),
    ("fluentd", "v1.16-debian-elasticsearch8-1", "1.16||||1|debian-elasticsearch8"),
    ("redis-exporter", "v1.58.0-alpine", "1.58.0|||||alpine"),
];

fn products() -> Products {
    Products::new(&[])
}

fn reader<'a>(products: &'a Products, name: &str) -> TextReader<'a> {
    let product = products.by_name(name).unwrap_or_else(|| panic!("there is no {name}"));
    TextReader { scheme: None, product: Some(product) }
}

fn parts(reading: &Reading) -> String {
    let Some(version) = reading.version() else { return format!("{:?}", reading.body()) };
    let numbers: Vec<String> = version.release.iter().map(ToString::to_string).collect();
    // Packaging stands fifth, so that a build cannot be taken for it.
    let parts = [numbers.join("."), version.pre_text.clone(), version.build.clone(), String::new()];
    format!("{}|{}|{}", parts.join("|"), version.packaging, version.variant)
}

#[test]
fn tags_are_read_as_they_are_meant() {
    let products = products();
    for (name, tag, want) in TAGS {
        let reading = reader(&products, name).read_tag(tag);
        assert_eq!(parts(&reading), *want, "{name} {tag}");
        assert_eq!(reading.text(), *tag);
        assert_eq!(reader(&products, name).read_tag(reading.text()), reading, "read again");
    }
    let minio = reader(&products, "minio").read_tag("RELEASE.2024-03-15T01-07-19Z");
    assert!(matches!(minio.body(), Body::Date(_)));
}

#[test]
fn every_expression_fits_an_example() {
    let products = products();
    let sources: BTreeSet<&str> =
        products.iter().flat_map(|p| &p.patterns).map(|pattern| pattern.as_str()).collect();
    assert!(sources.len() > 10 && products.iter().count() > 60);
    for source in sources {
        let having = |p: &&Product| p.patterns.iter().any(|pattern| pattern.as_str() == source);
        let fits = |p: &Product| {
            let patterns = p.patterns.iter().filter(|pattern| pattern.as_str() == source);
            let tags = || TAGS.iter().filter(|(name, ..)| *name == p.name);
            patterns
                .into_iter()
                .any(|pattern| tags().any(|(_, tag, _)| pattern.read(tag).is_some()))
        };
        assert!(products.iter().filter(having).any(fits), "{source}");
    }
}

fn distance(name: &str, b: &str, c: &str) -> (Level, Option<Direction>) {
    let products = products();
    let reader = reader(&products, name);
    let apart = difference_of(&reader.levels(), &reader.read_tag(b), &reader.read_tag(c));
    (apart.level, apart.direction)
}

#[test]
fn distances_are_those_of_the_product() {
    let ahead = |level| (level, Some(Direction::Ahead));
    for (name, b, c, want) in [
        ("redis", "7.2.4-debian-12-r9", "7.2.4-debian-12-r24", Level::Build),
        ("redis", "7.2.4", "7.2.4-debian-12-r24", Level::Build),
        ("redis", "7.2.4-debian-12-r9", "7.2.5", Level::Patch),
        ("grafana", "10.4.1", "10.4.1-security-01", Level::Build),
        ("postgresql", "15.6", "16.2", Level::Major),
        ("postgresql", "16.1", "16.2", Level::Patch),
        ("postgresql", "16.1.0-debian-12-r1", "16.2.0-debian-12-r6", Level::Patch),
        ("postgresql", "9.5.1", "9.6.1", Level::Major),
        ("postgresql", "9.6.1", "9.6.2", Level::Patch),
        ("eclipse-temurin", "17.0.10_7", "17.0.11_9", Level::Patch),
        ("eclipse-temurin", "8u392-b08-jre", "8u402-b06-jre", Level::Patch),
        ("percona-server", "8.0.36-28.1", "8.0.36-29.1", Level::Build),
        ("clickhouse", "24.3.2.23", "24.3.2.24", Level::Patch),
        ("kafka", "0.39.0-kafka-3.6.1", "0.40.0-kafka-3.7.0", Level::Minor),
        ("ubuntu", "22.04", "22.10", Level::Major),
        ("debian", "12.4-slim", "12.5-slim", Level::Patch),
    ] {
        assert_eq!(distance(name, b, c), ahead(want), "{name} {b} {c}");
    }
    assert_eq!(distance("redis", "7.2.4-debian-12-r9", "7.2.4-debian-12-r9"), (Level::Equal, None));
    assert_eq!(distance("redis", "7", "7.2.4-debian-12-r9"), (Level::WithinPrecision, None));
    assert_eq!(distance("traefik", "v3", "v3.1.2"), (Level::WithinPrecision, None));
    assert_eq!(distance("eclipse-temurin", "17.0.10_7", "17.0.10_8"), (Level::Build, None));
}

#[test]
fn a_tag_and_what_the_program_says_are_one_version() {
    let products = products();
    for (name, tag, text) in [
        ("mysql", "8.0.36", "8.0.36"),
        ("mariadb", "10.11.6-jammy", "5.5.5-10.11.6-MariaDB"),
        ("postgresql", "16.4-alpine3.20", "PostgreSQL 16.4 on x86_64-pc-linux-gnu"),
        ("dragonfly", "v1.15.1", "df-v1.15.1"),
        ("clickhouse", "24.3.2.23-alpine", "24.3.2.23-lts"),
        ("grafana", "11.3.0-security-01", "11.3.0+security-01"),
        ("minio", "RELEASE.2024-03-15T01-07-19Z", "RELEASE.2024-03-15T01-07-19Z"),
        ("amazoncorretto", "8u402-alpine3.19", "1.8.0_402"),
        ("kube-proxy", "v1.29.3", "v1.29.3"),
    ] {
        let reader = reader(&products, name);
        let apart =
            difference_of(&reader.levels(), &reader.read_tag(tag), &reader.read_text(None, text));
        assert_eq!(apart.level, Level::Equal, "{name} {tag} {text}");
    }
}

#[test]
fn what_is_no_release_of_a_product_is_told() {
    let unreleased = Level::Incomparable(Incomparable::Unreleased);
    assert_eq!(distance("alpine", "3.19.1", "Edge").0, unreleased);
    assert_eq!(distance("clickhouse", "head", "24.3.2.23").0, unreleased);
    assert_eq!(distance("redis", "edge", "7.2.4").0, Level::Incomparable(Incomparable::Floating));
}

#[test]
fn names_and_aliases_find_a_product() {
    let products = products();
    let name = |text: &str| products.by_component(text).map(|product| product.name.as_str());
    assert_eq!(name("postgresql/orders"), Some("postgresql"));
    assert_eq!(name("Postgres"), Some("postgresql"));
    assert_eq!(name("k8s/server"), Some("kubernetes"));
    assert_eq!(name("image/mariadb"), Some("mariadb"));
    assert_eq!(name("orders/postgresql"), None);
}

#[test]
fn components_are_called_by_the_products_own_names() {
    let catalogue: Vec<ProductConfig> = yaml::read(
        "- {name: ledger, aliases: [books, postgres, redis]}\n- {name: MariaDB, aliases: \
         [maria]}\n",
        Origin::Person,
    )
    .unwrap();
    let own = config::names_for(&catalogue, COLLECTORS);
    // Two aliases of one product; of two products the catalogue's counts.
    for (written, canonical) in [
        ("postgres/orders", "ledger/orders"),
        ("books/orders", "ledger/orders"),
        ("BOOKS/orders", "ledger/orders"),
        ("pg/orders", "postgresql/orders"),
        ("postgresql/orders", "postgresql/orders"),
        // It replaces the shipped one, whose name it has in other letters.
        ("mariadb/orders", "MariaDB/orders"),
        ("redis/cache", "redis/cache"),
        ("k8s/server", "kubernetes/server"),
        ("docker-engine/orders", "docker-engine/orders"),
        ("unheard-of/orders", "unheard-of/orders"),
    ] {
        assert_eq!(own.canonical_name(written), canonical, "{written}");
    }
    // A name that is right stays.
    let shipped = config::names_for(&[], COLLECTORS);
    for name in config::shipped_products()
        .products
        .iter()
        .map(|product| format!("{}/x", product.name.as_str()))
    {
        assert_eq!(shipped.canonical_name(&name), name);
    }
}

#[test]
fn copies_of_an_image_are_of_its_product() {
    let products = Products::new(&[]);
    let name = |short: &str| products.by_image(short, short).map(|product| product.name.as_str());
    assert_eq!(name("bitnamilegacy/redis"), Some("redis"));
    assert_eq!(name("docker/library/redis"), Some("redis"));
    assert_eq!(name("rancher/mirrored-library-traefik"), Some("traefik"));
    assert_eq!(name("redis/redis-stack-server"), Some("redis-stack"));
    assert_eq!(name("team/redis"), None);
}
