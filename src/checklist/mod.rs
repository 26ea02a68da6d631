//! The checklist of a release: items, one file each, and one verdict.
//!
//! An item judges what it is handed and reads nothing itself: evidence as an audit, the release's
//! own file, counters, what was seen before, and answers of people.

pub mod config;
mod cost_per_call;
mod coverage;
mod freeze;
pub mod ids;
mod isolation;
mod lifetime;
mod list;
mod manual;
mod new_command;
mod novelty;
mod parity;
mod release_under_test;
mod rollback_ready;
mod state;
#[cfg(test)]
mod testing;
mod train;
mod trial;
mod waivers;

use crate::model::{ChecklistItem, ItemLine, ItemOutcome, ItemSection, ReleaseType, Verdict};

pub use list::ITEMS;
pub use manual::judge_question;
pub use state::{EnvironmentState, state_of};
pub use train::{digest_of, train_of};
pub use trial::{FreezePast, Trial};

/// What is known of an item before it judges anything.
#[derive(Debug)]
pub struct ItemMeta {
    /// Its name, which is its file's.
    pub id: &'static str,
    /// Among which it is shown.
    pub section: ItemSection,
    /// What it looks for, in a line.
    pub summary: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// Whether a rollback is judged by it.
    pub judges_rollbacks: bool,
}

/// An item that is judged by what was read.
pub trait Item: Sync {
    /// What is known of it.
    fn meta(&self) -> &'static ItemMeta;

    /// What it says of a release.
    fn judge(&self, trial: &Trial<'_>) -> ChecklistItem;
}

impl ItemMeta {
    /// The item with nothing seen yet.
    pub(crate) fn item(&self) -> ChecklistItem {
        ChecklistItem {
            id: self.id.to_owned(),
            section: self.section,
            lines: Vec::new(),
            figures: Vec::new(),
            settle: None,
        }
    }
}

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

fn judge_by(item: &dyn Item, trial: &Trial<'_>) -> ChecklistItem {
    let meta = item.meta();
    if trial.kind == ReleaseType::Rollback && !meta.judges_rollbacks {
        let mut skipped = meta.item();
        let why = "a rollback goes back to builds that production has run";
        skipped.lines.push(ItemLine::new(ItemOutcome::Skipped, why));
        return skipped;
    }
    item.judge(trial)
}

/// Any NO-GO is no-go; else any INCOMPLETE is incomplete; else go.
pub fn verdict_of(items: &[ChecklistItem]) -> Verdict {
    match items.iter().map(ChecklistItem::outcome).max() {
        Some(ItemOutcome::NoGo) => Verdict::NoGo,
        Some(ItemOutcome::Incomplete) | None => Verdict::Incomplete,
        Some(_) => Verdict::Go,
    }
}
