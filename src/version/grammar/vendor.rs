//! Programs that say their version in a way of their own.

use super::super::number::{Number, is_digits, split_digits};
use super::super::reading::{Body, Detail, Identifier, Version};
use super::generic;

/// `uname -r`: two or three numbers and whatever follows, with its separator.
pub(in super::super) fn read_kernel(text: &str) -> Body {
    let Some((mut release, _)) = generic::numbers(text) else { return Body::Opaque };
    if release.len() < 2 {
        return Body::Opaque;
    }
    release.truncate(3);
    // The suffix begins where the third number ends: `.longterm-1`, `-18-amd64`.
    let mut rest = text;
    for i in 0..release.len() {
        rest = split_digits(if i == 0 { rest } else { &rest[1..] }).1;
    }
    let revisions = rest.split(|c: char| !c.is_ascii_digit()).filter_map(Number::parse).collect();
    // Linus' candidates: `6.8.0-rc7`.
    let candidate = rest.strip_prefix('-').and_then(|rest| rest.split(['-', '+', '.']).next());
    let candidate = candidate.filter(|word| word.starts_with("rc")).unwrap_or_default();
    let pre = generic::stage(candidate).unwrap_or_default();
    let pre_text = if pre.is_empty() { String::new() } else { candidate.to_owned() };
    Body::Version(Version {
        release,
        revisions,
        pre,
        pre_text,
        detail: Detail::Suffix(rest.to_owned()),
        ..Version::default()
    })
}

/// `containerd://1.7.20-1`, `docker://20.10.24`; without a scheme the version alone.
pub(in super::super) fn read_runtime(text: &str) -> Body {
    generic::read(text.split_once("://").map_or(text, |(_, version)| version))
}

/// The first word that starts with a digit: `9.4` of `Rocky Linux 9.4 (Blue Onyx)`. Only there a
/// letter may precede: `v1.7.1` of `Talos (v1.7.1)`. SUSE's service pack is its second number.
pub(in super::super) fn read_os_image(text: &str) -> Body {
    let words = || text.split_whitespace().map(|word| word.trim_matches(['(', ')', ',']));
    let numbered = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let prefixed = |word: &&str| {
        word.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let mut body = words()
        .find(numbered)
        .or_else(|| words().find(prefixed))
        .map_or(Body::Opaque, generic::read);
    let service_pack =
        words().skip_while(|word| !numbered(word)).nth(1).and_then(|word| word.strip_prefix("SP"));
    if let (Body::Version(version), Some(number)) =
        (&mut body, service_pack.and_then(Number::parse))
    {
        version.release.push(number);
    }
    body
}

/// `1.8.0_392-b08` is 8.0.392; `17.0.11+9-LTS` (JEP 223, JEP 322); also as `java -version` says
/// it: `openjdk version "17.0.11" 2024-04-16`.
pub(in super::super) fn read_jvm(text: &str) -> Body {
    jvm(text.split('"').nth(1).unwrap_or(text)).map_or(Body::Opaque, Body::Version)
}

fn jvm(text: &str) -> Option<Version> {
    let bare = text.strip_prefix("jdk-").or_else(|| text.strip_prefix("jdk")).unwrap_or(text);
    let (mut release, mut rest) = generic::numbers(bare)?;
    let legacy = release.len() > 1 && release[0].to_u64() == Some(1);
    if legacy {
        release.remove(0);
    }
    // `8u302`, `1.8.0_302`, `1.8.0-update302`, `1.8.0-update_302`.
    let update = rest.strip_prefix("-update").map(|after| after.strip_prefix('_').unwrap_or(after));
    if let Some(after) = rest.strip_prefix(['_', 'u']).or(update) {
        let (update, tail) = split_digits(after);
        // `8u302` is `8.0.302`.
        release.resize(release.len().max(2), 0.into());
        release.push(Number::parse(update)?);
        rest = tail;
    }
    let mut version = Version { release, ..Version::default() };
    let (head, build) = rest.split_once('+').unwrap_or((rest, ""));
    build.clone_into(&mut version.build);
    for piece in head.split('-').filter(|piece| !piece.is_empty()) {
        let is_build = piece.strip_prefix('b').is_some_and(is_digits);
        if is_build && version.build.is_empty() {
            piece.clone_into(&mut version.build);
        } else if let (Some(stage), true) = (generic::stage(piece), version.pre.is_empty()) {
            version.pre = stage;
            piece.clone_into(&mut version.pre_text);
        } else if head.starts_with('-')
            && piece.bytes().all(|b| b.is_ascii_alphanumeric() || b".~".contains(&b))
        {
            generic::join(&mut version.packaging, piece);
        } else {
            return None;
        }
    }
    // `1.a`: what follows the numbers must be separated from them.
    let separated = rest.is_empty() || rest.starts_with(['-', '+']);
    separated.then_some(version)
}

/// `8.0.36-0ubuntu0.22.04.1`, `5.5.5-10.11.6-MariaDB-log`, `8.0.35-27` of Percona.
pub(in super::super) fn read_mysql(text: &str) -> Body {
    let lower = text.to_ascii_lowercase();
    let flavor = if lower.contains("mariadb") {
        "MariaDB"
    } else if lower.contains("percona") {
        "Percona"
    } else {
        "MySQL"
    };
    // MariaDB pretends to be 5.5.5 to old clients and says its own version behind it.
    let own = text
        .strip_prefix("5.5.5-")
        .filter(|rest| flavor == "MariaDB" && generic::split(rest).is_some());
    match generic::read(own.unwrap_or(text)) {
        Body::Version(mut version) => {
            version.detail = Detail::Flavor(flavor);
            Body::Version(version)
        }
        other => other,
    }
}

/// `16.4`, `17beta1`, `PostgreSQL 16.4 (Debian 16.4-1.pgdg120+1) on x86_64-pc-linux-gnu, …`.
pub(in super::super) fn read_postgresql(text: &str) -> Body {
    let named =
        text.strip_prefix("PostgreSQL ").or_else(|| Some(text.split_once(" (PostgreSQL) ")?.1));
    let word =
        named.unwrap_or(text).split_whitespace().next().unwrap_or_default().trim_end_matches(',');
    generic::read(word)
}

/// `MODULE_VERSION`: `major * 10000 + minor * 100 + patch`, as `version.h` of RedisGraph,
/// RedisTimeSeries, RedisBloom and RediSearch declares it. A module below 10000 counts in plain
/// numbers (vectorset says `1`), which is its whole version.
pub(in super::super) fn read_redis_module(text: &str) -> Body {
    let Some(number) = text.parse::<u64>().ok().filter(|_| is_digits(text)) else {
        return Body::Opaque;
    };
    let release = match number {
        0..10_000 => vec![number.into()],
        _ => vec![(number / 10_000).into(), (number / 100 % 100).into(), (number % 100).into()],
    };
    Body::Version(Version { release, ..Version::default() })
}

/// A letter behind the numbers, as MySQL 5.0 and OpenSSL 1 counted: `5.0.51a`, `1.1.1k`.
pub(in super::super) fn letter(version: &Version) -> Option<Identifier> {
    let single =
        version.packaging.len() == 1 && version.packaging.bytes().all(|b| b.is_ascii_lowercase());
    single.then(|| Identifier::Word(version.packaging.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn semver(body: Body) -> Option<String> {
        let Body::Version(version) = body else { return None };
        let numbers: Vec<String> = version.release.iter().map(ToString::to_string).collect();
        Some(numbers.join("."))
    }

    #[test]
    fn java_counts_from_eight() {
        for (text, want) in [
            ("1.8.0_392", Some("8.0.392")),
            ("1.8.0_392-b08", Some("8.0.392")),
            ("17.0.11+9-LTS", Some("17.0.11")),
            ("11.0.22-ea", Some("11.0.22")),
            ("1.8.0-update131-b02", Some("8.0.131")),
            ("8.0-update_302", Some("8.0.302")),
            ("8u302-b08", Some("8.0.302")),
            ("openjdk version \"1.8.0_302\"", Some("8.0.302")),
            ("1.8.0_302-8u302-b08-0ubuntu1~20.04-b08", Some("8.0.302")),
            ("1.a", None),
            ("17.0.x", None),
        ] {
            assert_eq!(semver(read_jvm(text)).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn kernels_keep_their_suffix() {
        for (text, want) in
            [("3.4.54.longterm-1", ".longterm-1"), ("6.1.0-18-amd64", "-18-amd64"), ("5.10", "")]
        {
            let Body::Version(version) = read_kernel(text) else { panic!("{text}") };
            assert_eq!(version.detail, Detail::Suffix(want.into()), "{text}");
        }
        assert_eq!(read_kernel("x"), Body::Opaque);
        let pre = |text| match read_kernel(text) {
            Body::Version(version) => version.pre_canonical(),
            other => panic!("{other:?}"),
        };
        assert_eq!((pre("6.8.0-rc7+").as_str(), pre("6.8.0-18-rc").as_str()), ("rc.7", ""));
    }

    #[test]
    fn names_and_numbers_are_found_in_sentences() {
        assert_eq!(semver(read_os_image("Rocky Linux 9.4 (Blue Onyx)")).as_deref(), Some("9.4"));
        assert_eq!(semver(read_os_image("Talos (v1.7.1)")).as_deref(), Some("1.7.1"));
        assert_eq!(
            semver(read_os_image("SUSE Linux Enterprise Server 15 SP5")).as_deref(),
            Some("15.5")
        );
        assert_eq!(semver(read_os_image("Arch Linux")), None);
        assert_eq!(semver(read_postgresql("psql (PostgreSQL) 16.4")).as_deref(), Some("16.4"));
        assert_eq!(
            semver(read_postgresql("PostgreSQL 16.4 on x86_64-pc-linux-gnu, compiled by gcc"))
                .as_deref(),
            Some("16.4")
        );
        assert_eq!(semver(read_mysql("5.5.5-10.11.6-MariaDB-log")).as_deref(), Some("10.11.6"));
    }

    #[test]
    fn module_integers_are_decoded() {
        assert_eq!(semver(read_redis_module("20612")).as_deref(), Some("2.6.12"));
        assert_eq!(semver(read_redis_module("1")).as_deref(), Some("1"));
        assert_eq!(semver(read_redis_module("-1")), None);
    }
}
