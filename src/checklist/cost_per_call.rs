//! What a call of a command that walks, and is new or more frequent, would take at production's
//! size.

use super::cost_per_unit::risen_commands;
use super::novelty::{KEYSPACE_COMMANDS, Novelty, RedisPair, novelty, redis_pairs};
use super::unit_cost::{keys, rehearse_command};
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
        if pairs.is_empty() {
            item.lines.push(ItemLine::new(ItemOutcome::NotApplicable, "no Redis in the profiles"));
            return item;
        }
        let lists = CommandLists::builtin_lists();
        let must = limit_in_words(trial);
        for pair in &pairs {
            let mut costs = Vec::new();
            let mut unread = None;
            for command in lists.walking() {
                match novelty(pair, command, trial) {
                    Novelty::New { calls, micros, .. } => {
                        costs.push(cost(pair, command, (calls, micros), true, trial));
                    }
                    Novelty::NotKnown { called: Some(called), .. } => {
                        costs.push(cost(pair, command, called, false, trial));
                    }
                    Novelty::NotKnown { why, called: None } => unread = Some(why),
                    Novelty::NotNew | Novelty::NotNewHere(_) | Novelty::Cleared(_) => {}
                }
            }
            for (command, calls, micros) in risen_commands(trial, pair) {
                let new = novelty(pair, &command, trial);
                if !matches!(new, Novelty::New { .. } | Novelty::NotKnown { called: Some(_), .. }) {
                    let called = (calls, Some(micros));
                    let (mut line, figure) = cost(pair, &command, called, true, trial);
                    line.seen += &there(pair, &command);
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
        item.settle = settle(item.outcome(), trial);
        item
    }
}

fn settle(outcome: ItemOutcome, trial: &Trial<'_>) -> Option<Settle> {
    match outcome {
        ItemOutcome::NoGo => Some(Settle::by(
            "keep an index of the keys (a set for each owner), or SCAN with MATCH and COUNT outside \
             of requests",
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

fn limit(trial: &Trial<'_>) -> f64 {
    trial.rules.max_call.as_secs_f64() * 1_000.0
}

fn limit_in_words(trial: &Trial<'_>) -> String {
    format!("<= {}", ms(limit(trial)))
}

/// What a call takes, and would take there. A command of which nobody knows whether it is new makes
/// nothing a NO-GO.
fn cost(
    pair: &RedisPair<'_>,
    command: &str,
    (calls, micros): (f64, Option<f64>),
    is_new: bool,
    trial: &Trial<'_>,
) -> (ItemLine, ItemFigure) {
    let name = format!("{} {}", pair.component, command.to_uppercase());
    let own = micros.map(|micros| micros / calls / 1_000.0);
    let keys = [keys(pair.from), keys(pair.to)];
    let scale = match keys {
        _ if !KEYSPACE_COMMANDS.contains(&command) => Some(1.0),
        [Some(from), Some(to)] if from >= 1.0 => Some((to / from).max(1.0)),
        _ => None,
    };
    let there = own.zip(scale).map(|(own, scale)| own * scale);
    let most = limit(trial);
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
                ms(own),
                at(keys[0]),
                ms(there),
                at(keys[1])
            )
        }
        (Some(own), Some(_)) => format!("{name} {} a call, by collections as they are", ms(own)),
        (Some(own), None) => format!("{name} {} at {}; {}", ms(own), at(keys[0]), at(keys[1])),
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
fn there(pair: &RedisPair<'_>, command: &str) -> String {
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
    let own =
        has_calls.then(|| format!("; called there already, {} each", ms(micros / calls / 1e3)));
    format!("; more calls a unit than before{}", own.unwrap_or_default())
}

fn ms(ms: f64) -> String {
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
