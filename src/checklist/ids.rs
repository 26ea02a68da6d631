//! Names of items, by which people order and parameterise them.

/// Items that this version judges, in the order in which they are shown.
pub const JUDGED: &[&str] = &[
    "coverage", "isolation", "parity", "release-under-test", "freeze", "rollback-ready",
    "workloads-stable", "new-command", "cost-per-call", "performance", "waivers",
];

/// Those of them that load under the release needs.
pub const NOT_JUDGED_OF_LOAD: &[&str] =
    &["cost-per-unit", "projected-load", "exercised", "rehearsal", "observation-window"];

/// Items that need load over time, marks, rehearsals, or what a cluster remembers: this version
/// does not judge them, and every checklist says so.
pub const NOT_JUDGED: &[&str] =
    &["cost-per-unit", "projected-load", "exercised", "rehearsal", "observation-window"];
