//! Items of load under the release, which this version cannot judge: where there is a Redis they are
//! INCOMPLETE, since what is unknown is never GO.

use super::Trial;
use super::ids::NOT_JUDGED_OF_LOAD;
use super::novelty::redis_pairs;
use crate::model::{ChecklistItem, ItemLine, ItemOutcome, ItemSection};

/// One item for each; `skipped` is why a release of this kind is not judged by it.
pub(super) fn unjudged_items(
    trial: &Trial<'_>,
    skipped: impl Fn(&str) -> Option<ItemLine>,
) -> Vec<ChecklistItem> {
    let line = if redis_pairs(trial).is_empty() {
        ItemLine::new(ItemOutcome::NotApplicable, "no Redis on both sides")
    } else {
        let seen = "this version of envparity does not judge it: look at it yourself";
        ItemLine::new(ItemOutcome::Incomplete, seen)
    };
    let item = |id: &&str| ChecklistItem {
        id: (*id).to_owned(),
        section: ItemSection::Redis,
        lines: vec![skipped(id).unwrap_or_else(|| line.clone())],
        figures: Vec::new(),
        settle: None,
    };
    NOT_JUDGED_OF_LOAD.iter().map(item).collect()
}
