//! How production is, before the release changes it: its load by windows, against the policy.
//!
//! It is the baseline: healthy or not, it says nothing about the release.

use jiff::Timestamp;

use super::{Item, ItemMeta, Trial};
use crate::model::{
    ChecklistItem, Facts, ItemFigure, ItemLine, ItemOutcome, ItemSection, JudgedLoad, JudgedWindow,
    LoadCell, LoadChange, LoadOutcome, LoadRow, Settle,
};
use crate::trend::{LoadIndicator, WindowKind, shown_value};

pub(super) struct Performance;

static META: ItemMeta = ItemMeta {
    id: "performance",
    section: ItemSection::Production,
    summary: "production's load is within the policy's limits, now and over the last weeks",
    why: "what a release does is seen against what was there before, and a server that is full \
          already has no room for it",
    judges_rollbacks: false,
};

impl Item for Performance {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let coverage = trial.to.snapshot.coverage.iter();
        let targets: Vec<_> =
            coverage.filter(|one| one.required && one.kind.facts == Facts::Info).collect();
        if targets.is_empty() {
            item.lines.push(ItemLine::without_redis());
            return item;
        }
        let loads = trial.audit.load.iter();
        let loads: Vec<&JudgedLoad> =
            loads.filter(|load| load.environment == trial.gate.to).collect();
        for target in targets {
            let id = &target.target;
            let is_kept = |load: &&&JudgedLoad| {
                let servers = load.windows.iter().flat_map(|window| &window.servers);
                servers.clone().any(|server| server.samples > 0.0) || !load.failed.is_empty()
            };
            match loads.iter().find(|load| load.target == *id).filter(is_kept) {
                Some(load) => judge_load(load, &mut item),
                None => {
                    let seen = format!("{id}: no load of {} is kept", trial.gate.to);
                    item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen));
                }
            }
        }
        item.lines.extend(since_release(trial));
        item.settle = settle_performance(item.outcome(), &loads, trial);
        item
    }
}

/// The criteria of one target: each in all windows, in a line.
fn judge_load(load: &JudgedLoad, item: &mut ChecklistItem) {
    for (source, failure) in &load.failed {
        let seen = format!("{}: {source} tells nothing: {failure}", load.target);
        item.lines.push(ItemLine::new(ItemOutcome::Go, seen));
    }
    for row in &load.rows {
        let judged = load.windows.iter().zip(&row.cells);
        for (window, cell) in judged.clone() {
            item.figures.push(window_figure(load, row, window, cell));
        }
        if row.max.is_none() && row.change.is_none() {
            continue;
        }
        let figures: Vec<String> = judged
            .map(|(window, cell)| format!("{} {}", window.window, cell_in_words(row, cell)))
            .collect();
        let noun = indicator_noun(row.indicator);
        let seen = format!("{} {noun}: {}", load.target, figures.join(", "));
        let outcome = row.cells.iter().map(|cell| item_outcome(cell.outcome)).max();
        let outcome = outcome.unwrap_or(ItemOutcome::Incomplete);
        let must = row.max.map(|max| format!("<= {}", shown_value(row.is_share, max)));
        item.lines.push(ItemLine::new(outcome, seen).must(must.unwrap_or_default()));
        item.lines.extend(rise_line(load, row));
    }
}

fn item_outcome(outcome: LoadOutcome) -> ItemOutcome {
    match outcome {
        LoadOutcome::Breached => ItemOutcome::NoGo,
        LoadOutcome::Unknown => ItemOutcome::Incomplete,
        LoadOutcome::Met | LoadOutcome::Printed => ItemOutcome::Go,
    }
}

fn indicator_noun(indicator: &'static str) -> &'static str {
    let known = LoadIndicator::ALL.into_iter().find(|known| known.as_str() == indicator);
    known.map_or(indicator, LoadIndicator::noun)
}

fn cell_in_words(row: &LoadRow, cell: &LoadCell) -> String {
    let value = cell.worst.as_ref().map(|worst| {
        let least = if worst.is_at_least { ">= " } else { "" };
        format!("{least}{}", shown_value(row.is_share, worst.value))
    });
    match (value, cell.outcome, cell.unknown.first()) {
        (Some(value), LoadOutcome::Unknown, Some(why)) => format!("{value} ({why})"),
        (Some(value), ..) => value,
        (None, _, Some(why)) => format!("({why})"),
        (None, ..) => shown_value(row.is_share, 0.0),
    }
}

/// The last day against the past, if anything of that is asked for.
fn rise_line(load: &JudgedLoad, row: &LoadRow) -> Option<ItemLine> {
    let LoadChange { base, limit, outcome, unknown } = row.risen.as_ref()?;
    let has_past = load.windows.len() > 1;
    let outcome = match outcome {
        LoadOutcome::Breached => ItemOutcome::NoGo,
        LoadOutcome::Unknown if has_past => ItemOutcome::Incomplete,
        _ => return None,
    };
    let noun = indicator_noun(row.indicator);
    let text = |value: f64| shown_value(row.is_share, value);
    let now = row.cells.first().and_then(|cell| cell.worst.as_ref()).map(|worst| text(worst.value));
    let now = now.unwrap_or_else(|| "?".to_owned());
    let seen = match (base, unknown.first()) {
        (Some((value, _)), None) if *value <= 0.0 => {
            format!("{} {noun} 0 -> {now} in the last 24h, new", load.target)
        }
        (Some((value, window)), None) => {
            format!("{} {noun} {now} in the last 24h, {} in {window}", load.target, text(*value))
        }
        (_, Some(why)) => {
            format!("{} {noun}: whether it rose is not known: {why}", load.target)
        }
        (None, None) => format!("{} {noun}: whether it rose is not known", load.target),
    };
    let must = limit.map(|limit| format!("<= {}", text(limit))).unwrap_or_default();
    Some(ItemLine::new(outcome, seen).must(must))
}

fn window_figure(
    load: &JudgedLoad,
    row: &LoadRow,
    window: &JudgedWindow,
    cell: &LoadCell,
) -> ItemFigure {
    ItemFigure {
        name: format!("{} {} {}", load.target, row.indicator, window.window),
        value: cell.worst.as_ref().map(|worst| worst.value),
        unit: if row.is_share { "share" } else { "per second" },
        limit: row.max,
        baseline: row.risen.as_ref().and_then(|risen| risen.base).map(|(value, _)| value),
        source: format!("{}, identity {}", window.source, window.identity),
    }
}

/// The window since the baseline release, where it is asked for and cannot be read.
fn since_release(trial: &Trial<'_>) -> Option<ItemLine> {
    let kind = WindowKind::Cumulative;
    let is_there = trial
        .audit
        .load
        .iter()
        .flat_map(|load| &load.windows)
        .any(|window| window.window == kind.as_str());
    if is_there || !trial.rules.windows.contains(&kind) {
        return None;
    }
    let baseline = trial.baseline;
    let seen = match (&baseline.release, baseline.since) {
        (None, _) => format!("cumulative: n/a, {}", baseline.told),
        (Some(release), None) => {
            let name = &release.name;
            let seen = format!("cumulative: when {name} came to {} is not known", trial.gate.to);
            return Some(ItemLine::new(ItemOutcome::Incomplete, seen));
        }
        (Some(release), Some(_)) => {
            let to = &trial.gate.to;
            format!("cumulative: n/a, {} came to {to} within the last two days", release.name)
        }
    };
    Some(ItemLine::new(ItemOutcome::NotApplicable, seen))
}

/// Seconds of a day.
const DAY: i64 = 24 * 3600;

fn settle_performance(
    outcome: ItemOutcome,
    loads: &[&JudgedLoad],
    trial: &Trial<'_>,
) -> Option<Settle> {
    let to = &trial.gate.to;
    match outcome {
        ItemOutcome::NoGo => {
            let load = loads.iter().find(|load| breached_indicator(load).is_some());
            let (target, indicator) = load
                .and_then(|load| Some((load.target.as_str(), breached_indicator(load)?)))
                .unwrap_or(("redis/NAME", "walk-share"));
            Some(Settle::by(
                format!(
                    "envparity trend {target} {indicator} --env {to} --for 7d, and take away what \
                     loads it"
                ),
                "a minute to see it; then a day below the limits",
            ))
        }
        ItemOutcome::Incomplete => Some(Settle::by(
            format!(
                "keep the load of {to}: envparity sample --env {to} --every 60s --for 24h, or \
                 load: {{prometheus: …}} at its Redis; with a history that is young write windows: \
                 [24h, -7d] at performance of kind: Checklist; then {}",
                trial.judge_again()
            ),
            windows_full_at(loads).map_or_else(
                || "a day for 24h, eight for -7d; at once by a Prometheus".to_owned(),
                |at| format!("a minute, or until {at} with what is kept already"),
            ),
        )),
        _ => None,
    }
}

/// The indicator that is over.
fn breached_indicator(load: &JudgedLoad) -> Option<&'static str> {
    let is_over = |row: &&LoadRow| {
        let risen = row.risen.iter().map(|risen| risen.outcome);
        let mut all = row.cells.iter().map(|cell| cell.outcome).chain(risen);
        all.any(|outcome| outcome == LoadOutcome::Breached)
    };
    load.rows.iter().find(is_over).map(|row| row.indicator)
}

/// When what is held already will cover the longest window.
fn windows_full_at(loads: &[&JudgedLoad]) -> Option<Timestamp> {
    let windows = loads.iter().flat_map(|load| &load.windows);
    let open = windows.filter_map(|window| {
        let held = window.held_since?;
        let length = match window.window {
            "cumulative" => return None,
            _ => window.span.to - window.span.from,
        };
        let behind = if window.window == WindowKind::Day.as_str() { 0 } else { DAY };
        (held > window.span.from).then_some(held + length + behind)
    });
    open.max().and_then(|at| Timestamp::from_second(at).ok())
}
