//! Release cycles of products, and until when their own makers support them.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::version::Number;

/// Products by the name that <https://endoflife.date> gives them.
#[derive(Clone, Debug, Default)]
pub struct Cycles {
    products: BTreeMap<String, ProductCycles>,
}

/// The cycles of one product.
#[derive(Clone, Debug)]
pub struct ProductCycles {
    as_of: Date,
    /// Ascending by their numbers.
    cycles: Vec<Cycle>,
}

/// One cycle: `7.2`, and every version that begins so and belongs to no longer one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    numbers: Vec<Number>,
    /// As its maker calls it.
    pub name: String,
    /// When support ends.
    pub end: SupportEnd,
}

/// When support ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupportEnd {
    /// On that day, its last.
    On(Date),
    /// It has ended; nobody wrote down when.
    Ended,
    /// Nobody has said when.
    NotAnnounced,
}

/// Names of ours, and those of the data where they are others.
const NAMES: &[(&str, &str)] = &[
    ("docker", "docker-engine"),
    ("node", "nodejs"),
    ("alpine", "alpine-linux"),
    ("openjdk", "eclipse-temurin"),
    ("golang", "go"),
    ("httpd", "apache-http-server"),
    ("kafka", "apache-kafka"),
    ("cassandra", "apache-cassandra"),
    ("amazoncorretto", "amazon-corretto"),
    // Kubernetes' own images are released with it.
    ("kube-apiserver", "kubernetes"),
    ("kube-controller-manager", "kubernetes"),
    ("kube-scheduler", "kubernetes"),
    ("kube-proxy", "kubernetes"),
];

impl Cycles {
    /// Puts the products of `newer` in the place of those of the same name.
    pub fn replace(&mut self, newer: Self) {
        self.products.extend(newer.products);
    }

    /// Adds a product: what the data say on `as_of`. Cycles whose name is not a version (`lts`)
    /// have no versions.
    pub fn add(
        &mut self,
        product: &str,
        as_of: Date,
        cycles: impl IntoIterator<Item = (String, SupportEnd)>,
    ) {
        let bare = |name: &str| name.strip_prefix('v').unwrap_or(name).to_owned();
        let numbers = |name: &str| -> Option<Vec<Number>> {
            bare(name).split('.').map(Number::parse).collect()
        };
        let cycles = cycles
            .into_iter()
            .filter_map(|(name, end)| Some(Cycle { numbers: numbers(&name)?, name, end }));
        let mut cycles: Vec<Cycle> = cycles.collect();
        cycles.sort_by(|a, b| a.numbers.cmp(&b.numbers));
        // Without any, it would silence a product rather than tell of it.
        if !cycles.is_empty() {
            self.products.insert(product.to_lowercase(), ProductCycles { as_of, cycles });
        }
    }

    /// The name in the data and the cycles of a product, by our name of it or the data's.
    pub fn of_product(&self, product: &str) -> Option<(&str, &ProductCycles)> {
        let product = product.to_lowercase();
        let other = NAMES.iter().find(|(ours, _)| *ours == product).map(|(_, name)| *name);
        let found =
            self.products.get_key_value(&product).or_else(|| self.products.get_key_value(other?));
        found.map(|(name, cycles)| (name.as_str(), cycles))
    }

    /// The products, in the order of their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.products.keys().map(String::as_str)
    }
}

impl ProductCycles {
    /// The day of which the data are.
    pub fn as_of(&self) -> Date {
        self.as_of
    }

    /// The cycles that a version with these numbers may be of: the one with the longest name that
    /// it begins with, and, because fewer numbers may stand for more, every longer one that begins
    /// with it. Empty if none is known.
    pub fn candidates(&self, numbers: &[Number]) -> Vec<&Cycle> {
        let own = self.cycles.iter().filter(|cycle| numbers.starts_with(&cycle.numbers));
        let own = own.max_by_key(|cycle| cycle.numbers.len());
        let is_longer = |cycle: &&Cycle| {
            cycle.numbers.len() > numbers.len() && cycle.numbers.starts_with(numbers)
        };
        own.into_iter().chain(self.cycles.iter().filter(is_longer)).collect()
    }

    /// The next cycle above these numbers, with all that are below it.
    pub fn up_to_next(&self, numbers: &[Number]) -> Option<(&Cycle, &[Cycle])> {
        let at = self.cycles.iter().position(|cycle| cycle.numbers.as_slice() > numbers)?;
        Some((&self.cycles[at], &self.cycles[..at]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redis() -> Cycles {
        let mut cycles = Cycles::default();
        let rows = ["8.10", "8.1", "8", "7.2", "7.0", "lts", "6"]
            .map(|name| (name.to_owned(), SupportEnd::NotAnnounced));
        cycles.add("Redis", jiff::civil::date(2026, 8, 22), rows);
        cycles
    }

    fn candidates(text: &str) -> Vec<String> {
        let numbers: Vec<Number> =
            text.split('.').map(|digits| Number::parse(digits).unwrap()).collect();
        let cycles = redis();
        let (_, redis) = cycles.of_product("redis").unwrap();
        redis.candidates(&numbers).into_iter().map(|cycle| cycle.name.clone()).collect()
    }

    #[test]
    fn a_version_belongs_to_the_longest_prefix_by_numbers() {
        assert_eq!(candidates("8.10.1"), ["8.10"]);
        assert_eq!(candidates("8.1.10"), ["8.1"]);
        assert_eq!(candidates("8.2.0"), ["8"]);
        assert_eq!(candidates("7.2"), ["7.2"]);
        assert_eq!(candidates("7.1.0"), Vec::<String>::new());
        assert_eq!(candidates("5.0.1"), Vec::<String>::new());
    }

    #[test]
    fn fewer_numbers_may_be_of_several() {
        assert_eq!(candidates("7"), ["7.0", "7.2"]);
        assert_eq!(candidates("8"), ["8", "8.1", "8.10"]);
    }

    #[test]
    fn what_is_above_and_below_an_unknown_version() {
        let cycles = redis();
        let (name, redis) = cycles.of_product("REDIS").unwrap();
        let next = |numbers: &[u64]| {
            let numbers: Vec<Number> = numbers.iter().map(|number| (*number).into()).collect();
            redis.up_to_next(&numbers).map(|(next, below)| (next.name.clone(), below.len()))
        };
        assert_eq!((name, next(&[5, 0, 1])), ("redis", Some(("6".to_owned(), 0))));
        assert_eq!(next(&[7, 1]), Some(("7.2".to_owned(), 2)));
        assert_eq!(next(&[9]), None);
    }

    #[test]
    fn our_names_are_those_of_the_data_too() {
        let mut cycles = Cycles::default();
        cycles.add(
            "nodejs",
            jiff::civil::date(2026, 1, 1),
            [("24".to_owned(), SupportEnd::NotAnnounced)],
        );
        cycles.add(
            "deno",
            jiff::civil::date(2026, 1, 1),
            [("lts".to_owned(), SupportEnd::NotAnnounced)],
        );
        assert_eq!(cycles.of_product("node").map(|(name, _)| name), Some("nodejs"));
        assert!(cycles.of_product("nodejs").is_some() && cycles.of_product("deno").is_none());
    }
}
