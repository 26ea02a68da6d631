//! Whether a reading is in a range: only what holds whatever the text leaves open is inside or
//! outside.

use std::cmp::Ordering;

use super::super::identifier::{Identifier, cmp_pre};
use super::super::levels::Levels;
use super::super::number::Number;
use super::super::number::cmp_numbers;
use super::super::order::order_of_unnamed;
use super::super::reading::{Body, Detail, Reading, Version};
use super::super::scheme::Scheme;
use super::super::system::parse_system_name;
use super::super::{Level, difference_of, read};
use super::{Containment, Operator, Range, RangeCondition, has_epoch};

impl Range {
    /// Whether `reading` fulfils every condition. `levels` are those of its product.
    ///
    /// A text that is the range's own, word for word, is inside whatever it looks like. Besides,
    /// nothing is certain of what moves, was never released, or is of another kind than a bound (a
    /// date, a commit, another vendor's build). Where packaging alone tells a version from a bound
    /// that names none, the bound must hold with and without it.
    pub fn contains(&self, levels: &Levels, reading: &Reading) -> Containment {
        if reading.text().trim() == self.text {
            return Containment::Inside;
        }
        let each = self
            .conditions
            .iter()
            .map(|condition| self.check_condition(condition, levels, reading));
        each.max().unwrap_or(Containment::Unproven)
    }

    fn check_condition(
        &self,
        condition: &RangeCondition,
        levels: &Levels,
        reading: &Reading,
    ) -> Containment {
        if let RangeCondition::Exactly(text) = condition {
            return matches_exactly(text, levels, reading);
        }
        let Some((numbers, pre)) = order_key(reading).filter(|_| !reading.is_unreleased()) else {
            return Containment::Unproven;
        };
        if !pre.is_empty() && !self.names_prerelease_of(&numbers, reading) {
            return Containment::Outside;
        }
        let short = is_short(levels, reading);
        match condition {
            RangeCondition::Within(prefix) => matches_prefix(prefix, &numbers, short, reading),
            RangeCondition::Exactly(bound) | RangeCondition::Bound(_, bound)
                if names_another(bound, reading) =>
            {
                Containment::Outside
            }
            RangeCondition::Bound(operator, bound) if short => {
                let bound = bound_of(reading, bound);
                let plain =
                    order_key(&bound).filter(|_| bound.version().is_some() && !has_tail(&bound));
                plain.map_or(Containment::Unproven, |(bound, pre)| {
                    of_short(*operator, &bound, pre, &numbers)
                })
            }
            RangeCondition::Bound(operator, bound) => {
                compare_with_bound(*operator, reading, &bound_of(reading, bound))
            }
            RangeCondition::Exactly(_) => Containment::Unproven,
        }
    }

    /// Whether a condition names a pre-release of the same numbers.
    fn names_prerelease_of(&self, numbers: &[Number], reading: &Reading) -> bool {
        self.conditions.iter().any(|condition| match condition {
            RangeCondition::Bound(_, bound) | RangeCondition::Exactly(bound) => {
                let bound = bound_of(reading, bound);
                order_key(&bound)
                    .is_some_and(|(own, pre)| !pre.is_empty() && cmp_numbers(&own, numbers).is_eq())
            }
            RangeCondition::Within(_) => false,
        })
    }
}

impl Operator {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::Below => "<",
        }
    }

    fn holds(self, reading_to_bound: Ordering) -> Containment {
        let holds = match self {
            Self::AtLeast => reading_to_bound.is_ge(),
            Self::AtMost => reading_to_bound.is_le(),
            Self::Above => reading_to_bound.is_gt(),
            Self::Below => reading_to_bound.is_lt(),
        };
        if holds { Containment::Inside } else { Containment::Outside }
    }
}

/// A bound as whatever it is compared with would be read; its numbers alone where that scheme wants
/// more of them.
fn bound_of(reading: &Reading, bound: &str) -> Reading {
    let own = read(reading.scheme(), bound);
    if !matches!(own.body(), Body::Opaque | Body::Floating) {
        return own;
    }
    let plain = read(Scheme::Generic, bound);
    if plain.version().is_some() { plain } else { own }
}

/// Numbers and pre-release of a version; year, month, day and count of a date. `None` where there
/// are none.
pub(super) fn order_key(reading: &Reading) -> Option<(Vec<Number>, &[Identifier])> {
    match reading.body() {
        Body::Version(version) if !version.release.is_empty() => {
            Some((version.release.clone(), &version.pre))
        }
        Body::Date(date) => {
            let year = if date.year < 100 { date.year + 2000 } else { date.year };
            let numbers = [u64::from(year), date.month.into(), date.day.into()].map(Number::from);
            Some((numbers.into_iter().chain(date.micro.clone()).collect(), &date.pre))
        }
        _ => None,
    }
}

/// Whether a tag stands for all versions that begin with it: `7` for whatever 7 was current.
fn is_short(levels: &Levels, reading: &Reading) -> bool {
    let is_version = reading.version().is_some_and(|version| version.pre.is_empty());
    is_version && reading.scheme() == Scheme::ImageTag && !reading.is_full_precision(levels)
}

fn matches_exactly(bound: &str, levels: &Levels, reading: &Reading) -> Containment {
    if reading.text().trim() == bound {
        return Containment::Inside;
    }
    if names_another(bound, reading) {
        return Containment::Outside;
    }
    let bound = bound_of(reading, bound);
    if reading.is_unreleased() || bound.is_unreleased() {
        return Containment::Unproven;
    }
    match (bound.body(), reading.body()) {
        (Body::Version(wanted), Body::Version(found)) if is_short(levels, reading) => {
            if begins_with(&wanted.release, &found.release) {
                Containment::Unproven
            } else {
                Containment::Outside
            }
        }
        (Body::Version(wanted), Body::Version(found)) => {
            let is_same = is_same(wanted, found)
                && order_of_unnamed(reading, &bound) == Some(Ordering::Equal);
            if is_same { Containment::Inside } else { Containment::Outside }
        }
        (Body::Date(wanted), Body::Date(found)) if wanted.before == found.before => {
            let is_same = difference_of(levels, &bound, reading).level == Level::Equal;
            if is_same { Containment::Inside } else { Containment::Outside }
        }
        (Body::Api(wanted), Body::Api(found)) => {
            if wanted == found {
                Containment::Inside
            } else {
                Containment::Outside
            }
        }
        (Body::Commit(wanted), Body::Commit(found)) if wanted.hash == found.hash => {
            Containment::Inside
        }
        _ => Containment::Unproven,
    }
}

/// One version in one packaging. A variant only counts if it is wanted: it is not part of the
/// version.
fn is_same(wanted: &Version, found: &Version) -> bool {
    let packaging = |v: &Version| (v.build.clone(), v.packaging.clone(), v.revisions.clone());
    cmp_numbers(&wanted.release, &found.release).is_eq()
        && wanted.pre == found.pre
        && packaging(wanted) == packaging(found)
        && wanted.detail == found.detail
        && (wanted.variant.is_empty() || wanted.variant == found.variant)
}

fn matches_prefix(
    prefix: &[Number],
    numbers: &[Number],
    is_short: bool,
    reading: &Reading,
) -> Containment {
    let zero = Number::from(0);
    // `jammy-20240427` begins with a name, and `5:7.0` with an epoch.
    let is_behind = match reading.body() {
        Body::Date(date) => !date.before.is_empty(),
        Body::Version(version) => has_epoch(version),
        _ => false,
    };
    if is_behind || (is_short && numbers.len() < prefix.len() && prefix.starts_with(numbers)) {
        return Containment::Unproven;
    }
    let fits =
        prefix.iter().enumerate().all(|(i, wanted)| numbers.get(i).unwrap_or(&zero) == wanted);
    if fits { Containment::Inside } else { Containment::Outside }
}

/// A reading that is one version, against a bound.
fn compare_with_bound(operator: Operator, reading: &Reading, bound: &Reading) -> Containment {
    let comparable = match (reading.body(), bound.body()) {
        (Body::Version(found), Body::Version(wanted)) => {
            // A product's own expressions may have read the tag, and they do not read a bound.
            let is_tag = reading.scheme() == Scheme::ImageTag;
            has_epoch(found) == has_epoch(wanted) && !(is_tag && has_tail(bound))
        }
        (Body::Date(found), Body::Date(wanted)) => found.before == wanted.before,
        _ => false,
    };
    let (Some((numbers, pre)), Some((wanted, wanted_pre))) = (order_key(reading), order_key(bound))
    else {
        return Containment::Unproven;
    };
    let Some(by_order) = order_of_unnamed(reading, bound).filter(|_| comparable) else {
        return Containment::Unproven;
    };
    let by_numbers = cmp_numbers(&numbers, &wanted).then_with(|| cmp_pre(pre, wanted_pre));
    let (ordered, numbered) = (operator.holds(by_order), operator.holds(by_numbers));
    if ordered == numbered || (by_numbers.is_eq() && has_tail(bound)) {
        ordered
    } else {
        Containment::Unproven
    }
}

/// A short tag stands for every release that begins with it; those are told from a bound one and
/// all, or not at all.
fn of_short(
    operator: Operator,
    bound: &[Number],
    bound_pre: &[Identifier],
    short: &[Number],
) -> Containment {
    if !begins_with(bound, short) {
        return operator.holds(cmp_numbers(short, bound));
    }
    let is_least = bound.iter().skip(short.len()).all(Number::is_zero);
    match operator {
        Operator::AtLeast if is_least => Containment::Inside,
        Operator::Below if is_least => Containment::Outside,
        // All releases are above a pre-release of the first.
        Operator::Above if is_least && !bound_pre.is_empty() => Containment::Inside,
        Operator::AtMost if is_least && !bound_pre.is_empty() => Containment::Outside,
        _ => Containment::Unproven,
    }
}

/// Whether numbers begin with others; those that are not written are zero.
fn begins_with(numbers: &[Number], prefix: &[Number]) -> bool {
    prefix
        .iter()
        .enumerate()
        .all(|(i, wanted)| numbers.get(i).map_or_else(|| wanted.is_zero(), |n| n == wanted))
}

/// What is behind the numbers and the pre-release: packaging, build, variant, a kernel's suffix.
fn has_tail(reading: &Reading) -> bool {
    match reading.body() {
        Body::Version(v) => {
            let detail = match &v.detail {
                Detail::Package { revision, .. } => !revision.is_empty(),
                Detail::Suffix(suffix) => !suffix.is_empty(),
                _ => false,
            };
            detail || [&v.build, &v.packaging, &v.variant].iter().any(|text| !text.is_empty())
        }
        Body::Date(date) => !date.behind.is_empty(),
        _ => false,
    }
}

/// Whether a bound names a runtime or a system, and another than the reading does.
fn names_another(bound: &str, reading: &Reading) -> bool {
    match reading.scheme() {
        Scheme::RuntimeUri => {
            let name = |text: &str| text.split_once("://").map(|(name, _)| name.to_lowercase());
            name(bound).is_some_and(|wanted| name(reading.text().trim()) != Some(wanted))
        }
        Scheme::OsImage => {
            let (wanted, found) = (parse_system_name(bound), parse_system_name(reading.text()));
            let rest = found.strip_prefix(wanted.as_str());
            !wanted.is_empty() && !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        }
        _ => false,
    }
}
