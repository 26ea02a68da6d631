//! Engines and the hosts below them, as components with one instance for each host.

use super::{Builder, Instance, PLATFORM, instance};
use crate::model::{Locator, TargetEvidence};
use crate::version::Scheme;

/// Facts of an engine itself, and their components.
const ENGINE: &[(&str, &str)] =
    &[("engine", "docker/engine"), ("containerd", "docker/containerd"), ("runc", "docker/runc")];

pub(super) fn add_docker(builder: &mut Builder<'_>, target: &TargetEvidence) {
    for (field, component) in ENGINE {
        if let Some(text) = target.field(field) {
            let mut engine = instance(target, Scheme::Generic, text);
            if *field == "engine" {
                engine.product = Some(target.field("product").unwrap_or("docker").to_owned());
            }
            builder.add(&(*component).into(), PLATFORM, engine);
        }
    }
    builder.identity("engine ID", target.field("id"), target);
    add_host(builder, target);
}

pub(super) fn add_kubernetes(builder: &mut Builder<'_>, target: &TargetEvidence) {
    if let Some(text) = target.field("git_version") {
        let product = Some("kubernetes".to_owned());
        let server = Instance { product, ..instance(target, Scheme::Kubernetes, text) };
        builder.add(&"kubernetes/server".into(), PLATFORM, server);
    }
    builder.identity("kube-system UID", target.field("uid"), target);
    add_host(builder, target);
}

/// What each place in a target (a host, a node) says of itself.
fn add_host(builder: &mut Builder<'_>, target: &TargetEvidence) {
    for field in target.fields.iter().filter(|field| !field.place.is_empty()) {
        let (component, scheme) = match field.name.as_str() {
            "kernel" => ("host/kernel", Scheme::Kernel),
            "os" => ("host/os", Scheme::OsImage),
            "kubelet" => ("kubernetes/kubelet", Scheme::Kubernetes),
            "runtime" => ("kubernetes/runtime", Scheme::RuntimeUri),
            _ => continue,
        };
        // `containerd://1.7.20`
        let product = (scheme == Scheme::RuntimeUri).then(|| field.value.split_once("://")).flatten();
        let locator = Locator { container: field.place.clone(), ..Locator::default() };
        let product = product.map(|(product, _)| product.to_owned());
        let host = Instance { locator, product, ..instance(target, scheme, &field.value) };
        builder.add(&component.into(), PLATFORM, host);
    }
}
