//! The nearest of many: found by order, so that the time does not grow with the product of both
//! sides.
//!
//! Versions that share most of their numbers are neighbours in a sorted list, whatever the list
//! holds besides. So a few neighbours are looked at, and besides them what the order does not bring
//! together: the same content, and the shorter and longer forms of a tag.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::point::{ComparedPoint, Measure};
use crate::model::DigestKind;
use crate::version::{Body, Detail, Difference, Identifier, Level, Number, Reading, Scheme};

/// Up to so many are all looked at.
const FEW: usize = 24;

/// So many neighbours to either side, of more: one version has as many spellings that differ in
/// zeros and in a `v`.
const NEIGHBOURS: usize = 6;

/// Of so many kinds of texts at most are neighbours looked at: each has its own order.
const KINDS: usize = 16;

/// One side, ready to be asked.
pub(super) struct NearestSide<'a> {
    points: Vec<ComparedPoint<'a>>,
    contents: HashMap<(DigestKind, &'a str), usize>,
    /// Where there are many.
    products: BTreeMap<Option<&'a str>, Sorted<'a>>,
}

/// Points of one product, in several orders.
#[derive(Default)]
struct Sorted<'a> {
    /// By what they say, and then by what a lower source says instead.
    own: BTreeMap<OrderKind<'a>, Vec<(SortKey<'a>, usize)>>,
    /// The other way round, where a lower source says something else.
    lower: BTreeMap<OrderKind<'a>, Vec<(SortKey<'a>, usize)>>,
    /// Tags that say less than a whole version, by their numbers.
    short: HashMap<&'a [Number], usize>,
    /// All versions by their numbers, as they are written.
    numbers: BTreeMap<&'a [Number], usize>,
}

/// What has an order of its own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OrderKind<'a> {
    body: u8,
    scheme: Scheme,
    /// System, epoch or group.
    of: Option<String>,
    group: &'a str,
}

/// What is sorted by, the weightiest first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey<'a> {
    Version(VersionKey<'a>, &'a Reading),
    Date(Vec<u64>, &'a Reading, &'a Reading),
    Text(&'a Reading, &'a Reading),
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct VersionKey<'a> {
    /// Without zeros at the end, which change nothing.
    release: &'a [Number],
    pre: &'a [Identifier],
    build: (&'a str, &'a str, &'a [Number]),
    detail: &'a Detail,
}

/// What can be compared with a digest: the same on all images of one engine.
type Signature<'a> = BTreeSet<(DigestKind, Option<&'a str>)>;

impl<'a> NearestSide<'a> {
    pub(super) fn new(
        points: impl IntoIterator<Item = ComparedPoint<'a>>,
        measure: Measure<'_>,
    ) -> Self {
        let all: BTreeSet<ComparedPoint<'a>> = points.into_iter().collect();
        let mut side =
            Self { points: Vec::new(), contents: HashMap::new(), products: BTreeMap::new() };
        let mut seen = BTreeSet::new();
        for point in all {
            let index = side.points.len();
            let mut is_new = false;
            for digest in point.image.iter().flat_map(|image| &image.digests) {
                let content = (digest.kind(), digest.as_str());
                side.contents.entry(content).or_insert_with(|| {
                    is_new = true;
                    index
                });
            }
            // Content apart, it says what another says that is here already.
            let said = (point.product, point.reading, point.contradicted_by, point.flags);
            if seen.insert((said, signature_of(&point))) || is_new {
                side.points.push(point);
            }
        }
        if side.points.len() > FEW {
            side.sort_points(measure);
        }
        side
    }

    fn sort_points(&mut self, measure: Measure<'_>) {
        // What differs in its content only has the same neighbours.
        let mut seen = BTreeSet::new();
        for (index, point) in self.points.iter().enumerate() {
            let said = (point.product, point.reading, point.contradicted_by, point.flags);
            if seen.insert((said, signature_of(point))) {
                self.products.entry(point.product).or_default().insert_point(point, index, measure);
            }
        }
        for sorted in self.products.values_mut() {
            let lists = sorted.own.values_mut().chain(sorted.lower.values_mut());
            lists.for_each(|list| list.sort());
        }
    }

    pub(super) fn points(&self) -> &[ComparedPoint<'a>] {
        &self.points
    }

    /// The nearest point of the same product, and how far it is; `away` measures.
    pub(super) fn nearest_point(
        &self,
        own: &ComparedPoint<'a>,
        measure: Measure<'_>,
        away: impl Fn(&ComparedPoint<'a>) -> Difference,
    ) -> Option<(Difference, ComparedPoint<'a>)> {
        let mut candidates = BTreeSet::new();
        if self.points.len() <= FEW {
            candidates.extend(0..self.points.len());
        } else {
            self.collect_candidates(own, measure, &mut candidates);
        }
        let mut nearest: Option<(Difference, ComparedPoint<'a>)> = None;
        for index in candidates {
            let Some(point) = self.points.get(index).filter(|point| point.is_comparable(own))
            else {
                continue;
            };
            let difference = away(point);
            if nearest.is_none_or(|(least, _)| difference.level < least.level) {
                nearest = Some((difference, *point));
            }
            if difference.level == Level::Equal {
                break;
            }
        }
        nearest
    }

    fn collect_candidates(
        &self,
        own: &ComparedPoint<'a>,
        measure: Measure<'_>,
        found: &mut BTreeSet<usize>,
    ) {
        for digest in own.image.iter().flat_map(|image| &image.digests) {
            found.extend(self.contents.get(&(digest.kind(), digest.as_str())));
        }
        if let Some(product) = own.product {
            for product in [Some(product), None] {
                if let Some(sorted) = self.products.get(&product) {
                    sorted.candidates_around(own, measure, found);
                }
            }
        } else {
            for sorted in self.products.values().take(KINDS) {
                sorted.candidates_around(own, measure, found);
            }
        }
    }
}

impl<'a> Sorted<'a> {
    fn insert_point(&mut self, point: &ComparedPoint<'a>, index: usize, measure: Measure<'_>) {
        let (own, lower) = (point.reading, point.lower_reading());
        self.own.entry(order_kind(own)).or_default().push((sort_key(own, lower), index));
        self.lower.entry(order_kind(lower)).or_default().push((sort_key(lower, own), index));
        let Some(version) = point.reading.version() else { return };
        self.numbers.entry(&version.release).or_insert(index);
        if is_beginning(point, measure) {
            self.short.entry(&version.release).or_insert(index);
        }
    }

    fn candidates_around(
        &self,
        own: &ComparedPoint<'a>,
        measure: Measure<'_>,
        found: &mut BTreeSet<usize>,
    ) {
        let (reading, lower) = (own.reading, own.lower_reading());
        add_neighbours(&self.own, &order_kind(reading), &sort_key(reading, lower), found);
        add_neighbours(&self.lower, &order_kind(lower), &sort_key(lower, reading), found);
        let Some(version) = own.reading.version() else { return };
        let release = version.release.as_slice();
        // `7` and `7.2`, of `7.2.4`.
        found.extend((1..=release.len()).filter_map(|n| self.short.get(&release[..n])));
        // The first of `7.…`, of `7`; and of `v7` the first with three numbers.
        if is_beginning(own, measure) {
            let longer = (std::ops::Bound::Excluded(release), std::ops::Bound::Unbounded);
            let next = self.numbers.range::<[Number], _>(longer);
            let longer = next.take_while(|(numbers, _)| numbers.starts_with(release));
            let few: Vec<_> = longer.take(FEW).collect();
            let whole = few.iter().find(|(numbers, _)| numbers.len() > 2);
            found.extend(few.first().into_iter().chain(whole).map(|(_, index)| **index));
        }
    }
}

/// Whether a longer version may be what it says.
fn is_beginning(point: &ComparedPoint<'_>, measure: Measure<'_>) -> bool {
    point.is_short(measure) || point.reading.may_begin_longer()
}

/// Adds the neighbours in each order that there is, the reading's own first.
fn add_neighbours<'a>(
    lists: &BTreeMap<OrderKind<'a>, Vec<(SortKey<'a>, usize)>>,
    own: &OrderKind<'a>,
    key: &SortKey<'a>,
    found: &mut BTreeSet<usize>,
) {
    let others = lists.iter().filter(|(kind, _)| *kind != own).map(|(_, list)| list);
    for list in lists.get(own).into_iter().chain(others.take(KINDS)) {
        let at = list.partition_point(|(other, _)| other < key);
        let from = at.saturating_sub(NEIGHBOURS);
        let to = (at + NEIGHBOURS).min(list.len());
        found.extend(list[from..to].iter().map(|(_, index)| index));
    }
}

pub(super) fn order_kind(reading: &Reading) -> OrderKind<'_> {
    let (body, of, group) = match reading.body() {
        _ if reading.is_unreleased() => (6, None, ""),
        Body::Version(version) => {
            (0, reading.system_name().or_else(|| epoch_text(&version.detail)), "")
        }
        Body::Date(_) => (1, None, ""),
        Body::Api(api) => (2, Some(api.major.to_string()), api.group.as_str()),
        Body::Commit(_) => (3, None, ""),
        Body::Floating => (4, None, ""),
        Body::Opaque => (5, None, ""),
    };
    OrderKind { body, scheme: reading.scheme(), of, group }
}

fn epoch_text(detail: &Detail) -> Option<String> {
    match detail {
        Detail::Package { epoch, .. } => Some(epoch.to_string()).filter(|epoch| epoch != "0"),
        _ => None,
    }
}

fn sort_key<'a>(first: &'a Reading, second: &'a Reading) -> SortKey<'a> {
    match first.body() {
        Body::Version(version) => {
            let zeros = version.release.iter().rev().take_while(|n| n.is_zero()).count();
            let key = VersionKey {
                release: &version.release[..version.release.len() - zeros],
                pre: &version.pre,
                build: (&version.build, &version.packaging, &version.revisions),
                detail: &version.detail,
            };
            SortKey::Version(key, second)
        }
        Body::Date(date) => SortKey::Date(numbers_in(&date.before), first, second),
        _ => SortKey::Text(first, second),
    }
}

/// The numbers in a text: what stands before a date may be a version.
fn numbers_in(text: &str) -> Vec<u64> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

fn signature_of<'a>(point: &ComparedPoint<'a>) -> Signature<'a> {
    let digests = point.image.iter().flat_map(|image| &image.digests);
    digests.map(|digest| (digest.kind(), digest.architecture())).collect()
}
