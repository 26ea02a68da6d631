//! A service that says its version, as the component `<collector>/<target>`, or as the one that the
//! profile names.

use std::sync::Arc;

use super::{Builder, Instance, Said};
use crate::model::{ComponentName, TargetEvidence};

/// The component that the evidence names.
pub(super) fn named_component(target: &TargetEvidence) -> Option<ComponentName> {
    target.field("component").filter(|name| !name.is_empty()).map(ComponentName::from)
}

/// The product is the one that the evidence names, else the one that the component's name tells:
/// `postgresql/orders`.
pub(super) fn add_service(builder: &mut Builder<'_>, target: &TargetEvidence) {
    let Some(text) = target.field("version") else { return };
    let normalizer = builder.normalizer;
    let named = named_component(target).map(|name| normalizer.names.canonical_component(&name));
    let component = named.unwrap_or_else(|| target.id.as_str().into());
    let first = component.group();
    let named = target.field("product").filter(|name| !name.is_empty());
    let named = named.or_else(|| (!normalizer.collectors.is_group(first)).then_some(first));
    let known = named.and_then(|name| normalizer.products.by_name(name));
    let product =
        known.map_or_else(|| named.map(str::to_lowercase), |product| Some(product.name.clone()));
    let said = Said { component: component.clone(), product: known, hint: None, text };
    builder.add_platform(target, &said, |service| Instance {
        product: product.map(Arc::from),
        ..service
    });
}
