//! The generic grammar: an optional `v`, numbers, and a tail (see [`super::tail`]).

use super::super::number::{Number, split_digits};
use super::super::reading::{Body, Detail, Version};
use super::program;
use super::tail;

/// Reads a version that is not an image tag: unknown words of the tail are packaging, and the name
/// of a program may stand in front.
#[inline]
pub(in super::super) fn read_generic(text: &str) -> Body {
    let plain = without_name(text);
    let Some((mut version, rest)) = split_version(plain) else {
        return program::read_enumerated(text).map_or(Body::Opaque, Body::Version);
    };
    let is_no_version =
        || plain.len() < text.len() && (is_formula(text, &version) || program::is_command(text));
    if !rest.bytes().all(is_of_version) || is_no_version() {
        return Body::Opaque;
    }
    let rest = skip_wildcard(&mut version, rest);
    let other = tail::read_tail(&mut version, rest);
    tail::push_piece(&mut version.packaging, &other);
    mark_build_id(&mut version, plain);
    Body::Version(version)
}

/// Without npm's `=` and without a program's name.
pub(in super::super) fn without_name(text: &str) -> &str {
    let plain = without_equals(text);
    if plain.starts_with(|c: char| c.is_ascii_digit()) {
        return without_remark(plain);
    }
    program::version_in(plain).unwrap_or(plain)
}

/// Without what a program says behind its version in brackets: `3.8.0 (Commit:771b9576)`.
fn without_remark(text: &str) -> &str {
    let at = text.find(" (").or_else(|| text.find(" ["));
    let (version, remark) = text.split_at(at.unwrap_or(text.len()));
    if program::is_command(remark) { text } else { version }
}

/// Bytes that stand in versions: what has others is a command, a path or a formula.
fn is_of_version(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-+~^_:/(), ".contains(&byte)
}

/// `=1+1` looks like a version to npm alone.
fn is_formula(text: &str, version: &Version) -> bool {
    text.starts_with('=') && version.release.len() == 1 && text.contains('+')
}

/// `.x` and `.*` behind the numbers: only the beginning of a version is said.
pub(in super::super) fn skip_wildcard<'a>(version: &mut Version, tail: &'a str) -> &'a str {
    let mut rest = tail;
    while let Some(after) = [".x", ".X", ".*"].iter().find_map(|mark| rest.strip_prefix(mark)) {
        if after.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return tail;
        }
        rest = after;
    }
    if rest.len() < tail.len() {
        version.detail = Detail::Beginning;
    }
    rest
}

/// Marks a single number of eight digits or more, or with a leading zero.
pub(in super::super) fn mark_build_id(version: &mut Version, text: &str) {
    if version.release.len() == 1 && version.detail == Detail::None {
        let (digits, _) = split_digits(text.strip_prefix(['v', 'V']).unwrap_or(text));
        let is_padded = digits.len() > 1 && digits.starts_with('0');
        if !version.release[0].is_zero() && (digits.len() >= 8 || is_padded) {
            version.detail = Detail::BuildId;
        }
    }
}

/// `1.2.3` of `=1.2.3`, as npm lets people write it.
pub(in super::super) fn without_equals(text: &str) -> &str {
    text.strip_prefix('=').map_or(text, str::trim_start)
}

/// Splits `[v]1.2.3<tail>` into the numbers and the tail; `None` if no number leads.
#[inline]
pub(in super::super) fn split_version(text: &str) -> Option<(Version, &str)> {
    let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let (release, rest) = leading_numbers(bare)?;
    Some((Version { release, v_prefix: bare.len() != text.len(), ..Version::default() }, rest))
}

/// `1.2.3` of `1.2.3-rc1`, and the rest; `None` if no number leads.
#[inline]
pub(in super::super) fn leading_numbers(text: &str) -> Option<(Vec<Number>, &str)> {
    let (first, mut rest) = Number::parse_leading(text)?;
    let mut release = Vec::with_capacity(4);
    release.push(first);
    while let Some((number, after)) = rest.strip_prefix('.').and_then(Number::parse_leading) {
        release.push(number);
        rest = after;
    }
    Some((release, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::{Scheme, read as read_version};

    #[test]
    fn a_text_without_a_leading_number_is_opaque() {
        for text in ["", "latest", "v", "-1", ".5", "ünïcode"] {
            assert_eq!(read_version(Scheme::Generic, text).body(), &Body::Opaque, "{text}");
        }
    }
}
