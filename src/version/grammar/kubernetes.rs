//! Kubernetes: git versions with vendors' builds, and versions of API groups.

use std::cmp::Ordering;

use super::super::identifier::Identifier;
use super::super::number::{Number, split_digits};
use super::super::reading::{ApiVersion, Body, Stage, Version};
use super::generic;
use super::tail;

/// `v1.29.1+k3s1`, `v1.27.3-gke.100`, `1.29.3-3`: three numbers, as `kubeadm` demands; `_` stands
/// for `+` where a tag must.
pub(in super::super) fn read_kubernetes(text: &str) -> Body {
    let Some((mut version, tail)) = generic::split_version(text) else { return Body::Opaque };
    if version.release.len() != 3 || !is_tail(tail) {
        return Body::Opaque;
    }
    let (head, build) = match tail.find(['+', '_']) {
        Some(at) => (&tail[..at], &tail[at + 1..]),
        None => (tail, ""),
    };
    let other = tail::read_tail(&mut version, head);
    tail::push_piece(&mut version.packaging, &other);
    build.clone_into(&mut version.build);
    Body::Version(version)
}

/// Nothing, or something behind a separator.
fn is_tail(tail: &str) -> bool {
    let fits = |rest: &str| {
        rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"-+_.".contains(&b))
            && rest.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    tail.is_empty() || tail.strip_prefix(['-', '+', '_']).is_some_and(fits)
}

/// Numbers, then pre-release, then the vendor's build as Cluster API orders it: none is below any,
/// numbers count and are below words, different words are of different vendors, and commits have no
/// order.
pub(in super::super) fn cmp(a: &Version, b: &Version) -> Option<Ordering> {
    let precedence = a.cmp_precedence(b);
    if precedence.is_ne() {
        return Some(precedence);
    }
    let (a, b) = (build_identifiers(a), build_identifiers(b));
    let is_commit = |part: &Identifier| match part {
        Identifier::Word(word) => tail::is_abbreviated_commit(word),
        Identifier::Number(_) => false,
    };
    match a.iter().zip(&b).find(|(a, b)| a != b) {
        Some((Identifier::Word(_), Identifier::Word(_))) => None,
        Some((a, b)) if is_commit(a) || is_commit(b) => None,
        _ => Some(a.cmp(&b)),
    }
}

/// `gke.100` and `rke2r1` as words and numbers, and a commit as one word.
fn build_identifiers(version: &Version) -> Vec<Identifier> {
    let mut found = Vec::new();
    for text in [&version.packaging, &version.build] {
        for part in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty())
        {
            if tail::is_abbreviated_commit(part) {
                found.push(Identifier::Word(part.to_owned().into()));
                continue;
            }
            let mut rest = part;
            while !rest.is_empty() {
                let (digits, after) = split_digits(rest);
                if let Some(number) = Number::parse(digits) {
                    found.push(Identifier::Number(number));
                    rest = after;
                    continue;
                }
                let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
                found.push(Identifier::Word(rest[..end].to_owned().into()));
                rest = &rest[end..];
            }
        }
    }
    found
}

/// `v1`, `v2beta1`, `apps/v1`: stages are ordered before majors, as `kubectl` prefers them.
pub(in super::super) fn read_api(text: &str) -> Option<ApiVersion> {
    let (group, version) = text.rsplit_once('/').unwrap_or(("", text));
    let (major, rest) = split_digits(version.strip_prefix('v')?);
    let major = Number::parse(major).filter(|_| !major.starts_with('0'))?;
    let (stage, number) = if rest.is_empty() {
        (Stage::Ga, "0")
    } else if let Some(number) = rest.strip_prefix("alpha") {
        (Stage::Alpha, number)
    } else {
        (Stage::Beta, rest.strip_prefix("beta")?)
    };
    let padded = stage != Stage::Ga && number.starts_with('0');
    let stage_number = Number::parse(number).filter(|_| !padded)?;
    Some(ApiVersion { stage, major, stage_number, group: group.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendor_builds_are_ordered_and_above_the_bare_version() {
        let version = |text: &str| match read_kubernetes(text) {
            Body::Version(version) => version,
            other => panic!("{text}: {other:?}"),
        };
        let ascending = [
            "v1.27.3-rc.1", "v1.27.3", "v1.27.3-gke.100", "v1.27.3-gke.1000", "v1.28.0-alpha.1",
            "v1.28.0+k3s1", "v1.28.0+k3s2",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(cmp(&version(pair[0]), &version(pair[1])), Some(Ordering::Less), "{pair:?}");
        }
        assert_eq!(cmp(&version("v1.29.1_k3s1"), &version("v1.29.1+k3s1")), Some(Ordering::Equal));
        assert_eq!(cmp(&version("v1.29.1+rke2r1"), &version("v1.29.1+k3s1")), None);
    }

    #[test]
    fn a_git_version_has_three_numbers() {
        for text in [
            "v1.3", "1.4", "v1.16+foobar-0", "v1.9.11-", "v1.9.11+", "v1.2.3.4", "v1.2.3a",
            "latest",
        ] {
            assert_eq!(read_kubernetes(text), Body::Opaque, "{text}");
        }
    }

    #[test]
    fn api_versions_are_ordered_by_stage() {
        let mut list = ["v1alpha1", "v2beta1", "v1", "v10", "v1beta1", "v2alpha1", "v2"]
            .map(|text| (read_api(text).unwrap(), text));
        list.sort();
        assert_eq!(
            list.map(|(_, text)| text),
            ["v1alpha1", "v2alpha1", "v1beta1", "v2beta1", "v1", "v2", "v10"]
        );
        for text in ["1", "v", "v1gamma1", "v1alpha", "v01", "v1beta01", "vx", "v1beta1x"] {
            assert_eq!(read_api(text), None, "{text}");
        }
    }
}
