//! What ranges mean, row by row.

use super::Containment::{Inside, Outside, Unproven};
use super::*;
use crate::version::Scheme::{self, *};
use crate::version::{Level, Levels, Pattern, difference_of, read, read_tag};

type Row = (Scheme, &'static str, &'static str, Containment);

fn contains(levels: &Levels, scheme: Scheme, range: &str, text: &str) -> Containment {
    let parsed: Range = range.parse().unwrap_or_else(|error| panic!("{range}: {error}"));
    parsed.contains(levels, &read(scheme, text))
}

fn check(rows: &[Row]) {
    for (scheme, range, text, wanted) in rows {
        let found = contains(&Levels::DEFAULT, *scheme, range, text);
        assert_eq!(found, *wanted, "{text:?} ({}) in {range:?}", scheme.as_str());
    }
}

fn postgresql() -> Levels {
    Levels::new(
        vec![Level::Major, Level::Patch],
        vec![(10, vec![Level::Major, Level::Major, Level::Patch])],
    )
}

#[test]
fn plain_versions() {
    check(&[
        (Generic, "7.2.4", "7.2.4", Inside),
        (Generic, "=7.2.4", "7.2.4", Inside),
        (Generic, "v7.2.4", "7.2.4", Inside),
        (Generic, "7.2.4", "7.2.5", Outside),
        (Generic, "7.2", "7.2.0", Inside),
        (Generic, "7.2", "7.2.4", Outside),
        (Generic, "7", "7.2.4", Outside),
        (Generic, "7.2.x", "7.2.4", Inside),
        (Generic, "7.2.X", "7.2.4", Inside),
        (Generic, "7.2.*", "7.2.4", Inside),
        (Generic, "v7.2.x", "7.2.4", Inside),
        (Generic, "7.x.x", "7.2.4", Inside),
        (Generic, "7.2.x", "7.20.4", Outside),
        (Generic, "7.2.x", "7.1.9", Outside),
        (Generic, "7.0.x", "7", Inside),
        (Generic, "*", "7.2.4", Inside),
        (Generic, ">=7.0, <8", "7.0.15", Inside),
        (Generic, ">=7.0, <8", "6.2.14", Outside),
        (Generic, ">=7.0, <8", "8.0.0", Outside),
        (Generic, ">=7.0,<8", "7.9", Inside),
        (Generic, ">= 7.0 , < 8", "7.9", Inside),
        (Generic, ">7.2.4", "7.2.4", Outside),
        (Generic, ">7.2.4", "7.2.4.1", Inside),
        (Generic, "<=7.2.4", "7.2.4", Inside),
        (Generic, "<=7.2", "7.2.4", Outside),
        (Generic, ">=7, <=7", "7.0.0", Inside),
        (Generic, "7.2.x, >=7.2.4", "7.2.3", Outside),
        (Generic, "7.2.x, >=7.2.4", "7.2.10", Inside),
        (Generic, ">=18446744073709551616", "18446744073709551617", Inside),
        (Generic, "18446744073709551616.x", "18446744073709551616.1", Inside),
        (Generic, "<18446744073709551616", "18446744073709551616", Outside),
    ]);
}

#[test]
fn short_tags_are_all_that_begins_with_them() {
    check(&[
        (ImageTag, "7", "7", Inside),
        (ImageTag, "7", "7-alpine", Unproven),
        (ImageTag, "7", "7.0.0", Inside),
        (ImageTag, "7", "7.2.4", Outside),
        (ImageTag, "7.2.4", "7", Unproven),
        (ImageTag, "7.2.4", "7.2", Unproven),
        (ImageTag, "7.2.4", "7.1", Outside),
        (ImageTag, ">=7.0, <8", "7", Inside),
        (ImageTag, ">=7.0, <8", "7.4-bookworm", Inside),
        (ImageTag, ">=7.2, <8", "7", Unproven),
        (ImageTag, ">=7, <7.4", "7", Unproven),
        (ImageTag, ">=8", "7", Outside),
        (ImageTag, "<7", "7", Outside),
        (ImageTag, "<=7", "7.0", Unproven),
        (ImageTag, ">7", "7.0", Unproven),
        (ImageTag, ">7", "7.1", Inside),
        (ImageTag, ">7.0.0-rc1", "7.0", Inside),
        (ImageTag, "<=7.0.0-rc1", "7.0", Outside),
        (ImageTag, "7.2.x", "7", Unproven),
        (ImageTag, "7.x", "7", Inside),
        (ImageTag, "7.2.x", "7.2-alpine", Inside),
        (ImageTag, "7.2.x", "8", Outside),
        // A company's release is whole.
        (ImageTag, "v22", "v22", Inside),
        (ImageTag, "22", "v22", Inside),
        (ImageTag, "v22", "v22.1", Outside),
        (ImageTag, ">=22, <23", "v22", Inside),
        (ImageTag, "22.1.x", "v22", Outside),
    ]);
    let levels = postgresql();
    assert_eq!(contains(&levels, ImageTag, ">=16.2", "16"), Unproven);
    assert_eq!(contains(&levels, ImageTag, ">=16.2", "16.4"), Inside);
    assert_eq!(contains(&levels, ImageTag, "16.x", "16"), Inside);
    assert_eq!(contains(&levels, ImageTag, "9.6.x", "9.6"), Inside);
    assert_eq!(
        contains(
            &levels,
            PostgreSql,
            "16.x",
            "PostgreSQL 16.4 on x86_64-pc-linux-gnu, compiled by gcc"
        ),
        Inside
    );
}

#[test]
fn what_moves_or_was_never_released_proves_nothing() {
    check(&[
        (ImageTag, "*", "latest", Unproven),
        (ImageTag, ">=7", "latest", Unproven),
        (ImageTag, "latest", "latest", Inside),
        (ImageTag, "latest", "stable", Unproven),
        (ImageTag, "7.2.4", "latest", Unproven),
        (ImageTag, "latest", "7.2.4", Unproven),
        (ImageTag, ">=7", "deadbeef", Unproven),
        (ImageTag, "deadbeef", "deadbeef", Inside),
        (ImageTag, "deadbeef", "deadbee1", Unproven),
        (ImageTag, ">=7", "", Unproven),
        (Generic, ">=7", "255.255.255", Unproven),
        (Generic, "255.255.255", "255.255.255", Inside),
        (Generic, "*", "0.0.0", Unproven),
        (Generic, "<1", "0.0.0", Unproven),
        (Generic, "0.0", "0.0.0", Unproven),
        (Generic, ">=7", "unknown", Unproven),
        (Generic, ">=0", "7.2", Inside),
    ]);
    let head = read(Generic, "9.9.9").with_sentinels(&["9.9.9".into()]);
    assert_eq!(">=7".parse::<Range>().unwrap().contains(&Levels::DEFAULT, &head), Unproven);
}

#[test]
fn a_pre_release_is_only_where_one_of_the_same_numbers_is_named() {
    check(&[
        (Generic, ">=7.0", "7.2.0-rc1", Outside),
        (Generic, "<8", "8.0.0-rc1", Outside),
        (Generic, "7.2.x", "7.2.0-rc1", Outside),
        (Generic, "*", "7.2.0-rc1", Outside),
        (Generic, ">=7.2.0-rc1", "7.2.0-rc2", Inside),
        (Generic, ">=7.2-rc1", "7.2.0-rc2", Inside),
        (Generic, ">=7.2.0-rc2", "7.2.0-rc1", Outside),
        (Generic, ">=7.2.0-rc1", "7.2.1-rc1", Outside),
        (Generic, ">=7.2.0-rc1", "7.2.0", Inside),
        (Generic, "7.2.0-rc1", "7.2.0-RC.1", Inside),
        (Generic, "7.2.0-rc1", "7.2.0", Outside),
        (Generic, "7.2.x, >=7.2.0-rc1", "7.2.0-rc1", Inside),
        (ImageTag, "7.2.x", "7.2-rc3-bookworm", Outside),
        (ImageTag, "17.x", "17beta1", Outside),
        (Kernel, "<6.8", "6.8.0-rc7", Outside),
        (Debian, "<8", "8.0~rc1-1", Outside),
        (Jvm, ">=11, <12", "11.0.22-ea", Outside),
    ]);
}

#[test]
fn packaging_is_part_of_an_exact_version_and_never_decides_a_bound_alone() {
    check(&[
        (Kubernetes, "1.27.3", "v1.27.3-gke.100", Outside),
        (Kubernetes, "v1.27.3-gke.100", "v1.27.3-gke.100", Inside),
        (Kubernetes, "1.27.x", "v1.27.3-gke.100", Inside),
        (Kubernetes, ">=1.27, <1.28", "v1.27.3-gke.100", Inside),
        (Kubernetes, ">=1.27.3", "v1.27.3-gke.100", Inside),
        (Kubernetes, ">1.27.3", "v1.27.3-gke.100", Unproven),
        (Kubernetes, "<=1.27.3", "v1.27.3-gke.100", Unproven),
        (Kubernetes, ">=1.27.3-gke.100", "v1.27.3-gke.99", Outside),
        (Kubernetes, ">=1.27.3-gke.100", "v1.27.3-gke.1000", Inside),
        (Kubernetes, ">=1.27.3-gke.100", "v1.27.3-eks.200", Unproven),
        (Kubernetes, ">=1.29, <1.30", "v1.29.1+k3s1", Inside),
        (Generic, "<7.2.4", "7.2.4-foo", Unproven),
        (Generic, "20.10.24", "20.10.24+dfsg1", Outside),
        (Generic, ">=20.10, <21", "20.10.24+dfsg1", Inside),
        (ImageTag, "7.2.4", "7.2.4-alpine3.19", Inside),
        (ImageTag, "7.2.4-alpine", "7.2.4-alpine", Inside),
        (ImageTag, "7.2.4-alpine", "7.2.4-bookworm", Outside),
        (ImageTag, ">=7.2.4-alpine", "7.2.5-bookworm", Unproven),
        (ImageTag, ">7.2.4", "7.2.4-debian-12-r9", Unproven),
        (ImageTag, ">=7.2.4, <7.3", "7.2.4-debian-12-r9", Inside),
        (Kernel, "6.1.x", "6.1.0-18-amd64", Inside),
        (Kernel, "6.1.0", "6.1.0-18-amd64", Outside),
        (Kernel, ">=6", "6.1.0-18-amd64", Inside),
        (Debian, ">=7.0, <8", "7.0.15-1~deb12u1", Inside),
        (Debian, ">=7.0", "5:6.0.15-1", Unproven),
        (Debian, "7.x", "5:7.0.15-1", Unproven),
        (Debian, ">=5:7.0, <5:8", "5:7.0.15-1", Inside),
        (Debian, "<=7.0.15", "7.0.15-1", Unproven),
        (Generic, "5.x", "5:7.0.15", Unproven),
        (Rpm, ">=4.18, <4.19", "4.18.0-513.el8", Inside),
        (Apk, "3.1.4", "3.1.4-r5", Outside),
        (Apk, "1.0", "1.0a", Outside),
        (Apk, "3.1.x", "3.1.4-r5", Inside),
        (Jvm, ">=8, <9", "1.8.0_392-b08", Inside),
        (MySql, "10.11.x", "5.5.5-10.11.6-MariaDB-log", Inside),
        (RedisModule, ">=2.6, <2.8", "20612", Inside),
        (RedisModule, "2.6.12", "20612", Inside),
    ]);
}

#[test]
fn dates_runtimes_systems_and_interfaces() {
    check(&[
        (ImageTag, "20240427", "20240427", Inside),
        (ImageTag, "20240427", "2024-04-27", Inside),
        (ImageTag, ">=2024-04-01", "20240427", Inside),
        (ImageTag, ">=2024-04-01, <2024-04-15", "20240427", Outside),
        (ImageTag, ">=2024-04-01", "jammy-20240427", Unproven),
        (ImageTag, "2024.x", "jammy-20240427", Unproven),
        (ImageTag, "20240427", "jammy-20240427", Unproven),
        (ImageTag, "jammy-20240427", "jammy-20240427", Inside),
        (ImageTag, ">=jammy-20240401", "jammy-20240427", Inside),
        (ImageTag, ">=7", "20240427", Unproven),
        (ImageTag, ">=2024-04-01", "7.2.4", Unproven),
        (CalVer, "2026.x", "v26.4.11", Inside),
        (CalVer, ">=2026.01", "v26.4.11", Inside),
        (MinIo, ">=RELEASE.2024-01-01T00-00-00Z", "RELEASE.2024-01-16T16-07-38Z", Inside),
        (RuntimeUri, ">=1.7, <1.8", "containerd://1.7.20-1", Inside),
        (RuntimeUri, "docker://1.7.20", "containerd://1.7.20", Outside),
        (RuntimeUri, ">=containerd://1.7", "containerd://1.7.20", Inside),
        (RuntimeUri, ">=docker://1.7", "containerd://1.7.20", Outside),
        (OsImage, "Debian GNU/Linux 12 (bookworm)", "Debian GNU/Linux 12 (bookworm)", Inside),
        (OsImage, "Debian 12", "Debian GNU/Linux 12 (bookworm)", Inside),
        (OsImage, "Ubuntu 12", "Debian GNU/Linux 12 (bookworm)", Outside),
        (OsImage, "22.04.x", "Ubuntu 22.04.3 LTS", Inside),
        (KubernetesApi, "v1", "v1", Inside),
        (KubernetesApi, "v1", "v1beta1", Outside),
        (KubernetesApi, ">=v1beta1", "v1", Unproven),
    ]);
}

/// A bound is not read by a product's expressions: `2.13-3.6.0` is Kafka's 3.6.0 and looks like
/// 2.13.
#[test]
fn a_tag_read_by_an_expression_is_not_held_against_a_bound_with_more_than_numbers() {
    let of = |pattern: &str, range: &str, tag: &str| {
        let reading = read_tag(&[Pattern::new(pattern).unwrap()], tag);
        range.parse::<Range>().unwrap().contains(&Levels::DEFAULT, &reading)
    };
    let kafka = r"(?<variant>2\.1[0-3])-(?<major>\d+)\.(?<minor>\d+)\.(?<patch>\d+)";
    assert_eq!(of(kafka, ">=3.5, <4", "2.13-3.6.0"), Inside);
    assert_eq!(of(kafka, ">=2.13-3.6.0", "2.13-3.5.0"), Unproven);
    assert_eq!(of(kafka, "2.13-3.6.0", "2.13-3.6.0"), Inside);
    assert_eq!(of(kafka, "2.13-3.6.0", "2.13-3.5.0"), Outside);
    let java = r"(?<major>8)u(?<patch>\d+)";
    assert_eq!(of(java, ">=8u402", "8u302"), Unproven);
    assert_eq!(of(java, ">=8.0.300, <9", "8u302"), Inside);
}

#[test]
fn what_is_no_range_says_what_to_write() {
    let why = |text: &str| text.parse::<Range>().map(|r| r.to_string()).unwrap_err().to_string();
    for text in ["^7", "~7", "~>7", "!=7", "==7", "[7,8)", "(7", "||", "≥7", "7+", "7."] {
        assert!(why(text).contains(">=7.0, <8"), "{text}: {}", why(text));
    }
    for text in [
        ">=7 <8", "7 || 8", ">=7 || <6", "7.2 - 7.4", "7.2 or 7.4", "7.2.x and 7.3.x", "7.2 7.3",
        ">=7, 8 <9",
    ] {
        assert!(why(text).contains("commas"), "{text}: {}", why(text));
    }
    for text in ["", " ", ",", ">=7,", ",7", "7,,8"] {
        assert!(why(text).contains("a condition is empty"), "{text}: {}", why(text));
    }
    for text in [">=", "<", "=", "> ", ">=latest", ">=deadbeef", "<alpine"] {
        assert!(why(text).contains("behind an operator stands a version"), "{text}: {}", why(text));
    }
    for text in [">=7.x", "<7.2.*", ">*"] {
        assert!(why(text).contains("without .x"), "{text}: {}", why(text));
    }
    for text in ["7.x.1", "7.2.x-alpine", "redis.x", "v.x", ".x"] {
        assert!(why(text).contains("only numbers stand before .x"), "{text}: {}", why(text));
    }
    assert!(why("redis>=7").contains("a space"), "{}", why("redis>=7"));
    for text in ["=>7", "=<7", "<>7", "><7"] {
        assert!(text.parse::<Range>().is_err(), "{text}");
    }
}

#[test]
fn what_no_version_fulfils_is_refused() {
    for text in [
        ">=8, <7",
        "<7, >=8",
        ">7, <7",
        ">7, <=7",
        ">=7, <7.0.0",
        "7.2, 7.3",
        "7.2.x, 7.3.x",
        "7.2.x, >=7.3",
        "7.2.x, <7.2",
        "7.2.x, 7.3.1",
        ">=7.2.0, <7.2.0-rc1",
        ">=2024-05-01, <2024-04-01",
        "latest, stable",
        ">=99999999999999999999999, <18446744073709551616",
    ] {
        let error = text.parse::<Range>().unwrap_err().to_string();
        assert!(error.contains("a comma means that both must hold"), "{text}: {error}");
    }
    for text in [
        ">=7, <=7",
        "7.2, v7.2.0",
        ">=7.2.0-rc1, <7.2.0",
        "7.2.x, <7.2.5",
        "7.2.x, 7.2.5",
        "7.x, 7.2.x",
        ">=7.2.3, <7.2.4",
        ">=2024-05-01, <8",
        ">=1.27.3-gke.5, <1.27.3-gke.9",
        "*, >=7",
    ] {
        assert!(text.parse::<Range>().is_ok(), "{text}");
    }
}

#[test]
fn a_hostile_length_is_refused_and_not_repeated() {
    let error = "9".repeat(100_000).parse::<Range>().unwrap_err().to_string();
    assert!(error.contains("too long") && error.len() < 200, "{error}");
    let error = format!(">=7 {}", "é".repeat(200)).parse::<Range>().unwrap_err().to_string();
    assert!(error.contains('…') && error.len() < 400, "{error}");
    assert!("7.".repeat(200).parse::<Range>().is_err());
    assert!(format!("{}1", "7.".repeat(200)).parse::<Range>().is_ok());
}

#[test]
fn the_same_minor_is_as_wide_as_the_product_says_and_exact_where_it_says_nothing() {
    let of = |levels: &Levels, scheme, text: &str| {
        Range::same_minor(levels, &read(scheme, text)).map(|range| range.to_string())
    };
    for (scheme, text, wanted) in [
        (Generic, "7.2.4", "7.2.x"),
        (Generic, "v7.2.4-1", "7.2.x"),
        (Generic, "7", "7"),
        (Generic, "7.2.0-rc1", "7.2.0-rc1"),
        (Generic, "255.255.255", "255.255.255"),
        (ImageTag, "7.2-alpine", "7.2.x"),
        (ImageTag, "7-alpine", "7-alpine"),
        (ImageTag, "22.04", "22.04.x"),
        (ImageTag, "v22", "v22"),
        (ImageTag, "v22.1.3", "22.1.x"),
        (ImageTag, "latest", "latest"),
        (ImageTag, "deadbeef", "deadbeef"),
        (ImageTag, "jammy-20240427", "jammy-20240427"),
        (Kubernetes, "v1.27.3-gke.100", "1.27.x"),
        (Debian, "7.0.15-1~deb12u1", "7.0.x"),
        (Debian, "5:7.0.15-1", "5:7.0.15-1"),
        (Jvm, "1.8.0_392", "8.0.x"),
        (RedisModule, "20612", "2.6.x"),
        (RuntimeUri, "containerd://1.7.20", "1.7.x"),
        (OsImage, "Ubuntu 22.04.3 LTS", "Ubuntu 22.04.3 LTS"),
    ] {
        assert_eq!(of(&Levels::DEFAULT, scheme, text).as_deref(), Some(wanted), "{text}");
    }
    assert_eq!(of(&postgresql(), ImageTag, "16.4").as_deref(), Some("16.x"));
    assert_eq!(of(&postgresql(), ImageTag, "16").as_deref(), Some("16.x"));
    assert_eq!(of(&postgresql(), ImageTag, "9.6.24").as_deref(), Some("9.6.x"));
    assert_eq!(
        of(&postgresql(), PostgreSql, "PostgreSQL 16.4 on x86, by gcc").as_deref(),
        Some("16.x")
    );
    assert_eq!(
        of(&Levels::new(vec![Level::Major, Level::Minor], Vec::new()), Generic, "7.2.4").as_deref(),
        Some("7.2.4")
    );
    assert_eq!(of(&Levels::DEFAULT, ImageTag, ""), None);
    assert_eq!(of(&Levels::DEFAULT, ImageTag, "a,b"), None);
    // No wider than it is written, whatever it looks like.
    assert_eq!(of(&Levels::DEFAULT, ImageTag, "7.x"), None);
    let pair = [read(Generic, "7.2.4"), read(Generic, "7.3.0")];
    assert_eq!(difference_of(&Levels::DEFAULT, &pair[0], &pair[1]).level, Level::Minor);
    assert_eq!(
        Range::same_minor(&Levels::DEFAULT, &pair[0]).unwrap().contains(&Levels::DEFAULT, &pair[1]),
        Outside
    );
}
