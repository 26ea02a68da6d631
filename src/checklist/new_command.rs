//! Whether the release calls what walks the keyspace, and production never did.

use jiff::Timestamp;

use super::novelty::{KEYSPACE_COMMANDS, Novelty, RedisPair, novelty, redis_pairs};
use super::{Item, ItemMeta, Trial};
use crate::model::{
    ChecklistItem, ItemFigure, ItemLine, ItemOutcome, ItemSection, Settle, first_three, rounded,
};
use crate::trend::CommandLists;

pub(super) struct NewCommand;

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
        if pairs.is_empty() {
            item.lines.push(ItemLine::new(ItemOutcome::NotApplicable, "no Redis in the profiles"));
            return item;
        }
        let lists = CommandLists::builtin();
        for pair in &pairs {
            judge_pair(pair, &lists, trial, &mut item);
        }
        item.settle = settle(item.outcome(), trial);
        item
    }
}

fn settle(outcome: ItemOutcome, trial: &Trial<'_>) -> Option<Settle> {
    let (name, from, to) = (&trial.release.name, &trial.gate.from, &trial.gate.to);
    let anew = format!(
        "restart the Redis of {from}, deploy {name}, then envparity release capture {name} --from \
         {from} --force, and try it"
    );
    match outcome {
        ItemOutcome::NoGo => Some(Settle::by(
            format!("take the call out, or find who typed it; then {anew}"),
            "as long as the trial",
        )),
        ItemOutcome::Incomplete if trial.to_counters.is_empty() => {
            Some(Settle::by(format!("let INFO of {to} be read"), "a minute"))
        }
        ItemOutcome::Incomplete => Some(Settle::by(
            format!("{anew}; zeros of {to} need a Redis whose counters were never reset"),
            "as long as the trial",
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
            Novelty::New { calls, since, never_since, .. } => {
                let seen = format!(
                    "{component} {shown} {} in {from} since its start {}, by {} or not; {to} 0 in \
                     {}",
                    calls_in_words(calls),
                    ago(since, trial.now),
                    trial.release.name,
                    length_of(never_since, trial.now)
                );
                item.lines.push(ItemLine::new(ItemOutcome::NoGo, seen).must("0"));
                item.figures.push(figure(component.as_str(), command, Some(calls), Some(0.0)));
            }
            Novelty::NotNew => {}
            Novelty::NotKnown { why, called } => {
                let calls = called.map(|(calls, _)| calls);
                item.figures.push(figure(component.as_str(), command, calls, None));
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
    item.lines.extend(others(pair, lists, trial));
}

/// Other commands that walk and are new: what they cost is judged by another item.
fn others(pair: &RedisPair<'_>, lists: &CommandLists, trial: &Trial<'_>) -> Option<ItemLine> {
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

fn figure(component: &str, command: &str, calls: Option<f64>, baseline: Option<f64>) -> ItemFigure {
    ItemFigure {
        name: format!("{component} {command}"),
        value: calls,
        unit: "calls",
        limit: Some(0.0),
        baseline,
        source: "one INFO of each side, since the server's start".to_owned(),
    }
}

/// `4 calls`.
pub(super) fn calls_in_words(calls: f64) -> String {
    if calls < 1.5 { "1 call".to_owned() } else { format!("{} calls", rounded(calls)) }
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

fn ago(since: Timestamp, now: Timestamp) -> String {
    format!("{} ago", length_of(since, now))
}
