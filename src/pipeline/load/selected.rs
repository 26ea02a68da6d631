//! Which source each window is by: the first that covers it. Pure.
//!
//! A breach that another source tells counts all the same: see `sources`.

use std::collections::BTreeMap;

use super::asked::LoadAsked;
use super::kept;
use super::told::SourceLoad;
use crate::model::LoadFacts;
use crate::trend::{TargetWindows, Unknown, WindowKind, WindowRead, unknown_of_indicator};

/// How well a source knows a window, the worst of its servers.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
struct Known {
    is_trusted: bool,
    share: f64,
}

/// Each window by the first source that covers it, else by the one that knows most of it.
pub(super) fn select_windows(
    asked: &LoadAsked<'_>,
    sources: &[SourceLoad],
) -> (TargetWindows, BTreeMap<WindowKind, usize>) {
    let mut by_source = BTreeMap::new();
    let mut places: BTreeMap<String, Vec<WindowRead>> = BTreeMap::new();
    for window in asked.windows {
        let mut best: Option<(usize, Known)> = None;
        let mut covering = None;
        for (index, told) in sources.iter().enumerate() {
            let Some(windows) = &told.windows else { continue };
            let reads = || of_kind(windows, window.kind);
            if reads().count() == 0 {
                continue;
            }
            if reads().all(|read| is_covered(asked, read)) {
                covering = Some(index);
                break;
            }
            let known = known_of(reads());
            if best.is_none_or(|(_, best)| known > best) {
                best = Some((index, known));
            }
        }
        let Some(index) = covering.or(best.map(|(index, _)| index)) else { continue };
        by_source.insert(window.kind, index);
        for (place, reads) in sources[index].windows.iter().flat_map(|told| &told.places) {
            let read = reads.iter().find(|read| read.window.kind == window.kind);
            places.entry(place.clone()).or_default().extend(read.cloned());
        }
    }
    let first = asked.windows.first().and_then(|window| by_source.get(&window.kind));
    let facts = first.and_then(|index| sources[*index].windows.as_ref());
    let facts = facts.map_or_else(|| no_facts(asked), |windows| windows.facts.clone());
    (TargetWindows { facts, places }, by_source)
}

fn of_kind(windows: &TargetWindows, kind: WindowKind) -> impl Iterator<Item = &WindowRead> {
    let all = windows.places.values().flatten();
    all.filter(move |read| read.window.kind == kind)
}

/// Whether all that is judged can be judged by it.
fn is_covered(asked: &LoadAsked<'_>, read: &WindowRead) -> bool {
    let of = |indicator| unknown_of_indicator(read, indicator, asked.criteria.min_coverage);
    asked.criteria.criteria.keys().all(|indicator| of(*indicator).is_empty())
        && read.unknown.is_empty()
}

fn known_of<'a>(reads: impl Iterator<Item = &'a WindowRead>) -> Known {
    let mut worst = Known { is_trusted: true, share: 1.0 };
    for read in reads {
        worst.is_trusted &= !read.unknown.iter().any(Unknown::is_of_source);
        worst.share = worst.share.min(read.coverage.covered_share());
    }
    worst
}

/// What holds where no source told anything.
fn no_facts(asked: &LoadAsked<'_>) -> LoadFacts {
    LoadFacts {
        target: asked.target.clone(),
        source: kept::LABEL.to_owned(),
        length: asked.length,
        held_since: None,
        interval: None,
        clock_ahead: None,
        warnings: Vec::new(),
        origin: None,
    }
}
