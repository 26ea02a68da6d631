//! What a call of a command that walks, and is new or more frequent, would take at production's
//! size.

use super::cost_per_unit::risen_commands;
use super::novelty::{CallsTold, KEYSPACE_COMMANDS, Novelty, RedisPair, novelty, redis_pairs};
use super::unit_cost::{keys, keys_at_work, rehearse_command};
use super::{Item, ItemMeta, Trial};
use crate::model::{
    ChecklistItem, Indicator, ItemFigure, ItemLine, ItemOutcome, ItemSection, Settle, rounded,
};
use crate::trend::CommandLists;

pub(super) struct CostPerCall;

static META: ItemMeta = ItemMeta {
    id: "cost-per-call",
    section: ItemSection::Redis,
    summary: "a call that walks and is new takes at most 5 ms at production's number of keys",
    why: "Redis does one thing at a time: while a call walks, every other client waits",
    judges_rollbacks: false,
};

impl Item for CostPerCall {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let pairs = redis_pairs(trial);
        let lists = CommandLists::builtin_lists();
        let must = limit_in_words(trial);
        for pair in &pairs {
            let mut costs = Vec::new();
            let mut unread = None;
            for command in lists.walking() {
                match novelty(pair, command, trial) {
                    Novelty::New { calls, micros, told, .. } => {
                        let keys = keys_measured(trial, pair, told == CallsTold::Work);
                        costs.push(cost_line(pair, command, (calls, micros), (true, keys), trial));
                    }
                    Novelty::NotKnown { called: Some(called), .. } => {
                        let keys = keys_measured(trial, pair, false);
                        costs.push(cost_line(pair, command, called, (false, keys), trial));
                    }
                    Novelty::NotKnown { why, called: None } => unread = Some(why),
                    Novelty::NotNew | Novelty::NotNewHere(_) | Novelty::Cleared(_) => {}
                }
            }
            for (command, calls, micros) in risen_commands(trial, pair) {
                let new = novelty(pair, &command, trial);
                if !matches!(new, Novelty::New { .. } | Novelty::NotKnown { called: Some(_), .. }) {
                    let called = (calls, Some(micros));
                    let keys = keys_measured(trial, pair, true);
                    let (mut line, figure) = cost_line(pair, &command, called, (true, keys), trial);
                    line.seen += &cost_in_production(pair, &command);
                    costs.push((line, figure));
                }
            }
            let is_clear = costs.is_empty();
            for (line, figure) in costs {
                item.lines.push(line.must(must.clone()));
                item.figures.push(figure);
            }
            let component = &pair.component;
            match unread {
                Some(why) => {
                    let seen = format!("{component}: which commands are new is not known: {why}");
                    item.lines
                        .push(ItemLine::new(ItemOutcome::Incomplete, seen).must(must.clone()));
                }
                None if is_clear => {
                    let seen =
                        format!("{component}: no command that walks is new or more frequent");
                    item.lines.push(ItemLine::new(ItemOutcome::Go, seen).must(must.clone()));
                }
                None => {}
            }
        }
        item.settle = settle_call_cost(item.outcome(), trial);
        item
    }
}

fn settle_call_cost(outcome: ItemOutcome, trial: &Trial<'_>) -> Option<Settle> {
    match outcome {
        ItemOutcome::NoGo => Some(Settle::by(
            format!(
                "keep an index of the keys (a set for each owner), or SCAN with MATCH and COUNT \
                 outside of requests; then {}",
                trial.capture_again()
            ),
            "a change of the release",
        )),
        ItemOutcome::Incomplete => Some(Settle::by(
            format!(
                "{}; keys need INFO's Keyspace of {}",
                rehearse_command(trial, None),
                trial.gate.to
            ),
            "as long as CMD",
        )),
        _ => None,
    }
}

/// How many keys there were when calls were made: those of the work, where that is what tells them;
/// else those of now, or of the work where that had more.
fn keys_measured(trial: &Trial<'_>, pair: &RedisPair<'_>, is_of_work: bool) -> Option<f64> {
    let (now, at_work) = (keys(pair.from), keys_at_work(trial, &pair.component));
    match (is_of_work, at_work) {
        (true, Some(at_work)) => Some(at_work),
        _ => [now, at_work].into_iter().flatten().reduce(f64::max),
    }
}

fn limit_millis(trial: &Trial<'_>) -> f64 {
    trial.rules.max_call.as_secs_f64() * 1_000.0
}

fn limit_in_words(trial: &Trial<'_>) -> String {
    format!("<= {}", millis_in_words(limit_millis(trial)))
}

/// What a call takes, and would take there. A command of which nobody knows whether it is new makes
/// nothing a NO-GO.
fn cost_line(
    pair: &RedisPair<'_>,
    command: &str,
    (calls, micros): (f64, Option<f64>),
    (is_new, from_keys): (bool, Option<f64>),
    trial: &Trial<'_>,
) -> (ItemLine, ItemFigure) {
    let name = format!("{} {}", pair.component, command.to_uppercase());
    let own = micros.map(|micros| micros / calls / 1_000.0);
    let keys = [from_keys, keys(pair.to)];
    let scale = match keys {
        _ if !KEYSPACE_COMMANDS.contains(&command) => Some(1.0),
        [Some(from), Some(to)] if from >= 1.0 => Some((to / from).max(1.0)),
        _ => None,
    };
    let there = own.zip(scale).map(|(own, scale)| own * scale);
    let most = limit_millis(trial);
    // At any number of keys it takes at least as long as it did.
    let is_over = there.or(own).is_some_and(|ms| ms > most);
    let outcome = match (is_over, there) {
        (true, _) if is_new => ItemOutcome::NoGo,
        (true, _) | (false, None) => ItemOutcome::Incomplete,
        (false, Some(_)) => ItemOutcome::Go,
    };
    let at = |keys: Option<f64>| match keys {
        Some(keys) => format!("{} keys", rounded(keys)),
        None => "an unknown number of keys".to_owned(),
    };
    let seen = match (own, there) {
        (None, _) => format!("{name}: what a call takes is not told"),
        (Some(own), Some(there)) if KEYSPACE_COMMANDS.contains(&command) => {
            format!(
                "{name} {} at {}, at least {} at {}",
                millis_in_words(own),
                at(keys[0]),
                millis_in_words(there),
                at(keys[1])
            )
        }
        (Some(own), Some(_)) => {
            format!("{name} {} a call, by collections as they are", millis_in_words(own))
        }
        (Some(own), None) => {
            format!("{name} {} at {}; {}", millis_in_words(own), at(keys[0]), at(keys[1]))
        }
    };
    let doubt = if is_new { "" } else { "; whether it is new is not known" };
    let figure = ItemFigure {
        name: name.to_lowercase(),
        value: there,
        unit: "ms",
        limit: Some(most),
        baseline: own,
        source: "usec per call of one INFO, by the ratio of keys".to_owned(),
    };
    (ItemLine::new(outcome, format!("{seen}{doubt}")), figure)
}

/// What a call of it takes where it is known already.
fn cost_in_production(pair: &RedisPair<'_>, command: &str) -> String {
    let servers = pair.to.into_iter().flat_map(|target| &target.servers);
    let (mut calls, mut micros) = (0.0, 0.0);
    for server in servers {
        let of = |indicator: Indicator| {
            let mut all = server.indicators.by_subject(indicator);
            all.find(|(name, _)| *name == command).map_or(0.0, |(_, value)| value)
        };
        calls += of(Indicator::Calls);
        micros += of(Indicator::Time);
    }
    let has_calls = calls > 0.0;
    let own = has_calls
        .then(|| format!("; called there already, {} each", millis_in_words(micros / calls / 1e3)));
    format!("; more calls a unit than before{}", own.unwrap_or_default())
}

fn millis_in_words(ms: f64) -> String {
    if ms >= 10.0 { format!("{ms:.0} ms") } else { format!("{} ms", rounded_up(ms)) }
}

/// Two significant digits, so that a short time is not shown as zero.
fn rounded_up(ms: f64) -> String {
    if ms >= 0.1 {
        let text = format!("{ms:.1}");
        text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
    } else {
        format!("{ms:.3}")
    }
}
