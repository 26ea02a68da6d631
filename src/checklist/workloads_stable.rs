//! Whether what was deployed stays up.

use jiff::Timestamp;

use super::{ClusterMemory, Item, ItemMeta, Trial};
use crate::model::{
    ChecklistItem, ContainerHealth, Facts, ItemLine, ItemOutcome, ItemSection, Settle, TargetId,
    WorkloadHealth, count,
};

pub(super) struct WorkloadsStable;

static META: ItemMeta = ItemMeta {
    id: "workloads-stable",
    section: ItemSection::Release,
    summary: "since the release is there, its workloads are up to date and do not restart",
    why: "what restarts in a test does so in production, under load",
    judges_rollbacks: false,
};

/// More restarts of a container are no accident.
const MOST: i64 = 3;

/// So many lines are shown.
const NAMED: usize = 4;

/// Reasons to wait that end by themselves.
const STARTING: [&str; 2] = ["ContainerCreating", "PodInitializing"];

impl Item for WorkloadsStable {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let coverage = trial.from.snapshot.coverage.iter();
        let clusters: Vec<&TargetId> = coverage
            .filter(|target| target.required && target.kind.facts == Facts::Cluster)
            .map(|target| &target.target)
            .collect();
        if clusters.is_empty() {
            let seen = format!("no cluster in {}", trial.gate.from);
            item.lines.push(ItemLine::new(ItemOutcome::NotApplicable, seen));
            return item;
        }
        let memory = trial.from_memory;
        for cluster in clusters.iter().filter(|cluster| !memory.healthy.contains(cluster)) {
            let why = memory.refused.iter().find(|(target, _)| *target == **cluster);
            let why = why.map_or_else(
                || "nothing is kept of it".to_owned(),
                |(_, failure)| failure.to_string(),
            );
            let seen = format!("{cluster}: how far its workloads are was not read: {why}");
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen));
        }
        let Some(since) = trial.came_complete() else {
            let name = &trial.release.name;
            let seen = format!("when all of {name} was in {} is not known", trial.gate.from);
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen));
            item.settle = settle_workloads(item.outcome(), trial, memory);
            return item;
        };
        let mut found: Vec<ItemLine> =
            memory.workloads.iter().flat_map(|(_, one)| workload_troubles(one, since)).collect();
        found.sort_by_key(|line| std::cmp::Reverse(line.outcome));
        let more = found.len().saturating_sub(NAMED);
        let worst = found.get(NAMED).map(|line| line.outcome);
        found.truncate(NAMED);
        if item.lines.is_empty() && found.iter().all(|line| line.outcome == ItemOutcome::Go) {
            let seen = format!(
                "{} up to date, none restarted more than {MOST} times since {since}",
                count(memory.workloads.len(), "workload")
            );
            let is_any = !memory.workloads.is_empty();
            let outcome = if is_any { ItemOutcome::Go } else { ItemOutcome::Incomplete };
            item.lines.push(ItemLine::new(outcome, seen));
        }
        item.lines.extend(found);
        if let Some(worst) = worst {
            item.lines.push(ItemLine::new(worst, format!("and {more} more")));
        }
        item.settle = settle_workloads(item.outcome(), trial, memory);
        item
    }
}

fn settle_workloads(
    outcome: ItemOutcome,
    trial: &Trial<'_>,
    memory: &ClusterMemory,
) -> Option<Settle> {
    let (name, from) = (&trial.release.name, &trial.gate.from);
    let is_dated = trial.came_complete().is_some();
    match (outcome, memory.refused.first()) {
        (ItemOutcome::NoGo, _) => Some(Settle::by(
            format!(
                "kubectl describe pod, and kubectl logs --previous, of what is named, in {from}; \
                 then deploy {name} anew"
            ),
            "as long as the trial",
        )),
        (ItemOutcome::Incomplete, Some((_, failure))) => {
            let command = format!("{}; then {}", failure.advice, trial.judge_again());
            Some(Settle::by(command, "a minute"))
        }
        (ItemOutcome::Incomplete, None) if !is_dated => {
            Some(Settle::by(trial.capture_again(), "a minute, when all of it runs there"))
        }
        (ItemOutcome::Incomplete, None) => Some(Settle::by(
            format!(
                "{} when what starts has started; of what restarted before: kubectl rollout \
                 restart in {from}",
                trial.judge_again()
            ),
            "some minutes",
        )),
        _ => None,
    }
}

/// What is not as it must be in a workload.
fn workload_troubles(one: &WorkloadHealth, since: Timestamp) -> Vec<ItemLine> {
    let name = format!("{}/{}", one.workload.namespace, one.workload.name);
    let mut found = Vec::new();
    if !one.is_observed {
        let seen = format!("{name}: its controller has not seen its newest template yet");
        found.push(ItemLine::new(ItemOutcome::Incomplete, seen));
    } else if one.updated < one.desired {
        let seen = format!("{name}: {} of {} pods are up to date", one.updated, one.desired);
        found.push(ItemLine::new(ItemOutcome::NoGo, seen).must("all"));
    }
    found.extend(
        one.containers.iter().filter_map(|container| container_trouble(&name, container, since)),
    );
    found
}

fn container_trouble(name: &str, one: &ContainerHealth, since: Timestamp) -> Option<ItemLine> {
    let name = format!("{name} {}", one.container);
    let is_after = one.ended.is_none_or(|ended| ended >= since);
    if !one.waiting.is_empty() {
        let is_starting = STARTING.contains(&one.waiting.as_str()) && one.restarts == 0;
        let outcome = if is_starting { ItemOutcome::Incomplete } else { ItemOutcome::NoGo };
        return Some(ItemLine::new(outcome, format!("{name} waits: {}", one.waiting)).must("none"));
    }
    let ended = one.ended.map_or(String::new(), |at| format!(", at {at}"));
    if one.end_reason == "OOMKilled" && is_after {
        let seen = format!("{name} was killed for want of memory (OOMKilled){ended}");
        return Some(ItemLine::new(ItemOutcome::NoGo, seen).must("none"));
    }
    if one.restarts <= MOST || !is_after {
        return None;
    }
    let is_of_release = one.pod_created.is_some_and(|made| made >= since);
    let must = format!("<= {MOST} restarts");
    Some(if is_of_release {
        let seen = format!("{name} restarted {} times, the last{ended}", one.restarts);
        ItemLine::new(ItemOutcome::NoGo, seen).must(must)
    } else {
        let seen = format!(
            "{name} restarted {} times, the last{ended}: how often since {since} is not known",
            one.restarts
        );
        ItemLine::new(ItemOutcome::Incomplete, seen).must(must)
    })
}
