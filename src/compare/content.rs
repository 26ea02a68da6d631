//! Same repository and tag, other content.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Component, DigestMismatch, Instance, RunningImage};

/// Images of one repository and tag.
type Groups<'a> = BTreeMap<(&'a str, &'a str), (BTreeSet<&'a RunningImage>, bool)>;

fn groups(component: &Component) -> Groups<'_> {
    let mut groups = Groups::new();
    for Instance { image, .. } in &component.instances {
        let Some((image, tag)) = image.as_ref().and_then(|image| Some((image, image.tag.as_deref()?))) else {
            continue;
        };
        // A label may be whole where the tag is not: the tag's own precision counts.
        let tag_reading = crate::version::read(crate::version::Scheme::ImageTag, tag);
        let whole = tag_reading.is_full_precision(component.numbers);
        groups.entry((image.repository.as_str(), tag)).or_insert_with(|| (BTreeSet::new(), whole)).0.insert(image);
    }
    groups
}

/// Tags that both sides have and that stand for different content.
pub fn mismatches(baseline: &Component, current: &Component) -> Vec<DigestMismatch> {
    let (baseline, current) = (groups(baseline), groups(current));
    let differ = baseline.iter().filter_map(|(key, (b, whole))| {
        let (c, _) = current.get(key)?;
        any_differs(b, c).then(|| mismatch(*key, *whole, b, c))
    });
    differ.collect()
}

/// Tags that stand for different content within one environment.
pub fn mismatches_within(component: &Component) -> Vec<DigestMismatch> {
    let groups = groups(component);
    let differ = groups.iter().filter(|(_, (images, _))| any_differs(images, images));
    differ.map(|(key, (images, whole))| mismatch(*key, *whole, images, &BTreeSet::new())).collect()
}

fn any_differs(a: &BTreeSet<&RunningImage>, b: &BTreeSet<&RunningImage>) -> bool {
    a.iter().any(|a| b.iter().any(|b| a.same_content(b) == Some(false)))
}

fn mismatch(
    (repository, tag): (&str, &str),
    full_precision: bool,
    baseline: &BTreeSet<&RunningImage>,
    current: &BTreeSet<&RunningImage>,
) -> DigestMismatch {
    let digests = |images: &BTreeSet<&RunningImage>| {
        images.iter().filter_map(|image| image.digests.first()).map(|digest| digest.as_str().to_owned()).collect()
    };
    DigestMismatch {
        repository: repository.to_owned(),
        tag: tag.to_owned(),
        full_precision,
        baseline: digests(baseline),
        current: digests(current),
    }
}
