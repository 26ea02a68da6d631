//! Conditions of which no version fulfils all, as far as the texts alone tell: a mistake, told when
//! it is read.

use std::cmp::Ordering;

use super::super::identifier::{Identifier, cmp_pre};
use super::super::number::Number;
use super::super::read;
use super::super::reading::Body;
use super::super::scheme::Scheme;
use super::contains::order_key;
use super::{Operator, Range, RangeCondition};

/// A place between versions.
struct VersionCut {
    numbers: Vec<Number>,
    pre: Vec<Identifier>,
    side: CutSide,
}

/// Where it is of its version, from below.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum CutSide {
    Before,
    Behind,
    /// Behind every version that begins so.
    BehindAll,
}

/// What the conditions are of: only those of one kind compare.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ConditionKind {
    Version,
    Date,
}

struct Interval {
    kind: ConditionKind,
    lower: Option<VersionCut>,
    upper: Option<VersionCut>,
    text: String,
}

/// Two conditions that no version fulfils both, in words.
pub(super) fn find_conflict(conditions: &[RangeCondition]) -> Option<String> {
    let intervals: Vec<Interval> = conditions.iter().filter_map(interval_of).collect();
    let clash = intervals.iter().enumerate().find_map(|(i, a)| {
        let b = intervals[i + 1..]
            .iter()
            .find(|b| a.kind == b.kind && (is_empty(a, b) || is_empty(b, a)))?;
        Some(format!(
            "no version is both {} and {}, and a comma means that both must hold",
            a.text, b.text
        ))
    });
    clash.or_else(|| two_texts(conditions))
}

/// `latest, stable`: no text is two.
fn two_texts(conditions: &[RangeCondition]) -> Option<String> {
    let texts = conditions.iter().filter_map(|condition| match condition {
        RangeCondition::Exactly(text)
            if !text.contains(char::is_whitespace) && interval_of(condition).is_none() =>
        {
            Some(text)
        }
        _ => None,
    });
    let texts: Vec<&String> = texts.collect();
    let pair = texts.windows(2).find(|pair| pair[0] != pair[1])?;
    Some(format!(
        "nothing is both {} and {}, and a comma means that both must hold",
        pair[0], pair[1]
    ))
}

impl Range {
    /// Whether several ranges together hold every version, as far as their texts tell: `*`, `>=0`;
    /// `<7` with `>=7`.
    pub fn cover_every_version(ranges: &[&Self]) -> bool {
        let spans = ranges.iter().filter_map(|range| span_of(&range.conditions));
        are_gapless(spans.collect())
    }
}

/// Whether every version from 0 on is in one of these stretches.
fn are_gapless(mut spans: Vec<(Option<VersionCut>, Option<VersionCut>)>) -> bool {
    // `None` is less than any cut: what begins at 0 comes first.
    spans.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) => cmp(a, b),
        _ => a.is_some().cmp(&b.is_some()),
    });
    let mut reached: Option<VersionCut> = None;
    for (lower, upper) in spans {
        let follows = match (&lower, &reached) {
            (None, _) => true,
            (Some(lower), Some(reached)) => cmp(lower, reached).is_le(),
            (Some(_), None) => false,
        };
        match upper {
            _ if !follows => return false,
            None => return true,
            Some(upper) => {
                if reached.as_ref().is_none_or(|reached| cmp(&upper, reached).is_gt()) {
                    reached = Some(upper);
                }
            }
        }
    }
    false
}

/// The versions that fulfil all conditions, as one stretch: without a lower end it begins at 0.
/// `None` where a condition is of something else than versions.
fn span_of(conditions: &[RangeCondition]) -> Option<(Option<VersionCut>, Option<VersionCut>)> {
    let (mut from, mut to): (Option<VersionCut>, Option<VersionCut>) = (None, None);
    for condition in conditions {
        if matches!(condition, RangeCondition::Within(numbers) if numbers.is_empty()) {
            continue;
        }
        let Interval { lower, upper, .. } =
            interval_of(condition).filter(|interval| interval.kind == ConditionKind::Version)?;
        let is_zero = |cut: &VersionCut| cut.numbers.iter().all(Number::is_zero);
        let lower = lower.filter(|cut| !is_zero(cut));
        if let Some(lower) = lower
            && from.as_ref().is_none_or(|from| cmp(&lower, from).is_gt())
        {
            from = Some(lower);
        }
        if let Some(upper) = upper
            && to.as_ref().is_none_or(|to| cmp(&upper, to).is_lt())
        {
            to = Some(upper);
        }
    }
    Some((from, to))
}

fn is_empty(lower: &Interval, upper: &Interval) -> bool {
    lower
        .lower
        .as_ref()
        .zip(upper.upper.as_ref())
        .is_some_and(|(lower, upper)| cmp(lower, upper).is_ge())
}

fn interval_of(condition: &RangeCondition) -> Option<Interval> {
    match condition {
        RangeCondition::Within(numbers) => {
            let cut = |side| VersionCut { numbers: numbers.clone(), pre: Vec::new(), side };
            let text = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
            (!numbers.is_empty()).then(|| Interval {
                kind: ConditionKind::Version,
                lower: Some(cut(CutSide::Before)),
                upper: Some(cut(CutSide::BehindAll)),
                text: format!("{text}.x"),
            })
        }
        RangeCondition::Exactly(text) => {
            let (kind, cut) = cuts_around(text)?;
            Some(Interval {
                kind,
                lower: Some(cut(CutSide::Before)),
                upper: Some(cut(CutSide::Behind)),
                text: text.clone(),
            })
        }
        RangeCondition::Bound(operator, bound) => {
            let (kind, cut) = cuts_around(bound)?;
            let (lower, upper) = match operator {
                Operator::AtLeast => (Some(cut(CutSide::Before)), None),
                Operator::Above => (Some(cut(CutSide::Behind)), None),
                Operator::Below => (None, Some(cut(CutSide::Before))),
                Operator::AtMost => (None, Some(cut(CutSide::Behind))),
            };
            Some(Interval { kind, lower, upper, text: format!("{}{bound}", operator.sign()) })
        }
    }
}

/// Cuts around a version or a date; `None` for a text that says more than numbers and a stage.
fn cuts_around(text: &str) -> Option<(ConditionKind, impl Fn(CutSide) -> VersionCut)> {
    let date = read(Scheme::ImageTag, text);
    let (kind, reading) = match date.body() {
        Body::Date(date_) if date_.before.is_empty() && date_.behind.is_empty() => {
            (ConditionKind::Date, date)
        }
        Body::Date(_) | Body::Commit(_) => return None,
        _ => (ConditionKind::Version, read(Scheme::Generic, text)),
    };
    let plain = reading.version().is_none_or(|v| v.packaging.is_empty() && v.build.is_empty());
    let (numbers, pre) = order_key(&reading).filter(|_| plain)?;
    let pre = pre.to_vec();
    Some((kind, move |side| VersionCut { numbers: numbers.clone(), pre: pre.clone(), side }))
}

fn cmp(a: &VersionCut, b: &VersionCut) -> Ordering {
    let zero = Number::from(0);
    let all = |cut: &VersionCut| cut.side == CutSide::BehindAll;
    for i in 0..a.numbers.len().max(b.numbers.len()) {
        let ordering = match (a.numbers.get(i), b.numbers.get(i)) {
            (None, Some(_)) if all(a) => Ordering::Greater,
            (Some(_), None) if all(b) => Ordering::Less,
            (x, y) => x.unwrap_or(&zero).cmp(y.unwrap_or(&zero)),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    match (all(a), all(b)) {
        (false, false) => cmp_pre(&a.pre, &b.pre).then(a.side.cmp(&b.side)),
        (x, y) => x.cmp(&y),
    }
}
