//! What a unit of work costs under the release, against the release that load is compared with.

use super::novelty::{KEYSPACE_COMMANDS, Novelty, RedisPair, novelty, redis_pairs};
use super::projected_load::is_judged;
use super::unit_cost::{
    FEW_CALLS, RISE, UnitCost, baseline, baseline_cost, is_risen, rehearse_command, unit_cost,
    works,
};
use super::{Item, ItemMeta, Trial};
use crate::model::{
    ChecklistItem, ItemFigure, ItemLine, ItemOutcome, ItemSection, Settle, first_three, rounded,
};
use crate::trend::CommandLists;

pub(super) struct CostPerUnit;

static META: ItemMeta = ItemMeta {
    id: "cost-per-unit",
    section: ItemSection::Redis,
    summary: "a unit of work costs Redis at most a fifth more than before",
    why: "a release that calls what production knows already, only more often, calls nothing new",
    judges_rollbacks: false,
};

/// More milliseconds a unit than this must be there before they count.
const FEW_MILLIS: f64 = 0.1;

const MUST: &str = "<= +20 %";

impl Item for CostPerUnit {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let pairs = redis_pairs(trial);
        let works = works(trial);
        if works.is_empty() {
            let seen = "no unit of work was counted: neither marked nor rehearsed";
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen).must(MUST));
        }
        for pair in &pairs {
            works.iter().for_each(|work| judge_work(trial, pair, work, &mut item));
        }
        item.settle = settle_unit_cost(item.outcome(), trial);
        item
    }
}

fn settle_unit_cost(outcome: ItemOutcome, trial: &Trial<'_>) -> Option<Settle> {
    let command = rehearse_command(trial, None);
    match outcome {
        ItemOutcome::NoGo => {
            let what =
                format!("take out what costs more, then {}, and {command}", trial.capture_again());
            Some(Settle::by(what, "a change of the release, and as long as CMD"))
        }
        ItemOutcome::Incomplete => {
            let before = baseline(trial).map(|(name, _)| name).unwrap_or_default();
            let takes = format!("as long as CMD; the same once while {before} runs there");
            Some(Settle::by(command, takes))
        }
        _ => None,
    }
}

/// One figure of a unit, before and now.
struct Risen {
    name: String,
    now: f64,
    before: Option<f64>,
    floor: f64,
    unit: &'static str,
}

impl Risen {
    fn is_over(&self) -> bool {
        is_risen(self.now, self.before.unwrap_or(0.0), self.floor)
    }

    fn in_words(&self, baseline: &str) -> String {
        let before = match self.before {
            Some(before) => format!(" ({baseline} {})", amount_in_words(before)),
            None => String::new(),
        };
        let unit = if self.unit == "ms" { " ms" } else { "" };
        format!("{} {}{unit}{before}", self.name, amount_in_words(self.now))
    }
}

/// Two digits behind the point where there is little.
fn amount_in_words(value: f64) -> String {
    match value {
        value if value >= 100.0 => rounded(value),
        0.0 => "0".to_owned(),
        value if value >= 1.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

fn unit_figures(now: &UnitCost, before: Option<&UnitCost>, lists: &CommandLists) -> Vec<Risen> {
    let logins = |cost: &UnitCost| cost.cost.logins(lists) / cost.units;
    let mut all = vec![
        Risen {
            name: "Redis time".to_owned(),
            now: now.millis(),
            before: before.map(UnitCost::millis),
            floor: FEW_MILLIS,
            unit: "ms",
        },
        Risen {
            name: "logins".to_owned(),
            now: logins(now),
            before: before.map(logins),
            floor: FEW_CALLS,
            unit: "calls",
        },
    ];
    for command in lists.walking() {
        let calls = |cost: &UnitCost| cost.calls(command);
        if now.calls(command) > 0.0 {
            all.push(Risen {
                name: command.to_uppercase(),
                now: now.calls(command),
                before: before.map(calls),
                floor: FEW_CALLS,
                unit: "calls",
            });
        }
    }
    all
}

/// Commands that walk and whose calls a unit rose.
pub(super) fn risen_commands(trial: &Trial<'_>, pair: &RedisPair<'_>) -> Vec<(String, f64, f64)> {
    let lists = CommandLists::builtin_lists();
    let mut found = Vec::new();
    for work in works(trial) {
        let Some(now) = unit_cost(trial, &work, &pair.component) else { continue };
        let Some(before) = baseline_cost(trial, &work, &pair.component) else { continue };
        let is_known = now.is_rehearsed && now.doubts.is_empty() && before.doubts.is_empty();
        for risen in unit_figures(&now, Some(&before), &lists) {
            let command = risen.name.to_lowercase();
            if is_known && lists.is_walking(&command) && risen.is_over() {
                let (calls, micros) = now.cost.commands.get(&command).copied().unwrap_or_default();
                found.push((command, calls, micros));
            }
        }
    }
    found
}

fn judge_work(trial: &Trial<'_>, pair: &RedisPair<'_>, work: &str, item: &mut ChecklistItem) {
    let lists = CommandLists::builtin_lists();
    let component = &pair.component;
    let mut push = |outcome, seen: String| {
        item.lines.push(ItemLine::new(outcome, seen).must(MUST));
    };
    let Some(now) = unit_cost(trial, work, component) else {
        push(ItemOutcome::Incomplete, format!("{component}: no {work} was marked or rehearsed"));
        return;
    };
    for why in &now.doubts {
        push(ItemOutcome::Incomplete, format!("{component} {work}: {why}"));
    }
    if now.units <= 0.0 {
        return;
    }
    let before = baseline_cost(trial, work, component).filter(|cost| cost.units > 0.0);
    let doubtful = before.as_ref().filter(|before| !before.doubts.is_empty());
    let usable = before.as_ref().filter(|before| before.doubts.is_empty());
    let (name, _) = baseline(trial).unwrap_or_default();
    let all = unit_figures(&now, usable, &lists);
    let head = format!("{component}: {}; per {work}", now.in_words());
    let worst = now.hides.as_ref().map(|why| format!(" (at least: {why})")).unwrap_or_default();
    if usable.is_none() {
        push_absolutes(trial, (&head, &worst, work), &all, doubtful, &mut push);
    } else {
        let (over, within): (Vec<&Risen>, Vec<&Risen>) = all.iter().partition(|one| one.is_over());
        for one in &over {
            let outcome = outcome_of(trial, pair, &now, one);
            let doubt = match outcome {
                ItemOutcome::Incomplete => "; other traffic, or the release?",
                _ => "",
            };
            push(outcome, format!("{head} {}{worst}{doubt}", one.in_words(&name)));
        }
        if over.is_empty() {
            let within = first_three(within.iter().map(|one| one.in_words(&name)), ", ");
            let is_open = now.hides.is_some() || !now.doubts.is_empty();
            let outcome = if is_open { ItemOutcome::Incomplete } else { ItemOutcome::Go };
            push(outcome, format!("{head} {within}{worst}"));
        }
    }
    let others =
        usable.map(|before| other_risen_commands(&now, before, &lists)).unwrap_or_default();
    if !others.is_empty() {
        push(
            ItemOutcome::Go,
            format!("{component}: also more often: {}", first_three(others, ", ")),
        );
    }
    for one in all {
        item.figures.push(ItemFigure {
            name: format!("{component} {work} {}", one.name.to_lowercase()),
            value: Some(one.now),
            unit: one.unit,
            limit: one.before.map(|before| (before * (1.0 + RISE)).max(before + one.floor)),
            baseline: one.before,
            source: now.in_words(),
        });
    }
}

/// Without a unit of the baseline there is no more than the figures: whether they are too much says
/// what so many of them at once come to.
fn push_absolutes(
    trial: &Trial<'_>,
    (head, worst, work): (&str, &str, &str),
    all: &[Risen],
    doubtful: Option<&UnitCost>,
    push: &mut impl FnMut(ItemOutcome, String),
) {
    let name = baseline(trial).map_or_else(|| "the release before".to_owned(), |(name, _)| name);
    let why = match doubtful.and_then(|cost| cost.doubts.first()) {
        Some(why) => format!("a unit of {name} cannot be relied on: {why}"),
        None => format!("no unit of {name} to compare with"),
    };
    let words = first_three(all.iter().map(|one| one.in_words("")), ", ");
    let is_judged = worst.is_empty() && is_judged(trial, work);
    let (outcome, rest) = if is_judged {
        (ItemOutcome::Go, "; judged by projected-load alone")
    } else {
        (ItemOutcome::Incomplete, "")
    };
    push(outcome, format!("{head} {words}; {why}{rest}{worst}"));
}

/// A rehearsal is the release's own load. Marks hold other traffic, too, but for what is new.
fn outcome_of(trial: &Trial<'_>, pair: &RedisPair<'_>, now: &UnitCost, one: &Risen) -> ItemOutcome {
    let command = one.name.to_lowercase();
    let is_new = KEYSPACE_COMMANDS.contains(&command.as_str())
        && matches!(novelty(pair, &command, trial), Novelty::New { .. });
    if (now.is_rehearsed || is_new) && now.doubts.is_empty() {
        ItemOutcome::NoGo
    } else {
        ItemOutcome::Incomplete
    }
}

/// Other commands that rose: a feature may have one GET more.
fn other_risen_commands(now: &UnitCost, before: &UnitCost, lists: &CommandLists) -> Vec<String> {
    let mut found = Vec::new();
    for command in now.cost.commands.keys() {
        let (own, old) = (now.calls(command), before.calls(command));
        let is_listed = lists.is_walking(command) || lists.is_login(command);
        if !is_listed && is_risen(own, old, FEW_CALLS) {
            found.push(format!(
                "{} {} ({})",
                command.to_uppercase(),
                amount_in_words(own),
                amount_in_words(old)
            ));
        }
    }
    found
}
