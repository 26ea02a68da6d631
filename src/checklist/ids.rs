//! Names of items, by which people order and parameterise them.

/// Items that this version judges, in the order in which they are shown.
pub const JUDGED: &[&str] = &[
    "coverage", "isolation", "parity", "release-under-test", "freeze", "rollback-ready",
    "workloads-stable", "new-command", "cost-per-call", "cost-per-unit", "projected-load",
    "exercised", "rehearsal", "observation-window", "performance", "waivers",
];
