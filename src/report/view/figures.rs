//! What each Redis has done since its start, side by side.
//!
//! Counters since the start are shown, never judged: they are averages over the server's life.

use std::collections::BTreeSet;
use std::time::Duration;

use super::coverage::age_words;
use crate::model::{Audit, Extent, TargetId, TargetIndicators, byte_words, round_number};

/// The figures of one target in each environment.
#[derive(Clone, Debug)]
pub(in crate::report) struct FiguresView<'a> {
    pub(in crate::report) target: &'a TargetId,
    /// What tells most first; a cell for each environment.
    pub(in crate::report) lines: Vec<(&'static str, Vec<String>)>,
}

impl FiguresView<'_> {
    /// What is told of the environment at that place: `KEYS calls` and `26`.
    pub(in crate::report) fn told_in(&self, index: usize) -> Vec<(&'static str, &str)> {
        let cells = self.lines.iter().filter_map(|(name, cells)| Some((*name, cells.get(index)?)));
        cells.filter(|(_, text)| *text != NOT_TOLD).map(|(name, text)| (name, &**text)).collect()
    }

    /// The same in a line: `KEYS calls: 26; up, keys: 24 min, 600`; empty for nothing.
    pub(in crate::report) fn words_in(&self, index: usize) -> String {
        let told = self.told_in(index).into_iter();
        told.map(|(name, text)| format!("{name}: {text}")).collect::<Vec<_>>().join("; ")
    }
}

/// In place of a figure that the target does not tell.
const NOT_TOLD: &str = "-";

/// Behind the name of the target.
pub(in crate::report) const SINCE_START: &str = "since its start";

type Figure = fn(&TargetIndicators) -> Option<String>;

/// What tells most first: commands that walk the keyspace, and load. Of several servers, what
/// `normalize/` makes of them.
const FIGURES: &[(&str, Figure)] = &[
    ("KEYS calls", |of| {
        let calls = of.calls.as_ref()?.get("keys").unwrap_or(&0.0).to_string();
        Some(at_least(of.extent != Extent::All, calls))
    }),
    ("ops/s, logins/s", |of| {
        let rates =
            format!("{}, {}", round_number(of.operations_rate?), round_number(of.logins_rate?));
        Some(at_least(of.extent == Extent::Some, rates))
    }),
    ("up, keys", |of| {
        let keys = at_least(of.extent == Extent::Some, round_number(of.keys?));
        Some(format!("{}, {keys}", uptime_words(of.uptime?)))
    }),
    ("memory, limit", |of| {
        let limit = of.memory_limit.map_or("none".to_owned(), byte_words);
        let memory = at_least(of.extent == Extent::Some, byte_words(of.memory?));
        Some(format!("{memory}, {limit}"))
    }),
];

/// Of every target that tells any, by name.
pub(super) fn of_targets(audit: &Audit) -> Vec<FiguresView<'_>> {
    let indicators = audit.environments.iter().map(|one| &one.snapshot.indicators);
    let targets: BTreeSet<&TargetId> = indicators.flat_map(|of| of.keys()).collect();
    let of_target = |target| {
        let lines =
            FIGURES.iter().map(|(name, figure)| (*name, figure_cells(target, *figure, audit)));
        FiguresView { target, lines: lines.collect() }
    };
    targets.into_iter().map(of_target).collect()
}

fn figure_cells(target: &TargetId, figure: Figure, audit: &Audit) -> Vec<String> {
    let told = audit.environments.iter().map(|environment| {
        let indicators = environment.snapshot.indicators.get(target);
        indicators.and_then(figure).unwrap_or_else(|| NOT_TOLD.to_owned())
    });
    told.collect()
}

/// A sum over servers of which one was not read.
fn at_least(is_partial: bool, sum: String) -> String {
    if is_partial { format!("at least {sum}") } else { sum }
}

pub(super) fn uptime_words(seconds: f64) -> String {
    age_words(Duration::try_from_secs_f64(seconds.round()).unwrap_or(Duration::MAX))
}
