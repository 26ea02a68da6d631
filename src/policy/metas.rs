//! What is known of each rule by its id: of those that look at snapshots, and of those that look at
//! waivers. Everybody asks here, so that nobody names a rule.

use super::waiver::rules::{EXPIRED, UNUSED};
use crate::rules::{Concerns, MadeBy, RULES, Reads, RuleMeta};

/// What people read about every rule: those that look at snapshots, and those that look at waivers.
pub fn rule_metas() -> impl Iterator<Item = &'static RuleMeta> {
    RULES.iter().map(|rule| rule.meta()).chain([&EXPIRED, &UNUSED])
}

/// What people read about the rule of that id.
pub fn rule_meta(id: &str) -> Option<&'static RuleMeta> {
    rule_metas().find(|meta| meta.id == id)
}

/// Whether findings of a rule may block outside of gates too.
pub fn blocks_anywhere(rule: &str) -> bool {
    rule_meta(rule).is_some_and(|meta| meta.blocks_anywhere)
}

/// Whether a waiver of a rule names versions.
pub fn is_on_versions(rule: &str) -> bool {
    rule_meta(rule).is_some_and(|meta| meta.on_versions)
}

/// Whether a rule exists and cannot be waived.
pub fn is_unwaivable(rule: &str) -> bool {
    rule_meta(rule).is_some_and(|meta| !meta.waivable)
}

/// What makes a rule's finding on two environments.
pub(super) fn made_by(rule: &str) -> MadeBy {
    rule_meta(rule).map_or(MadeBy::Versions, |meta| meta.made_by)
}

/// What a rule must have read before its silence says anything.
pub(super) fn rule_reads(rule: &str) -> Reads {
    rule_meta(rule).map_or(Reads::Component, |meta| meta.reads)
}

/// Whether a finding of a rule on several environments is of each of them by itself.
pub(super) fn is_of_each_environment(rule: &str) -> bool {
    rule_meta(rule).is_some_and(|meta| meta.concerns == Concerns::Each)
}
