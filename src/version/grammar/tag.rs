//! The tag of an image reference: what kind of name it is, and the version in it if there is one.
//!
//! In order (a tag is the first that fits): hexadecimal of 7 to 40 characters with a letter is a
//! commit, also behind words; a calendar date as the tag (a `v` may precede) or as one whole `-`
//! part of it is a date, unless a version starts before it; `sha256-<hex>[.sig]` is a commit;
//! `[vV]?\d+(\.\d+)*` starts a version; a version of three numbers behind words is one in the
//! channel that these name; all else floats.

use super::super::commit::Commit;
use super::super::number::{is_commit, is_digits, split_digits};
use super::super::reading::{Body, Detail, Version};
use super::date;
use super::generic;
use super::tail;

/// What makes a version float that stands before it.
pub(in super::super) const MOVING: &[&str] = &["latest", "daily", "nightly"];

/// What does so behind fewer than three numbers: `v2-stable` moves, `1.2.3-stable` is a variant.
pub(in super::super) const MOVING_IF_SHORT: &[&str] = &["stable", "edge"];

/// Words that say that a version follows, and name no channel.
pub(in super::super) const VERSION_WORDS: &[&str] = &["version", "ver", "v"];

/// Words that say that a commit follows, which may be all digits.
pub(in super::super) const COMMIT_WORDS: &[&str] = &["sha", "git", "commit"];

#[inline]
pub(in super::super) fn read_tag(tag: &str) -> Body {
    let bare = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
    if bare.starts_with(|c: char| c.is_ascii_digit()) {
        return read_numbered_tag(tag);
    }
    read_named_tag(tag)
}

/// A tag that starts with a number.
#[inline]
fn read_numbered_tag(tag: &str) -> Body {
    let first = tag.find('-').unwrap_or(tag.len());
    if is_commit(&tag[..first]) && (first == tag.len() || is_plain(tag)) {
        return commit_body("", &tag[..first], &tag[first..]);
    }
    if let Some(date) = date::in_tag(tag) {
        return Body::Date(date);
    }
    version_body(tag, tag.len(), "")
}

/// The version that the last `length` bytes of a tag are.
fn version_body(tag: &str, length: usize, channel: &str) -> Body {
    let text = &tag[tag.len() - length..];
    let Some((mut version, tail)) = generic::split_version(text) else { return Body::Floating };
    if !tail.is_empty() {
        if !is_plain(tail) {
            return Body::Opaque;
        }
        if is_moving(tail, version.release.len()) {
            return Body::Floating;
        }
        let tail = generic::skip_wildcard(&mut version, tail);
        version.variant = tail::read_tail(&mut version, tail);
    }
    if !channel.is_empty() {
        channel.clone_into(&mut version.more_mut().channel);
    }
    if version.release.len() == 1 {
        generic::mark_build_id(&mut version, text);
        mark_build_number(&mut version, text);
    }
    Body::Version(version)
}

/// What may stand in a tag, and in semver's build metadata.
fn is_plain(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+' | b'~' | b'*'))
}

/// Whether what is behind a version says that it moves.
fn is_moving(tail: &str, numbers: usize) -> bool {
    let is_end = |b: u8| matches!(b, b'-' | b'_');
    let mut rest = tail;
    loop {
        let end = rest.bytes().position(is_end).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        // Most parts have not even the length of such a word.
        if (4..=7).contains(&end) && part_moves(part, numbers, after.as_bytes()) {
            return true;
        }
        let Some(next) = after.get(1..) else { return false };
        rest = next;
    }
}

fn part_moves(part: &str, numbers: usize, after: &[u8]) -> bool {
    let is = |words: &[&str]| words.iter().any(|word| part.eq_ignore_ascii_case(word));
    // A nightly build of a day, or with a number, is one build.
    let is_numbered = after.get(1).is_some_and(u8::is_ascii_digit);
    is(MOVING) && !is_numbered || numbers < 3 && is(MOVING_IF_SHORT)
}

/// Three digits or more without anything that a product would write. A year with a tail is one.
fn mark_build_number(version: &mut Version, text: &str) {
    let (digits, tail) = split_digits(text);
    let is_year = (1970..2200).contains(&version.release[0].to_u64().unwrap_or_default());
    let is_bare =
        version.pre.is_empty() && version.updates().is_empty() && version.build.is_empty();
    if digits.len() >= 3
        && version.detail == Detail::None
        && is_bare
        && (tail.is_empty() || !is_year)
    {
        version.detail = Detail::BuildNumber;
    }
}

/// A tag that starts with a word.
fn read_named_tag(tag: &str) -> Body {
    if is_commit(tag) {
        return commit_body("", tag, "");
    }
    let of_minio = || date::read_minio(tag).filter(|_| is_plain(tag));
    if let Some(date) = date::in_tag(tag).or_else(of_minio) {
        return Body::Date(date);
    }
    if let Some(hex) = tag.strip_prefix("sha256-") {
        let hex = hex.split('.').next().unwrap_or("");
        if hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return commit_body("", hex, "");
        }
    }
    if let Some(found) = behind_words(tag) {
        return found;
    }
    if !is_plain(tag) {
        return Body::Opaque;
    }
    // Whatever the rest is, a commit does not move.
    let mut start = 0;
    for part in tag.split(['-', '_']) {
        let end = start + part.len();
        if tail::is_abbreviated_commit(part) {
            return commit_body(&tag[..start], part, &tag[end..]);
        }
        start = end + 1;
    }
    Body::Floating
}

/// A commit in a tag: the words before it, and the tail behind.
fn commit_body(words: &str, hash: &str, tail: &str) -> Body {
    let hash = hash.to_ascii_lowercase();
    let mut commit =
        Commit { hash, channel: channel_words(words, COMMIT_WORDS), ..Commit::default() };
    for part in tail.split(['-', '_', '.']) {
        let part = part.to_ascii_lowercase();
        let place = if part == "dirty" {
            &mut commit.hash
        } else if is_digits(&part) {
            &mut commit.build
        } else {
            &mut commit.variant
        };
        tail::push_piece(place, &part);
    }
    Body::Commit(commit)
}

/// A commit or a version behind words: `main-3f2a9bc`, `edge-24.5.1`, `version-5.7`.
fn behind_words(tag: &str) -> Option<Body> {
    let mut rest = tag;
    let mut says_version = false;
    loop {
        // Digits only in the first word: `env2-1.2.3`, but not `linux-amd64-2.11.1`.
        let in_word =
            |c: char| c.is_ascii_alphabetic() || (rest.len() == tag.len() && c.is_ascii_digit());
        let end = rest.find(|c: char| !in_word(c))?;
        let (word, after) = rest.split_at(end);
        let digits = word.bytes().any(|b| b.is_ascii_digit());
        let next = after.strip_prefix(if digits { &['-', '_'][..] } else { &['-', '_', '.'] })?;
        if word.is_empty() {
            return None;
        }
        let is = |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
        says_version |= is(VERSION_WORDS);
        let first = next.split('-').next().unwrap_or_default();
        let hash = first.len() >= 7 && is_digits(first) && is(COMMIT_WORDS);
        let (words, tail) = (&tag[..tag.len() - next.len()], &next[first.len()..]);
        if is_commit(next) || hash {
            return Some(commit_body(words, first, tail));
        }
        let bare = next.strip_prefix(['v', 'V']).unwrap_or(next);
        if bare.starts_with(|c: char| c.is_ascii_digit()) {
            if tail::is_abbreviated_commit(first) {
                return Some(commit_body(words, first, tail));
            }
            let (version_of, _) = generic::split_version(next)?;
            let counts = says_version || version_of.release.len() >= 3;
            let channel = channel_words(words, VERSION_WORDS);
            return counts.then(|| version_body(tag, next.len(), &channel));
        }
        rest = next;
    }
}

/// The words before a version or commit, without those that only `announce` it.
fn channel_words(words: &str, announce: &[&str]) -> String {
    let words = words.split(['-', '_', '.']).filter(|word| !word.is_empty());
    let telling = words.filter(|word| !announce.iter().any(|a| word.eq_ignore_ascii_case(a)));
    telling.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::Version;

    fn class(tag: &str) -> &'static str {
        match read_tag(tag) {
            Body::Version(_) => "versioned",
            Body::Date(_) => "date",
            Body::Commit(_) => "commit",
            Body::Floating => "floating",
            Body::Opaque | Body::Api(_) => "none",
        }
    }

    fn version(tag: &str) -> Version {
        let Body::Version(version) = read_tag(tag) else { panic!("{tag} is not a version") };
        version
    }

    #[test]
    fn classes() {
        let cosign = format!("sha256-{}.sig", "ea".repeat(32));
        for (tag, want) in [
            ("7", "versioned"),
            ("v22", "versioned"),
            ("7.2.4-alpine3.19", "versioned"),
            ("latest", "floating"),
            ("alpine3.18", "floating"),
            ("stable-1", "floating"),
            ("windowsservercore-1809", "floating"),
            ("20230601", "date"),
            ("sid-20260202", "date"),
            ("release-2026-01-30", "date"),
            ("2026-02-31", "versioned"),
            ("deadbeef", "commit"),
            ("1234567", "versioned"),
            (cosign.as_str(), "commit"),
        ] {
            assert_eq!(class(tag), want, "{tag}");
        }
    }

    #[test]
    fn variant_pre_release_and_build_have_places_of_their_own() {
        let v = version("7.2-rc3-bookworm");
        assert_eq!((v.pre_canonical().as_str(), v.variant.as_str()), ("rc.3", "bookworm"));
        let v = version("17.0.11_9-jdk-alpine");
        assert_eq!((v.build.as_str(), v.variant.as_str()), ("9", "jdk-alpine"));
        assert_eq!(version("16.4-alpine3.20").variant, "alpine3.20");
    }
}
