//! Java, which counted from 1.5 to 1.8 and from 9 on.

use super::super::number::{Number, is_digits, split_digits};
use super::super::reading::{Body, Version};
use super::generic;
use super::tail;

/// `1.8.0_392-b08` is 8.0.392; `17.0.11+9-LTS` (JEP 223, JEP 322); also as `java -version` says
/// it: `openjdk version "17.0.11" 2024-04-16`.
pub(in super::super) fn read_jvm(text: &str) -> Body {
    parse_jvm(text.split('"').nth(1).unwrap_or(text)).map_or(Body::Opaque, Body::Version)
}

fn parse_jvm(text: &str) -> Option<Version> {
    let bare = text.strip_prefix("jdk-").or_else(|| text.strip_prefix("jdk")).unwrap_or(text);
    let (mut release, mut rest) = generic::leading_numbers(bare)?;
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
        } else if let (Some(stage), true) = (tail::prerelease_stage(piece), version.pre.is_empty())
        {
            version.pre = stage;
            piece.clone_into(&mut version.pre_text);
        } else if head.starts_with('-')
            && piece.bytes().all(|b| b.is_ascii_alphanumeric() || b".~".contains(&b))
        {
            tail::push_piece(&mut version.packaging, piece);
        } else {
            return None;
        }
    }
    // `1.a`: what follows the numbers must be separated from them.
    let separated = rest.is_empty() || rest.starts_with(['-', '+']);
    separated.then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(body: Body) -> Option<String> {
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
            assert_eq!(numbers(read_jvm(text)).as_deref(), want, "{text}");
        }
    }
}
