//! Another variant of an image than the baseline's.

use super::{Hook, LOW, Rule, RuleContext, RuleMeta, of_pair, of_place};
use crate::model::{Comparison, EnvironmentName, Finding};

pub(super) struct VariantDiffers;

static META: RuleMeta = RuleMeta {
    id: "variant-differs",
    summary: "The version is the baseline's, but the image is another variant of it (alpine, \
              bookworm, hotfix).",
    why: "Another C library, other packages, perhaps other code: the version number does not tell.",
    fix: "Deploy the baseline's variant, or lower the severity in the policy.",
    hooks: &[Hook::Pair],
    defaults: &[("any", LOW)],
    ..RuleMeta::PLAIN
};

impl Rule for VariantDiffers {
    fn meta(&self) -> &'static RuleMeta {
        &META
    }

    fn check_pair(&self, context: &RuleContext<'_>, comparison: &Comparison) -> Vec<Finding> {
        let found = comparison.changes.iter().filter_map(|change| {
            let variants = change.variants.as_ref()?;
            let side = |names: &[String]| {
                let shown = names
                    .iter()
                    .map(|name| if name.is_empty() { "no variant" } else { name.as_str() });
                shown.collect::<Vec<_>>().join(" and ")
            };
            let (current, baseline) = (side(&variants.current), side(&variants.baseline));
            let summary = format!(
                "{current} in {}, {baseline} in {}{}",
                comparison.current,
                comparison.baseline,
                of_place(variants.at.as_ref()),
            );
            let sides = [
                (&comparison.current, &variants.current),
                (&comparison.baseline, &variants.baseline),
            ];
            let meant = sides.map(|(runs_in, names)| meant_for(runs_in, names, context.order));
            let summary = [Some(summary)].into_iter().chain(meant).flatten().collect::<Vec<_>>();
            let summary = summary.join("; ");
            Some(of_pair(&META, comparison, &change.component, LOW, summary))
        });
        found.collect()
    }
}

/// That an environment runs what is tagged for another: `qualif-1.15.2` in production.
fn meant_for(
    runs_in: &EnvironmentName,
    variants: &[String],
    order: &[EnvironmentName],
) -> Option<String> {
    let is_of = |environment: &&EnvironmentName| {
        let names = |variant: &String| {
            let rest = variant.strip_prefix(&environment.as_str().to_lowercase());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        *environment != runs_in && variants.iter().any(names)
    };
    let other = order.iter().find(is_of)?;
    Some(format!("{runs_in} runs what is tagged for {other}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{environment, pair};
    use super::*;

    #[test]
    fn fires_on_another_variant() {
        let app = |name, tag, digest| environment(name).build("app", tag, digest);
        let found = pair(
            &VariantDiffers,
            app("prod", "1.2.3-slim", "sha256:a"),
            app("qualif", "1.2.3", "sha256:b"),
        );
        assert_eq!(found[0].summary, "no variant in qualif, slim in prod");
        let unknown = pair(
            &VariantDiffers,
            app("prod", "1.2.3-alpine", ""),
            app("qualif", "1.2.3-bookworm", ""),
        );
        assert_eq!(unknown[0].summary, "bookworm in qualif, alpine in prod");
    }

    #[test]
    fn stays_silent_on_one_variant_and_on_one_content() {
        let app = |name, tag, digest| environment(name).build("app", tag, digest);
        let silent = |b, c| pair(&VariantDiffers, b, c).is_empty();
        assert!(silent(
            app("prod", "1.2.3-alpine", "sha256:a"),
            app("qualif", "1.2.4-alpine", "sha256:b")
        ));
        assert!(silent(
            app("prod", "1.2.3-alpine", "sha256:a"),
            app("qualif", "1.2.3", "sha256:a")
        ));
    }
}
