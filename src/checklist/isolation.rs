//! Whether the environments share an instance: what is tried in one must not touch another.

use super::{Item, ItemMeta, Trial};
use crate::model::{
    ChecklistItem, Coverage, Identity, ItemLine, ItemOutcome, ItemSection, JudgedFinding, Settle,
    first_three,
};
use crate::policy;

pub(super) struct Isolation;

static META: ItemMeta = ItemMeta {
    id: "isolation",
    section: ItemSection::Environments,
    summary: "no two environments use one Redis, engine or cluster",
    why: "what is tried in one would reach the other, and each would be the other's evidence",
    judges_rollbacks: false,
};

impl Item for Isolation {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let (shared, accepted) = shared_instances(trial);
        for judged in &shared {
            item.lines.push(
                ItemLine::new(ItemOutcome::NoGo, judged.finding.summary.clone()).must("none"),
            );
        }
        let silent = unidentified_targets(trial);
        if !silent.is_empty() {
            let names = first_three(&silent, ", ");
            let seen = format!(
                "{} not say who {}: {names}",
                targets_that_do(silent.len()),
                who_they_are(silent.len())
            );
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen));
        }
        let told = trial.audit.environments.iter().flat_map(|one| &one.snapshot.identities);
        let told = told.filter(|identity| !identity.is_of_data()).count();
        if item.lines.is_empty() && told == 0 {
            item.lines.push(ItemLine::new(ItemOutcome::NotApplicable, "nothing has an identity"));
        } else if shared.is_empty() {
            let seen = match accepted.len() {
                0 => format!("{}, none shared", identity_count(told)),
                n => format!("{}, {n} shared and accepted", identity_count(told)),
            };
            item.lines.insert(0, ItemLine::new(ItemOutcome::Go, seen).must("none"));
        }
        for judged in accepted {
            let by = match judged.waiver() {
                Some(waiver) => format!("waived by {waiver}"),
                None => format!("{}, below {}", judged.severity, trial.audit.fail_on),
            };
            let seen = format!("{by}: {}", judged.finding.summary);
            item.lines.push(ItemLine::new(ItemOutcome::Go, seen));
        }
        item.settle = match item.outcome() {
            ItemOutcome::NoGo => Some(Settle::by(
                format!(
                    "give each environment an instance of its own, or name it under shared: of the \
                     catalogue if that is on purpose; then {}",
                    trial.judge_again()
                ),
                "a minute behind the change",
            )),
            ItemOutcome::Incomplete => {
                Some(Settle::by("envparity audit -v", "a minute; it shows how to fix it"))
            }
            _ => None,
        };
        item
    }
}

fn identity_count(number: usize) -> String {
    if number == 1 { "1 identity".to_owned() } else { format!("{number} identities") }
}

fn targets_that_do(number: usize) -> String {
    if number == 1 { "1 target does".to_owned() } else { format!("{number} targets do") }
}

fn who_they_are(number: usize) -> &'static str {
    if number == 1 { "it is" } else { "they are" }
}

/// Findings that block wherever they are: those that do, and those that somebody accepts.
fn shared_instances<'a>(trial: &Trial<'a>) -> (Vec<&'a JudgedFinding>, Vec<&'a JudgedFinding>) {
    let findings = trial.audit.findings.iter();
    let is_shared = |judged: &&JudgedFinding| {
        policy::rule_meta(judged.finding.rule).is_some_and(|meta| meta.blocks_anywhere)
    };
    findings
        .filter(is_shared)
        .partition(|judged| judged.is_active() && judged.severity >= trial.audit.fail_on)
}

/// Targets on the release's way that could say who they are, and did not.
fn unidentified_targets(trial: &Trial<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for environment in [trial.from, trial.to] {
        let snapshot = &environment.snapshot;
        let is_told = |target: &Coverage| {
            let mut own = snapshot.identities.iter().filter(|one: &&Identity| !one.is_of_data());
            own.any(|one| one.target == target.target)
        };
        let silent = snapshot
            .coverage
            .iter()
            .filter(|target| target.required && target.kind.identity.is_some() && !is_told(target));
        found.extend(silent.map(|target| format!("{} {}", snapshot.environment, target.target)));
    }
    found
}
