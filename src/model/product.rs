//! Which product an instance is, where nothing but its component or its text tells it.

use std::borrow::Cow;

use super::{Component, Instance};

/// Systems that say more than their name, and that name.
const SYSTEMS: &[(&str, &str)] = &[
    ("debian gnu/linux", "debian"),
    ("alpine linux", "alpine"),
    ("centos linux", "centos"),
    ("fedora linux", "fedora"),
    ("red hat enterprise linux", "rhel"),
];

impl Instance {
    /// The product that runs, as part of `component`: what is known of it; else what the component
    /// is by its name (`kubernetes/kubelet`, a declared `postgresql/orders`); else the system that
    /// the text names, in lower case and with `-` for spaces (`debian`, `rocky-linux`). `None` if
    /// nothing tells.
    pub fn product_in<'a>(&'a self, component: &'a Component) -> Option<Cow<'a, str>> {
        let known = self.product.as_deref().or(component.named_product.as_deref());
        if let Some(product) = known {
            return Some(Cow::Borrowed(product));
        }
        let system = self.reading.system_name()?;
        let short = SYSTEMS
            .iter()
            .find(|(long, _)| *long == system)
            .map(|(_, short)| Cow::Borrowed(*short));
        Some(short.unwrap_or_else(|| Cow::Owned(system.replace(' ', "-"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Class, Locator, ReadingSource};
    use crate::version::{Levels, Scheme, read};
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn product(
        known: Option<&str>,
        named: Option<&str>,
        scheme: Scheme,
        text: &str,
    ) -> Option<String> {
        let instance = Instance {
            target: "docker/x".into(),
            locator: Locator::default(),
            site: Arc::default(),
            product: known.map(Arc::from),
            reading: read(scheme, text).into(),
            source: ReadingSource::Program,
            contradicted_by: None,
            image: None,
        };
        let component = Component {
            class: Class::Platform,
            levels: Levels::DEFAULT,
            instances: Vec::new(),
            not_running: BTreeMap::new(),
            settings: BTreeMap::new(),
            only_in: Vec::new(),
            named_product: named.map(str::to_owned),
            overruled: Vec::new(),
        };
        instance.product_in(&component).map(Cow::into_owned)
    }

    #[test]
    fn what_is_known_counts_before_names() {
        let of = |known, named| product(known, named, Scheme::Generic, "8.0.1");
        assert_eq!(of(Some("valkey"), None).as_deref(), Some("valkey"));
        assert_eq!(of(Some("podman"), Some("docker")).as_deref(), Some("podman"));
        assert_eq!(of(None, Some("kubernetes")).as_deref(), Some("kubernetes"));
        assert_eq!(of(None, None), None);
    }

    #[test]
    fn a_system_is_named_by_its_text() {
        let os = |text| product(None, None, Scheme::OsImage, text);
        assert_eq!(os("Debian GNU/Linux 12 (bookworm)").as_deref(), Some("debian"));
        assert_eq!(os("Ubuntu 22.04.3 LTS").as_deref(), Some("ubuntu"));
        assert_eq!(os("Ubuntu Core 22").as_deref(), Some("ubuntu-core"));
        assert_eq!(os("Alpine Linux v3.19").as_deref(), Some("alpine"));
        assert_eq!(os("Rocky Linux 9.4 (Blue Onyx)").as_deref(), Some("rocky-linux"));
    }
}
