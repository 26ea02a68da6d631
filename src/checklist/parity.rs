//! Whether the release was tried on what production runs.

use super::{Item, ItemMeta, Trial};
use crate::model::{
    ChecklistItem, Finding, ItemLine, ItemOutcome, ItemSection, JudgedFinding, Settle, Severity,
};
use crate::policy;

pub(super) struct Parity;

static META: ItemMeta = ItemMeta {
    id: "parity",
    section: ItemSection::Environments,
    summary: "no finding at or above fail-on between the two environments of the gate",
    why: "a release that was tried on another platform was not tried",
    judges_rollbacks: false,
};

/// So many findings are named.
const NAMED: usize = 4;

impl Item for Parity {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let fail_on = trial.audit.fail_on;
        let (blocking, waived) = on_the_way(trial);
        let must = format!("0 at or above {fail_on}");
        if blocking.is_empty() {
            item.lines
                .push(ItemLine::new(ItemOutcome::Go, finding_count(0, fail_on)).must(must.clone()));
        }
        for judged in blocking.iter().take(NAMED) {
            let seen = in_words(judged);
            item.lines.push(ItemLine::new(ItemOutcome::NoGo, seen).must(must.clone()));
        }
        if blocking.len() > NAMED {
            let seen = format!("and {} more", blocking.len() - NAMED);
            item.lines.push(ItemLine::new(ItemOutcome::NoGo, seen));
        }
        for judged in waived.iter().take(NAMED) {
            let by = judged.waiver().unwrap_or_default();
            let seen = format!("waived by {by}: {}", in_words(judged));
            item.lines.push(ItemLine::new(ItemOutcome::Go, seen));
        }
        item.settle = blocking.first().map(|judged| {
            let id = judged.id.as_str();
            let id = id.get(..8).unwrap_or(id);
            let waive = "--reason TEXT --owner NAME --expires DATE";
            Settle::by(
                format!("update what differs, or accept it: envparity waiver add {id} {waive}"),
                "a minute for a waiver",
            )
        });
        item
    }
}

fn finding_count(number: usize, fail_on: Severity) -> String {
    format!("{number} findings at or above {fail_on}")
}

fn in_words(judged: &JudgedFinding) -> String {
    let Finding { rule, component, summary, .. } = &judged.finding;
    format!("{} {rule} {component}: {summary}", judged.severity)
}

/// Findings at or above the threshold on the release's way, worst first: those that block, and
/// those that somebody accepts.
fn on_the_way<'a>(trial: &Trial<'a>) -> (Vec<&'a JudgedFinding>, Vec<&'a JudgedFinding>) {
    let sides = [&trial.gate.from, &trial.gate.to];
    // What an environment has by itself may be told of more environments at once.
    let touches = |judged: &JudgedFinding| {
        judged.finding.environments.iter().any(|name| sides.contains(&name))
    };
    let concerns = |judged: &&JudgedFinding| {
        let meta = policy::rule_meta(judged.finding.rule);
        // Others are judged by items of their own.
        let is_of_platform = meta.is_some_and(|meta| !meta.blocks_anywhere && meta.waivable);
        is_of_platform
            && judged.in_gate
            && judged.severity >= trial.audit.fail_on
            && touches(judged)
    };
    let mut found: Vec<&JudgedFinding> = trial.audit.findings.iter().filter(concerns).collect();
    found.sort_by_key(|judged| std::cmp::Reverse(judged.severity));
    let waived = found.iter().copied().filter(|judged| judged.waiver().is_some()).collect();
    found.retain(|judged| judged.is_active());
    (found, waived)
}
