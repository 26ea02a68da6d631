//! What a unit of work costs Redis: the difference between two readings of INFO, by how many units
//! were done in between.
//!
//! Differences never tell too much: across a restart or a reset what was counted since is a lower
//! bound, and says so.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::lifetime::unread_servers;
use crate::model::{
    ComponentName, EnvironmentName, Extent, Indicator, Rehearsal, RehearsalOutcome, ServerCounters,
    TargetCounters, WorkMark, WorkReading,
};
use crate::trend::CommandLists;

/// Work that was done, and what Redis did meanwhile.
#[derive(Clone, Debug)]
pub struct WorkSpan {
    pub(crate) environment: EnvironmentName,
    pub(crate) work: String,
    /// As somebody said.
    pub(crate) release: Option<String>,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) count: f64,
    /// By Redis.
    pub(crate) costs: BTreeMap<ComponentName, Result<WorkCost, String>>,
}

/// What one Redis did meanwhile, over all of its servers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct WorkCost {
    /// Calls and microseconds by command.
    pub(crate) commands: BTreeMap<String, (f64, f64)>,
    /// Whether a restart or a reset hides some of it.
    pub(crate) is_at_least: bool,
    /// Commands that were processed and that no counter tells of.
    pub(crate) hidden: f64,
    /// Why a server of it may have been called that was not read.
    pub(crate) unread: Option<String>,
    /// The most keys that it had meanwhile.
    pub(crate) keys: Option<f64>,
}

impl WorkCost {
    /// Adds another span.
    pub(crate) fn add(&mut self, other: &Self) {
        for (command, (calls, micros)) in &other.commands {
            let own = self.commands.entry(command.clone()).or_default();
            *own = (own.0 + calls, own.1 + micros);
        }
        self.is_at_least |= other.is_at_least;
        self.hidden += other.hidden;
        self.unread = self.unread.take().or_else(|| other.unread.clone());
        self.keys = [self.keys, other.keys].into_iter().flatten().reduce(f64::max);
    }

    /// Calls of all commands.
    pub(crate) fn calls(&self) -> f64 {
        self.commands.values().fold(0.0, |sum, (calls, _)| sum + calls)
    }

    /// Microseconds in all commands.
    pub(crate) fn micros(&self) -> f64 {
        self.commands.values().fold(0.0, |sum, (_, micros)| sum + micros)
    }

    /// Calls of a command.
    pub(crate) fn calls_of(&self, command: &str) -> f64 {
        self.commands.get(command).map_or(0.0, |(calls, _)| *calls)
    }

    /// How often clients logged in.
    pub(crate) fn logins(&self, lists: &CommandLists) -> f64 {
        lists.logins().fold(0.0, |sum, command| sum + self.calls_of(command))
    }
}

/// Whether the server was started, or its counters were reset, between two readings.
fn is_server_cut(before: &ServerCounters, after: &ServerCounters) -> bool {
    let processed = |of: &ServerCounters| of.indicators.get(Indicator::Operations).unwrap_or(0.0);
    let has_fallen = before
        .indicators
        .by_subject(Indicator::Calls)
        .any(|(command, calls)| after.indicators.calls(command).unwrap_or(0.0) < calls);
    before.run_id != after.run_id || processed(after) < processed(before) || has_fallen
}

/// Whether any server of a Redis was started or reset between two readings.
pub fn is_cut(before: &WorkReading, after: &WorkReading) -> bool {
    let (Ok(before), Ok(after)) = (before, after) else { return false };
    let pair = |server: &ServerCounters| {
        let old = before.servers.iter().find(|one| one.place == server.place);
        old.is_some_and(|old| is_server_cut(old, server))
    };
    after.servers.iter().any(pair)
}

/// Microseconds in commands that walk between two readings.
pub fn walk_micros(before: &WorkReading, after: &WorkReading) -> f64 {
    let lists = CommandLists::builtin_lists();
    let Ok(cost) = cost_between(before, after) else { return 0.0 };
    let walking = cost.commands.iter().filter(|(command, _)| lists.is_walking(command));
    walking.map(|(_, (_, micros))| micros).sum()
}

/// Keys of the primaries; of the largest server where none is one.
pub(super) fn keys_of(target: &TargetCounters) -> Option<f64> {
    if target.extent == Extent::Some {
        return None;
    }
    let of = |server: &ServerCounters| server.indicators.get(Indicator::Keys);
    let primaries: Vec<_> = target.servers.iter().filter(|one| one.role == "master").collect();
    if primaries.is_empty() {
        return target.servers.iter().filter_map(of).reduce(f64::max);
    }
    primaries.into_iter().map(of).sum()
}

/// What a Redis did between two readings.
fn cost_between(before: &WorkReading, after: &WorkReading) -> Result<WorkCost, String> {
    let (before, after) = (before.as_ref().map_err(Clone::clone)?, after.as_ref());
    let after = after.map_err(Clone::clone)?;
    let mut cost = WorkCost {
        unread: unread_servers(before).or_else(|| unread_servers(after)),
        keys: [before, after].into_iter().filter_map(keys_of).reduce(f64::max),
        ..WorkCost::default()
    };
    for server in &after.servers {
        let old = before.servers.iter().find(|old| old.place == server.place);
        let old = old.ok_or_else(|| format!("{} was not read before", server.place))?;
        for one in [old, server] {
            if !one.indicators.tells(Indicator::Calls) {
                return Err("INFO tells no commandstats".to_owned());
            }
            if !one.is_whole {
                return Err("it told more counters than are kept".to_owned());
            }
        }
        cost.add(&server_cost(old, server));
    }
    let is_gone = |old: &&ServerCounters| after.servers.iter().all(|new| new.place != old.place);
    match before.servers.iter().find(is_gone) {
        Some(gone) => Err(format!("{} was not read afterwards", gone.place)),
        None => Ok(cost),
    }
}

fn server_cost(before: &ServerCounters, after: &ServerCounters) -> WorkCost {
    let is_cut = is_server_cut(before, after);
    let old = |indicator: Indicator, command: &str| {
        let mut all = before.indicators.by_subject(indicator);
        let found = all.find(|(name, _)| *name == command).map_or(0.0, |(_, value)| value);
        if is_cut { 0.0 } else { found }
    };
    let mut cost = WorkCost { is_at_least: is_cut, ..WorkCost::default() };
    for (command, calls) in after.indicators.by_subject(Indicator::Calls) {
        let calls = calls - old(Indicator::Calls, command);
        if calls > 0.0 {
            cost.commands.insert(command.to_owned(), (calls, 0.0));
        }
    }
    for (command, micros) in after.indicators.by_subject(Indicator::Time) {
        if let Some(of) = cost.commands.get_mut(command) {
            // EXEC takes the time of what is queued, and that is counted as well.
            let is_twice = command == "exec";
            let own = (micros - old(Indicator::Time, command)).max(0.0);
            of.1 = if is_twice { 0.0 } else { own };
        }
    }
    let processed = |of: &ServerCounters| of.indicators.get(Indicator::Operations);
    let all = match (is_cut, processed(before), processed(after)) {
        (false, Some(before), Some(after)) => after - before,
        (true, _, Some(after)) => after,
        _ => f64::INFINITY,
    };
    cost.hidden = (all - cost.calls()).abs();
    // Counters may have grown beyond what they were before a reset.
    cost.is_at_least |= cost.commands.contains_key("config|resetstat");
    cost
}

/// What a Redis did over readings in their order, without what reading cost. A reading in between
/// that failed is passed over, the first and the last must be there.
fn cost_over(readings: &[&WorkReading], own_readings: f64) -> Result<WorkCost, String> {
    let last = readings.len().saturating_sub(1);
    let mut cost = WorkCost::default();
    let mut before: Option<&WorkReading> = None;
    for (index, reading) in readings.iter().enumerate() {
        if reading.is_err() && index != 0 && index != last {
            continue;
        }
        if let Some(before) = before {
            cost.add(&cost_between(before, reading)?);
        }
        before = Some(reading);
    }
    let servers = before.and_then(|one| one.as_ref().ok()).map_or(1, |one| one.servers.len());
    let servers = f64::from(u32::try_from(servers).unwrap_or(u32::MAX));
    without_own(&mut cost, (own_readings - 1.0).max(0.0) * servers);
    Ok(cost)
}

/// Each reading but the first is a login and an INFO of ours, and so is its time.
fn without_own(cost: &mut WorkCost, own: f64) {
    let mut logins = own;
    for (command, most) in [("info", own), ("hello", own), ("auth", own)] {
        let Some((calls, micros)) = cost.commands.get_mut(command) else { continue };
        let most = if command == "info" { most } else { logins.min(most) };
        let taken = calls.min(most);
        *micros *= 1.0 - taken / calls.max(1.0);
        *calls -= taken;
        if command != "info" {
            logins -= taken;
        }
    }
    cost.commands.retain(|_, (calls, _)| *calls > 0.0);
}

/// What a rehearsal came to.
pub(crate) fn span_of(rehearsal: &Rehearsal) -> WorkSpan {
    let cost = |(component, readings): (&ComponentName, &Vec<WorkReading>)| {
        let all: Vec<&WorkReading> = readings.iter().collect();
        let own = rehearsal.own_readings.get(component).copied().unwrap_or(1.0);
        (component.clone(), cost_over(&all, own))
    };
    WorkSpan {
        environment: rehearsal.environment.clone(),
        work: rehearsal.work.clone(),
        release: Some(rehearsal.release.clone()),
        from: rehearsal.from,
        to: rehearsal.to,
        count: rehearsal.count,
        costs: rehearsal.readings.iter().map(cost).collect(),
    }
}

/// Spans between marks of one work in one environment: from a start, or the mark before, to a mark.
/// Where a Redis could not be read at either end, its cost is not known.
pub fn spans_of(marks: &[WorkMark]) -> Vec<WorkSpan> {
    let mut open: BTreeMap<(EnvironmentName, String), &WorkMark> = BTreeMap::new();
    let mut spans = Vec::new();
    for mark in marks {
        let key = (mark.environment.clone(), mark.work.clone());
        let before = open.get(&key).copied();
        if let (Some(count), Some(before)) = (mark.count, before) {
            spans.push(between(before, mark, count));
        }
        open.insert(key, mark);
    }
    spans
}

fn between(before: &WorkMark, mark: &WorkMark, count: f64) -> WorkSpan {
    let unread = Err("it was not read before".to_owned());
    let cost = |(component, reading): (&ComponentName, &WorkReading)| {
        let old = before.readings.get(component).unwrap_or(&unread);
        (component.clone(), cost_over(&[old, reading], 2.0))
    };
    WorkSpan {
        environment: mark.environment.clone(),
        work: mark.work.clone(),
        release: mark.release.clone().or_else(|| before.release.clone()),
        from: before.at,
        to: mark.at,
        count,
        costs: mark.readings.iter().map(cost).collect(),
    }
}

impl WorkSpan {
    /// Whether there was a command for each unit at least.
    pub(crate) fn is_plausible(&self) -> bool {
        self.calls() >= self.count
    }

    /// Commands that every Redis ran meanwhile: work that touches none of them is none.
    pub(crate) fn calls(&self) -> f64 {
        let known = self.costs.values().flatten();
        known.fold(0.0, |sum, cost| sum + cost.calls())
    }
}

/// Whether two spans of different work share a moment in one environment.
fn overlap(one: &WorkSpan, other: &WorkSpan) -> bool {
    let is_same_place = one.environment == other.environment && one.work != other.work;
    is_same_place && one.from < other.to && other.from < one.to
}

/// The work that ran at the same time as a span, if any did: what Redis did is then of both.
pub(crate) fn overlapping<'a>(span: &WorkSpan, all: &'a [WorkSpan]) -> Option<&'a str> {
    all.iter().find(|other| overlap(span, other)).map(|other| other.work.as_str())
}

/// The newest rehearsal of a work, if it is valid and of these builds.
pub(crate) fn valid_rehearsal<'a>(
    rehearsals: &'a [Rehearsal],
    (environment, digest): (&EnvironmentName, &str),
    work: &str,
) -> Option<&'a Rehearsal> {
    let is_of = |one: &&Rehearsal| {
        one.environment == *environment && one.digest == digest && one.work == work
    };
    let newest = rehearsals.iter().rfind(is_of);
    newest.filter(|one| one.outcome == RehearsalOutcome::Valid)
}
