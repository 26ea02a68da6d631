//! What the policy expects of versions, ready for the rules, and what is worth noting about it.

use crate::model::{RangeRow, Snapshot, Wanted};
use crate::normalize::Normalizer;
use crate::policy;
use crate::profile::Profiles;
use crate::rules;

/// What rules hold readings against.
pub(super) struct Expected {
    pub(super) ranges: Vec<RangeRow>,
}

impl Expected {
    pub(super) fn new(profiles: &Profiles, normalizer: &Normalizer) -> Self {
        let rows = policy::range::rows(profiles.policy.as_ref());
        Self { ranges: rows.into_iter().map(|row| by_own_name(row, normalizer)).collect() }
    }

    /// What whoever reads the report should know of how it was judged.
    pub(super) fn notes(&self, snapshots: &[Snapshot]) -> Vec<String> {
        let idle = rules::idle(&self.ranges, snapshots).into_iter();
        idle.map(|row| format!("the policy's range {row:?} is about nothing that was seen")).collect()
    }
}

/// A policy may call a product by an alias: `postgres >=15`.
fn by_own_name(row: RangeRow, normalizer: &Normalizer) -> RangeRow {
    match row.wanted {
        Wanted::Versions(wanted) => {
            let name = wanted.product().and_then(|name| normalizer.product_named(name)).map(str::to_owned);
            let wanted = match name {
                Some(name) => wanted.with_product(&name),
                None => wanted,
            };
            RangeRow { wanted: Wanted::Versions(wanted), ..row }
        }
        Wanted::SameMinor => row,
    }
}
