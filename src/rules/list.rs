//! The list of rules, and asking them all.

use super::{LoadSeries, Rule, RuleContext};
use crate::model::{Comparison, Finding, Snapshot};

/// Every rule, in the order of their ids.
pub const RULES: &[&dyn Rule] = &[
    &super::digest_mismatch::DigestMismatch,
    &super::end_of_life::EndOfLife,
    &super::estate_differs::EstateDiffers,
    &super::floating_tag::FloatingTag,
    &super::incomparable_version::IncomparableVersion,
    &super::load_regression::LoadRegression,
    &super::missing_component::MissingComponent,
    &super::out_of_range::OutOfRange,
    &super::product_differs::ProductDiffers,
    &super::promotion_inversion::PromotionInversion,
    &super::scale_gap::ScaleGap,
    &super::setting_drift::SettingDrift,
    &super::shared_data::SharedData,
    &super::shared_instance::SharedInstance,
    &super::source_disagreement::SourceDisagreement,
    &super::unexpected_component::UnexpectedComponent,
    &super::unmapped_mirror::UnmappedMirror,
    &super::unreleased_build::UnreleasedBuild,
    &super::variant_differs::VariantDiffers,
    &super::version_skew::VersionSkew,
    &super::version_split::VersionSplit,
];

/// The rule of that id.
pub fn by_id(id: &str) -> Option<&'static dyn Rule> {
    RULES.iter().copied().find(|rule| rule.meta().id == id)
}

/// Everything that the rules say, by component and rule: also what another finding subsumes, since
/// a policy may switch that one off.
pub fn check(
    context: &RuleContext<'_>,
    snapshots: &[Snapshot],
    comparisons: &[Comparison],
    load: &[LoadSeries<'_>],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        findings.extend(
            snapshots.iter().flat_map(|snapshot| rule.check_environment(context, snapshot)),
        );
        findings
            .extend(comparisons.iter().flat_map(|comparison| rule.check_pair(context, comparison)));
        findings.extend(load.iter().flat_map(|series| rule.check_series(context, series)));
        findings.extend(rule.check_all(context, snapshots));
    }
    findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    findings.dedup_by(|a, b| a.sort_key() == b.sort_key());
    findings
}
