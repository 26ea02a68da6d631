//! Whether anything but the release changed since the freeze began.
//!
//! It is judged by stored evidence: what changed and was taken back between two pieces of it is
//! not seen, so that gaps make it INCOMPLETE.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::state::EnvironmentState;
use super::trial::FreezePast;
use super::{Item, ItemMeta, Trial};
use crate::model::{
    Build, ChecklistItem, ComponentName, Freeze, ItemFigure, ItemLine, ItemOutcome, ItemSection,
    Settle, count, length,
};

pub(super) struct FreezeKept;

static META: ItemMeta = ItemMeta {
    id: "freeze",
    section: ItemSection::Release,
    summary: "nothing but the release changed since the freeze began",
    why: "what changed on the side was tried with the release, or makes its trial worthless",
    judges_rollbacks: false,
};

/// Changes that are taken back sooner may not be seen.
const LONGEST_GAP: SignedDuration = SignedDuration::from_hours(1);

impl Item for FreezeKept {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let (Some(freeze), Some(past)) = (&trial.release.freeze, trial.freeze) else {
            let name = &trial.release.name;
            let seen = format!(
                "{name} has no freeze: it does not say since when nothing else may change (freeze:)"
            );
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen));
            let key = format!("freeze: {{environment: {}, from: TIME}}", trial.gate.from);
            item.settle =
                Some(Settle::by(format!("write {key} into the file of {name}"), "a minute"));
            return item;
        };
        let (not_allowed, excepted) = changes(past, freeze, trial);
        for change in &not_allowed {
            item.lines.push(ItemLine::new(ItemOutcome::NoGo, change.clone()).must("none"));
        }
        for change in excepted {
            item.lines.push(ItemLine::new(ItemOutcome::Go, change));
        }
        let (times, gap) = largest_gap(past, freeze, trial.now);
        let is_dense = gap <= LONGEST_GAP && times > 1;
        if not_allowed.is_empty() {
            let outcome = if is_dense { ItemOutcome::Go } else { ItemOutcome::Incomplete };
            let seen = format!(
                "{}: nothing else changed since {}, by {}, largest gap {}",
                freeze.environment,
                freeze.from,
                count(times, "piece") + " of evidence",
                in_words(gap)
            );
            item.lines.insert(0, ItemLine::new(outcome, seen).must("gap <= 1h"));
            let blind = "a moved tag that was not pulled and what a ConfigMap holds are not seen";
            item.lines.push(ItemLine::new(outcome, blind));
        }
        if let Some(why) = looks_elsewhere(freeze, trial) {
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, why));
        }
        item.figures.push(ItemFigure {
            name: "largest gap".to_owned(),
            value: Some(gap.as_secs_f64()),
            unit: "s",
            limit: Some(LONGEST_GAP.as_secs_f64()),
            baseline: None,
            source: "history".to_owned(),
        });
        item.settle = settle(&item, trial, freeze);
        item
    }
}

/// Why the freeze says nothing about the release's trial.
fn looks_elsewhere(freeze: &Freeze, trial: &Trial<'_>) -> Option<String> {
    let from = &trial.gate.from;
    if freeze.environment != *from {
        let other = &freeze.environment;
        return Some(format!("the freeze is of {other}: what changed in {from} is not looked at"));
    }
    (freeze.from > trial.now).then(|| format!("the freeze begins later, at {}", freeze.from))
}

fn settle(item: &ChecklistItem, trial: &Trial<'_>, freeze: &Freeze) -> Option<Settle> {
    match item.outcome() {
        ItemOutcome::NoGo => Some(Settle::by(
            format!(
                "add it to exceptions: of {} with approved-by, or take it back, try the release \
                 anew, and move from:",
                trial.release.name
            ),
            "as long as the trial",
        )),
        ItemOutcome::Incomplete => Some(Settle::by(
            format!(
                "run envparity audit each hour; what was not seen of {} stays so",
                freeze.environment
            ),
            "from now on",
        )),
        _ => None,
    }
}

fn in_words(gap: SignedDuration) -> String {
    let seconds = u64::try_from(gap.as_secs()).unwrap_or(0);
    let rounded = match seconds {
        0..60 => seconds,
        60..7200 => seconds / 60 * 60,
        _ => seconds / 3600 * 3600,
    };
    length(Duration::from_secs(rounded))
}

/// Pieces of whole evidence, and the longest time without one from the freeze's beginning to now.
fn largest_gap(past: &FreezePast, freeze: &Freeze, now: Timestamp) -> (usize, SignedDuration) {
    let whole: Vec<Timestamp> =
        past.states.iter().filter(|(_, state)| state.is_whole).map(|(at, _)| *at).collect();
    // What is older than the freeze tells how it began, as long as it is not far from it.
    let mut last = whole.iter().copied().rfind(|at| *at <= freeze.from);
    let mut longest = SignedDuration::ZERO;
    for at in whole.iter().copied().filter(|at| *at > freeze.from).chain([now]) {
        longest = longest.max(at.duration_since(last.unwrap_or(freeze.from)));
        last = Some(at);
    }
    (whole.len(), longest)
}

/// What changed from one piece of evidence to the next: what nobody allowed, and exceptions.
fn changes(past: &FreezePast, freeze: &Freeze, trial: &Trial<'_>) -> (Vec<String>, Vec<String>) {
    let (mut not_allowed, mut excepted) = (Vec::new(), Vec::new());
    let whole: Vec<_> = past.states.iter().filter(|(_, state)| state.is_whole).collect();
    for pair in whole.windows(2) {
        let ((_, before), (at, after)) = (pair[0], pair[1]);
        if *at <= freeze.from {
            continue;
        }
        for name in changed_facts(before, after) {
            not_allowed.push(format!("{name} changed, seen at {at}"));
        }
        for (name, build) in changed_builds(before, after) {
            let words = build
                .as_ref()
                .map_or("stopped".to_owned(), |build| format!("-> {}", build.in_words()));
            let change = format!("{name} {words}, seen at {at}");
            match allowed(&name, build.as_ref(), trial) {
                Allowed::AsRelease => {}
                Allowed::AsException(why) => excepted.push(format!("{change}: {why}")),
                Allowed::No => not_allowed.push(change),
            }
        }
    }
    (not_allowed, excepted)
}

enum Allowed {
    AsRelease,
    AsException(String),
    No,
}

fn allowed(name: &ComponentName, build: Option<&Build>, trial: &Trial<'_>) -> Allowed {
    let Some(build) = build else {
        // A service that the release does not have any more.
        let is_gone = !trial.release.train.is_empty() && !trial.release.train.contains_key(name);
        return if is_gone { Allowed::AsRelease } else { Allowed::No };
    };
    let is_in = |builds: Option<&Vec<Build>>| {
        builds.is_some_and(|known| known.iter().any(|one| one.same_content(build) == Some(true)))
    };
    if is_in(trial.release.changed.get(name)) {
        return Allowed::AsRelease;
    }
    let exceptions = trial.release.exceptions.iter().chain(&trial.rules.exceptions);
    let of_component: Vec<_> = exceptions.filter(|one| one.component == *name).collect();
    let digest = of_component.iter().find(|one| one.build.same_content(build) == Some(true));
    if let Some(one) = digest {
        let why = format!("{} ({}, approved by {})", one.reason, one.by, one.approved_by);
        return Allowed::AsException(why);
    }
    // Taking an exception back is covered by it.
    let is_previous = trial.previous.is_some_and(|previous| is_in(previous.train.get(name)));
    match of_component.first() {
        Some(one) if is_previous => Allowed::AsException(format!("{} taken back", one.reason)),
        _ => Allowed::No,
    }
}

/// Components other than own services that differ.
fn changed_facts(before: &EnvironmentState, after: &EnvironmentState) -> BTreeSet<ComponentName> {
    let names = before.facts.keys().chain(after.facts.keys());
    names.filter(|name| before.facts.get(*name) != after.facts.get(*name)).cloned().collect()
}

/// Builds that are new, and services that do not run any more.
fn changed_builds(
    before: &EnvironmentState,
    after: &EnvironmentState,
) -> Vec<(ComponentName, Option<Build>)> {
    let mut found = Vec::new();
    for (name, builds) in &after.train {
        let known = before.train.get(name).map(Vec::as_slice).unwrap_or_default();
        let is_known = |build: &Build| {
            known.iter().any(|one| match one.same_content(build) {
                Some(same) => same,
                None => one.version == build.version,
            })
        };
        let new = builds.iter().filter(|build| !is_known(build));
        found.extend(new.map(|build| (name.clone(), Some(build.clone()))));
    }
    let gone = before.train.keys().filter(|name| !after.train.contains_key(*name));
    found.extend(gone.map(|name| (name.clone(), None)));
    found
}
