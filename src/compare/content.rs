//! Same repository and tag, other content.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Component, DigestMismatch, Instance, RunningImage, VariantChange};

/// Images of one repository and tag.
type Groups<'a> = BTreeMap<(&'a str, &'a str), (BTreeSet<&'a RunningImage>, bool)>;

fn groups(component: &Component) -> Groups<'_> {
    let mut groups = Groups::new();
    for Instance { image, .. } in &component.instances {
        let Some((image, tag)) =
            image.as_ref().and_then(|image| Some((image, image.tag.as_ref()?)))
        else {
            continue;
        };
        // A label may be whole where the tag is not: the tag's own precision counts.
        let whole = tag.is_full_precision(&component.levels);
        groups
            .entry((image.repository.as_str(), tag.text()))
            .or_insert_with(|| (BTreeSet::new(), whole))
            .0
            .insert(image);
    }
    groups
}

/// Tags that both sides have and that stand for different content.
pub fn mismatches(baseline: &Component, current: &Component) -> Vec<DigestMismatch> {
    let (baseline, current) = (groups(baseline), groups(current));
    let differ = baseline.iter().filter_map(|(key, (b, whole))| {
        let (c, _) = current.get(key)?;
        (any_alone(b, c) || any_alone(c, b)).then(|| mismatch(*key, *whole, b, c))
    });
    differ.collect()
}

/// Tags that stand for different content within one environment.
pub fn mismatches_within(component: &Component) -> Vec<DigestMismatch> {
    let groups = groups(component);
    let differ = groups.iter().filter(|(_, (images, _))| any_differs(images));
    differ.map(|(key, (images, whole))| mismatch(*key, *whole, images, &BTreeSet::new())).collect()
}

/// The variants of both sides, if they are not the same: `alpine` here, `bookworm` there. Images
/// of the same content are of one variant, whatever their tags say.
pub(super) fn variant_change(baseline: &Component, current: &Component) -> Option<VariantChange> {
    let same = |a: &Instance, b: &Instance| {
        a.image.as_ref().zip(b.image.as_ref()).and_then(|(a, b)| a.same_content(b))
    };
    let variants = |here: &Component, there: &Component| -> BTreeSet<String> {
        let apart = here
            .instances
            .iter()
            .filter(|a| !there.instances.iter().any(|b| same(a, b) == Some(true)));
        apart.filter_map(|instance| Some(tag_version(instance)?.variant)).collect()
    };
    let (b, c) = (variants(baseline, current), variants(current, baseline));
    let differ = b != c && !b.is_empty() && !c.is_empty();
    differ.then(|| VariantChange {
        baseline: b.into_iter().collect(),
        current: c.into_iter().collect(),
    })
}

fn tag_version(instance: &Instance) -> Option<crate::version::Version> {
    instance.image.as_ref()?.tag.as_ref()?.version().cloned()
}

/// Whether one side has content that is known not to be on the other.
fn any_alone(here: &BTreeSet<&RunningImage>, there: &BTreeSet<&RunningImage>) -> bool {
    here.iter().any(|image| {
        let known: Vec<bool> = there.iter().filter_map(|other| image.same_content(other)).collect();
        !known.is_empty() && !known.contains(&true)
    })
}

fn any_differs(images: &BTreeSet<&RunningImage>) -> bool {
    images.iter().any(|a| images.iter().any(|b| a.same_content(b) == Some(false)))
}

fn mismatch(
    (repository, tag): (&str, &str),
    full_precision: bool,
    baseline: &BTreeSet<&RunningImage>,
    current: &BTreeSet<&RunningImage>,
) -> DigestMismatch {
    let digests = |images: &BTreeSet<&RunningImage>| {
        images
            .iter()
            .filter_map(|image| image.digests.first())
            .map(|digest| digest.as_str().to_owned())
            .collect()
    };
    DigestMismatch {
        repository: repository.to_owned(),
        tag: tag.to_owned(),
        full_precision,
        baseline: digests(baseline),
        current: digests(current),
    }
}
