//! The tag of an image reference: what kind of name it is, and the version in it if there is one.
//!
//! In order (a tag is the first that fits): hexadecimal of 7 to 40 characters with a letter is a
//! commit; a calendar date as the tag (a `v` may precede) or as one whole `-` part of it is a date;
//! `sha256-<hex>[.sig]` is a commit; `[vV]?\d+(\.\d+)*` starts a version; all else floats.

use super::super::number::is_commit;
use super::super::reading::Body;
use super::date;
use super::generic;

#[inline]
pub(in super::super) fn read(tag: &str) -> Body {
    if is_commit(tag) {
        return Body::Commit(tag.to_ascii_lowercase());
    }
    if let Some(date) = date::in_tag(tag).or_else(|| date::read_minio(tag)) {
        return Body::Date(date);
    }
    if let Some(hex) = tag.strip_prefix("sha256-") {
        let hex = hex.split('.').next().unwrap_or("");
        if hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Body::Commit(hex.to_ascii_lowercase());
        }
    }
    let Some((mut version, tail)) = generic::split(tag) else { return Body::Floating };
    version.variant = generic::read_tail(&mut version, tail);
    Body::Version(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::Version;

    fn class(tag: &str) -> &'static str {
        match read(tag) {
            Body::Version(_) => "versioned",
            Body::Date(_) => "date",
            Body::Commit(_) => "commit",
            Body::Floating => "floating",
            Body::Opaque | Body::Api(_) => "none",
        }
    }

    fn version(tag: &str) -> Version {
        let Body::Version(version) = read(tag) else { panic!("{tag} is no version") };
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
