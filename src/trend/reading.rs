//! A target's windows, read: the figures of every server, and why some are not known.

use std::collections::BTreeMap;

use super::commands::CommandLists;
use super::coverage::{WindowCoverage, coverage_of, trim_span};
use super::derived::set_derived;
use super::identity::MOST_AHEAD;
use super::indicator::LoadIndicator;
use super::statistic::{SHORT_GAP, StatisticFor, WindowStatistic, statistic_of};
use super::unknown::Unknown;
use super::window::Window;
use crate::model::{
    BucketFlags, BucketedLoad, LoadFacts, LoadIdentity, LoadSpan, PlaceBuckets, Series, SpanMark,
};

/// All windows of a target.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetWindows {
    /// What holds for all of it.
    pub facts: LoadFacts,
    /// By server.
    pub places: BTreeMap<String, Vec<WindowRead>>,
}

/// One window of one server.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowRead {
    /// Which.
    pub window: Window,
    /// Whose series they are.
    pub identity: LoadIdentity,
    /// What is known of it.
    pub coverage: WindowCoverage,
    /// The figures.
    pub statistics: BTreeMap<LoadIndicator, WindowStatistic>,
    /// Why it is not known, whatever the indicator. Empty: it is.
    pub unknown: Vec<Unknown>,
}

/// Reads windows. The derived series are made anew by `lists`.
pub fn read_windows(
    mut load: BucketedLoad,
    windows: &[Window],
    marks: &[SpanMark],
    lists: &CommandLists,
) -> TargetWindows {
    let mut places = BTreeMap::new();
    for (name, place) in &mut load.places {
        set_derived(place, lists);
        let since = other_server_until(place);
        // A member that had left before is none of the window.
        let is_member = |window: &&Window| place.left_at.is_none_or(|left| left > window.span.from);
        let read = windows.iter().filter(is_member).map(|window| {
            let length = load.facts.length;
            let span = trim_span(place, own_part(place, since, window.span), length);
            let asked = StatisticFor { place, span, length, marks, lists };
            let statistic = |indicator| (indicator, statistic_of(&asked, indicator));
            let coverage = coverage_of(place, span, length, marks);
            WindowRead {
                window: *window,
                identity: place.identity.clone(),
                unknown: unknown_of(&load.facts, place, since, *window, &coverage),
                coverage,
                statistics: LoadIndicator::ALL.into_iter().map(statistic).collect(),
            }
        });
        places.insert(name.clone(), read.collect());
    }
    TargetWindows { facts: load.facts, places }
}

/// When the last bucket or hour ends in which another server was found to have answered before.
fn other_server_until(place: &PlaceBuckets) -> Option<i64> {
    let is_marked = |flags: BucketFlags| flags.contains(BucketFlags::OTHER_SERVER);
    let buckets = place.buckets.get(&Series::Up).into_iter().flatten().rev();
    let hours = place.hours.get(&Series::Up).into_iter().flatten().rev();
    let bucket = buckets.filter(|row| is_marked(row.flags)).map(|row| row.at).next();
    bucket.max(hours.filter(|hour| is_marked(hour.flags)).map(|hour| hour.at).next())
}

/// The part of a span in which this server was the one that answers, and was a member.
fn own_part(place: &PlaceBuckets, since: Option<i64>, span: LoadSpan) -> LoadSpan {
    let from = since.map_or(span.from, |since| since.clamp(span.from, span.to));
    let to = place.left_at.map_or(span.to, |left| left.min(span.to));
    LoadSpan { from, to: to.max(from) }
}

/// What holds whatever the indicator. How much of a past window must be covered is a criterion.
fn unknown_of(
    facts: &LoadFacts,
    place: &PlaceBuckets,
    since: Option<i64>,
    window: Window,
    coverage: &WindowCoverage,
) -> Vec<Unknown> {
    let mut found = Vec::new();
    match &place.identity {
        LoadIdentity::Proven | LoadIdentity::ByLabels => {}
        LoadIdentity::AnotherServer { live, found: newest } => {
            found.push(Unknown::AnotherServer { live: live.clone(), found: newest.clone() })
        }
        LoadIdentity::Unknown => found.push(Unknown::NoIdentity),
    }
    if let Some(ahead) =
        facts.clock_ahead.filter(|ahead| ahead.is_nan() || ahead.abs() > MOST_AHEAD)
    {
        found.push(Unknown::Clock { ahead });
    }
    if let Some(first) = facts.warnings.first() {
        found.push(Unknown::Warnings { first: first.clone(), count: facts.warnings.len() });
    }
    let other = since.filter(|since| *since > window.span.from);
    found.extend(other.map(Unknown::OtherServerUntil));
    if let Some(since) = facts.held_since.filter(|since| *since > window.span.from) {
        found.push(Unknown::HeldSince(since));
    }
    if other.is_some_and(|since| since >= window.span.to) {
        return found;
    }
    if coverage.is_empty() {
        found.push(Unknown::NoSamples);
    } else if !window.kind.is_past() {
        let longest = coverage.gaps.iter().max_by_key(|gap| gap.seconds());
        let long = longest.filter(|gap| gap.seconds() > SHORT_GAP);
        found.extend(long.map(|gap| Unknown::LongGap(*gap)));
        let short = coverage.open_gaps.iter().find(|gap| gap.seconds() <= SHORT_GAP);
        found.extend(short.map(|gap| Unknown::OpenGap(*gap)));
    }
    found
}
