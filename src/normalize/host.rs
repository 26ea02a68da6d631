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

/// Kernel and operating system of each place in a target.
pub(super) fn add_host(builder: &mut Builder<'_>, target: &TargetEvidence) {
    for field in target.fields.iter().filter(|field| !field.place.is_empty()) {
        let (component, scheme) = match field.name.as_str() {
            "kernel" => ("host/kernel", Scheme::Kernel),
            "os" => ("host/os", Scheme::OsImage),
            _ => continue,
        };
        let locator = Locator { container: field.place.clone(), ..Locator::default() };
        let host = Instance { locator, ..instance(target, scheme, &field.value) };
        builder.add(&component.into(), PLATFORM, host);
    }
}
