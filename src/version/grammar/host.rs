//! What a host says of itself: its kernel, its operating system, its container runtime.

use super::super::number::{Number, split_digits};
use super::super::reading::{Body, Detail, Version};
use super::generic;
use super::tail;

/// `uname -r`: two or three numbers and whatever follows, with its separator.
pub(in super::super) fn read_kernel(text: &str) -> Body {
    let Some((mut release, _)) = generic::leading_numbers(text) else { return Body::Opaque };
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
    let pre = tail::prerelease_stage(candidate).unwrap_or_default();
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
    generic::read_generic(text.split_once("://").map_or(text, |(_, version)| version))
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
        .map_or(Body::Opaque, generic::read_generic);
    let service_pack =
        words().skip_while(|word| !numbered(word)).nth(1).and_then(|word| word.strip_prefix("SP"));
    if let (Body::Version(version), Some(number)) =
        (&mut body, service_pack.and_then(Number::parse))
    {
        version.release.push(number);
    }
    body
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
    fn systems_are_named_in_sentences() {
        assert_eq!(numbers(read_os_image("Rocky Linux 9.4 (Blue Onyx)")).as_deref(), Some("9.4"));
        assert_eq!(numbers(read_os_image("Talos (v1.7.1)")).as_deref(), Some("1.7.1"));
        assert_eq!(
            numbers(read_os_image("SUSE Linux Enterprise Server 15 SP5")).as_deref(),
            Some("15.5")
        );
        assert_eq!(numbers(read_os_image("Arch Linux")), None);
    }
}
