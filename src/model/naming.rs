//! What components are called: by the products' own names, whatever alias somebody writes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Collectors, ComponentName};

/// Names and aliases of all products, and the names that collectors give.
#[derive(Clone, Debug)]
pub struct ProductNames {
    collectors: Collectors,
    /// In lower case, with the product's own name.
    own: BTreeMap<String, String>,
}

impl ProductNames {
    /// `names` are those that a product may have, and its own: the first of several counts.
    pub fn new<'a>(
        collectors: Collectors,
        names: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut own = BTreeMap::new();
        for (name, product) in names {
            own.entry(name.to_ascii_lowercase()).or_insert_with(|| product.to_owned());
        }
        Self { collectors, own }
    }

    /// A component's name, or a pattern of some, with the product's own name in front:
    /// `postgresql/orders` for `Postgres/orders`. A name that collectors give stays; a pattern in
    /// front does, too, since no product is called like one.
    pub fn canonical_name<'a>(&self, name: &'a str) -> Cow<'a, str> {
        let (first, rest) = name.split_at(name.find('/').unwrap_or(name.len()));
        let small = first.to_ascii_lowercase();
        if self.is_reserved(&small) {
            return if small == first { name.into() } else { format!("{small}{rest}").into() };
        }
        let Some(product) = self.own.get(&small).filter(|product| *product != first) else {
            return name.into();
        };
        let canonical = format!("{product}{rest}");
        // `moby/orders` is nothing that an engine tells of: as `docker/orders` nobody would miss
        // it.
        let is_taken = ComponentName::is_part_of_host(product);
        let is_told = self.collectors.may_hold(&canonical);
        if is_taken && !is_told { name.into() } else { canonical.into() }
    }

    /// The same, of a whole name.
    pub fn canonical_component(&self, name: &ComponentName) -> ComponentName {
        self.canonical_name(name.as_str()).as_ref().into()
    }

    /// Whether names of components begin so because of what was read.
    fn is_reserved(&self, first: &str) -> bool {
        ComponentName::is_part_of_host(first)
            || self.collectors.is_group(first)
            || self.collectors.0.iter().any(|kind| kind.name == first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::config::COLLECTORS;

    fn canonical(name: &str) -> String {
        let names = [
            ("postgresql", "postgresql"),
            ("postgres", "postgresql"),
            ("PG", "postgresql"),
            ("kubernetes", "kubernetes"),
            ("k8s", "kubernetes"),
            ("moby", "docker"),
            // An alias that a collector has, and one that another product has already.
            ("http", "apache"),
            ("chart", "apache"),
            ("postgres", "apache"),
        ];
        ProductNames::new(COLLECTORS, names.into_iter()).canonical_name(name).into_owned()
    }

    #[test]
    fn the_first_segment_is_the_products_own_name() {
        for name in ["postgres/orders", "pg/orders", "POSTGRES/orders", "PostgreSQL/orders"] {
            assert_eq!(canonical(name), "postgresql/orders", "{name}");
        }
        assert_eq!(canonical("postgres"), "postgresql");
        assert_eq!(canonical("postgres/pg/Orders"), "postgresql/pg/Orders");
        assert_eq!(canonical("team/postgres"), "team/postgres");
        assert_eq!(canonical("image/postgres"), "image/postgres");
        assert_eq!(canonical(""), "");
        assert_eq!(canonical("/orders"), "/orders");
        assert_eq!(canonical("größe/x"), "größe/x");
    }

    #[test]
    fn what_collectors_name_is_no_alias() {
        for name in ["http/orders", "chart/x", "redis/cache", "declared/x", "recorded/x"] {
            assert_eq!(canonical(name), name);
        }
        assert_eq!(canonical("HTTP/orders"), "http/orders");
        assert_eq!(canonical("Redis/Cache"), "redis/Cache");
    }

    #[test]
    fn nothing_becomes_part_of_a_host_that_no_collector_tells_of() {
        assert_eq!(canonical("k8s/server"), "kubernetes/server");
        assert_eq!(canonical("k8s/orders"), "k8s/orders");
        assert_eq!(canonical("moby/orders"), "moby/orders");
        assert_eq!(canonical("moby/runc"), "docker/runc");
    }

    #[test]
    fn of_patterns_only_a_literal_first_segment_is_a_name() {
        assert_eq!(canonical("postgres/*"), "postgresql/*");
        assert_eq!(canonical("pg/{orders,billing}"), "postgresql/{orders,billing}");
        for pattern in ["post*/orders", "{postgres,pg}/*", "[p]g/*", "*", "pg*", "p?/x"] {
            assert_eq!(canonical(pattern), pattern);
        }
    }
}
