//! Whether the release calls what walks the keyspace, and production never did.

use jiff::Timestamp;

use super::novelty::{CallsTold, KEYSPACE_COMMANDS, Novelty, RedisPair, novelty, redis_pairs};
use super::unit_cost::rehearse_command;
use super::{Item, ItemMeta, Trial};
use crate::model::{
    ChecklistItem, ItemFigure, ItemLine, ItemOutcome, ItemSection, Settle, first_three,
    round_number,
};
use crate::trend::CommandLists;

pub(super) struct NewCommand;

/// What changed that long before a first call may be its cause.
const HOUR: i64 = 3_600;

static META: ItemMeta = ItemMeta {
    id: "new-command",
    section: ItemSection::Redis,
    summary: "no KEYS, FLUSHALL or FLUSHDB that production never calls",
    why: "one call blocks Redis for as long as the keyspace is large, and tests have small ones",
    judges_rollbacks: false,
};

impl Item for NewCommand {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let pairs = redis_pairs(trial);
        let lists = CommandLists::builtin_lists();
        for pair in &pairs {
            judge_pair(pair, &lists, trial, &mut item);
        }
        item.settle = settle_new_command(item.outcome(), trial);
        item
    }
}

fn settle_new_command(outcome: ItemOutcome, trial: &Trial<'_>) -> Option<Settle> {
    let (from, to) = (&trial.gate.from, &trial.gate.to);
    let rehearse = rehearse_command(trial, None);
    match outcome {
        ItemOutcome::NoGo => Some(Settle::by_command(
            format!(
                "take the call out, then {}; if somebody typed it: {rehearse}",
                trial.capture_again()
            ),
            "as long as CMD: a rehearsal without the call clears it",
        )),
        ItemOutcome::Incomplete if trial.to_counters.is_empty() => {
            let command =
                format!("let INFO of {to} be read: envparity audit -v says why it is not");
            Some(Settle::by_command(command, "a minute"))
        }
        ItemOutcome::Incomplete if trial.came().is_none() => {
            Some(Settle::by_command(trial.capture_again(), "a minute, while its builds run there"))
        }
        ItemOutcome::Incomplete => Some(Settle::by_command(
            format!(
                "{rehearse}: without the call it settles this; with it, keep envparity sample \
                 --every 60s running, or name a Prometheus (load:), so that zeros of {from} and \
                 {to} are proven"
            ),
            "as long as CMD; with samples a day",
        )),
        _ => None,
    }
}

fn judge_pair(
    pair: &RedisPair<'_>,
    lists: &CommandLists,
    trial: &Trial<'_>,
    item: &mut ChecklistItem,
) {
    let component = &pair.component;
    let (from, to) = (&trial.gate.from, &trial.gate.to);
    let before = item.lines.len();
    let mut unknown: Vec<(String, Vec<String>)> = Vec::new();
    for command in KEYSPACE_COMMANDS {
        let shown = command.to_uppercase();
        match novelty(pair, command, trial) {
            Novelty::New { calls, told, never_since, .. } => {
                let seen = format!(
                    "{component} {shown} {}; {to} 0 in {}",
                    told_in_words(calls, &told, trial),
                    length_of(never_since, trial.now)
                );
                item.lines.push(ItemLine::new(ItemOutcome::NoGo, seen).must("0"));
                item.lines.extend(first_call(&told, trial));
                item.figures.push(figure_of(component.as_str(), command, Some(calls), Some(0.0)));
            }
            Novelty::NotNew => {}
            Novelty::NotNewHere(calls) => {
                let seen = format!(
                    "{component} {shown} {} in {from}, and it was called there before {}, too",
                    calls_in_words(calls),
                    trial.release.name
                );
                item.lines.push(ItemLine::new(ItemOutcome::Go, seen).must("0"));
            }
            Novelty::Cleared(calls) => {
                let outside = match calls {
                    Some(calls) => format!("{} outside it", calls_in_words(calls)),
                    None => "what was called before it is not known".to_owned(),
                };
                let seen = format!("{component} {shown} not called in the rehearsal; {outside}");
                item.lines.push(ItemLine::new(ItemOutcome::Go, seen).must("0"));
            }
            Novelty::NotKnown { why, called } => {
                let calls = called.map(|(calls, _)| calls);
                item.figures.push(figure_of(component.as_str(), command, calls, None));
                let shown = match calls {
                    Some(calls) => format!("{shown} ({} in {from})", calls_in_words(calls)),
                    None => shown,
                };
                match unknown.iter_mut().find(|(known, _)| *known == why) {
                    Some((_, commands)) => commands.push(shown),
                    None => unknown.push((why, vec![shown])),
                }
            }
        }
    }
    for (why, commands) in unknown {
        let seen = format!("{component} {}: {why}", commands.join(", "));
        item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen).must("0"));
    }
    if item.lines.len() == before {
        let seen = format!("{component}: neither KEYS, FLUSHALL nor FLUSHDB is new");
        item.lines.push(ItemLine::new(ItemOutcome::Go, seen).must("0"));
    }
    item.lines.extend(other_new(pair, lists, trial));
}

/// `4 calls in qualif since its start 19 d ago, by v22 or not`.
fn told_in_words(calls: f64, told: &CallsTold, trial: &Trial<'_>) -> String {
    let (from, name) = (&trial.gate.from, &trial.release.name);
    let before = trial.release.previous.as_deref().unwrap_or("before");
    let calls = calls_in_words(calls);
    match told {
        CallsTold::Lifetime(since) => {
            format!(
                "{calls} in {from} since its start {}, by {name} or not",
                time_ago(*since, trial.now)
            )
        }
        CallsTold::SinceCame => format!("{calls} in {from} since {name} came"),
        CallsTold::Series { is_zero_before: true, .. } => {
            format!("{calls} in {from} since {name} came, {before} there 0")
        }
        CallsTold::Series { .. } => format!("at least {calls} in {from} since {name} came"),
        CallsTold::Work => format!("{calls} in {from} by the work that was counted"),
    }
}

/// When it was called first, and what had changed just before.
fn first_call(told: &CallsTold, trial: &Trial<'_>) -> Option<ItemLine> {
    let CallsTold::Series { first, .. } = told else { return None };
    let zone = trial.audit.run.timezone.clone();
    let at = first.to_zoned(zone).strftime("%-d %b %H:%M").to_string();
    let is_just_before = trial.came().is_some_and(|came| {
        let seconds = first.duration_since(came).as_secs();
        (0..=HOUR).contains(&seconds)
    });
    let names: Vec<&str> = trial.release.changed.keys().map(|name| name.as_str()).collect();
    let rest = match (trial.came(), names.as_slice()) {
        (Some(_), names) if is_just_before && !names.is_empty() => format!(
            "; changed in the hour before: {} to {}",
            first_three(names, ", "),
            trial.release.name
        ),
        (Some(came), _) => {
            format!("; {} after {} came", length_of(came, *first), trial.release.name)
        }
        (None, _) => String::new(),
    };
    let seen = format!("first in the five minutes until {at}{rest}");
    Some(ItemLine::new(ItemOutcome::NoGo, seen))
}

/// Other commands that walk and are new: what they cost is judged by another item.
fn other_new(pair: &RedisPair<'_>, lists: &CommandLists, trial: &Trial<'_>) -> Option<ItemLine> {
    let mut new = Vec::new();
    for command in lists.walking().filter(|command| !KEYSPACE_COMMANDS.contains(command)) {
        if let Novelty::New { calls, .. } = novelty(pair, command, trial) {
            new.push(format!("{} {}", command.to_uppercase(), calls_in_words(calls)));
        }
    }
    let names = first_three(&new, ", ");
    let seen = format!("{} also new, judged by cost-per-call: {names}", pair.component);
    (!new.is_empty()).then(|| ItemLine::new(ItemOutcome::Go, seen))
}

fn figure_of(
    component: &str,
    command: &str,
    calls: Option<f64>,
    baseline: Option<f64>,
) -> ItemFigure {
    ItemFigure {
        name: format!("{component} {command}"),
        value: calls,
        unit: "calls",
        limit: Some(0.0),
        baseline,
        source: "INFO of each side, series where they are kept, and rehearsals".to_owned(),
    }
}

/// `4 calls`.
pub(super) fn calls_in_words(calls: f64) -> String {
    if calls < 1.5 { "1 call".to_owned() } else { format!("{} calls", round_number(calls)) }
}

/// `19 d`.
pub(super) fn length_of(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

fn time_ago(since: Timestamp, now: Timestamp) -> String {
    format!("{} ago", length_of(since, now))
}
