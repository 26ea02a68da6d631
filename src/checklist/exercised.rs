//! Whether the release was used at all: so many units of work, and the commands that production
//! calls.

use std::collections::{BTreeMap, BTreeSet};

use super::novelty::{RedisPair, redis_pairs};
use super::unit_cost::{is_of_release, rehearse_command, spans_under_release, works};
use super::units::{WorkSpan, span_of};
use super::{Item, ItemMeta, Trial};
use crate::model::{
    ChecklistItem, Indicator, ItemFigure, ItemLine, ItemOutcome, ItemSection, LoadSpan,
    PlaceBuckets, RehearsalOutcome, Series, Settle, first_three, rounded,
};
use crate::trend::CommandLists;

pub(super) struct Exercised;

static META: ItemMeta = ItemMeta {
    id: "exercised",
    section: ItemSection::Redis,
    summary: "enough work was done under the release, and nine tenths of production's commands seen",
    why: "a release that nobody used is as quiet as one that is good",
    judges_rollbacks: false,
};

/// Commands with a smaller share of production's calls need not be seen.
const LEAST_SHARE: f64 = 0.001;
/// The share of the others that must be seen.
const WANTED: f64 = 0.9;
/// Seven days, up to a day ago.
const WEEK: i64 = 7 * 86_400;
const WEEK_SECONDS: f64 = 7.0 * 86_400.0;
const DAY: i64 = 86_400;

/// What operators, clients' libraries and servers call, whatever the service does.
const ADMIN: [&str; 32] = [
    "acl", "asking", "auth", "bgrewriteaof", "bgsave", "client", "cluster", "command", "config",
    "dbsize", "debug", "echo", "failover", "hello", "info", "lastsave", "latency", "lolwut",
    "memory", "module", "monitor", "ping", "psync", "quit", "readonly", "replconf", "reset",
    "role", "save", "select", "slowlog", "sync",
];

impl Item for Exercised {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let pairs = redis_pairs(trial);
        let required = &trial.rules.required_units;
        if required.is_empty() {
            let seen = "how much work is enough is not known (required-units:)";
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen));
        }
        for (work, wanted) in required {
            let done = units_done(trial, work);
            let outcome = if done >= *wanted { ItemOutcome::Go } else { ItemOutcome::Incomplete };
            let seen = format!("{} {work} under {}", rounded(done), trial.release.name);
            let must = format!(">= {}", rounded(*wanted));
            item.lines.push(ItemLine::new(outcome, seen).must(must));
            item.figures.push(ItemFigure {
                name: format!("{work} units"),
                value: Some(done),
                unit: "units",
                limit: Some(*wanted),
                baseline: None,
                source: "marks and valid rehearsals since it came".to_owned(),
            });
        }
        let mut is_unseen = false;
        for pair in &pairs {
            let line = commands_line(trial, pair, &mut item.figures);
            is_unseen |= line.outcome != ItemOutcome::Go;
            item.lines.push(line);
        }
        item.settle = settle_exercised(item.outcome(), is_unseen, trial);
        item
    }
}

fn settle_exercised(outcome: ItemOutcome, is_unseen: bool, trial: &Trial<'_>) -> Option<Settle> {
    if outcome != ItemOutcome::Incomplete {
        return None;
    }
    if trial.rules.required_units.is_empty() {
        let known = works(trial).into_iter().next().unwrap_or_else(|| "WORK".to_owned());
        let write = format!(
            "write required-units: {{{known}: N}} into the file of kind Checklist (checklist.yaml), \
             then {}",
            trial.judge_again()
        );
        return Some(Settle::by(write, "a minute"));
    }
    let pairs = redis_pairs(trial);
    let is_known = |pair| wanted_commands(trial, pair).is_some_and(|wanted| !wanted.is_empty());
    if !pairs.iter().all(is_known) {
        let (to, name) = (&trial.gate.to, &trial.release.name);
        return Some(Settle::by(
            format!(
                "let INFO of {to}'s Redis be read (envparity audit -v says why it is not) when \
                 services use it, then envparity checklist --release {name}"
            ),
            "a minute",
        ));
    }
    let command = rehearse_command(trial, None);
    let command = if is_unseen {
        format!("{command}, with a CMD that does what production's users do")
    } else {
        command
    };
    Some(Settle::by(command, "as long as CMD"))
}

/// Units under the release: those of marks, and of rehearsals in which nobody marked any.
fn units_done(trial: &Trial<'_>, work: &str) -> f64 {
    let marked = spans_under_release(trial);
    // What called nothing was not done, whatever was counted.
    let is_done = |span: &&WorkSpan| span.work == work && span.is_plausible();
    let marked: Vec<_> = marked.iter().filter(is_done).collect();
    let mut done = marked.iter().fold(0.0, |sum, span| sum + span.count);
    let valid = trial.rehearsals.iter().filter(|one| {
        one.work == work && is_of_release(one, trial) && one.outcome == RehearsalOutcome::Valid
    });
    let valid = valid.filter(|one| span_of(one).is_plausible());
    for rehearsal in valid {
        let within = marked.iter().filter(|s| s.from < rehearsal.to && rehearsal.from < s.to);
        let within: f64 = within.map(|span| span.count).sum();
        done += (rehearsal.count - within).max(0.0);
    }
    done
}

fn commands_line(
    trial: &Trial<'_>,
    pair: &RedisPair<'_>,
    figures: &mut Vec<ItemFigure>,
) -> ItemLine {
    let component = &pair.component;
    let must = format!(">= {:.0} %", WANTED * 100.0);
    let Some(wanted) = wanted_commands(trial, pair) else {
        let seen = format!("{component}: what {} calls is not known", trial.gate.to);
        return ItemLine::new(ItemOutcome::Incomplete, seen).must(must);
    };
    let seen = seen_commands(trial, pair);
    let missing: Vec<&String> = wanted.iter().filter(|name| !seen.contains(*name)).collect();
    let (all, found) = (as_figure(wanted.len()), as_figure(wanted.len() - missing.len()));
    if wanted.is_empty() {
        let seen = format!("{component}: {} calls nothing to compare with", trial.gate.to);
        return ItemLine::new(ItemOutcome::Incomplete, seen).must(must);
    }
    let share = found / all;
    let outcome = if share >= WANTED { ItemOutcome::Go } else { ItemOutcome::Incomplete };
    let lacks = match missing.as_slice() {
        [] => String::new(),
        names => format!(", without {}", first_three(names.iter().map(|n| n.to_uppercase()), ", ")),
    };
    let told = format!(
        "{component}: {found} of {}'s {all} commands seen ({:.0} %){lacks}",
        trial.gate.to,
        share * 100.0
    );
    figures.push(ItemFigure {
        name: format!("{component} commands seen"),
        value: Some(share),
        unit: "share",
        limit: Some(WANTED),
        baseline: None,
        source: format!("commands with at least 0.1 % of the calls in {}", trial.gate.to),
    });
    ItemLine::new(outcome, told).must(must)
}

fn as_figure(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// Whether a command tells nothing of what a service does.
pub(super) fn is_admin(command: &str) -> bool {
    let name = command.split('|').next().unwrap_or(command);
    ADMIN.contains(&name)
}

/// What production calls often enough: in the seven days before the last, else since its start.
fn wanted_commands(trial: &Trial<'_>, pair: &RedisPair<'_>) -> Option<BTreeSet<String>> {
    let calls = match calls_in_week(trial, pair) {
        Some(calls) => calls,
        None => calls_since_start(pair)?,
    };
    let of_service = calls.iter().filter(|(command, _)| !is_admin(command));
    let all: f64 = of_service.clone().map(|(_, calls)| calls).sum();
    let often = of_service.filter(|(_, calls)| **calls >= all * LEAST_SHARE && **calls > 0.0);
    Some(often.map(|(command, _)| command.clone()).collect())
}

/// Calls by command.
type CallsByCommand = BTreeMap<String, f64>;

fn calls_since_start(pair: &RedisPair<'_>) -> Option<CallsByCommand> {
    let target = pair.to.filter(|target| !target.servers.is_empty())?;
    let mut calls = CallsByCommand::new();
    for server in &target.servers {
        if !server.indicators.tells(Indicator::Calls) {
            return None;
        }
        for (command, own) in server.indicators.by_subject(Indicator::Calls) {
            *calls.entry(command.to_owned()).or_insert(0.0) += own;
        }
    }
    Some(calls)
}

/// Calls in the seven days before the last; `None` if that week is not held whole.
fn calls_in_week(trial: &Trial<'_>, pair: &RedisPair<'_>) -> Option<CallsByCommand> {
    let loads = trial.to_loads.get(&pair.component)?;
    let load = loads.iter().find(|one| one.distrust().is_none())?;
    let span = LoadSpan { from: load.end - DAY - WEEK, to: load.end - DAY };
    let length = load.load.facts.length.seconds();
    let is_held = |place: &PlaceBuckets| {
        let up = place.buckets.get(&Series::Up).into_iter().flatten();
        let covered: f64 = up.filter(|row| span.holds(row.at, length)).map(|row| row.covered).sum();
        covered >= WANTED * WEEK_SECONDS
    };
    // A morning of a week says nothing of what is called in its nights.
    if !load.load.places.values().all(is_held) {
        return None;
    }
    let mut calls = CallsByCommand::new();
    for place in load.load.places.values() {
        for (series, rows) in &place.buckets {
            let Series::Command(command) = series else { continue };
            let own = rows.iter().filter(|row| span.holds(row.at, length));
            *calls.entry(command.clone()).or_insert(0.0) += own.map(|row| row.a).sum::<f64>();
        }
    }
    let lists = CommandLists::builtin_lists();
    // Where only some commands are kept as series, they say nothing of the others.
    let is_all = calls.keys().any(|name| !lists.is_walking(name) && !lists.is_login(name));
    let is_called = calls.values().any(|calls| *calls > 0.0);
    (is_all && is_called).then_some(calls)
}

/// What was called under the release: since it came, as far as anything tells.
fn seen_commands(trial: &Trial<'_>, pair: &RedisPair<'_>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let spans = spans_under_release(trial).into_iter();
    let own = trial.rehearsals.iter().filter(|one| is_of_release(one, trial));
    for span in spans.chain(own.map(span_of)) {
        if let Some(Ok(cost)) = span.costs.get(&pair.component) {
            seen.extend(cost.commands.keys().cloned());
        }
    }
    let Some(came) = trial.came() else { return seen };
    for one in trial.from_loads.get(&pair.component).into_iter().flatten() {
        if one.distrust().is_some() {
            continue;
        }
        for (series, rows) in one.load.places.values().flat_map(|place| &place.buckets) {
            let Series::Command(command) = series else { continue };
            let length = one.load.facts.length.seconds();
            if rows.iter().any(|row| row.a > 0.0 && row.at - length >= came.as_second()) {
                seen.insert(command.clone());
            }
        }
    }
    // A server that was started after the release came has counted nothing else.
    for server in pair.from.into_iter().flat_map(|target| &target.servers) {
        if super::lifetime::started(server).is_some_and(|at| at >= came) {
            let called = server.indicators.by_subject(Indicator::Calls);
            seen.extend(called.filter(|(_, calls)| *calls > 0.0).map(|(name, _)| name.to_owned()));
        }
    }
    seen
}
