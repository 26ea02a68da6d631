//! What the policy expects of versions, ready for the rules, and what is worth noting about it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::model::{AheadPair, Cycles, EnvironmentName, RangeRow, Snapshot, Standing, Wanted};
use crate::normalize::Normalizer;
use crate::policy;
use crate::policy::config::PolicyConfig;
use crate::profile::Profiles;
use crate::rules::HistoryUse;
use crate::{rules, wire};

/// What rules hold readings against.
pub(super) struct Expected {
    ranges: Vec<RangeRow>,
    cycles: Cycles,
    lookahead: Duration,
    min_share: f64,
    /// How long an environment may be ahead.
    allow_ahead: Option<SignedDuration>,
    /// Keys of the policy that need a history, each with the rule that reads it.
    historic: Vec<(&'static str, HistoryUse)>,
}

impl Expected {
    /// `given` are support cycles over the shipped ones, with the name of their file.
    pub(super) fn new(
        profiles: &Profiles,
        given: &[(String, Cycles)],
        normalizer: &Normalizer,
    ) -> Self {
        let policy = profiles.policy.as_ref();
        let mut cycles = wire::cycles::shipped_cycles();
        given.iter().for_each(|(_, newer)| cycles.replace(newer.clone()));
        Self {
            ranges: policy::range::range_rows(policy)
                .into_iter()
                .map(|row| by_own_name(row, normalizer))
                .collect(),
            cycles,
            lookahead: policy::range::support_lookahead(policy),
            min_share: policy.map_or(rules::DEFAULT_MIN_SHARE, PolicyConfig::min_share),
            allow_ahead: policy.and_then(allow_ahead),
            historic: policy.map(historic).unwrap_or_default(),
        }
    }

    /// Nothing is wanted, and nothing is known of support.
    pub(super) fn nothing() -> Self {
        Self {
            ranges: Vec::new(),
            cycles: Cycles::default(),
            lookahead: Duration::ZERO,
            min_share: rules::DEFAULT_MIN_SHARE,
            allow_ahead: None,
            historic: Vec::new(),
        }
    }

    /// Pairs that have been ahead for longer than the policy lets them.
    pub(super) fn long_ahead(
        &self,
        standing: &Standing,
        now: Timestamp,
    ) -> BTreeMap<AheadPair, Timestamp> {
        let Some(limit) = self.allow_ahead else { return BTreeMap::new() };
        let pairs = standing.ahead.iter().map(|(pair, ahead)| (pair.clone(), ahead.since));
        pairs.filter(|(_, since)| now.duration_since(*since) > limit).collect()
    }

    /// What rules may know, as far as it is from here.
    pub(super) fn context<'a>(
        &'a self,
        baseline: &'a EnvironmentName,
        now: Timestamp,
        long_ahead: &'a BTreeMap<AheadPair, Timestamp>,
    ) -> rules::RuleContext<'a> {
        rules::RuleContext {
            order: &[],
            gates: &[],
            baseline,
            pairs: &[],
            shared: &[],
            ranges: &self.ranges,
            now,
            end_of_life: &self.cycles,
            lookahead: self.lookahead,
            long_ahead,
            min_share: self.min_share,
        }
    }

    /// What the reader of the report should know of how it was judged.
    pub(super) fn notes(
        &self,
        now: Timestamp,
        given: &[(String, Cycles)],
        snapshots: &[Snapshot],
        has_history: bool,
    ) -> Vec<String> {
        let off = self.historic.iter().filter(|_| !has_history).map(|(rule, used)| {
            let (key, what) = (used.key.as_str(), used.what);
            format!(
                "{key} of the policy is off: without a history (--history, or history: in \
                 audit.yaml) nothing is known of {rule} {what}"
            )
        });
        let idle = rules::idle(&self.ranges, snapshots).into_iter();
        let idle =
            idle.map(|row| format!("the policy's range {row:?} is about nothing that was seen"));
        let unused = given.iter().filter(|(_, cycles)| !rules::has_subject(cycles, snapshots));
        let unused = unused.map(|(file, _)| {
            format!("the support cycles of {file} are about nothing that was seen")
        });
        idle.chain(unused)
            .chain(off)
            .chain(rules::stale_data(now, &self.cycles, snapshots))
            .collect()
    }
}

fn allow_ahead(policy: &PolicyConfig) -> Option<SignedDuration> {
    let limit = policy.allow_ahead.as_ref()?;
    Some(SignedDuration::try_from(limit.0).unwrap_or(SignedDuration::MAX))
}

fn historic(policy: &PolicyConfig) -> Vec<(&'static str, HistoryUse)> {
    let uses = policy::rule_metas().filter_map(|meta| Some((meta.id, meta.history?)));
    uses.filter(|(_, used)| policy.line_of(used.key).is_some()).collect()
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
