//! Another product than the baseline's.

use super::{Context, Hook, Rule, RuleMeta, distance, of_pair};
use crate::model::{Comparison, Defaults, EnvironmentName, Finding, Severity, VersionChange};

pub(super) struct ProductDiffers;

const DEFAULTS: Defaults = Defaults::gate(Severity::High, Severity::Medium);

static META: RuleMeta = RuleMeta {
    id: "product-differs",
    summary: "A component is another product than in the baseline.",
    why: "Redis in qualif proves nothing about Valkey in production: versions count differently, and commands, \
          limits and costs have grown apart. Valkey says redis_version:7.2.4 for ever, so the numbers even look alike.",
    fix: "Run the baseline's product in both environments.",
    hooks: &[Hook::Pair],
    subsumes: &["version-skew", "variant-differs", "digest-mismatch", "incomparable-version"],
    defaults: &[("any", DEFAULTS)],
};

impl Rule for ProductDiffers {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_pair(&self, _: &Context<'_>, comparison: &Comparison) -> Vec<Finding> {
        let differ = comparison.changes.iter().filter_map(|change| {
            let product = change.product.as_ref()?;
            let versions = change.version.as_ref();
            let side = |products: &[String], version: Option<String>| match version {
                Some(version) if products.len() == 1 => format!("{} {version}", products[0]),
                _ => products.join(" and "),
            };
            let numbers = versions
                .filter(|v| v.level.is_drift())
                .map(|v| by_the_numbers(v, &comparison.baseline));
            let summary = format!(
                "{} {}, {} {}{}",
                comparison.current,
                side(&product.current, versions.map(|v| v.current.to_string())),
                comparison.baseline,
                side(&product.baseline, versions.map(|v| v.baseline.to_string())),
                numbers.unwrap_or_default(),
            );
            let finding = of_pair(&META, comparison, &change.component, DEFAULTS, summary);
            let (level, direction) =
                (versions.map(|v| v.level), versions.and_then(|v| v.direction));
            Some(Finding { level, direction, ..finding })
        });
        differ.collect()
    }
}

/// Numbers of two products prove nothing, but people ask for them.
fn by_the_numbers(version: &VersionChange, baseline: &EnvironmentName) -> String {
    format!(" (by the numbers {} {baseline})", distance(version.level, version.direction))
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
        assert_eq!(
            found[0].summary,
            "qualif redis 7.0.15, prod valkey 8.0.1 (by the numbers a major behind prod)"
        );
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
