//! Whether everything was read that the verdict needs, and recently.

use super::{Item, ItemMeta, Trial};
use crate::model::{
    AuditedEnvironment, ChecklistItem, Coverage as TargetCoverage, ItemLine, ItemOutcome,
    ItemSection, ReasonKind, Settle, Source, count, length, staleness,
};

pub(super) struct Coverage;

static META: ItemMeta = ItemMeta {
    id: "coverage",
    section: ItemSection::Environments,
    summary: "everything that the verdict needs was read, and recently",
    why: "what was not read may be anything",
    judges_rollbacks: true,
};

/// So many gaps are named.
const NAMED: usize = 3;

impl Item for Coverage {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let (mut read, mut all, mut optional) = (0, 0, 0);
        let mut gaps: Vec<String> = audit_gaps(trial);
        for environment in &trial.audit.environments {
            for target in &environment.snapshot.coverage {
                let is_read = target.is_complete()
                    && staleness(target, environment.max_age, trial.now).is_none();
                if !(environment.required && target.required) {
                    optional += usize::from(!is_read);
                    continue;
                }
                all += 1;
                let old = stale_answer(environment, target, trial);
                read += usize::from(is_read && old.is_none());
                gaps.extend(old);
            }
        }
        let optional = match optional {
            0 => String::new(),
            n => format!("; {n} not required and not read"),
        };
        let seen = format!("{read} of {}{optional}", count(all, "required target"));
        let counted =
            if all > 0 && gaps.is_empty() { ItemOutcome::Go } else { ItemOutcome::Incomplete };
        item.lines.push(ItemLine::new(counted, seen).must("all"));
        item.lines
            .extend(gaps.iter().take(NAMED).map(|gap| ItemLine::new(ItemOutcome::Incomplete, gap)));
        if gaps.len() > NAMED {
            let more = format!("and {}", count(gaps.len() - NAMED, "more gap"));
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, more));
        }
        if counted != ItemOutcome::Go {
            item.settle =
                Some(Settle::by("envparity audit -v", "a minute; it shows how to fix it"));
        }
        if let Some(why) = trial.history_break {
            let seen = format!("nothing of the history is believed: {why}");
            item.lines.push(ItemLine::new(ItemOutcome::Incomplete, seen).must("as it was written"));
            item.settle = Some(Settle::by(
                "envparity history verify, then go on with a copy that was not changed, or with a \
                 new history (--history)",
                "a minute; a new one remembers nothing",
            ));
        }
        item
    }
}

/// What the audit lacks.
fn audit_gaps(trial: &Trial<'_>) -> Vec<String> {
    let reasons = trial.audit.judgement.reasons.iter();
    let lacking = reasons.filter(|reason| reason.kind == ReasonKind::Incomplete);
    lacking.map(|reason| reason.text.clone()).collect()
}

/// Answers of live targets count for minutes: a checklist is run when the release is about to go.
fn stale_answer(
    environment: &AuditedEnvironment,
    target: &TargetCoverage,
    trial: &Trial<'_>,
) -> Option<String> {
    let limit = trial.rules.max_age;
    // What the environment does not allow, the audit has said.
    let is_live = target.source == Source::Live && limit < environment.max_age;
    if !is_live || staleness(target, environment.max_age, trial.now).is_some() {
        return None;
    }
    staleness(target, limit, trial.now)?;
    let name = &environment.snapshot.environment;
    let shown = length(limit);
    Some(format!("{name} {}: older than {shown} (max-age of the checklist)", target.target))
}
