//! What an item of the checklist is.

use super::trial::Trial;
use crate::model::{ChecklistItem, ItemSection};

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
