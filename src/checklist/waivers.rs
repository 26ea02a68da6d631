//! Whether what is waived is still accepted by somebody.

use super::{Item, ItemMeta, Trial};
use crate::model::{ChecklistItem, ItemLine, ItemOutcome, ItemSection, Settle, WaiverState};
use crate::policy;

pub(super) struct Waivers;

static META: ItemMeta = ItemMeta {
    id: "waivers",
    section: ItemSection::People,
    summary: "waivers are in force and are about something",
    why: "a waiver that nobody looks after hides what it was not meant for",
    judges_rollbacks: false,
};

impl Item for Waivers {
    fn meta(&self) -> &'static ItemMeta {
        &META
    }

    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem {
        let mut item = META.item();
        let count = |states: &[WaiverState]| {
            trial.audit.waivers.iter().filter(|one| states.contains(&one.state)).count()
        };
        let active = count(&[WaiverState::Active, WaiverState::Expiring]);
        let (expired, unused) = (count(&[WaiverState::Expired]), count(&[WaiverState::Unused]));
        let blocks = trial.audit.findings.iter().any(|judged| {
            let is_of_waiver =
                policy::rule_meta(judged.finding.rule).is_some_and(|meta| !meta.waivable);
            is_of_waiver && judged.is_active() && judged.severity >= trial.audit.fail_on
        });
        let outcome = if blocks { ItemOutcome::NoGo } else { ItemOutcome::Go };
        let seen = format!("{active} active, {expired} expired, {unused} unused");
        item.lines.push(ItemLine::new(outcome, seen));
        let expiring = trial.audit.waivers.iter().filter(|one| one.state == WaiverState::Expiring);
        for one in expiring {
            let seen = format!("{} expires on {}", one.waiver.id, one.waiver.expires);
            item.lines.push(ItemLine::new(ItemOutcome::Go, seen));
        }
        if blocks {
            item.settle =
                Some(Settle::by_command("envparity waiver check", "then renew or remove them"));
        }
        item
    }
}
