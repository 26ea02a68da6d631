//! Helm charts, by the label `helm.sh/chart` of the workloads that they made.

use super::{Builder, Nature, instance_of};
use crate::model::{Class, ImageUse, Locator, TargetEvidence};
use crate::version::{Levels, Scheme};

/// `chart/<name>`, with one instance for each workload that a chart made.
pub(super) fn add_charts(builder: &mut Builder<'_>, target: &TargetEvidence, image_use: &ImageUse) {
    let Some((name, text)) = split_label(&image_use.chart) else { return };
    let is_product = builder.normalizer.products.has_family(name);
    let class = if is_product { Class::Platform } else { Class::Service };
    let (component, nature) =
        (format!("chart/{name}").into(), Nature { class, levels: Levels::DEFAULT });
    let ImageUse { locator, state, .. } = image_use;
    if builder.counts_as_instance(&component, &nature, target, (locator, state)) {
        let locator = builder.map_locator(Locator { container: String::new(), ..locator.clone() });
        // A chart's version counts as charts do, not as the product in it. A label cannot hold a
        // `+`: Helm writes `_`.
        let reader = builder.normalizer.reader_for(&component, None);
        let reading = reader.read_text(Some(Scheme::Generic), &text.replace('_', "+"));
        let reading = builder.share_reading(reading);
        builder.add_instance(
            &component,
            nature,
            super::Instance { locator, ..instance_of(target, reading) },
        );
    }
}

/// `kube-prometheus-stack-58.1.0` is a name and a version, which Helm wants to be semver and takes
/// with fewer numbers, too.
fn split_label(label: &str) -> Option<(&str, &str)> {
    let bare = |text: &str| text.strip_prefix('v').unwrap_or(text).replace('_', "+");
    let cuts = || label.match_indices('-').map(|(at, _)| (&label[..at], &label[at + 1..]));
    let named = |(name, _): &(&str, &str)| !name.is_empty();
    let whole = cuts().filter(named).find(|(_, text)| semver::Version::parse(&bare(text)).is_ok());
    let numbered = |(_, text): &(&str, &str)| bare(text).starts_with(|c: char| c.is_ascii_digit());
    whole.or_else(|| cuts().filter(named).rfind(numbered))
}

#[cfg(test)]
mod tests {
    use super::split_label;

    #[test]
    fn a_chart_is_a_name_and_a_version() {
        assert_eq!(
            split_label("kube-prometheus-stack-58.1.0"),
            Some(("kube-prometheus-stack", "58.1.0"))
        );
        assert_eq!(split_label("cert-manager-v1.14.4"), Some(("cert-manager", "v1.14.4")));
        assert_eq!(split_label("shop-2-1.0.0-rc.1"), Some(("shop-2", "1.0.0-rc.1")));
        assert_eq!(split_label("shop-1.0.0_build.7"), Some(("shop", "1.0.0_build.7")));
        assert_eq!(split_label("shop-1.0"), Some(("shop", "1.0")));
        for none in ["", "shop", "shop-web", "-1.0.0"] {
            assert_eq!(split_label(none), None, "{none}");
        }
    }
}
