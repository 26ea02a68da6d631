//! Engines and the hosts below them, as components with one instance for each host.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Builder, Instance, Said};
use crate::model::{Field, Locator, TargetEvidence};
use crate::version::Scheme;

/// Product of clusters and their nodes.
const KUBERNETES: &str = "kubernetes";

/// Facts of an engine itself, and their components.
const ENGINE: &[(&str, &str)] =
    &[("engine", "docker/engine"), ("containerd", "docker/containerd"), ("runc", "docker/runc")];

pub(super) fn add_docker(builder: &mut Builder<'_>, target: &TargetEvidence) {
    for (field, component) in ENGINE {
        if let Some(text) = target.field(field) {
            let is_engine = *field == "engine";
            let name = if is_engine { target.field("product").unwrap_or("docker") } else { field };
            let product = builder.normalizer.products.by_name(name);
            let said =
                Said { component: (*component).into(), product, hint: Some(Scheme::Generic), text };
            let levels = builder.normalizer.reader_for(&said.component, said.product).levels();
            builder.add_platform(target, &said, |engine| {
                if !is_engine {
                    return engine;
                }
                let reading = Arc::new(Arc::unwrap_or_clone(engine.reading).if_whole(&levels));
                Instance { product: Some(name.into()), reading, ..engine }
            });
        }
    }
    if target.field("components").is_some() {
        add_unlisted(builder, target);
    }
    builder.identity_of(target, |field| target.field(field));
    add_host(builder, target);
}

/// An old engine does not list what it is made of: it has a containerd and a runc, of a version
/// that is not known.
fn add_unlisted(builder: &mut Builder<'_>, target: &TargetEvidence) {
    for (name, component) in ENGINE.iter().filter(|(field, _)| target.field(field).is_none()) {
        let product = builder.normalizer.products.by_name(name);
        let hint = Some(Scheme::Generic);
        let said = Said { component: (*component).into(), product, hint, text: "unknown" };
        builder.add_platform(target, &said, |engine| engine);
    }
}

pub(super) fn add_kubernetes(builder: &mut Builder<'_>, target: &TargetEvidence) {
    if let Some(text) = target.field("git_version") {
        let product = builder.normalizer.products.by_name(KUBERNETES);
        let said = Said {
            component: "kubernetes/server".into(),
            product,
            hint: Some(Scheme::Kubernetes),
            text,
        };
        builder.add_platform(target, &said, |server| Instance {
            product: Some(KUBERNETES.into()),
            ..server
        });
    }
    if let Some(text) = target.field("openshift_version") {
        let said = Said {
            component: "kubernetes/openshift".into(),
            product: None,
            hint: Some(Scheme::Generic),
            text,
        };
        builder.add_platform(target, &said, |openshift| openshift);
    }
    builder.identity_of(target, |field| target.field(field));
    add_host(builder, target);
}

/// What each place in a target (a host, a node) says of itself.
fn add_host(builder: &mut Builder<'_>, target: &TargetEvidence) {
    // The first that a place says of its system counts.
    let mut systems = HashMap::<&str, &str>::new();
    for Field { place, value, .. } in target.fields.iter().filter(|field| field.name == "os") {
        systems.entry(place).or_insert(value);
    }
    for field in target.fields.iter().filter(|field| !field.place.is_empty()) {
        let system = systems.get(field.place.as_str());
        let is_windows = || system.is_some_and(|system| system.starts_with("Windows"));
        let (component, scheme) = match field.name.as_str() {
            // Of two systems in one cluster neither is a version of the other.
            "kernel" if is_windows() => ("host/windows-kernel", Scheme::Generic),
            "os" if is_windows() => ("host/windows", Scheme::OsImage),
            "kernel" => ("host/kernel", Scheme::Kernel),
            "os" => ("host/os", Scheme::OsImage),
            // Its number is that of a library, not of a kubelet: `v1.25.0-vk-azure-aci-1.6.2`.
            "kubelet" if field.value.contains("-vk-") => {
                ("kubernetes/virtual-kubelet", Scheme::Generic)
            }
            "kubelet" => ("kubernetes/kubelet", Scheme::Kubernetes),
            "runtime" => ("kubernetes/runtime", Scheme::RuntimeUri),
            _ => continue,
        };
        // `containerd://1.7.20`
        let named = (scheme == Scheme::RuntimeUri).then(|| field.value.split_once("://")).flatten();
        let named = named.map(|(product, _)| product.to_owned());
        let known = if scheme == Scheme::Kubernetes { Some(KUBERNETES) } else { named.as_deref() };
        let product = known.and_then(|name| builder.normalizer.products.by_name(name));
        let locator = Locator { container: field.place.clone(), ..Locator::default() };
        let said =
            Said { component: component.into(), product, hint: Some(scheme), text: &field.value };
        builder.add_platform(target, &said, |host| Instance {
            locator,
            product: named.map(Arc::from),
            ..host
        });
    }
}
