//! The generic grammar: an optional `v`, numbers, and a tail whose parts each have a place.
//!
//! The tail is cut at `+` (build metadata, semver 2.0.0 §10), then at `-`, `~` and `_`. Each
//! piece is a pre-release if it starts with a word that means one, packaging if it is a number
//! or starts with a distribution's token, else the caller decides (a tag's variant).

use super::number::Number;
use super::reading::{Body, Identifier, Version};

/// Words that name a stage before the release.
const PRE_WORDS: &[&str] = &[
    "alpha",
    "beta",
    "rc",
    "cr",
    "pre",
    "preview",
    "dev",
    "snapshot",
    "nightly",
    "canary",
    "milestone",
    "ea",
    "a",
    "b",
    "m",
    "c",
    "unstable",
];

/// Single letters count as a stage only with a number glued to them: `1.0b2`, not `1.0-b`.
const NEEDS_NUMBER: &[&str] = &["a", "b", "m", "c"];

/// Tokens of distributions and vendors: what they put behind a version is packaging.
const PACKAGING_TOKENS: &[&str] = &[
    "gke", "eks", "aks", "k3s", "rke2r", "rke2", "rancher", "vmware", "ubuntu", "deb", "debian", "bpo", "ds", "dfsg",
    "el", "fc", "amzn", "rhel", "suse", "alpine", "photon", "r", "ls", "rn", "ovh", "build",
];

/// What a piece of the tail is.
enum Piece {
    Pre(Vec<Identifier>),
    Packaging,
    Other,
}

/// Reads a version that is not an image tag: unknown words of the tail are packaging.
pub(super) fn read(text: &str) -> Body {
    match split(text) {
        Some((mut version, tail)) => {
            let other = read_tail(&mut version, tail);
            join(&mut version.packaging, &other);
            Body::Version(version)
        }
        None => Body::Opaque,
    }
}

/// `major * 10000 + minor * 100 + patch`, as RedisGraph, RedisTimeSeries, RedisBloom and
/// RediSearch declare it (`version.h` of each). A module below 10000 counts in plain numbers
/// (vectorset says `1`), which is its whole version.
pub(super) fn read_redis_module(text: &str) -> Body {
    let Some(number) = text.parse::<u64>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit())) else {
        return Body::Opaque;
    };
    let release = match number {
        0..10_000 => vec![number.into()],
        _ => vec![(number / 10_000).into(), (number / 100 % 100).into(), (number % 100).into()],
    };
    Body::Version(Version { release, ..Version::default() })
}

/// The first word that starts with a digit: `9.4` of `Rocky Linux 9.4 (Blue Onyx)`.
pub(super) fn read_os_image(text: &str) -> Body {
    let word = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    word.map_or(Body::Opaque, read)
}

/// Splits `[v]1.2.3<tail>` into the numbers and the tail; `None` if no number leads.
pub(super) fn split(text: &str) -> Option<(Version, &str)> {
    let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let mut release = Vec::new();
    let mut rest = bare;
    loop {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        release.push(Number::parse(&rest[..digits])?);
        rest = &rest[digits..];
        match rest.strip_prefix('.') {
            Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => rest = next,
            _ => break,
        }
    }
    let version = Version { release, v_prefix: bare.len() != text.len(), ..Version::default() };
    Some((version, rest))
}

/// Puts the parts of the tail in their places; returns what is none of them, joined by `-`.
pub(super) fn read_tail(version: &mut Version, tail: &str) -> String {
    let (tail, build) = match tail.split_once('+') {
        Some((tail, build)) => (tail, build),
        None => (tail, ""),
    };
    build.clone_into(&mut version.build);
    let mut other = String::new();
    let mut separator = '-';
    let mut rest = tail;
    while !rest.is_empty() {
        let end = rest.find(['-', '~', '_', ' ']).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        if !piece.is_empty() {
            place(version, &mut other, separator, piece);
        }
        separator = after.chars().next().unwrap_or('-');
        rest = after.get(separator.len_utf8()..).unwrap_or("");
    }
    other
}

fn place(version: &mut Version, other: &mut String, separator: char, piece: &str) {
    let numeric = piece.bytes().all(|b| b.is_ascii_digit());
    // Once a variant has begun, what follows is part of it: `alpine-3`, `bookworm-slim`.
    if !other.is_empty() {
        join(other, piece);
    } else if separator == '_' && version.build.is_empty() && version.variant.is_empty() {
        piece.clone_into(&mut version.build);
    } else {
        match classify(piece.trim_start_matches('.'), numeric) {
            Piece::Pre(identifiers) if version.pre.is_empty() && version.packaging.is_empty() => {
                version.pre = identifiers
            }
            Piece::Pre(_) | Piece::Packaging => join(&mut version.packaging, piece),
            Piece::Other => join(other, piece),
        }
    }
}

fn classify(piece: &str, numeric: bool) -> Piece {
    if numeric {
        return Piece::Packaging;
    }
    let lower = piece.to_ascii_lowercase();
    let word = &lower[..lower.len() - lower.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len()];
    let after = &lower[word.len()..];
    let numbered = after.trim_start_matches('.').starts_with(|c: char| c.is_ascii_digit());
    if PRE_WORDS.contains(&word) && (numbered || (after.is_empty() && !NEEDS_NUMBER.contains(&word))) {
        return Piece::Pre(identifiers(word, after));
    }
    // `0ubuntu2`, `1.el9`: a revision in front of the distribution's token.
    let token = lower.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let token = &token[..token.len() - token.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len()];
    let revision_leads = token.len() < lower.len() && lower.starts_with(|c: char| c.is_ascii_digit());
    if revision_leads || (PACKAGING_TOKENS.contains(&word) && numbered && word != "alpine" && word != "debian") {
        return Piece::Packaging;
    }
    Piece::Other
}

/// `rc` and `1.2b` become `[rc, 1, 2b]`: a glued number is an identifier of its own.
fn identifiers(word: &str, after: &str) -> Vec<Identifier> {
    let mut found = vec![Identifier::Word(word.to_owned())];
    found.extend(after.split('.').filter(|part| !part.is_empty()).map(|part| match Number::parse(part) {
        Some(number) => Identifier::Number(number),
        None => Identifier::Word(part.to_owned()),
    }));
    found
}

pub(super) fn join(text: &mut String, piece: &str) {
    if !piece.is_empty() {
        if !text.is_empty() {
            text.push('-');
        }
        text.push_str(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::{Reading, Scheme, read as read_version};

    fn version(text: &str) -> Version {
        read_version(Scheme::Generic, text).version().cloned().unwrap_or_else(|| panic!("{text} is no version"))
    }

    fn module(text: &str) -> Option<String> {
        read_version(Scheme::RedisModule, text).to_semver().map(|s| s.version.to_string())
    }

    #[test]
    fn spellings_of_a_release_candidate_are_one() {
        for text in ["7.2-rc1", "7.2rc1", "7.2-RC.1", "7.2~rc1", "v7.2-rc-1"] {
            let v = version(text);
            assert_eq!(v.pre.first(), Some(&Identifier::Word("rc".into())), "{text}");
        }
        assert_eq!(version("7.2-rc1").pre_text(), "rc.1");
    }

    #[test]
    fn packaging_never_becomes_a_pre_release() {
        for text in ["1.27.3-gke.100", "1.29.3-3", "5.15.0-0ubuntu2", "1.6.20~ds1", "1.1.5-1.el9", "3.10.0-862.2.3.el7"]
        {
            let v = version(text);
            assert!(v.pre.is_empty(), "{text}: {:?}", v.pre);
            assert!(!v.packaging.is_empty(), "{text}");
        }
    }

    #[test]
    fn build_metadata_is_kept_apart() {
        let v = version("20.10.24+dfsg1");
        assert_eq!((v.release.len(), v.build.as_str(), v.packaging.as_str()), (3, "dfsg1", ""));
    }

    #[test]
    fn a_text_without_a_leading_number_is_opaque() {
        for text in ["", "latest", "v", "-1", ".5", "ünïcode"] {
            assert_eq!(read_version(Scheme::Generic, text).body(), &Body::Opaque, "{text}");
        }
    }

    #[test]
    fn an_operating_system_has_the_number_in_its_name() {
        let of = |text| read_version(Scheme::OsImage, text).to_semver().map(|s| s.version.to_string());
        assert_eq!(of("Rocky Linux 9.4 (Blue Onyx)").as_deref(), Some("9.4.0"));
        assert_eq!(of("Debian GNU/Linux 12 (bookworm)").as_deref(), Some("12.0.0"));
        assert_eq!(of("Arch Linux"), None);
    }

    #[test]
    fn module_integers_are_decoded() {
        assert_eq!(module("20612").as_deref(), Some("2.6.12"));
        assert_eq!(module("1").as_deref(), Some("1.0.0"));
        assert_eq!(module("x"), None);
        assert!(Reading::is_unreleased(&read_version(Scheme::RedisModule, "999999")));
    }
}
