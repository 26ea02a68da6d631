//! Another product than the baseline's.

use super::{Hook, MadeBy, Rule, RuleContext, RuleMeta, listed, of_pair, of_place};
use crate::model::matrix::MatrixRow;
use crate::model::{Comparison, Defaults, Finding, ProductChange, Severity};

pub(super) struct ProductDiffers;

const DEFAULTS: Defaults = Defaults::by_gate(Severity::High, Severity::Medium);

static META: RuleMeta = RuleMeta {
    id: "product-differs",
    summary: "A component is another product than in the baseline.",
    why: "Redis in qualif proves nothing about Valkey in production: versions count differently, \
          and commands, limits and costs have grown apart. Valkey says redis_version:7.2.4 for \
          ever, so the numbers even look alike.",
    fix: "Run the baseline's product in both environments.",
    hooks: &[Hook::Pair],
    // Versions and contents are compared within a product only: what differs there is another
    // place's.
    subsumes: &["variant-differs"],
    supersedes: &["version-skew", "digest-mismatch", "incomparable-version"],
    defaults: &[("any", DEFAULTS)],
    on_versions: true,
    made_by: MadeBy::Products,
    ..RuleMeta::PLAIN
};

impl Rule for ProductDiffers {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn in_brief(&self, _: &Finding, _: &MatrixRow) -> Option<String> {
        Some("other product".to_owned())
    }

    fn check_pair(&self, _: &RuleContext<'_>, comparison: &Comparison) -> Vec<Finding> {
        let differ = comparison.changes.iter().filter_map(|change| {
            let ProductChange { baseline, current, products, at, places } =
                change.product.as_ref()?;
            let summary = format!(
                "{} {}, {} {}{}",
                comparison.current,
                listed(current),
                comparison.baseline,
                listed(baseline),
                of_place(at.as_ref()),
            );
            let finding = of_pair(&META, comparison, &change.component, DEFAULTS, summary);
            let places = places.iter().map(|place| (place.clone(), "other product".to_owned()));
            let sides = [&comparison.baseline, &comparison.current].into_iter().zip(products);
            let values = sides
                .flat_map(|(side, products)| products.iter().map(move |p| format!("{side} {p}")));
            Some(Finding {
                values: values.collect(),
                places: Finding::bound_places(places),
                ..finding
            })
        });
        differ.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, pair};
    use super::*;

    #[test]
    fn fires_on_another_product() {
        let found = pair(
            &ProductDiffers,
            environment("prod").product("redis/cache", "valkey", "8.0.1"),
            environment("qualif").redis("cache", "7.0.15"),
        );
        // Numbers of two products prove nothing of each other.
        assert_eq!(found[0].summary, "qualif redis 7.0.15, prod valkey 8.0.1");
        assert_eq!((found[0].level, found[0].direction), (None, None));
    }

    #[test]
    fn stays_silent_on_another_version() {
        assert!(
            pair(
                &ProductDiffers,
                environment("prod").redis("cache", "7.2.4"),
                environment("qualif").redis("cache", "6.2.5")
            )
            .is_empty()
        );
    }
}
