//! Every item judges a release, and all of them make one verdict.

use super::item::Item;
use super::list::ITEMS;
use super::manual::judge_question;
use super::novelty::redis_pairs;
use super::trial::Trial;
use crate::model::{ChecklistItem, ItemLine, ItemOutcome, ItemSection, ReleaseType, Verdict};

/// Judges a release by every item, in the order of sections, and in each by what people want
/// first.
pub fn judge(trial: &Trial<'_>) -> Vec<ChecklistItem> {
    let mut items: Vec<ChecklistItem> = ITEMS.iter().map(|item| judge_by(*item, trial)).collect();
    let questions = trial.rules.questions.iter();
    items.extend(questions.map(|(item, question)| judge_question(item, question, trial)));
    let wanted = |item: &ChecklistItem| {
        trial.rules.order.iter().position(|name| *name == item.id).unwrap_or(usize::MAX)
    };
    items.sort_by_key(|item| (item.section, wanted(item)));
    items
}

/// Why a release of this kind is not judged by an item, if it is not.
fn skipped(id: &str, judges_rollbacks: bool, trial: &Trial<'_>) -> Option<ItemLine> {
    let why = match trial.kind {
        ReleaseType::Rollback if !judges_rollbacks => {
            "a rollback goes back to builds that production has run"
        }
        ReleaseType::Hotfix if trial.rules.hotfix_skips.iter().any(|item| item == id) => {
            "a hotfix goes without it, by hotfix: of kind: Checklist"
        }
        _ => return None,
    };
    Some(ItemLine::new(ItemOutcome::Skipped, why))
}

/// Items about Redis need one that both sides have.
fn without_redis(section: ItemSection, trial: &Trial<'_>) -> Option<ItemLine> {
    let lacks = section == ItemSection::Redis && redis_pairs(trial).is_empty();
    lacks.then(ItemLine::without_redis)
}

fn judge_by(item: &dyn Item, trial: &Trial<'_>) -> ChecklistItem {
    let meta = item.meta();
    let not_judged = skipped(meta.id, meta.judges_rollbacks, trial)
        .or_else(|| without_redis(meta.section, trial));
    match not_judged {
        Some(line) => ChecklistItem { lines: vec![line], ..meta.item() },
        None => item.judge(trial),
    }
}

/// Any NO-GO is no-go; else any INCOMPLETE is incomplete; else go.
pub fn verdict_of(items: &[ChecklistItem]) -> Verdict {
    match items.iter().map(ChecklistItem::outcome).max() {
        Some(ItemOutcome::NoGo) => Verdict::NoGo,
        Some(ItemOutcome::Incomplete) | None => Verdict::Incomplete,
        Some(_) => Verdict::Go,
    }
}

#[cfg(test)]
mod tests {
    use super::super::ids;
    use super::*;
    use crate::model::ItemSection;

    #[test]
    fn every_item_stands_in_the_list_of_names() {
        let items: Vec<&str> = ITEMS.iter().map(|item| item.meta().id).collect();
        assert_eq!(items, ids::JUDGED);
    }

    #[test]
    fn unknown_is_never_go() {
        use ItemOutcome as O;
        let item = |outcome| ChecklistItem {
            id: "a".to_owned(),
            section: ItemSection::Redis,
            lines: vec![ItemLine::new(ItemOutcome::Go, ""), ItemLine::new(outcome, "")],
            figures: Vec::new(),
            settle: None,
        };
        for (outcomes, verdict) in [
            (vec![O::Go, O::Skipped, O::NotApplicable], Verdict::Go),
            (vec![O::Go, O::Incomplete, O::Skipped], Verdict::Incomplete),
            (vec![O::Incomplete, O::NoGo], Verdict::NoGo),
            (vec![], Verdict::Incomplete),
        ] {
            let items: Vec<ChecklistItem> = outcomes.into_iter().map(item).collect();
            assert_eq!(verdict_of(&items), verdict);
        }
    }
}
