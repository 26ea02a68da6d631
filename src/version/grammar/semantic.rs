//! Semantic Versioning 2.0.0, as people write it: a leading `v` and missing numbers are allowed.

use super::super::identifier::Identifier;
use super::super::reading::{Body, Version};
use super::generic;

/// Reads `[v]1[.2[.3]][-pre][+build]`.
pub(in super::super) fn read_semantic(text: &str) -> Body {
    parse_semver(text).map_or(Body::Opaque, Body::Version)
}

fn parse_semver(text: &str) -> Option<Version> {
    let (mut version, tail) = generic::split_version(text)?;
    let numbers = text[..text.len() - tail.len()].trim_start_matches(['v', 'V']);
    if version.release.len() > 3 || numbers.split('.').any(is_padded) {
        return None;
    }
    let (pre, build) = match tail.split_once('+') {
        Some((pre, build)) => (pre, Some(build)),
        None => (tail, None),
    };
    if !pre.is_empty() {
        let pre = pre.strip_prefix('-')?;
        version.pre = dotted_identifiers(pre, true)?;
        pre.clone_into(&mut version.pre_text);
    }
    if let Some(build) = build {
        dotted_identifiers(build, false)?;
        build.clone_into(&mut version.build);
    }
    Some(version)
}

/// §9 and §10: dot-separated, not empty, ASCII letters, digits and hyphens; numeric ones of a
/// pre-release have no leading zero.
fn dotted_identifiers(text: &str, pre: bool) -> Option<Vec<Identifier>> {
    let parts = text.split('.').map(|part| {
        let fits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let identifier = Identifier::parse(part);
        let padded = pre && is_padded(part) && matches!(identifier, Identifier::Number(_));
        (fits && !padded).then_some(identifier)
    });
    parts.collect()
}

/// §2: no leading zero.
fn is_padded(digits: &str) -> bool {
    digits.len() > 1 && digits.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_kept() {
        for text in ["1.2.3", "v1", "1.0", "1.2.3-0a.b-c", "1.2.3+001", "1.0.0-alpha-a.b-c+x"] {
            assert!(parse_semver(text).is_some(), "{text}");
        }
        for text in [
            "", "a", "1.2.3.4", "1.2.3-", "1.2.3-01", "1.2.3+", "1.2.3-a..b", "1.2.3-é", "1.2.3 ",
            "1.2.x", "01.2.3", "1.02",
        ] {
            assert!(parse_semver(text).is_none(), "{text}");
        }
    }
}
