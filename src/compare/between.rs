//! How far two sides of a component are apart: place by place, and the worst counts.
//!
//! Within a place each distinct reading of either side is compared with its nearest on the other;
//! what runs at a place that only one side has is compared with all that the other runs. A drift
//! outranks what cannot be compared, so that one floating tag never hides a major difference.

use std::collections::BTreeSet;

use super::content::content_compared;
use super::nearest::NearestSide;
use super::pairing::{self, PairedPlace};
use super::point::{ComparedPoint, Measure, level_rank};
use crate::model::{
    Component, ContentCompared, PlaceChange, PlacesCompared, Presence, ProductAlone, ProductChange,
    VersionChange, Whereabouts,
};
use crate::version::{Difference, Direction, Level};

/// What was found between two sides.
#[derive(Default)]
pub(super) struct Between {
    pub(super) version: Option<VersionChange>,
    pub(super) product: Option<ProductChange>,
    pub(super) alone: Vec<ProductAlone>,
    pub(super) places: PlacesCompared,
}

/// Two readings and how far they are apart.
#[derive(Clone, Copy)]
pub(super) struct ReadingPair<'a> {
    pub(super) difference: Difference,
    pub(super) baseline: ComparedPoint<'a>,
    pub(super) current: ComparedPoint<'a>,
}

/// What was found at one place.
pub(super) struct PlaceFound<'a> {
    pub(super) pairs: Vec<ReadingPair<'a>>,
    /// Of a product that the other side does not run there.
    pub(super) strangers: Strangers<'a>,
    pub(super) runs: [Vec<ComparedPoint<'a>>; 2],
    name: String,
    is_paired: bool,
}

/// What runs on one side and has nothing of its product on the other.
#[derive(Default)]
pub(super) struct Strangers<'a> {
    pub(super) baseline: Vec<ComparedPoint<'a>>,
    pub(super) current: Vec<ComparedPoint<'a>>,
}

/// A side of a pair.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Own {
    Baseline,
    Current,
}

/// Everything that was found, place by place.
pub(super) struct SidesCompared<'a> {
    pub(super) places: Vec<PlaceFound<'a>>,
    are_told: bool,
    /// Whether the two have no product in common, though both have some.
    are_foreign: bool,
    whole: [NearestSide<'a>; 2],
}

/// Compares two components that both run.
pub(super) fn compare_components<'a>(
    baseline: &'a Component,
    current: &'a Component,
) -> SidesCompared<'a> {
    // Whichever side knows the product knows how its versions count.
    let known = if current.class < baseline.class { current } else { baseline };
    let measure = Measure { class: known.class, levels: &known.levels };
    let places = pairing::pair_places(baseline, current);
    let whole = [baseline, current].map(|side| {
        NearestSide::new(side.instances.iter().map(ComparedPoint::of_instance), measure)
    });
    let found = places.iter().map(|place| at_place(place, &whole, measure)).collect();
    SidesCompared {
        places: found,
        are_told: pairing::are_told(&places),
        are_foreign: are_foreign(&whole),
        whole,
    }
}

fn at_place<'a>(
    place: &PairedPlace<'a>,
    whole: &[NearestSide<'a>; 2],
    measure: Measure<'_>,
) -> PlaceFound<'a> {
    let side = |instances: &[&'a crate::model::Instance]| {
        NearestSide::new(
            instances.iter().map(|instance| ComparedPoint::of_instance(instance)),
            measure,
        )
    };
    let (baseline, current) = (side(&place.baseline), side(&place.current));
    let mut found = PlaceFound {
        pairs: Vec::new(),
        strangers: Strangers::default(),
        runs: [baseline.points().to_vec(), current.points().to_vec()],
        name: place.name(),
        is_paired: place.is_paired(),
    };
    let [all_baseline, all_current] = whole;
    let (against_baseline, against_current) =
        if place.is_paired() { (&baseline, &current) } else { (all_baseline, all_current) };
    found.add_pairs(Own::Current, current.points(), against_baseline, measure);
    found.add_pairs(Own::Baseline, baseline.points(), against_current, measure);
    found
}

impl<'a> PlaceFound<'a> {
    fn add_pairs(
        &mut self,
        own: Own,
        points: &[ComparedPoint<'a>],
        others: &NearestSide<'a>,
        measure: Measure<'_>,
    ) {
        for point in points {
            let away = |other: &ComparedPoint<'a>| match own {
                Own::Baseline => measure.difference(point, other),
                Own::Current => measure.difference(other, point),
            };
            match (others.nearest_point(point, measure, away), own) {
                (Some((difference, other)), Own::Baseline) => {
                    self.pairs.push(ReadingPair { difference, baseline: *point, current: other });
                }
                (Some((difference, other)), Own::Current) => {
                    self.pairs.push(ReadingPair { difference, baseline: other, current: *point });
                }
                (None, Own::Baseline) => self.strangers.baseline.push(*point),
                (None, Own::Current) => self.strangers.current.push(*point),
            }
        }
    }

    /// The worst pair; of equally bad ones the first that is behind, else the first.
    fn worst_pair(&self) -> Option<&ReadingPair<'a>> {
        let mut worst: Option<&ReadingPair<'a>> = None;
        for pair in &self.pairs {
            if worst.is_none_or(|worst| pair_weight(pair) > pair_weight(worst)) {
                worst = Some(pair);
            }
        }
        worst
    }

    /// Whether the current side runs something there: what it lacks is not drift of that place.
    fn is_current(&self) -> bool {
        let [_, current] = &self.runs;
        !current.is_empty()
    }

    fn differs(&self) -> bool {
        let Strangers { baseline, current } = &self.strangers;
        let is_same = |pair: &ReadingPair<'_>| match pair.difference.level {
            Level::Equal => true,
            Level::WithinPrecision => !pair.are_other_builds(),
            _ => false,
        };
        let differs = self.worst_pair().is_some_and(|worst| !is_same(worst));
        !baseline.is_empty() || !current.is_empty() || differs
    }
}

impl ReadingPair<'_> {
    fn content_compared(&self) -> ContentCompared {
        let images = self.baseline.image.zip(self.current.image);
        images.map(|(b, c)| content_compared(b, c)).unwrap_or_default()
    }

    /// Whether two tags, of which neither says more than the other, stand for different content.
    fn are_other_builds(&self) -> bool {
        matches!(self.content_compared(), ContentCompared::Different { is_one_tag: false, .. })
    }
}

/// Of versions that may be one, those that are proven to be two builds count for more.
fn pair_weight(pair: &ReadingPair<'_>) -> ((u8, Level), bool, bool) {
    let Difference { level, direction } = pair.difference;
    let other_builds = level == Level::WithinPrecision && pair.are_other_builds();
    (level_rank(level), direction == Some(Direction::Behind), other_builds)
}

/// Whether the two sides have no product in common.
fn are_foreign(whole: &[NearestSide<'_>; 2]) -> bool {
    let [baseline, current] = whole.each_ref().map(|side| {
        side.points().iter().map(|point| point.product).collect::<BTreeSet<Option<&str>>>()
    });
    let is_unknown = baseline.contains(&None) || current.contains(&None);
    !is_unknown && baseline.is_disjoint(&current)
}

impl<'a> SidesCompared<'a> {
    /// Whether other products run at a place: never where only one side has it, unless the sides
    /// have no product in common at all.
    pub(super) fn is_foreign(&self, found: &PlaceFound<'a>) -> bool {
        let Strangers { baseline, current } = &found.strangers;
        (found.is_paired || self.are_foreign) && !(baseline.is_empty() && current.is_empty())
    }

    /// What a side runs at a place; all that it runs if it does not have the place.
    pub(super) fn runs_against<'s>(
        &'s self,
        found: &'s PlaceFound<'a>,
        side: usize,
    ) -> &'s [ComparedPoint<'a>] {
        let here = &found.runs[side];
        if here.is_empty() { self.whole[side].points() } else { here }
    }

    pub(super) fn sum_up(&self) -> Between {
        Between {
            version: self.version_change(),
            product: self.product_change(),
            alone: self.products_alone(),
            places: self.places_compared(),
        }
    }

    pub(super) fn version_change(&self) -> Option<VersionChange> {
        let worst = |found: &PlaceFound<'a>| found.worst_pair().map(pair_weight);
        let mut place = None;
        for found in self.places.iter().filter(|found| !found.pairs.is_empty()) {
            if place.is_none_or(|place| worst(found) > worst(place)) {
                place = Some(found);
            }
        }
        let (place, worst) = (place?, place?.worst_pair()?);
        let level = worst.difference.level;
        let all = self.places.iter().flat_map(|found| &found.pairs);
        let directions: BTreeSet<Direction> =
            all.filter_map(|pair| pair.difference.direction).collect();
        let drift = |found: &PlaceFound<'a>| {
            let Difference { level, direction } = found.worst_pair()?.difference;
            level.is_drift().then(|| (found.name.clone(), level, direction))
        };
        let direction =
            if directions.len() > 1 { Some(Direction::Mixed) } else { worst.difference.direction };
        let is_alike = |found: &&PlaceFound<'a>| {
            let other = found.worst_pair().map(|pair| pair.difference.level);
            other.is_some_and(|other| match level {
                Level::Incomparable(_) => matches!(other, Level::Incomparable(_)),
                Level::WithinPrecision => other == level && found.differs(),
                _ => level.is_drift() && other.is_drift(),
            })
        };
        Some(VersionChange {
            level,
            direction: direction.filter(|_| level.is_drift()),
            baseline: worst.baseline.reading.clone(),
            current: worst.current.reading.clone(),
            at: self.whereabouts(place, self.places.iter().filter(is_alike).count()),
            direction_there: worst.difference.direction,
            content: worst.content_compared(),
            places: self
                .named_places()
                .filter(|found| found.is_current())
                .filter_map(drift)
                .collect(),
        })
    }

    fn named_places(&self) -> impl Iterator<Item = &PlaceFound<'a>> {
        self.places.iter().filter(|found| !found.name.is_empty())
    }

    fn product_change(&self) -> Option<ProductChange> {
        let is_foreign = |found: &&PlaceFound<'a>| self.is_foreign(found);
        let place = self.places.iter().find(is_foreign)?;
        let sides = [0, 1].map(|side| self.runs_against(place, side));
        let products = sides.map(|points| {
            let names = points.iter().filter_map(|point| point.product);
            names.map(str::to_owned).collect()
        });
        let [baseline, current] = sides.map(running_texts);
        let at = self.whereabouts(place, self.places.iter().filter(is_foreign).count());
        let places =
            self.named_places().filter(is_foreign).map(|found| found.name.clone()).collect();
        Some(ProductChange { baseline, current, products, at, places })
    }

    /// Products that one side alone runs, where places are not paired and others are in common.
    fn products_alone(&self) -> Vec<ProductAlone> {
        let mut alone: Vec<ProductAlone> = Vec::new();
        for found in self.places.iter().filter(|found| !self.is_foreign(found)) {
            let Strangers { baseline, current } = &found.strangers;
            for (side, points) in [(Presence::Missing, baseline), (Presence::Unexpected, current)] {
                for point in points {
                    let product = point.product.unwrap_or_default();
                    let is_known = |a: &ProductAlone| a.product == product && a.side == side;
                    if alone.iter().any(is_known) {
                        continue;
                    }
                    let same: Vec<ComparedPoint<'a>> =
                        points.iter().copied().filter(|p| p.product == point.product).collect();
                    let (product, runs) = (product.to_owned(), running_texts(&same));
                    alone.push(ProductAlone { product, side, runs });
                }
            }
        }
        alone
    }

    fn places_compared(&self) -> PlacesCompared {
        if !self.are_told {
            return PlacesCompared::default();
        }
        let mut differing: Vec<&PlaceFound<'a>> =
            self.places.iter().filter(|found| found.differs()).collect();
        differing.sort_by_key(|found| {
            let is_foreign = self.is_foreign(found);
            std::cmp::Reverse((is_foreign, found.worst_pair().map(pair_weight)))
        });
        PlacesCompared {
            of: self.places.len(),
            differing: differing.into_iter().map(|found| self.place_change(found)).collect(),
        }
    }

    fn place_change(&self, found: &PlaceFound<'a>) -> PlaceChange {
        let worst = found.worst_pair();
        let is_foreign = self.is_foreign(found);
        let [baseline, current] = [0, 1].map(|side| running_texts(&found.runs[side]));
        PlaceChange {
            place: found.name.clone(),
            level: worst.map(|pair| pair.difference.level),
            direction: worst.and_then(|pair| pair.difference.direction),
            other_product: is_foreign,
            baseline,
            current,
        }
    }

    /// Where something is, and at how many other places; `places` are all of them.
    fn whereabouts(&self, found: &PlaceFound<'a>, places: usize) -> Option<Whereabouts> {
        let name = || found.name.clone();
        self.are_told.then(|| Whereabouts { place: name(), more: places.saturating_sub(1) })
    }
}

/// What runs, each once: `redis 7.2.4`, a version alone where the product is not known.
fn running_texts(points: &[ComparedPoint<'_>]) -> Vec<String> {
    let words = points.iter().map(|point| match point.product {
        Some(product) => format!("{product} {}", point.reading),
        None => point.reading.to_string(),
    });
    words.collect::<BTreeSet<String>>().into_iter().collect()
}
