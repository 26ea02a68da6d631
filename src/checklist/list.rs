//! The list of items.

use super::Item;

/// Every item that is judged by what was read, in the order in which they are shown.
pub const ITEMS: &[&dyn Item] = &[
    &super::coverage::Coverage,
    &super::isolation::Isolation,
    &super::parity::Parity,
    &super::release_under_test::ReleaseUnderTest,
    &super::freeze::FreezeKept,
    &super::rollback_ready::RollbackReady,
    &super::workloads_stable::WorkloadsStable,
    &super::new_command::NewCommand,
    &super::cost_per_call::CostPerCall,
    &super::cost_per_unit::CostPerUnit,
    &super::projected_load::ProjectedLoad,
    &super::exercised::Exercised,
    &super::rehearsal::RehearsalDone,
    &super::observation_window::ObservationWindow,
    &super::performance::Performance,
    &super::waivers::Waivers,
];
