//! The two rules on waivers themselves. Their findings are made here, since no rule that looks at
//! snapshots knows of waivers; a waiver covers neither.

use crate::model::{Defaults, Severity};
use crate::rules::{Hook, RuleMeta};

/// A waiver whose last day has passed.
pub static EXPIRED: RuleMeta = RuleMeta {
    id: "waiver-expired",
    summary: "The last day of a waiver has passed.",
    why: "Somebody promised that it would not last. What it covered counts again, or nobody would \
          look at it any more.",
    fix: "Fix what it was about and remove it; or renew it, with a reason that holds today.",
    hooks: &[Hook::All],
    defaults: &[("a waiver that has expired", Defaults::same_everywhere(Severity::Medium))],
    waivable: false,
    ..RuleMeta::PLAIN
};

/// A waiver that covers nothing.
pub static UNUSED: RuleMeta = RuleMeta {
    id: "waiver-unused",
    summary: "A waiver covers nothing, though everything that it is about was read.",
    why: "What it was about is fixed, or has become something else that it does not cover. Left \
          where it is, it would cover the next one that fits.",
    fix: "Remove it; or bind it to what runs now, if that is still accepted.",
    hooks: &[Hook::All],
    defaults: &[("a waiver that is not used", Defaults::same_everywhere(Severity::Low))],
    waivable: false,
    ..RuleMeta::PLAIN
};
