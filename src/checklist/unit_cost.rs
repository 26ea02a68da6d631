//! What a unit of work costs one Redis, under the release and under the one that load is compared
//! with: by the newest valid rehearsal, else by marks.

use std::collections::BTreeSet;

use super::lifetime::unread_servers;
use super::trial::Trial;
use super::units::{WorkCost, WorkSpan, keys_of, overlapping, span_of, valid_rehearsal};
use super::{bound_builds, digest_of};
use crate::model::{ComponentName, Rehearsal, Settle, TargetCounters};

/// What some units of a work cost one Redis.
#[derive(Clone, Debug)]
pub(super) struct UnitCost {
    /// Of a valid rehearsal; else of marks, which other traffic is in, too.
    pub(super) is_rehearsed: bool,
    /// Units.
    pub(super) units: f64,
    /// What all of them cost.
    pub(super) cost: WorkCost,
    /// Why it cannot be relied on, if so: it may be too much.
    pub(super) doubts: Vec<String>,
    /// Why it is a lower bound, if it is.
    pub(super) hides: Option<String>,
}

/// By what share a unit may cost more.
pub(super) const RISE: f64 = 0.2;
/// By so many calls or logins a unit must rise before that counts.
pub(super) const FEW_CALLS: f64 = 0.1;

/// Whether a figure of a unit rose by more than it may.
pub(super) fn is_risen(now: f64, before: f64, floor: f64) -> bool {
    now > before * (1.0 + RISE) && now - before > floor
}

impl UnitCost {
    /// Calls of a command in a unit.
    pub(super) fn calls(&self, command: &str) -> f64 {
        self.cost.calls_of(command) / self.units
    }

    /// Milliseconds of Redis in a unit.
    pub(super) fn millis(&self) -> f64 {
        self.cost.micros() / 1e3 / self.units
    }

    /// `rehearsed: 250`, `marked: 2`.
    pub(super) fn in_words(&self) -> String {
        let word = if self.is_rehearsed { "rehearsed" } else { "marked" };
        format!("{} {word}", crate::model::rounded(self.units))
    }
}

/// Every work that is counted, rehearsed or asked for.
pub(super) fn works(trial: &Trial<'_>) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = trial.rules.at_once.keys().cloned().collect();
    names.extend(trial.rules.required_units.keys().cloned());
    names.extend(spans_under_release(trial).into_iter().map(|span| span.work));
    let own = trial.rehearsals.iter().filter(|one| is_of_release(one, trial));
    names.extend(own.map(|one| one.work.clone()));
    names
}

/// Whether a rehearsal is of these very builds.
pub(super) fn is_of_release(rehearsal: &Rehearsal, trial: &Trial<'_>) -> bool {
    rehearsal.environment == trial.gate.from && rehearsal.digest == trial.digest
}

/// Spans of marks under the release: where it comes from, since it came.
pub(super) fn spans_under_release(trial: &Trial<'_>) -> Vec<WorkSpan> {
    let Some(came) = trial.came() else { return Vec::new() };
    let is_of = |span: &WorkSpan| {
        let is_named = span.release.as_ref().is_none_or(|name| *name == trial.release.name);
        is_named && span.environment == trial.gate.from && span.from >= came && span.to <= trial.now
    };
    trial.spans.iter().filter(|span| is_of(span)).cloned().collect()
}

/// The newest valid rehearsal of a work by these builds.
pub(super) fn rehearsal_of<'a>(trial: &Trial<'a>, work: &str) -> Option<&'a Rehearsal> {
    valid_rehearsal(trial.rehearsals, (&trial.gate.from, &trial.digest), work)
}

/// What a unit costs under the release; `None` if nobody counted any.
pub(super) fn unit_cost(
    trial: &Trial<'_>,
    work: &str,
    component: &ComponentName,
) -> Option<UnitCost> {
    let rehearsed = rehearsal_of(trial, work).map(span_of);
    match rehearsed {
        Some(span) => Some(rehearsed_cost(trial, &span, component)),
        None => marked_cost(trial, spans_under_release(trial), work, component),
    }
}

/// The same of the release that load is compared with: where the release comes from before it came,
/// or where it goes to.
pub(super) fn baseline_cost(
    trial: &Trial<'_>,
    work: &str,
    component: &ComponentName,
) -> Option<UnitCost> {
    let (name, digest) = baseline(trial)?;
    let digest = digest.unwrap_or_default();
    let rehearsed = valid_rehearsal(trial.rehearsals, (&trial.gate.from, &digest), work);
    if let Some(span) = rehearsed.map(span_of) {
        return Some(rehearsed_cost(trial, &span, component));
    }
    let came = trial.came();
    let is_of = |span: &WorkSpan| match &span.release {
        Some(own) => *own == name,
        None if span.environment == trial.gate.to => true,
        None => span.environment == trial.gate.from && came.is_some_and(|came| span.to <= came),
    };
    let spans = trial.spans.iter().filter(|span| is_of(span)).cloned().collect();
    marked_cost(trial, spans, work, component)
}

/// Name and digest of the release that load is compared with.
pub(super) fn baseline(trial: &Trial<'_>) -> Option<(String, Option<String>)> {
    if let Some(known) = trial.baseline.release {
        return Some((known.name.clone(), Some(digest_of(&bound_builds(known)))));
    }
    let name = trial.release.baseline.as_ref().or(trial.release.previous.as_ref())?;
    let known = trial.previous.filter(|previous| previous.name == *name);
    Some((name.clone(), known.map(|known| digest_of(&bound_builds(known)))))
}

fn rehearsed_cost(trial: &Trial<'_>, span: &WorkSpan, component: &ComponentName) -> UnitCost {
    let mut made = UnitCost {
        is_rehearsed: true,
        units: span.count,
        cost: WorkCost::default(),
        doubts: Vec::new(),
        hides: None,
    };
    match span.costs.get(component) {
        Some(Ok(cost)) => made.cost = cost.clone(),
        Some(Err(why)) => made.doubts.push(why.clone()),
        None => made.doubts.push("it was not read then".to_owned()),
    }
    if let Some(other) = overlapping(span, trial.spans) {
        made.doubts.push(format!("{other} was done at the same time"));
    }
    doubt(&mut made, span.calls());
    made
}

fn marked_cost(
    trial: &Trial<'_>,
    spans: Vec<WorkSpan>,
    work: &str,
    component: &ComponentName,
) -> Option<UnitCost> {
    let own: Vec<WorkSpan> = spans.into_iter().filter(|span| span.work == work).collect();
    if own.is_empty() {
        return None;
    }
    let all: Vec<WorkSpan> =
        trial.spans.iter().cloned().chain(trial.rehearsals.iter().map(span_of)).collect();
    let mut made = UnitCost {
        is_rehearsed: false,
        units: 0.0,
        cost: WorkCost::default(),
        doubts: Vec::new(),
        hides: None,
    };
    let mut calls = 0.0;
    for span in &own {
        calls += span.calls();
        let overlaps = overlapping(span, &all);
        match (span.costs.get(component), overlaps) {
            (_, Some(other)) => made.doubts.push(format!("{other} was done at the same time")),
            (Some(Ok(cost)), None) => {
                made.cost.add(cost);
                made.units += span.count;
            }
            (Some(Err(why)), None) => made.doubts.push(why.clone()),
            (None, None) => made.doubts.push("it was not read then".to_owned()),
        }
    }
    doubt(&mut made, calls);
    Some(made)
}

/// What makes the figures not plausible.
fn doubt(made: &mut UnitCost, calls: f64) {
    let units = made.units;
    if made.doubts.is_empty() && calls < units {
        made.doubts.push(format!("count implausible: {calls} commands for {units} units"));
    }
    if made.cost.hidden >= 1.0 {
        let hidden = crate::model::rounded(made.cost.hidden);
        made.hides = Some(format!("{hidden} commands are in no counter of a command"));
    }
    if made.cost.is_at_least {
        made.hides = Some("a restart or reset hides some".to_owned());
    }
    if made.hides.is_none() {
        made.hides.clone_from(&made.cost.unread);
    }
    made.doubts.dedup();
}

/// By what the time of a command that walks the keyspace grows where the release goes to: the ratio
/// of keys there to the most that there were while it was measured, if above 1; `None` if either is
/// not known.
pub(super) fn key_ratio(
    trial: &Trial<'_>,
    component: &ComponentName,
    measured: Option<f64>,
) -> Option<f64> {
    let from = measured.or_else(|| keys(trial.from_counters.get(component)))?;
    let to = keys(trial.to_counters.get(component))?;
    (from >= 1.0).then(|| (to / from).max(1.0))
}

/// The most keys that a Redis had while work was counted under the release.
pub(super) fn keys_at_work(trial: &Trial<'_>, component: &ComponentName) -> Option<f64> {
    let own = trial.rehearsals.iter().filter(|one| is_of_release(one, trial)).map(span_of);
    let spans = own.chain(spans_under_release(trial));
    let found = spans.filter_map(|span| span.costs.get(component)?.as_ref().ok()?.keys);
    found.reduce(f64::max)
}

/// As [`keys_of`], of what was read.
pub(super) fn keys(target: Option<&TargetCounters>) -> Option<f64> {
    target.and_then(keys_of)
}

/// What says how many units come at once.
pub(super) fn write_at_once(trial: &Trial<'_>) -> Settle {
    let known = works(trial).into_iter().next().unwrap_or_else(|| "WORK".to_owned());
    let command = format!(
        "write {{item: rehearsal, at-once: {{{known}: N}}}} under items: of the file of kind \
         Checklist (checklist.yaml), then {}",
        trial.judge_again()
    );
    Settle::by(command, "a minute")
}

/// The command that rehearses.
pub(super) fn rehearse_command(trial: &Trial<'_>, work: Option<&str>) -> String {
    let known = work.map(str::to_owned).or_else(|| works(trial).into_iter().next());
    let work = known.unwrap_or_else(|| "WORK".to_owned());
    let rules = &trial.rules;
    let units = [rules.at_once.get(&work), rules.required_units.get(&work)];
    let units = units.into_iter().flatten().copied().reduce(f64::max);
    let units = units.map_or_else(|| "N".to_owned(), |units| units.to_string());
    let first = trial.from_counters.iter().find(|(_, target)| unread_servers(target).is_some());
    let first = first.map(|(component, _)| {
        format!("have all servers of {component} read (replicas: true, or nodes:), then ")
    });
    let first = first.unwrap_or_default();
    format!("{first}envparity rehearse {} --work {work}={units} -- CMD", trial.release.name)
}
