//! A service that says its version, as the component `<collector>/<target>`, or as the one that the
//! profile names.

use std::sync::Arc;

use super::{Builder, Instance, PLATFORM, Said};
use crate::model::{ComponentName, Identity, TargetEvidence};

/// The component that the evidence names.
pub(super) fn named_component(target: &TargetEvidence) -> Option<ComponentName> {
    target.field("component").filter(|name| !name.is_empty()).map(ComponentName::from)
}

/// The product is the one that the evidence names, else the one that the component's name tells:
/// `postgresql/orders`.
pub(super) fn add_service(builder: &mut Builder<'_>, target: &TargetEvidence) {
    let Some(text) = target.field("version") else { return };
    builder.identity_of(target, |field| target.field(field));
    let normalizer = builder.normalizer;
    let named = named_component(target).map(|name| normalizer.names.component(&name));
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
    add_of_server(builder, target, &component);
}

/// What a server says besides: extensions, which are components of their own, settings, and whose
/// data it has.
fn add_of_server(builder: &mut Builder<'_>, target: &TargetEvidence, component: &ComponentName) {
    for field in &target.fields {
        if let Some(extension) = field.name.strip_prefix("extension/") {
            let component = format!("{component}/extension/{extension}").as_str().into();
            let said = Said { component, product: None, hint: None, text: &field.value };
            builder.add_platform(target, &said, |instance| instance);
        } else if let Some(setting) = field.name.strip_prefix("setting/")
            && let Some(entry) = builder.component_entry(component, PLATFORM)
        {
            let values = entry.settings.entry(setting.to_owned()).or_default();
            let place = target.id.as_str().to_owned();
            values.entry(field.value.clone()).or_default().insert(place);
        }
    }
    let system = target.field("system_identifier");
    builder.insert_identity(Identity::SYSTEM, system, target);
    if target.field("in_recovery") == Some("true") {
        builder.insert_identity(Identity::SYSTEM_REPLICA, system, target);
    }
}
