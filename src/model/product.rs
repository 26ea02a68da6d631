//! Which product an instance is, where nothing but its component or its text tells it.

use std::borrow::Cow;

use super::{ComponentName, Instance, ReadingSource};

/// Components of hosts that are one product each, whoever runs them.
const HOSTS: &[(&str, &str)] = &[
    ("docker/containerd", "containerd"),
    ("docker/runc", "runc"),
    ("kubernetes/server", "kubernetes"),
    ("kubernetes/kubelet", "kubernetes"),
];

/// Systems that say more than their name, and that name.
const SYSTEMS: &[(&str, &str)] = &[
    ("debian gnu/linux", "debian"),
    ("alpine linux", "alpine"),
    ("centos linux", "centos"),
    ("fedora linux", "fedora"),
    ("red hat enterprise linux", "rhel"),
];

/// Components of collectors: the name of their targets tells no product.
const COLLECTED: &[&str] = &["redis", "docker", "kubernetes", "host", "image"];

impl Instance {
    /// The product that runs, as part of `component`: what is known of it; else what the component
    /// is by its name (`kubernetes/kubelet`, a declared `postgresql/orders`); else the system that
    /// the text names, in lower case and with `-` for spaces (`debian`, `rocky-linux`). `None` if
    /// nothing tells.
    pub fn product_in(&self, component: &ComponentName) -> Option<Cow<'_, str>> {
        if let Some(product) = &self.product {
            return Some(Cow::Borrowed(product));
        }
        if let Some((_, product)) = HOSTS.iter().find(|(name, _)| *name == component.as_str()) {
            return Some(Cow::Borrowed(product));
        }
        if let Some(system) = self.reading.system() {
            let short = SYSTEMS
                .iter()
                .find(|(long, _)| *long == system)
                .map(|(_, short)| Cow::Borrowed(*short));
            return Some(short.unwrap_or_else(|| Cow::Owned(system.replace(' ', "-"))));
        }
        let (first, _) = component.as_str().split_once('/')?;
        let is_declared = self.source == ReadingSource::Declared && !COLLECTED.contains(&first);
        is_declared.then(|| Cow::Owned(first.to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Locator, Site};
    use crate::version::{Scheme, read};

    fn product(
        component: &str,
        known: Option<&str>,
        scheme: Scheme,
        text: &str,
        source: ReadingSource,
    ) -> Option<String> {
        let instance = Instance {
            target: "docker/x".into(),
            locator: Locator::default(),
            site: Site::default(),
            product: known.map(str::to_owned),
            reading: read(scheme, text),
            source,
            contradicted_by: None,
            image: None,
        };
        instance.product_in(&component.into()).map(Cow::into_owned)
    }

    #[test]
    fn what_is_known_counts_before_names() {
        let program = |component, known, scheme, text| {
            product(component, known, scheme, text, ReadingSource::Program)
        };
        assert_eq!(
            program("redis/cache", Some("valkey"), Scheme::Generic, "8.0.1").as_deref(),
            Some("valkey")
        );
        assert_eq!(
            program("docker/engine", Some("podman"), Scheme::Generic, "4.3.1").as_deref(),
            Some("podman")
        );
        assert_eq!(
            program("kubernetes/kubelet", None, Scheme::Kubernetes, "v1.27.3").as_deref(),
            Some("kubernetes")
        );
        assert_eq!(program("redis/cache/module/json", None, Scheme::RedisModule, "20612"), None);
        assert_eq!(program("image/team/app", None, Scheme::ImageTag, "v22"), None);
    }

    #[test]
    fn a_system_is_named_by_its_text_and_a_declared_fact_by_its_component() {
        let os = |text| product("host/os", None, Scheme::OsImage, text, ReadingSource::Program);
        assert_eq!(os("Debian GNU/Linux 12 (bookworm)").as_deref(), Some("debian"));
        assert_eq!(os("Ubuntu 22.04.3 LTS").as_deref(), Some("ubuntu"));
        assert_eq!(os("Ubuntu Core 22").as_deref(), Some("ubuntu-core"));
        assert_eq!(os("Alpine Linux v3.19").as_deref(), Some("alpine"));
        assert_eq!(os("Rocky Linux 9.4 (Blue Onyx)").as_deref(), Some("rocky-linux"));
        let declared =
            |component| product(component, None, Scheme::Generic, "16.4", ReadingSource::Declared);
        assert_eq!(declared("postgresql/orders").as_deref(), Some("postgresql"));
        // It may be Valkey.
        assert_eq!(declared("redis/cache"), None);
    }
}
