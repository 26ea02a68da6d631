//! What version texts say of each other, a table for each kind of text: most are of public threads
//! and of images that run in public, the others are near them.

#[path = "support/cli.rs"]
mod cli;

use cli::envparity;
use envparity::version::{
    Body, Direction, Levels, Reading, Scheme, difference, difference_of, order, read, read_any,
    read_tag,
};
use serde_json::Value;

/// Scheme or `auto`, the baseline's text, the other text, and what is right: a level, with `+`
/// where the second is newer and `-` where it is older.
type Case = (&'static str, &'static str, &'static str, &'static str);

fn reading(scheme: &str, text: &str) -> Reading {
    Scheme::by_name(scheme).map_or_else(|| read_any(text), |scheme| read(scheme, text))
}

fn said(a: &Reading, b: &Reading) -> String {
    let apart = difference(a, b);
    let sign = match apart.direction {
        Some(Direction::Ahead) => "+",
        Some(Direction::Behind) => "-",
        _ => "",
    };
    format!("{}{sign}", apart.level.as_str())
}

/// Both ways, because a distance is the same from either side.
fn check(cases: &[Case]) {
    let mut wrong = Vec::new();
    for (scheme, a, b, want) in cases {
        let (x, y) = (reading(scheme, a), reading(scheme, b));
        let flipped = match want.split_at(want.len() - 1) {
            (level, "+") => format!("{level}-"),
            (level, "-") => format!("{level}+"),
            _ => (*want).to_owned(),
        };
        for (found, want) in [(said(&x, &y), (*want).to_owned()), (said(&y, &x), flipped)] {
            if found != want {
                wrong.push(format!("{scheme}: {a} | {b}: want {want}, got {found}"));
            }
        }
        if *want == "incomparable" && order(&x, &y).is_some_and(std::cmp::Ordering::is_ne) {
            let unreleased = x.is_unreleased() || y.is_unreleased();
            let is_build = [&x, &y].iter().any(|r| r.is_full_precision(&Levels::DEFAULT));
            if !unreleased && !is_build {
                wrong.push(format!("{scheme}: {a} | {b} have an order"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_version_behind_words_is_one_in_their_channel() {
    check(&[
        ("tag", "edge-24.5.1", "edge-24.11.3", "minor+"),
        ("tag", "stable-2.14.9", "stable-2.14.10", "patch+"),
        ("tag", "version-5.7.9", "version-5.7.10", "patch+"),
        ("tag", "version-5.7", "version-5.8.1", "minor+"),
        ("tag", "version-v0.2.0.1504", "version-v0.2.0.1505", "patch+"),
        ("tag", "ver-12", "ver-13.1.0", "major+"),
        ("tag", "controller-v1.9.4", "controller-v1.10.0", "minor+"),
        ("tag", "release-v2.26.1", "release-2.27.0", "minor+"),
        ("tag", "someenv-1.15.2", "someenv-1.16.0", "minor+"),
        ("tag", "env2-1.15.2", "env2-1.16.0", "minor+"),
        ("tag", "my-app_1.15.2", "my-app_1.15.3", "patch+"),
        ("tag", "edge-24.5.1", "stable-24.5.1", "equal"),
        ("tag", "version-5.7.9", "5.7.9", "equal"),
        ("tag", "edge-1.2.3-rc1", "edge-1.2.3", "prerelease+"),
        // Names of branches.
        ("tag", "release-22", "release-23", "incomparable"),
        ("tag", "release-1.4", "release-1.5", "incomparable"),
        ("tag", "alpine3.18.4", "alpine3.19.1", "incomparable"),
    ]);
    let channel = |tag| read(Scheme::ImageTag, tag).variant(true).unwrap();
    assert_eq!(channel("edge-24.5.1"), "edge");
    assert_eq!(channel("edge-24.5.1-alpine"), "edge-alpine");
    assert_eq!(channel("version-5.7.9"), "");
    let mut own = read(Scheme::ImageTag, "Qualif-1.15.2");
    own.mark_own_channel("qualif");
    assert_eq!(
        (own.variant(false).unwrap().as_str(), own.variant(true).unwrap().as_str()),
        ("", "qualif")
    );
}

#[test]
fn commits_have_no_order() {
    check(&[
        ("tag", "sha-3f2a9bc", "sha-3f2a9bc", "equal"),
        ("tag", "sha-3f2a9bc", "main-3f2a9bc", "equal"),
        ("tag", "sha-3f2a9bc", "sha-8cb36c9", "incomparable"),
        ("tag", "sha-1234567", "sha-1234568", "incomparable"),
        ("tag", "main-3f2a9bc-1699999999", "main-8cb36c9-1699999998", "incomparable"),
        ("tag", "3f2a9bc-dirty", "8cb36c9-dirty", "incomparable"),
        ("tag", "sha-3f2a9bc", "1.2.3", "incomparable"),
        ("k8s", "v1.28.3-eks-4f4795d", "v1.28.3-eks-8cb36c9", "build"),
        ("tag", "v1.28.3-eks-4f4795d", "v1.28.3-eks-8cb36c9", "build"),
        ("auto", "v1.28.3-eks-4f4795d", "v1.28.3-eks-8cb36c9", "build"),
        ("k8s", "v1.28.3-eks-1-29-12", "v1.28.3-eks-8cb36c9", "build"),
        ("k8s", "v1.27.16+5f0ee17", "v1.27.16+4d6b6b7", "build"),
        ("tag", "1.2.3-main-3f2a9bc", "1.2.3-main-8cb36c9", "build"),
        ("tag", "main-20240910-abc1234", "main-20240910-def5678", "build"),
        ("loose", "1.43.3-cb3ebc72d", "1.43.3-07dfddaeb", "build"),
        // `git describe` counts commits.
        ("tag", "v1.2.3", "v1.2.3-14-g2414721", "build+"),
        ("tag", "v1.2.3-14-g2414721", "v1.2.3-15-g1414721", "build+"),
    ]);
    for tag in ["sha-3f2a9bc", "main-3f2a9bc", "feature-x_3f2a9bc", "git-0123456", "3f2a9bc"] {
        let found = read(Scheme::ImageTag, tag);
        assert!(matches!(found.body(), Body::Commit(_)), "{tag}");
    }
}

#[test]
fn counters_of_updates_are_a_patch_behind_their_release() {
    check(&[
        ("tag", "2019-CU9-ubuntu-20.04", "2019-CU16-ubuntu-20.04", "patch+"),
        ("tag", "2019-CU18-ubuntu-20.04", "2019-CU32-GDR7-ubuntu-20.04", "patch+"),
        ("tag", "2019-CU32-GDR6-ubuntu-20.04", "2019-CU32-GDR7-ubuntu-20.04", "patch+"),
        ("tag", "2016-SP1-CU9", "2016-SP2-CU5", "patch+"),
        ("tag", "2019-CU18", "2022-CU1", "major+"),
        ("tag", "7.2", "7.2-p1", "within-precision"),
        ("tag", "v1.84.0", "v1.84.0.post1", "patch+"),
        ("tag", "v1.84.0.post1", "v1.84.1", "patch+"),
        ("tag", "v1.83.3-stable.patch.1", "v1.83.3-stable.patch.2", "patch+"),
        ("tag", "v1.7.2-hotfix-1", "v1.7.2-hotfix-2", "patch+"),
        ("tag", "v1.7.2", "v1.7.2-hotfix", "patch+"),
        ("tag", "v22", "v22-hotfix1", "patch+"),
        ("tag", "1.2.3-alpine", "1.2.3-alpine-hotfix2", "patch+"),
        ("tag", "1.2.3-patch.9", "1.2.3-patch10", "patch+"),
        ("tag", "4.0.0-SR1", "4.0.0-SR2", "patch+"),
        ("tag", "1.0.0.Final", "1.0.0.SP1", "patch+"),
        ("tag", "7.0u2", "7.0U3", "patch+"),
        ("tag", "8u402-b06-jre", "8u412-b08-jre", "patch+"),
        ("tag", "9.1.0-FP2", "9.1.0-FP10", "patch+"),
        ("loose", "1.9.15", "1.9.15p5", "patch+"),
        ("loose", "1.9.15p9", "1.9.15p10", "patch+"),
        ("loose", "9.0.0-update2", "9.0.0-update10", "patch+"),
        // Its own number outweighs it.
        ("tag", "1.2.3-hotfix9", "1.2.4", "patch+"),
        // A stage comes before all of them.
        ("tag", "1.2.3-rc1", "1.2.3-hotfix1", "prerelease+"),
    ]);
}

#[test]
fn parts_behind_a_version_may_make_it_float() {
    check(&[
        ("tag", "2022-latest", "2022-CU11-ubuntu-20.04", "incomparable"),
        ("tag", "2022-latest", "2022-latest", "incomparable"),
        ("tag", "8.0-daily", "8.0.4", "incomparable"),
        ("tag", "1.2.3-nightly", "1.2.3", "incomparable"),
        ("tag", "v2-stable", "v2.1.0", "incomparable"),
        ("tag", "1.27-edge-alpine", "1.27.1", "incomparable"),
        ("tag", "1.2.3-stable", "1.2.3", "equal"),
        ("tag", "1.2.3-edge", "1.2.4-edge", "patch+"),
    ]);
    for tag in ["2022-latest", "8.0-daily", "v3.1-nightly", "v2-stable", "latest-8"] {
        assert_eq!(*read(Scheme::ImageTag, tag).body(), Body::Floating, "{tag}");
    }
}

#[test]
fn dates_and_builds_have_no_order_with_versions() {
    check(&[
        ("tag", "2.4.15", "2021.11.28", "incomparable"),
        ("tag", "10.11.4", "2021.12.16", "incomparable"),
        ("loose", "2.4.15", "2021.11.28", "incomparable"),
        ("tag", "10.2.2", "9799770991", "incomparable"),
        ("tag", "v1.13.2", "608111629", "incomparable"),
        ("tag", "1.7.0", "011", "incomparable"),
        ("tag", "7.2.4", "20230601", "incomparable"),
        ("tag", "1041", "v22", "incomparable"),
        ("tag", "1041", "1.4.2", "incomparable"),
        ("tag", "1041", "1042", "major+"),
        ("tag", "999", "1000", "major+"),
        ("tag", "011", "012", "major+"),
        ("tag", "2024.1.2", "2024.1.3", "patch+"),
        ("tag", "2023.12.1", "2024.1.0", "major+"),
        // A date behind a version is its build.
        ("tag", "16.4-20240910", "16.4-20240911", "build+"),
        ("tag", "15.8-20240911", "16.4-20240910", "major+"),
        ("tag", "16.4-bookworm-20240910", "16.4-bookworm-20240911", "build+"),
        ("tag", "16.4-20240910", "16.4", "build-"),
        // Lines of a distribution.
        ("tag", "buster-20240130", "bookworm-20240130", "incomparable"),
        ("tag", "jammy-20240130", "jammy-20240131", "patch+"),
    ]);
    let whole = |tag| read(Scheme::ImageTag, tag).is_full_precision(&Levels::DEFAULT);
    assert!(whole("1041") && whole("608111629") && whole("2019-CU18") && !whole("22"));
    // Of a product, it is the beginning of a version.
    let apart = difference(&read_tag(&[], "120"), &read_tag(&[], "120.0.1"));
    assert_eq!(apart.level.as_str(), "within-precision");
}

#[test]
fn short_forms_are_true_of_longer_ones() {
    check(&[
        ("tag", "v2", "v2.4.1", "within-precision"),
        ("tag", "v22", "v22.1", "minor+"),
        ("tag", "v22", "v23", "major+"),
        ("tag", "v22.1", "v22.1.3", "within-precision"),
        ("tag", "v22", "22.1.3", "within-precision"),
        ("tag", "v2", "v3.1.0", "major+"),
        ("loose", "6.x", "6.2.6", "within-precision"),
        ("loose", "6.x", "7.0.1", "major+"),
        ("loose", "6.X.X", "6.2.6", "within-precision"),
        ("tag", "7.2.*", "7.2.4", "within-precision"),
        ("tag", "7.2.x-alpine", "7.2.4-alpine", "within-precision"),
        ("postgres", "15.x", "15.4", "within-precision"),
        ("mysql", "8.0.x", "8.0.36", "within-precision"),
        ("loose", "6.x", "6.x", "equal"),
        ("loose", "999.999.999", "7.2.4", "incomparable"),
        ("tag", "999.999.999", "7.2.4", "incomparable"),
    ]);
    assert!(!read_any("6.x").is_proven());
}

#[test]
fn what_go_never_tagged_is_before_its_release() {
    check(&[
        ("tag", "v1.2.3-0.20240101120000-abcdef123456", "v1.2.3", "prerelease+"),
        ("auto", "v1.2.3-0.20240101120000-abcdef123456", "v1.2.3", "prerelease+"),
        ("semver", "v1.2.3-0.20240101120000-abcdef123456", "v1.2.3", "prerelease+"),
        ("auto", "v1.2.2", "v1.2.3-0.20240101120000-abcdef123456", "patch+"),
        ("tag", "v1.2.3-rc.1", "v1.2.3-rc.1.0.20240101120000-abcdef123456", "prerelease+"),
        ("tag", "v1.2.3-0.20240101120000-abcdef123456", "v1.2.3-rc.1", "prerelease+"),
        (
            "auto",
            "v0.0.0-20240101120000-abcdef123456",
            "v0.0.0-20240201120000-123456abcdef",
            "prerelease+",
        ),
        (
            "auto",
            "v2.0.1-0.20240101120000-abcdef123456+incompatible",
            "v2.0.1-0.20240101120001-abcdef123456+incompatible",
            "prerelease+",
        ),
    ]);
}

#[test]
fn programs_and_services_say_their_name_first() {
    check(&[
        ("auto", "go1.22.1", "1.22.1", "equal"),
        ("auto", "go1.21.0", "go1.22.1", "minor+"),
        ("auto", "go version go1.22.1 linux/amd64", "go1.22.2", "patch+"),
        ("auto", "OpenSearch_1.3", "OpenSearch_2.11", "major+"),
        ("auto", "Elasticsearch_7.10", "Elasticsearch_7.9", "minor-"),
        ("auto", "nginx/1.25.4", "nginx/1.25.5", "patch+"),
        ("auto", "nginx/1.25.4", "1.25.4", "equal"),
        ("auto", "nginx version: nginx/1.25.4", "nginx/1.26.0", "minor+"),
        ("auto", "Apache/2.4.57 (Debian)", "Apache/2.4.62 (Unix)", "patch+"),
        ("auto", "Docker version 24.0.7, build afdd53b", "24.0.7", "equal"),
        ("auto", "OpenSSH_9.6p1", "OpenSSH_9.7p1", "minor+"),
        ("auto", "15.00.4335.1.v1", "15.00.4345.5.v1", "patch+"),
        (
            "auto",
            "Microsoft SQL Server 2019 (RTM-CU18) (KB5017593) - 15.0.4261.1 (X64)",
            "15.0.4270.1",
            "patch+",
        ),
        (
            "auto",
            "19.0.0.0.ru-2024-01.rur-2024-01.r1",
            "19.0.0.0.ru-2024-04.rur-2024-04.r1",
            "build+",
        ),
        ("auto", "=1+1|cmd", "=1+1|cmd", "incomparable"),
        ("auto", "=1+1|cmd", "1.2.3", "incomparable"),
        ("auto", "1.2.3;reboot", "1.2.4", "incomparable"),
        ("auto", "$(id)", "1.2.4", "incomparable"),
        ("tag", "=1+1|cmd", "1.2.3", "incomparable"),
        ("auto", "=1.2.3", "1.2.4", "patch+"),
        ("runtime", "docker://20.10.17", "containerd://1.7.13", "incomparable"),
        ("runtime", "containerd://1.6.8", "containerd://1.7.13", "minor+"),
    ]);
}

#[test]
fn databases_and_their_services() {
    check(&[
        ("mysql", "8.0.mysql_aurora.3.07.1", "8.0.mysql_aurora.3.08.2", "minor+"),
        ("mysql", "8.0.mysql_aurora.3.05.2", "8.0.mysql_aurora.3.10.4", "minor+"),
        ("auto", "8.0.mysql_aurora.3.05.2", "8.0.mysql_aurora.3.05.3", "patch+"),
        ("mysql", "5.7.mysql_aurora.2.11.3", "8.0.mysql_aurora.3.04.0", "major+"),
        ("mysql", "8.0.mysql_aurora.3.05.2", "8.0.36", "within-precision"),
        ("mysql", "5.5.5-10.6.12-MariaDB-log", "10.6.14-MariaDB", "patch+"),
        ("mysql", "5.5.5-10.6.12", "10.6.12-MariaDB", "equal"),
        ("auto", "5.5.5-10.6.12-MariaDB", "10.6.12-MariaDB-log", "equal"),
        ("mysql", "5.5.4", "5.5.5", "patch+"),
        ("mysql", "8.0.35-27", "8.0.35-28", "build+"),
        ("mysql", "5.7.44-rds.20240408", "5.7.44-rds.20240529", "build+"),
        ("mysql", "MYSQL_8_0_35", "8.0.36", "patch+"),
        ("mysql", "MYSQL_8_0", "8.0.36", "within-precision"),
        ("mysql", "8.0.31-google", "8.0.35-google", "patch+"),
        ("mysql", "8.0.35-azure", "8.0.36-azure", "patch+"),
        ("mysql", "mysqld  Ver 8.0.36 for Linux on x86_64", "8.0.36", "equal"),
        ("mysql", "mysql  Ver 15.1 Distrib 10.6.12-MariaDB, for Linux", "10.6.12-MariaDB", "equal"),
        ("postgres", "16.4-R1", "16.4-R2", "build+"),
        ("postgres", "14.22-1", "14.22-2", "build+"),
        ("postgres", "16.4-R1", "16.4", "build-"),
        ("postgres", "160004", "16.4", "equal"),
        ("postgres", "90624", "9.6.24", "equal"),
        ("postgres", "POSTGRES_15", "15.4", "within-precision"),
        ("postgres", "POSTGRES_15", "16.4", "major+"),
        ("postgres", "16.4 - Percona Distribution", "16.4", "equal"),
    ]);
}

#[test]
fn one_text_twice_is_no_distance() {
    for scheme in Scheme::ALL {
        for text in [
            "7",
            "v22",
            "v22-hotfix1",
            "1.2.3-rc1+x",
            "edge-24.5.1",
            "sha-3f2a9bc",
            "20240318",
            "6.x",
            "011",
            "1041",
            "v1.28.3-eks-4f4795d",
            "8.0.mysql_aurora.3.05.2",
            "go1.22.1",
            "v1.2.3-0.20240101120000-abcdef123456",
            "containerd://1.7.13",
            "1:2.3-4",
        ] {
            let (a, b) = (read(*scheme, text), read(*scheme, text));
            let says_nothing = matches!(a.body(), Body::Opaque | Body::Floating);
            let want = if says_nothing { "incomparable" } else { "equal" };
            assert_eq!(said(&a, &b), want, "{scheme:?} {text}");
        }
    }
}

/// A text of a hostile server costs no more than its first bytes.
#[test]
fn a_version_has_at_most_256_bytes() {
    let of = |length: usize| format!("1.{}", "2".repeat(length - 2));
    for scheme in Scheme::ALL {
        let long = read(*scheme, &of(257));
        assert_eq!(*long.body(), Body::Opaque, "{scheme:?}");
        assert!(read(*scheme, &"é".repeat(2_000_000)).text().len() < 300);
    }
    assert!(read_any(&of(256)).version().is_some());
    assert_eq!(read_any(&of(256)).text().len(), 256);
}

/// What a product adds: its scheme, and the meaning of its numbers.
#[test]
fn products_read_their_services_texts() {
    for (scheme, product, a, b, want) in [
        ("auto", "mysql", "8.0.mysql_aurora.3.05.2", "8.0.mysql_aurora.3.10.4", "-1/minor"),
        ("auto", "opensearch", "OpenSearch_1.3", "OpenSearch_2.11", "-1/major"),
        ("auto", "golang", "go1.22.1", "1.22.1", "0/equal"),
        ("tag", "coredns", "1.7.0", "011", "\"incomparable\"/incomparable"),
        ("tag", "cert-manager-webhook", "v1.13.2", "608111629", "\"incomparable\"/incomparable"),
        ("auto", "redis", "6.x", "6.2.6", "-1/within-precision"),
        ("auto", "postgresql", "16.4-R1", "16.4-R2", "-1/build"),
        ("auto", "percona-server", "8.0.35-27", "8.0.36-28", "-1/patch"),
    ] {
        let by = ["version", "compare", "-o", "json", "--scheme", scheme, "--product", product];
        let done = envparity(by).args(["--", a, b]).run();
        let row: Value = serde_json::from_str(&done.stdout).unwrap();
        let found = format!("{}/{}", row["order"], row["level"].as_str().unwrap());
        assert_eq!(found, want, "{product}: {a} | {b}");
    }
    // The second number of PostgreSQL is a patch.
    let postgresql = Levels::new(
        vec![Levels::from_word("major").unwrap(), Levels::from_word("patch").unwrap()],
        Vec::new(),
    );
    let of = |text| read(Scheme::PostgreSql, text);
    assert_eq!(difference_of(&postgresql, &of("14.21-2"), &of("14.22-1")).level.as_str(), "patch");
}
