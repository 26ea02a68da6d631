//! Packages of distributions: deb-version(7), RPM's epoch-version-release, apk-tools.
//!
//! Reading takes the parts apart; the order is that of the distributions' own algorithms, by
//! the crates `deb-version` and `rpm-version`, and for apk by [`cmp_apk`].

use std::cmp::Ordering;

use rpm_version::Evr;

use super::super::number::{Number, is_digits, split_digits};
use super::super::reading::{Body, Detail, Version};
use super::generic;
use super::tail;

/// `[epoch:]upstream[-revision]`, as dpkg accepts it.
pub(in super::super) fn read_debian(text: &str) -> Body {
    let Some((epoch, rest)) = split_epoch(text) else { return Body::Opaque };
    let (upstream, revision) = match rest.rsplit_once('-') {
        Some((_, "")) => return Body::Opaque,
        Some((upstream, revision)) => (upstream, revision),
        None => (rest, ""),
    };
    let fits = |text: &str, also: &str| {
        text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
    };
    let valid = upstream.starts_with(|c: char| c.is_ascii_digit())
        && fits(upstream, ".-+~:")
        && fits(revision, ".+~");
    if !valid {
        return Body::Opaque;
    }
    package_body(epoch, upstream, revision)
}

/// `[epoch:]version[-release]`, as RPM's `parseEVR` takes it apart: an epoch is digits, the release
/// is behind the last hyphen, letters of any script go, and the punctuation that RPM allows.
pub(in super::super) fn read_rpm(text: &str) -> Body {
    let (epoch, rest) = split_epoch(text).unwrap_or((0.into(), text));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    if upstream.is_empty() || !text.chars().all(|c| c.is_alphanumeric() || "._+~^-:".contains(c)) {
        return Body::Opaque;
    }
    package_body(epoch, upstream, revision)
}

/// The order of `rpmvercmp`, of epoch, version and release in turn.
pub(in super::super) fn cmp_rpm(a: &Detail, b: &Detail) -> Option<Ordering> {
    let evr = |detail: &Detail| match detail {
        Detail::Package { epoch, upstream, revision } => {
            Some(Evr::new(epoch.to_string(), upstream.clone(), revision.clone()))
        }
        _ => None,
    };
    Some(evr(a)?.cmp(&evr(b)?))
}

/// `1.2.3[letter][_suffix[N]]…[~hash][-rN]`, as apk-tools validates it.
pub(in super::super) fn read_apk(text: &str) -> Body {
    let Some(tokens) = apk_tokens(text) else { return Body::Opaque };
    let release = tokens.iter().filter_map(|t| match t {
        ApkToken::Number { digits, .. } => Number::parse(digits),
        _ => None,
    });
    let mut version = Version { release: release.collect(), ..Version::default() };
    let without_revision = text.rsplit_once("-r").map_or(text, |(head, _)| head);
    if let Some((_, suffix)) = without_revision.split_once('_') {
        let first = suffix.split('_').next().unwrap_or_default();
        if let Some(stage) = tail::prerelease_stage(first) {
            version.pre = stage;
            first.clone_into(&mut version.pre_text);
        }
    }
    if let Some((_, revision)) = text.rsplit_once("-r") {
        version.packaging = format!("r{revision}");
        version.revisions.extend(Number::parse(revision));
    }
    Body::Version(version)
}

fn split_epoch(text: &str) -> Option<(Number, &str)> {
    match text.split_once(':') {
        Some((epoch, rest)) => Some((Number::parse(epoch)?, rest)),
        None => Some((0.into(), text)),
    }
}

/// The upstream part is read as a version, for the level; one without numbers still is a package.
fn package_body(epoch: Number, upstream: &str, revision: &str) -> Body {
    let mut version = match generic::split_version(upstream) {
        Some((mut version, tail)) => {
            let other = tail::read_tail(&mut version, tail);
            tail::push_piece(&mut version.packaging, &other);
            version
        }
        None => Version::default(),
    };
    let (upstream, revision) = (upstream.to_owned(), revision.to_owned());
    version.detail = Detail::Package { epoch, upstream, revision };
    Body::Version(version)
}

/// What an apk version is made of, in the order of its text.
enum ApkToken<'a> {
    /// A number, and whether it is the first.
    Number { digits: &'a str, first: bool },
    /// A letter behind the numbers.
    Letter(u8),
    /// Below zero before the release, above it after.
    Suffix(i8),
    /// The number of a suffix.
    SuffixNumber(&'a str),
    /// A commit's hash.
    Hash(&'a str),
    /// `-rN`.
    Revision(&'a str),
}

/// Suffixes in apk's order; those before the release are below zero.
const APK_SUFFIXES: &[(&str, i8)] = &[
    ("alpha", -4),
    ("beta", -3),
    ("pre", -2),
    ("rc", -1),
    ("cvs", 1),
    ("svn", 2),
    ("git", 3),
    ("hg", 4),
    ("p", 5),
];

fn apk_tokens(text: &str) -> Option<Vec<ApkToken<'_>>> {
    let mut tokens = Vec::new();
    let (digits, mut rest) = split_digits(text);
    if digits.is_empty() {
        return None;
    }
    tokens.push(ApkToken::Number { digits, first: true });
    while let Some((digits, after)) =
        rest.strip_prefix('.').map(split_digits).filter(|(digits, _)| !digits.is_empty())
    {
        tokens.push(ApkToken::Number { digits, first: false });
        rest = after;
    }
    if let Some(letter) = rest.bytes().next().filter(u8::is_ascii_lowercase) {
        tokens.push(ApkToken::Letter(letter));
        rest = &rest[1..];
    }
    while let Some(after) = rest.strip_prefix('_') {
        let end = after.len() - after.trim_start_matches(|c: char| c.is_ascii_lowercase()).len();
        let (_, rank) = APK_SUFFIXES.iter().find(|(name, _)| *name == &after[..end])?;
        let (digits, tail) = split_digits(&after[end..]);
        tokens.push(ApkToken::Suffix(*rank));
        if !digits.is_empty() {
            tokens.push(ApkToken::SuffixNumber(digits));
        }
        rest = tail;
    }
    if let Some(after) = rest.strip_prefix('~') {
        let end = after.len()
            - after
                .trim_start_matches(|c: char| c.is_ascii_hexdigit() && !c.is_ascii_uppercase())
                .len();
        if end == 0 {
            return None;
        }
        tokens.push(ApkToken::Hash(&after[..end]));
        rest = &after[end..];
    }
    match rest.strip_prefix("-r") {
        Some(revision) if is_digits(revision) => tokens.push(ApkToken::Revision(revision)),
        Some(_) => return None,
        None if rest.is_empty() => {}
        None => return None,
    }
    Some(tokens)
}

/// The order of apk-tools 2.14 and 3 (`src/version.c`): token by token; a number that is not the
/// first and starts with a zero is compared as text; a suffix before the release is below the end.
pub(in super::super) fn cmp_apk(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (apk_tokens(a)?, apk_tokens(b)?);
    let (mut a, mut b) = (a.iter(), b.iter());
    loop {
        let ordering = match (a.next(), b.next()) {
            (None, None) => return Some(Ordering::Equal),
            (Some(token), None) => against_end(token),
            (None, Some(token)) => against_end(token).reverse(),
            (Some(a), Some(b)) => cmp_token(a, b),
        };
        if ordering.is_ne() {
            return Some(ordering);
        }
    }
}

/// A pre-release is below its release; everything else above what ends before it.
fn against_end(token: &ApkToken<'_>) -> Ordering {
    match token {
        ApkToken::Suffix(rank) if *rank < 0 => Ordering::Less,
        _ => Ordering::Greater,
    }
}

fn cmp_token(a: &ApkToken<'_>, b: &ApkToken<'_>) -> Ordering {
    use ApkToken as T;
    match (a, b) {
        (T::Number { digits: a, first }, T::Number { digits: b, .. }) => {
            let padded = !first && (a.starts_with('0') || b.starts_with('0'));
            if padded { a.cmp(b) } else { Number::parse(a).cmp(&Number::parse(b)) }
        }
        (T::Letter(a), T::Letter(b)) => a.cmp(b),
        (T::Suffix(a), T::Suffix(b)) => a.cmp(b),
        (T::Hash(a), T::Hash(b)) => a.cmp(b),
        (T::SuffixNumber(a), T::SuffixNumber(b)) | (T::Revision(a), T::Revision(b)) => {
            Number::parse(a).cmp(&Number::parse(b))
        }
        // Different kinds: the one that goes on with the version itself is the newer, unless it
        // goes on with a pre-release.
        _ => match (against_end(a), against_end(b)) {
            (Ordering::Less, Ordering::Less) | (Ordering::Greater, Ordering::Greater) => {
                token_rank(b).cmp(&token_rank(a))
            }
            (ordering, _) => ordering,
        },
    }
}

fn token_rank(token: &ApkToken<'_>) -> u8 {
    match token {
        ApkToken::Number { .. } => 0,
        ApkToken::Letter(_) => 1,
        ApkToken::Suffix(_) => 2,
        ApkToken::SuffixNumber(_) => 3,
        ApkToken::Hash(_) => 4,
        ApkToken::Revision(_) => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_texts_are_validated_as_dpkg_does() {
        let valid = |text| read_debian(text) != Body::Opaque;
        for text in ["1.0", "1:1.0-1", "0:7.0.15-1~deb12u1", "1.0-1-1", "5:7.0.15-1~deb12u10"] {
            assert!(valid(text), "{text}");
        }
        for text in ["", "1.0-", "a:1.0", "1:", ":1.0", "latest", "1 .0", "1.0_1", "1.0-1:2"] {
            assert!(!valid(text), "{text}");
        }
    }

    #[test]
    fn apk_orders_stages_letters_and_revisions() {
        let chain = [
            "1.0_alpha", "1.0_beta1", "1.0_pre", "1.0_rc1", "1.0", "1.0-r1", "1.0_git1", "1.0_p1",
            "1.0a", "1.0.1", "1.1",
        ];
        for (i, a) in chain.iter().enumerate() {
            for (j, b) in chain.iter().enumerate() {
                assert_eq!(cmp_apk(a, b), Some(i.cmp(&j)), "{a} {b}");
            }
        }
        assert_eq!(cmp_apk("1.0bc", "1.0"), None);
        assert_eq!(cmp_apk("2.010", "2.01"), Some(Ordering::Greater));
    }
}
