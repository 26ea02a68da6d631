//! Same repository and tag, other content; same version, other variant.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::contents::{Contents, proven_different};
use super::pairing::{self, PairedPlace};
use crate::model::{
    Component, ContentCompared, DigestMismatch, Instance, RunningImage, VariantChange, Whereabouts,
};

/// Images of one repository and tag.
type TagGroups<'a> = BTreeMap<(&'a str, &'a str), ImageGroup<'a>>;

/// Images of one tag, and whether it says a whole version, in any way it is written.
#[derive(Default)]
struct ImageGroup<'a> {
    images: BTreeSet<&'a RunningImage>,
    is_whole: bool,
    /// The content of these, once it is asked for: all places of a side may ask the other side.
    contents: OnceCell<Contents<'a>>,
}

impl<'a> ImageGroup<'a> {
    /// Whether it has content that is known not to be in the other.
    fn has_alone(&self, other: &ImageGroup<'a>) -> bool {
        let contents =
            other.contents.get_or_init(|| Contents::of_images(other.images.iter().copied()));
        self.images.iter().any(|image| contents.holds_image(image) == Some(false))
    }
}

fn group_tags<'a>(
    component: &Component,
    instances: impl IntoIterator<Item = &'a Instance>,
) -> TagGroups<'a> {
    let mut groups = TagGroups::new();
    for Instance { image, .. } in instances {
        let Some(image) = image else { continue };
        let Some(tag) = &image.tag else { continue };
        let group = groups.entry((image.repository.as_str(), without_v(tag.text()))).or_default();
        // A label may be whole where the tag is not: the tag's own precision counts. Of two ways to
        // write one tag, one that says a whole version is enough.
        group.is_whole |= tag.is_full_precision(&component.levels);
        group.images.insert(image);
    }
    groups
}

/// What is known of two images.
pub(super) fn content_compared(baseline: &RunningImage, current: &RunningImage) -> ContentCompared {
    if baseline.same_content(current) == Some(true) {
        return ContentCompared::Same;
    }
    let Some((b, c)) = baseline.different_digests(current) else {
        return ContentCompared::NotProven;
    };
    ContentCompared::Different {
        baseline: b.as_str().to_owned(),
        current: c.as_str().to_owned(),
        is_one_tag: is_one_tag(baseline, current),
        is_pinned: baseline.is_pinned || current.is_pinned,
    }
}

/// Whether both are named by one tag of one repository.
fn is_one_tag(a: &RunningImage, b: &RunningImage) -> bool {
    let tags = a.tag.as_ref().zip(b.tag.as_ref());
    a.repository == b.repository
        && tags.is_some_and(|(a, b)| without_v(a.text()) == without_v(b.text()))
}

/// `v1.4.2` and `1.4.2` are one tag, written in two ways; `v2` is a line of releases, and `2` may
/// be a build.
fn without_v(tag: &str) -> &str {
    let bare = tag.strip_prefix(['v', 'V']);
    bare.filter(|bare| bare.starts_with(|c: char| c.is_ascii_digit()) && bare.contains('.'))
        .unwrap_or(tag)
}

/// Tags that both sides have and that stand for different content, place by place.
pub fn find_mismatches(baseline: &Component, current: &Component) -> Vec<DigestMismatch> {
    let places = pairing::pair_places(baseline, current);
    let are_told = pairing::are_told(&places);
    let all_baseline = group_tags(baseline, &baseline.instances);
    let all_current = group_tags(current, &current.instances);
    let mut found: BTreeMap<(&str, &str), DigestMismatch> = BTreeMap::new();
    for place in &places {
        let here = group_tags(baseline, place.baseline.iter().copied());
        let there = group_tags(current, place.current.iter().copied());
        let (against_current, against_baseline) =
            if place.is_paired() { (&there, &here) } else { (&all_current, &all_baseline) };
        let keys: BTreeSet<(&str, &str)> = here.keys().chain(there.keys()).copied().collect();
        for key in keys {
            let none = ImageGroup::default();
            let of = |groups: &TagGroups<'_>| groups.contains_key(&key);
            let (b, c) = (here.get(&key).unwrap_or(&none), there.get(&key).unwrap_or(&none));
            let differs = of(against_current) && b.has_alone(&against_current[&key])
                || of(against_baseline) && c.has_alone(&against_baseline[&key]);
            if !differs {
                continue;
            }
            let at = are_told.then(|| Whereabouts { place: place.name(), more: 0 });
            let b = if here.contains_key(&key) { b } else { &against_baseline[&key] };
            let c = if there.contains_key(&key) { c } else { &against_current[&key] };
            found
                .entry(key)
                .and_modify(add_place)
                .or_insert_with(|| digest_mismatch(key, [b, c], at));
        }
    }
    found.into_values().collect()
}

/// One more place at which the tag stands for different content.
fn add_place(mismatch: &mut DigestMismatch) {
    if let Some(at) = &mut mismatch.at {
        at.more += 1;
    }
}

/// Tags that stand for different content within one environment.
pub fn mismatches_within(component: &Component) -> Vec<DigestMismatch> {
    let groups = group_tags(component, &component.instances);
    let mismatches = groups.iter().filter_map(|(key, group)| {
        let digests = proven_different(group.images.iter().copied());
        let all = digest_mismatch(*key, [group, &ImageGroup::default()], None);
        let baseline = digests.iter().map(|digest| (*digest).to_owned()).collect();
        (!digests.is_empty()).then_some(DigestMismatch { baseline, ..all })
    });
    mismatches.collect()
}

/// The variants of both sides, if they are not the same at some place: `alpine` here, `bookworm`
/// there. Images of the same content are of one variant, whatever their tags say.
pub(super) fn variant_change(baseline: &Component, current: &Component) -> Option<VariantChange> {
    let places = pairing::pair_places(baseline, current);
    let whole = [contents_of(&baseline.instances), contents_of(&current.instances)];
    let [all_baseline, all_current] = [
        unmatched_variants(baseline.instances.iter(), &whole[1]),
        unmatched_variants(current.instances.iter(), &whole[0]),
    ];
    let mut found: Option<VariantChange> = None;
    for place in &places {
        let Some([baseline, current]) = variants_at(place, &whole, [&all_baseline, &all_current])
        else {
            continue;
        };
        if let Some(found) = &mut found {
            found.at.iter_mut().for_each(|at| at.more += 1);
            continue;
        }
        let are_told = pairing::are_told(&places);
        let at = are_told.then(|| Whereabouts { place: place.name(), more: 0 });
        let [baseline, current] = [baseline, current].map(|side| side.into_iter().collect());
        found = Some(VariantChange { baseline, current, at });
    }
    found
}

/// The variants of both sides at a place, if they are not the same. At a place that one side has
/// alone, all that the other runs is the other side.
fn variants_at(
    place: &PairedPlace<'_>,
    whole: &[Contents<'_>; 2],
    all: [&BTreeSet<String>; 2],
) -> Option<[BTreeSet<String>; 2]> {
    if place.is_paired() {
        let contents = [
            contents_of(place.baseline.iter().copied()),
            contents_of(place.current.iter().copied()),
        ];
        let baseline = unmatched_variants(place.baseline.iter().copied(), &contents[1]);
        let current = unmatched_variants(place.current.iter().copied(), &contents[0]);
        let differ = baseline != current && !baseline.is_empty() && !current.is_empty();
        return differ.then_some([baseline, current]);
    }
    let [all_baseline, all_current] = all.map(Clone::clone);
    let lacks = |own: &BTreeSet<String>, other: &BTreeSet<String>| {
        !other.is_empty() && !own.is_subset(other)
    };
    if place.current.is_empty() {
        let own = unmatched_variants(place.baseline.iter().copied(), &whole[1]);
        lacks(&own, &all_current).then_some([own, all_current])
    } else {
        let own = unmatched_variants(place.current.iter().copied(), &whole[0]);
        lacks(&own, &all_baseline).then_some([all_baseline, own])
    }
}

/// The variants of what has no counterpart of the same content.
fn unmatched_variants<'a>(
    instances: impl IntoIterator<Item = &'a Instance>,
    other: &Contents<'_>,
) -> BTreeSet<String> {
    let mut variants = BTreeSet::new();
    for instance in instances {
        let Some(image) = &instance.image else { continue };
        if other.holds_image(image) == Some(true) {
            continue;
        }
        let Some(tag) = &image.tag else { continue };
        // One text on both sides is one variant, whatever its channel means to either.
        variants.extend(tag.variant(other.has_tag(tag.text())));
    }
    variants
}

fn contents_of<'a>(instances: impl IntoIterator<Item = &'a Instance>) -> Contents<'a> {
    Contents::of_images(instances.into_iter().filter_map(|instance| instance.image.as_deref()))
}

fn digest_mismatch(
    (repository, tag): (&str, &str),
    [baseline, current]: [&ImageGroup<'_>; 2],
    at: Option<Whereabouts>,
) -> DigestMismatch {
    let digests = |group: &ImageGroup<'_>| {
        let first = group.images.iter().filter_map(|image| image.digests.first());
        let all: BTreeSet<String> = first.map(|digest| digest.as_str().to_owned()).collect();
        all.into_iter().collect()
    };
    let mut images = baseline.images.iter().chain(&current.images);
    DigestMismatch {
        repository: repository.to_owned(),
        tag: tag.to_owned(),
        full_precision: baseline.is_whole || current.is_whole,
        baseline: digests(baseline),
        current: digests(current),
        is_pinned: images.any(|image| image.is_pinned),
        at,
    }
}
