//! Whether the release was rehearsed: so many units at once, by these builds.

use super::unit_cost::{is_of_release, rehearse_command, write_at_once};
use super::units::span_of;
use super::{Item, ItemMeta, Trial};
use crate::model::{
    ChecklistItem, ItemFigure, ItemLine, ItemOutcome, ItemSection, Rehearsal, RehearsalOutcome,
    Settle, rounded,
};
use crate::trend::LoadIndicator;

pub(super) struct RehearsalDone;

static META: ItemMeta = ItemMeta {
    id: "rehearsal",
    section: ItemSection::Redis,
    summary: "a valid rehearsal of these builds with as many units as come at once",
    why: "a release that nobody loaded shows nothing, however long it was observed",
    judges_rollbacks: false,
};

/// Microseconds of five minutes.
const SPAN: f64 = 300.0 * 1e6;

impl Item for RehearsalDone {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let at_once = &trial.rules.at_once;
        if at_once.is_empty() {
            let seen = "how many units come at once is not known (at-once: of this item)";
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen));
            item.settle = Some(write_at_once(trial));
        }
        for (work, wanted) in at_once {
            let found = judge_work(trial, work, *wanted, &mut item.figures);
            item.lines.extend(found);
        }
        if at_once.is_empty() {
            return item;
        }
        item.settle = match item.outcome() {
            ItemOutcome::Incomplete => {
                Some(Settle::by(rehearse_command(trial, None), "as long as CMD"))
            }
            ItemOutcome::NoGo => Some(Settle::by(
                format!(
                    "make the work walk less, then {}, and {}",
                    trial.capture_again(),
                    rehearse_command(trial, None)
                ),
                "a change of the release, and as long as CMD",
            )),
            _ => None,
        };
        item
    }
}

fn judge_work(
    trial: &Trial<'_>,
    work: &str,
    wanted: f64,
    figures: &mut Vec<ItemFigure>,
) -> Vec<ItemLine> {
    let must = format!("{} {work} at once", rounded(wanted));
    let line = |outcome, seen: String| ItemLine::new(outcome, seen).must(must.clone());
    let of_work = trial.rehearsals.iter().filter(|one| one.work == work);
    let newest = of_work.clone().rfind(|one| is_of_release(one, trial));
    let Some(newest) = newest else {
        let of_name = |one: &&Rehearsal| one.release == trial.release.name;
        let seen = match of_work.clone().rfind(of_name) {
            Some(other) => {
                format!(
                    "the rehearsal of {} is one of other builds",
                    time_of_rehearsal(other, trial)
                )
            }
            None => format!("no rehearsal of {work} by these builds"),
        };
        return vec![line(ItemOutcome::Incomplete, seen)];
    };
    let at = time_of_rehearsal(newest, trial);
    let span = span_of(newest);
    match &newest.outcome {
        RehearsalOutcome::Valid if !span.is_plausible() => {
            let seen = format!(
                "count implausible: {} commands for the {} {work} rehearsed {at}",
                rounded(span.calls()),
                rounded(newest.count)
            );
            vec![line(ItemOutcome::Incomplete, seen)]
        }
        RehearsalOutcome::Valid if newest.count >= wanted => {
            let seen = format!("{} {work} rehearsed {at}", rounded(newest.count));
            let mut lines = vec![line(ItemOutcome::Go, seen)];
            lines.extend(walk_lines(trial, newest, figures));
            lines
        }
        RehearsalOutcome::Valid => {
            let seen = format!("only {} {work} rehearsed {at}", rounded(newest.count));
            let mut lines = vec![line(ItemOutcome::Incomplete, seen)];
            lines.extend(walk_lines(trial, newest, figures));
            lines
        }
        RehearsalOutcome::Failed(why) | RehearsalOutcome::Invalid(why) => {
            let seen = format!("the newest, of {at}, is {}: {why}", newest.outcome.as_str());
            vec![line(ItemOutcome::Incomplete, seen)]
        }
    }
}

/// What walked in the worst five minutes of it, against the limit of load.
fn walk_lines(
    trial: &Trial<'_>,
    rehearsal: &Rehearsal,
    figures: &mut Vec<ItemFigure>,
) -> Vec<ItemLine> {
    let criterion = trial.criteria.criteria.get(&LoadIndicator::WalkShare);
    let Some(max) = criterion.and_then(|criterion| criterion.max) else { return Vec::new() };
    let mut lines = Vec::new();
    for (component, micros) in &rehearsal.worst_walk {
        let share = micros / SPAN;
        let outcome = if share > max { ItemOutcome::NoGo } else { ItemOutcome::Go };
        let shown = LoadIndicator::WalkShare.format_value(share);
        let least = if share > 0.0 { "at least " } else { "" };
        let seen = format!("{component}: walk share {least}{shown} of its worst five minutes");
        let must = format!("<= {}", LoadIndicator::WalkShare.format_value(max));
        lines.push(ItemLine::new(outcome, seen).must(must));
        figures.push(ItemFigure {
            name: format!("{component} {} walk-share", rehearsal.work),
            value: Some(share),
            unit: "share of 5 min",
            limit: Some(max),
            baseline: None,
            source: "INFO every five seconds of the rehearsal".to_owned(),
        });
    }
    lines
}

fn time_of_rehearsal(rehearsal: &Rehearsal, trial: &Trial<'_>) -> String {
    let zone = trial.audit.run.timezone.clone();
    rehearsal.to.to_zoned(zone).strftime("%-d %b %H:%M").to_string()
}
