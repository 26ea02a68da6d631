//! What the policy expects of versions, ready for the rules, and what is worth noting about it.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::{Cycles, EnvironmentName, RangeRow, Snapshot, Wanted};
use crate::normalize::Normalizer;
use crate::policy;
use crate::policy::config::PolicyConfig;
use crate::profile::Profiles;
use crate::{rules, wire};

/// What rules hold readings against.
pub(super) struct Expected {
    ranges: Vec<RangeRow>,
    cycles: Cycles,
    lookahead: Duration,
    min_share: f64,
}

impl Expected {
    /// `given` are support cycles over the shipped ones, with the name of their file.
    pub(super) fn new(
        profiles: &Profiles,
        given: &[(String, Cycles)],
        normalizer: &Normalizer,
    ) -> Self {
        let policy = profiles.policy.as_ref();
        let mut cycles = wire::cycles::shipped();
        given.iter().for_each(|(_, newer)| cycles.replace(newer.clone()));
        Self {
            ranges: policy::range::rows(policy)
                .into_iter()
                .map(|row| by_own_name(row, normalizer))
                .collect(),
            cycles,
            lookahead: policy::range::lookahead(policy),
            min_share: policy.map_or(rules::DEFAULT_MIN_SHARE, PolicyConfig::min_share),
        }
    }

    /// Nothing is wanted, and nothing is known of support.
    pub(super) fn nothing() -> Self {
        Self {
            ranges: Vec::new(),
            cycles: Cycles::default(),
            lookahead: Duration::ZERO,
            min_share: rules::DEFAULT_MIN_SHARE,
        }
    }

    /// What rules may know, as far as it is from here.
    pub(super) fn context<'a>(
        &'a self,
        baseline: &'a EnvironmentName,
        now: Timestamp,
    ) -> rules::RuleContext<'a> {
        rules::RuleContext {
            order: &[],
            baseline,
            pairs: &[],
            shared: &[],
            ranges: &self.ranges,
            now,
            end_of_life: &self.cycles,
            lookahead: self.lookahead,
            min_share: self.min_share,
        }
    }

    /// What the reader of the report should know of how it was judged.
    pub(super) fn notes(
        &self,
        now: Timestamp,
        given: &[(String, Cycles)],
        snapshots: &[Snapshot],
    ) -> Vec<String> {
        let idle = rules::idle(&self.ranges, snapshots).into_iter();
        let idle =
            idle.map(|row| format!("the policy's range {row:?} is about nothing that was seen"));
        let unused = given.iter().filter(|(_, cycles)| !rules::has_subject(cycles, snapshots));
        let unused = unused.map(|(file, _)| {
            format!("the support cycles of {file} are about nothing that was seen")
        });
        idle.chain(unused).chain(rules::stale_data(now, &self.cycles, snapshots)).collect()
    }
}

/// A policy may call a product by an alias: `postgres >=15`.
fn by_own_name(row: RangeRow, normalizer: &Normalizer) -> RangeRow {
    match row.wanted {
        Wanted::Versions(wanted) => {
            let wanted =
                wanted.with_products(|name| normalizer.product_named(name).map(str::to_owned));
            RangeRow { wanted: Wanted::Versions(wanted), ..row }
        }
        Wanted::SameMinor => row,
    }
}
