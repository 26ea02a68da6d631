//! The content of many images, compared at once: in a time that grows with their number, and not
//! with the number of their pairs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::model::{Digest, DigestKind, RunningImage};
use crate::version::Reading;

/// Two digests are of one content if they are the same text of the same kind.
type DigestContent<'a> = (DigestKind, &'a str);

/// Digests of one scale that are not the same are of different content. Those that are another on
/// each architecture have no scale where it is not known.
type Scale<'a> = (DigestKind, Option<&'a str>);

fn digest_content(digest: &Digest) -> DigestContent<'_> {
    (digest.kind(), digest.as_str())
}

fn digest_scale(digest: &Digest) -> Option<Scale<'_>> {
    let (kind, architecture) = (digest.kind(), digest.architecture());
    (kind == DigestKind::Repository || architecture.is_some()).then_some((kind, architecture))
}

/// The content of many images, to be asked at once.
#[derive(Default)]
pub(super) struct Contents<'a> {
    known: HashSet<DigestContent<'a>>,
    scales: HashSet<Scale<'a>>,
    tags: HashSet<&'a str>,
}

impl<'a> Contents<'a> {
    pub(super) fn of_images(images: impl IntoIterator<Item = &'a RunningImage>) -> Self {
        let mut all = Self::default();
        for image in images {
            all.tags.extend(image.tag.as_deref().map(Reading::text));
            for digest in &image.digests {
                all.known.insert(digest_content(digest));
                all.scales.extend(digest_scale(digest));
            }
        }
        all
    }

    /// Whether one of the images is called so.
    pub(super) fn has_tag(&self, tag: &str) -> bool {
        self.tags.contains(tag)
    }

    /// Whether one of the images has this one's content: `None` if no digests can be compared.
    pub(super) fn holds_image(&self, image: &RunningImage) -> Option<bool> {
        let digests = &image.digests;
        if digests.iter().any(|digest| self.known.contains(&digest_content(digest))) {
            return Some(true);
        }
        let mut scales = digests.iter().filter_map(digest_scale);
        scales.any(|scale| self.scales.contains(&scale)).then_some(false)
    }
}

/// The digests of one scale by which any two of many images are proven to be of different content;
/// none if all may be the same.
pub fn proven_different<'a>(
    images: impl IntoIterator<Item = &'a RunningImage>,
) -> BTreeSet<&'a str> {
    let distinct: BTreeSet<&[Digest]> =
        images.into_iter().map(|image| image.digests.as_slice()).collect();
    let mut by_scale = BTreeMap::<Scale<'a>, BTreeSet<&'a [Digest]>>::new();
    for digests in distinct {
        for scale in digests.iter().filter_map(digest_scale) {
            by_scale.entry(scale).or_default().insert(digests);
        }
    }
    let differing = by_scale.iter().find(|(_, images)| any_share_nothing(images));
    let Some((wanted, images)) = differing else { return BTreeSet::new() };
    let digests = images.iter().flat_map(|digests| digests.iter());
    digests.filter(|digest| digest_scale(digest) == Some(*wanted)).map(Digest::as_str).collect()
}

/// Whether any two images share no digest. To share is not handed on: of three, two may share a
/// digest each with the third alone.
fn any_share_nothing(images: &BTreeSet<&[Digest]>) -> bool {
    if images.len() < 2 {
        return false;
    }
    let mut holders = HashMap::<DigestContent<'_>, usize>::new();
    for digests in images {
        for content in digest_contents(digests) {
            *holders.entry(content).or_default() += 1;
        }
    }
    // What one image has alone makes it like no other: without that few different sets are left.
    let shared: BTreeSet<BTreeSet<DigestContent<'_>>> = images
        .iter()
        .map(|digests| {
            digest_contents(digests).into_iter().filter(|one| holders[one] > 1).collect()
        })
        .collect();
    let mut sets_with = HashMap::<DigestContent<'_>, Vec<usize>>::new();
    for (index, set) in shared.iter().enumerate() {
        for content in set {
            sets_with.entry(*content).or_default().push(index);
        }
    }
    shared.iter().any(|set| {
        let met: HashSet<usize> = set.iter().flat_map(|one| &sets_with[one]).copied().collect();
        met.len() < shared.len()
    })
}

fn digest_contents(digests: &[Digest]) -> BTreeSet<DigestContent<'_>> {
    digests.iter().map(digest_content).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OfPlatform;
    use proptest::prelude::*;

    fn image(digests: Vec<Digest>) -> RunningImage {
        RunningImage { repository: "app".into(), tag: None, digests, is_pinned: false }
    }

    fn repository(n: usize) -> Digest {
        Digest::Repository(format!("sha256:r{n:03}"))
    }

    fn configuration(n: usize, architecture: Option<&str>) -> Digest {
        let architecture = architecture.map(str::to_owned);
        Digest::Configuration(OfPlatform { digest: format!("sha256:c{n:03}"), architecture })
    }

    fn differ(images: &[RunningImage]) -> Vec<String> {
        proven_different(images).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn the_last_of_many_is_compared_too() {
        // None of the first hundred can be compared with the last two.
        let mut images: Vec<RunningImage> =
            (0..100).map(|n| image(vec![configuration(n, None)])).collect();
        images.push(image(vec![repository(1)]));
        assert!(differ(&images).is_empty());
        images.push(image(vec![repository(2)]));
        assert_eq!(differ(&images), ["sha256:r001", "sha256:r002"]);
    }

    #[test]
    fn each_architecture_has_its_own() {
        let of = |n, architecture| image(vec![configuration(n, Some(architecture))]);
        assert!(differ(&[of(1, "amd64"), of(2, "arm64")]).is_empty());
        let three = [of(1, "amd64"), of(2, "arm64"), of(3, "arm64")];
        assert_eq!(differ(&three), ["sha256:c002", "sha256:c003"]);
    }

    #[test]
    fn many_that_share_in_turns_take_time_by_their_number() {
        let seconds = |count: usize| {
            let start = std::time::Instant::now();
            assert!(differ(&sharing_in_turns(count)).is_empty());
            start.elapsed().as_secs_f64()
        };
        let few = (0..3).map(|_| seconds(3_000)).fold(f64::INFINITY, f64::min);
        // Ten times as many, and not a hundred times as long on a busy machine either.
        let many = seconds(30_000);
        assert!(many < 60.0 * few, "{many} s, a tenth of them {few} s");
        let mut images = sharing_in_turns(3_000);
        images.push(image(vec![repository(4)]));
        assert_eq!(differ(&images).len(), 4);
    }

    fn sharing_in_turns(count: usize) -> Vec<RunningImage> {
        let shares = |n: usize| match n % 3 {
            0 => [1, 2],
            1 => [2, 3],
            _ => [1, 3],
        };
        let images = (0..count).map(|n| {
            let mut digests: Vec<Digest> = shares(n).map(repository).into();
            digests.push(configuration(n, Some("amd64")));
            image(digests)
        });
        images.collect()
    }

    fn digest() -> impl Strategy<Value = Digest> {
        let architecture = prop_oneof![Just(None), Just(Some("amd64")), Just(Some("arm64"))];
        (0..3_usize, 0..4_usize, architecture).prop_map(|(kind, n, architecture)| match kind {
            0 => repository(n),
            1 => configuration(n, architecture),
            _ => Digest::Manifest(OfPlatform {
                digest: format!("sha256:m{n}"),
                architecture: architecture.map(str::to_owned),
            }),
        })
    }

    proptest! {
        #[test]
        fn as_each_compared_with_each(
            all in prop::collection::vec(prop::collection::vec(digest(), 0..4), 0..6)
        ) {
            let images: Vec<RunningImage> = all.into_iter().map(image).collect();
            let any = images.iter().any(|a| images.iter().any(|b| a.same_content(b) == Some(false)));
            prop_assert_eq!(!differ(&images).is_empty(), any);
            for one in &images {
                let known: Vec<bool> = images.iter().filter_map(|b| one.same_content(b)).collect();
                let expected = known.iter().copied().max();
                prop_assert_eq!(Contents::of_images(&images).holds_image(one), expected);
            }
        }
    }
}
