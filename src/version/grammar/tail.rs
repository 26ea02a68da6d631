//! The tail of a version: what stands behind its numbers, each part in its place.
//!
//! It is cut at `+` (build metadata, semver 2.0.0 §10), then at `-`, `~` and `_`. Each piece is a
//! pre-release if it starts with a word that means one, packaging if it is a number or starts with
//! a distribution's token, else the caller decides (a tag's variant).

use std::borrow::Cow;

use super::super::identifier::Identifier;
use super::super::number::{Number, is_commit, is_digits, split_digits};
use super::super::reading::Version;
use super::counter::{self, TailCounter};

/// Words that name a stage before the release.
pub(in super::super) const PRE_WORDS: &[&str] = &[
    "alpha", "beta", "rc", "cr", "ctp", "pre", "preview", "dev", "devel", "snapshot", "nightly",
    "canary", "milestone", "ea", "a", "b", "m", "c", "unstable",
];

/// Single letters count as a stage only with a number glued to them: `1.0b2`, not `1.0-b`.
const NEEDS_NUMBER: &[&str] = &["a", "b", "m", "c"];

/// Tokens of distributions: what they put behind a version, with a number, is packaging.
pub(in super::super) const PACKAGING_TOKENS: &[&str] = &[
    "ubuntu", "debian", "deb", "bpo", "ds", "dfsg", "el", "fc", "amzn", "rhel", "suse", "alpine",
    "photon", "r", "ls", "rn", "ovh", "build", "rds",
];

/// Tokens of vendors, who may also stand without a number: `eks-1-29-12`.
pub(in super::super) const VENDOR_TOKENS: &[&str] =
    &["gke", "eksbuild", "eks", "aks", "k3s", "rke2r", "rke2", "rancher", "vmware"];
/// Those of them that are more than a word.
const WITH_DIGITS: &[&str] = &["k3s", "rke2r", "rke2"];

/// In the place of a separator where there is none: `1.0.2k`.
const GLUED: char = '\0';

/// What a piece of the tail is.
enum Piece {
    Pre(Vec<Identifier>),
    Packaging,
    Other,
}

/// Puts the parts of the tail in their places; returns what is not one of them, joined by `-`.
#[inline]
pub(in super::super) fn read_tail(version: &mut Version, tail: &str) -> String {
    if tail.is_empty() { String::new() } else { read_pieces(version, tail) }
}

fn read_pieces(version: &mut Version, tail: &str) -> String {
    let (tail, build) = match tail.split_once('+') {
        Some((tail, build)) => (tail, build),
        None => (tail, ""),
    };
    let mut other = String::new();
    build.clone_into(&mut version.build);
    if read_pseudo(version, tail) {
        return other;
    }
    let glued = tail.starts_with(|c: char| c.is_ascii_alphabetic());
    let mut separator = if glued { GLUED } else { '-' };
    let mut rest = tail;
    while !rest.is_empty() {
        let end = rest.bytes().position(|b| matches!(b, b'-' | b'~' | b'_' | b' '));
        let end = end.unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        let next = after.get(1..).unwrap_or_default();
        if !piece.is_empty() {
            place_piece(version, &mut other, separator, piece, next);
        }
        separator = after.bytes().next().map_or('-', char::from);
        rest = next;
    }
    other
}

/// Go's versions of what was never tagged (golang.org/ref/mod#pseudo-versions): a time and a
/// commit, before the release whose numbers they have. `1.2.4-0.20240101120000-abcdef123456`.
fn read_pseudo(version: &mut Version, tail: &str) -> bool {
    if tail.len() < "-20240101120000-abcdef123456".len() {
        return false;
    }
    let Some((head, commit)) = tail.rsplit_once('-') else { return false };
    let is_time = |digits: &str| digits.len() == 14 && is_digits(digits);
    let (before, time) = head.rsplit_once(['.', '-']).unwrap_or(("", head));
    let is_hash = commit.len() == 12 && commit.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_hash || !is_time(time) || !head.starts_with('-') {
        return false;
    }
    let before = before.trim_start_matches('-');
    let parts = before.split('.').filter(|part| !part.is_empty()).chain([time]);
    version.pre = parts.map(Identifier::parse).collect();
    head[1..].clone_into(&mut version.pre_text);
    commit.clone_into(&mut version.packaging);
    true
}

/// `next` is what stands behind the piece and its separator.
fn place_piece(
    version: &mut Version,
    other: &mut String,
    separator: char,
    piece: &str,
    next: &str,
) {
    // Once a variant has begun, what follows is part of it: `alpine-3`, `bookworm-slim`.
    if !other.is_empty() {
        return place_behind_variant(version, other, separator, piece, next);
    }
    if separator == '_' && version.build.is_empty() && version.packaging.is_empty() {
        return piece.clone_into(&mut version.build);
    }
    let bare = piece.trim_start_matches('.');
    if let Some(number) = Number::parse(bare).filter(|_| separator == '-') {
        // `rc-1` is `rc1`, and `hotfix-1` is `hotfix1`.
        if version.pre.len() == 1 && version.packaging.is_empty() {
            version.pre.push(Identifier::Number(number));
            return push_piece(&mut version.pre_text, bare);
        }
        if counts_on(version) {
            return count_update(version, bare, number);
        }
    }
    if let Some(number) = part_of_year(version, bare) {
        return version.release.push(number);
    }
    // `1.0.p1` is before 1.0 to libversion, where `1.0p1` and `1.0-p1` are behind it.
    let is_dotted_letter =
        bare.len() < piece.len() && !bare.get(1..).is_some_and(|rest| rest.starts_with(is_letter));
    if !is_dotted_letter && place_counter(version, other, bare, next) {
        return;
    }
    let (bare, commit) = without_commit(bare);
    match classify_piece(bare) {
        Piece::Pre(identifiers) if version.pre.is_empty() && version.packaging.is_empty() => {
            version.pre = identifiers;
            bare.clone_into(&mut version.pre_text);
            push_piece(&mut version.packaging, commit);
        }
        Piece::Other if separator != GLUED => push_piece(other, bare),
        // `2.5.0p14` and `8u412` name no image: what is glued to the numbers counts on from them.
        Piece::Pre(_) | Piece::Packaging | Piece::Other => {
            if !is_abbreviated_commit(piece) {
                version
                    .revisions
                    .extend(piece.split(|c: char| !c.is_ascii_digit()).filter_map(Number::parse));
            }
            push_piece(&mut version.packaging, piece);
        }
    }
}

/// `alpha.3f2a9bc`: a commit is not part of the stage, which has an order.
fn without_commit(piece: &str) -> (&str, &str) {
    match piece.rsplit_once('.') {
        Some((first, hash)) if is_abbreviated_commit(hash) && prerelease_stage(first).is_some() => {
            (first, hash)
        }
        _ => (piece, ""),
    }
}

/// `w37` and `q3` of `2024-w37`: a number of a year as a month is.
fn part_of_year(version: &Version, piece: &str) -> Option<Number> {
    let digits = piece.strip_prefix(['w', 'W', 'q', 'Q']).filter(|digits| digits.len() < 3)?;
    let [year] = version.release.as_slice() else { return None };
    Number::parse(digits).filter(|_| matches!(year.to_u64(), Some(1970..2200)))
}

/// A commit, a day and some counters say which build it is, wherever they stand.
fn place_behind_variant(
    version: &mut Version,
    other: &mut String,
    separator: char,
    piece: &str,
    next: &str,
) {
    let is_day = piece.len() == 8 && is_digits(piece) && piece.starts_with(['1', '2']);
    if let Some(number) = Number::parse(piece).filter(|_| is_day) {
        version.revisions.push(number);
        return push_piece(&mut version.packaging, piece);
    }
    if is_abbreviated_commit(piece) {
        return push_piece(&mut version.packaging, piece);
    }
    if let Some(number) = Number::parse(piece).filter(|_| separator == '-' && counts_on(version)) {
        return count_update(version, piece, number);
    }
    let lower = lowercase(piece);
    if counter::counts_behind_variant(&lower) && place_counter(version, other, piece, next) {
        return;
    }
    version.revisions.extend(parse_revision(piece).filter(|_| separator != '_'));
    push_piece(other, piece);
}

/// Adds the counter that a piece is or ends in; false if it is not one.
fn place_counter(version: &mut Version, other: &mut String, piece: &str, next: &str) -> bool {
    if !piece.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return false;
    }
    let lower = lowercase(piece);
    let number_follows = next.starts_with(|c: char| c.is_ascii_digit());
    // `1.0.0.GA` is a release as any: only years have cumulative updates.
    let counts = |found: &TailCounter<'_>| !found.is_before_updates() || version.release.len() == 1;
    if let Some(found) = counter::read_counter(&lower, number_follows).filter(counts) {
        let text = piece[..piece.len() - found.rest.len()].to_owned();
        let rest = found.rest.len();
        let is_numbered = found.is_numbered;
        version.revisions.extend(Some(found.update.number.clone()).filter(|_| is_numbered));
        version.add_update(found.update);
        push_piece(&mut version.packaging, &text);
        if rest > 0 {
            version.packaging.push_str(&piece[piece.len() - rest..]);
        }
        return true;
    }
    let Some(at) = counter::find_counter(&lower) else { return false };
    push_piece(other, &piece[..at - 1]);
    place_counter(version, other, &piece[at..], next)
}

/// Whether the last piece was a counter whose number is still to come: `hotfix` of `hotfix-2`.
fn counts_on(version: &Version) -> bool {
    let last = version.packaging.rsplit('-').next().unwrap_or_default();
    !version.updates().is_empty()
        && last.bytes().all(|b| b.is_ascii_alphabetic())
        && counter::read_counter(&lowercase(last), true).is_some()
}

fn count_update(version: &mut Version, digits: &str, number: Number) {
    let last = version.packaging.rsplit('-').next().unwrap_or_default();
    let kind = counter::read_counter(&lowercase(last), true).map(|found| found.update.kind);
    if let Some(update) =
        version.more_mut().updates.iter_mut().find(|update| Some(update.kind) == kind)
    {
        update.number = number.clone();
    }
    version.revisions.push(number);
    push_piece(&mut version.packaging, digits);
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic()
}

/// `9` of `r9` and `ls9`, the parts of a variant that count up.
fn parse_revision(piece: &str) -> Option<Number> {
    Number::parse(piece.strip_prefix("ls").or_else(|| piece.strip_prefix('r'))?)
}

fn classify_piece(piece: &str) -> Piece {
    if is_digits(piece) {
        return Piece::Packaging;
    }
    let lower = lowercase(piece);
    let (word, after) = split_word(&lower);
    let numbered =
        |rest: &str| rest.trim_start_matches('.').starts_with(|c: char| c.is_ascii_digit());
    let stage = PRE_WORDS.iter().copied().find(|known| *known == word);
    // `a1b2c3d` is a commit, and `b20240910` a stage.
    let is_numbered_letter = stage.is_some() && word.len() == 1 && is_digits(after);
    let is_commit = is_abbreviated_commit(piece) && !is_numbered_letter;
    let counts = numbered(after) || after.is_empty() && !NEEDS_NUMBER.contains(&word);
    if let Some(stage) = stage.filter(|_| counts && !is_commit) {
        return Piece::Pre(split_identifiers(stage, after));
    }
    // `0ubuntu2`, `1.el9`: a revision in front of the distribution's token; not `32bit`.
    let (digits, rest) = split_digits(&lower);
    let revision_leads =
        !digits.is_empty() && (rest.starts_with('.') || leading_token(rest).is_some());
    // A base image with its version is a variant, no matter whose distribution it is.
    let names_base = matches!(word, "alpine" | "debian" | "ubuntu");
    let named = leading_token(&lower).is_some_and(|(name, rest)| {
        !names_base && (numbered(rest) || VENDOR_TOKENS.contains(&name))
    });
    if revision_leads || named || is_commit { Piece::Packaging } else { Piece::Other }
}

/// Mostly it is already.
fn lowercase(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        text.to_ascii_lowercase().into()
    } else {
        text.into()
    }
}

/// The distribution's or vendor's token that a text starts with, as a whole word, and the rest.
fn leading_token(lower: &str) -> Option<(&'static str, &str)> {
    let (word, rest) = split_word(lower);
    let mut tokens = VENDOR_TOKENS.iter().chain(PACKAGING_TOKENS);
    if let Some(token) = tokens.find(|token| **token == word) {
        return Some((token, rest));
    }
    let split = WITH_DIGITS.iter().filter_map(|token| Some((*token, lower.strip_prefix(token)?)));
    let mut split = split.filter(|(_, rest)| !rest.starts_with(|c: char| c.is_ascii_alphabetic()));
    split.next()
}

/// Letters and digits, so that neither a word nor a date is meant; `g2414721` as `git describe`
/// writes it.
pub(in super::super) fn is_abbreviated_commit(piece: &str) -> bool {
    let described = piece.strip_prefix('g').filter(|hash| {
        (7..=40).contains(&hash.len()) && hash.bytes().all(|b| b.is_ascii_hexdigit())
    });
    described.is_some() || is_commit(piece) && piece.bytes().any(|b| b.is_ascii_digit())
}

fn split_word(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().position(|b| !b.is_ascii_alphabetic()).unwrap_or(text.len()))
}

/// `rc` and `1.2b` become `[rc, 1, 2b]`: a glued number is an identifier of its own, and the
/// short names of stages are the long ones.
fn split_identifiers(word: &'static str, after: &str) -> Vec<Identifier> {
    let word = match word {
        "a" => "alpha",
        "b" => "beta",
        "c" | "cr" => "rc",
        "m" => "milestone",
        "preview" => "pre",
        "devel" => "dev",
        other => other,
    };
    let mut found = Vec::with_capacity(2);
    found.push(Identifier::Word(word.into()));
    found.extend(after.split('.').filter(|part| !part.is_empty()).map(Identifier::parse));
    found
}

/// A letter behind the numbers, as MySQL 5.0 and OpenSSL 1 counted: `5.0.51a`, `1.1.1k`.
pub(in super::super) fn trailing_letter(version: &Version) -> Option<Identifier> {
    let single =
        version.packaging.len() == 1 && version.packaging.bytes().all(|b| b.is_ascii_lowercase());
    single.then(|| Identifier::Word(version.packaging.clone().into()))
}

/// Whether packaging names a known distribution or vendor, so that its words mean no stage.
pub(in super::super) fn is_vendor_packaging(packaging: &str) -> bool {
    packaging
        .to_ascii_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter_map(|part| leading_token(part.trim_start_matches(|c: char| c.is_ascii_digit())))
        .any(|(name, _)| name.len() > 1)
}

/// The identifiers of a pre-release wherever it is known to be one: `beta3`, `rc.1`, `snapshot`.
pub(in super::super) fn prerelease_stage(text: &str) -> Option<Vec<Identifier>> {
    match classify_piece(text) {
        Piece::Pre(identifiers) => Some(identifiers),
        Piece::Packaging | Piece::Other => None,
    }
}

impl Version {
    /// The stage that the pre-release names (`alpha`, `rc`), and its first number, which semver's
    /// grammar leaves glued to it: `rc1`.
    pub fn pre_stage(&self) -> Option<(String, Option<Number>)> {
        let at = self.pre.iter().position(|part| matches!(part, Identifier::Word(_)))?;
        let word = self.pre[at].to_string();
        let parts = prerelease_stage(&word).unwrap_or_default();
        let name = parts.first().map_or(word, ToString::to_string);
        let number = parts.iter().chain(&self.pre).find_map(|part| match part {
            Identifier::Number(number) => Some(number.clone()),
            Identifier::Word(_) => None,
        });
        Some((name, number))
    }
}

pub(in super::super) fn push_piece(text: &mut String, piece: &str) {
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
    use crate::version::{Scheme, read as read_version};

    fn version(text: &str) -> Version {
        read_version(Scheme::Generic, text)
            .version()
            .cloned()
            .unwrap_or_else(|| panic!("{text} is not a version"))
    }

    #[test]
    fn spellings_of_a_release_candidate_are_one() {
        for text in ["7.2-rc1", "7.2rc1", "7.2-RC.1", "7.2~rc1", "v7.2-rc-1"] {
            assert_eq!(version(text).pre_canonical(), "rc.1", "{text}");
        }
        assert_eq!(version("7.2-rc1-3").packaging, "3");
    }

    #[test]
    fn packaging_never_becomes_a_pre_release() {
        for text in [
            "1.27.3-gke.100", "1.29.3-3", "5.15.0-0ubuntu2", "1.6.20~ds1", "1.1.5-1.el9",
            "3.10.0-862.2.3.el7",
        ] {
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
}
