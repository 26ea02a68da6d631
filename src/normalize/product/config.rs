//! One product as it is written, in the product data of the program and in catalogues alike.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::{Collectors, ProductNames, meant_or_known};
use crate::version::{GROUPS, Level, Levels, Pattern, Scheme};
use crate::wire::problem::Problem;
use crate::wire::yaml::{self, Located, Origin};

/// A product: which observations are it, and how its versions count.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProductConfig {
    /// As findings name it: `valkey`. The name of a product that ships with the program replaces it
    /// whole.
    pub name: Located<String>,
    /// Other names of it, as servers, charts and declared facts may say: `postgres`.
    #[serde(default)]
    pub aliases: Vec<Located<String>>,
    /// Component of its images, without `image/` (default: its name). Products that replace each
    /// other share one.
    #[serde(default)]
    pub family: Option<Located<String>>,
    /// Repositories of its images without tag and `library/`; with the registry only where it
    /// matters.
    #[serde(default)]
    pub images: Vec<Located<String>>,
    /// Name of the version scheme of what it says of itself, see REFERENCE.md.
    #[serde(default)]
    pub scheme: Option<Located<String>>,
    /// What the numbers of a whole version mean, of major, minor, patch and build (default:
    /// `[major, minor, patch]`). What is beyond the last is as the last.
    #[serde(default)]
    pub levels: Vec<Located<String>>,
    /// What they mean in older releases.
    #[serde(default)]
    pub older: Vec<OlderConfig>,
    /// Further texts that no release carries: `edge`.
    #[serde(default)]
    pub sentinels: Vec<Located<String>>,
    /// Regular expressions for versions that are not read rightly without: each fits a whole text,
    /// and its named groups (major, minor, patch, pre, build, revision, variant) are what they say.
    /// The first that fits counts.
    #[serde(default)]
    pub tag: Vec<Located<String>>,
    /// Regular expressions, as those of `tag`, for repositories whose name says the version, with
    /// the namespace: `sclorg/postgresql-15-c9s`. What they say counts, whatever the tag.
    #[serde(default)]
    pub repositories: Vec<Located<String>>,
    /// Line of INFO that says its version, for servers that answer INFO of Redis.
    #[serde(default)]
    pub info_version: Option<Located<String>>,
}

/// What the numbers of older releases mean.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OlderConfig {
    /// Versions whose first number is below this one.
    pub below: u64,
    /// As `levels` of the product.
    pub levels: Vec<Located<String>>,
}

impl ProductConfig {
    /// What its numbers mean; words that `check` tells are left out.
    pub(super) fn levels(&self) -> Levels {
        let of = |words: &[Located<String>]| {
            words.iter().filter_map(|word| Levels::from_word(word)).collect::<Vec<_>>()
        };
        let older = self.older.iter().map(|older| (older.below, of(&older.levels))).collect();
        Levels::new(of(&self.levels), older)
    }

    /// Everything that is wrong with it alone.
    fn find_problems(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = [Some(&self.name), self.family.as_ref()]
            .into_iter()
            .flatten()
            .chain(&self.aliases)
            .filter_map(name_problem)
            .collect();
        problems.extend(self.scheme.as_ref().and_then(scheme_problem));
        problems.extend(level_problems(&self.levels));
        for older in &self.older {
            if older.levels.is_empty() {
                let message = format!("nothing is said of versions below {}", older.below);
                problems.push(Problem::at(&self.name, message, LEVELS));
            }
            problems.extend(level_problems(&older.levels));
        }
        problems.extend(self.tag.iter().chain(&self.repositories).filter_map(|tag| {
            let advice = format!(
                "like (?<major>[0-9]+)\\.(?<minor>[0-9]+)-(?<revision>r[0-9]+); the groups are {}",
                GROUPS.join(", ")
            );
            Pattern::new(tag).err().map(|error| Problem::at(tag, error.to_string(), advice))
        }));
        problems.extend(self.images.iter().filter_map(image_problem));
        let empty = self.sentinels.iter().filter(|text| text.trim().is_empty());
        problems.extend(empty.map(|text| {
            Problem::at(text, "an empty text is not a sentinel", "name a text like edge")
        }));
        problems
    }
}

const LEVELS: &str =
    "write what each number means, like [major, minor, patch]; build is a level too";

fn name_problem(name: &Located<String>) -> Option<Problem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let wrong = name.is_empty() || !name.chars().all(fits);
    wrong.then(|| {
        Problem::at(name, "this cannot be the name of a product", "use letters, digits, - _ and .")
    })
}

/// A scheme that does not exist.
pub(in super::super) fn scheme_problem(name: &Located<String>) -> Option<Problem> {
    let known = || Scheme::ALL.iter().map(|scheme| scheme.as_str()).collect::<Vec<_>>();
    Scheme::by_name(name).is_none().then(|| {
        Problem::at(
            name,
            format!("unknown scheme {:?}", name.as_str()),
            meant_or_known(name, &known()),
        )
    })
}

fn level_problems(words: &[Located<String>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut lowest = Level::Major;
    for word in words {
        match Levels::from_word(word) {
            None => {
                let message = format!("{:?} is nothing that a number can mean", word.as_str());
                problems.push(Problem::at(word, message, LEVELS));
            }
            Some(level) if level > lowest => {
                let message =
                    format!("a later number cannot mean more than one before: {}", word.as_str());
                problems.push(Problem::at(word, message, LEVELS));
            }
            Some(level) => lowest = level,
        }
    }
    problems
}

fn image_problem(image: &Located<String>) -> Option<Problem> {
    let last = image.rsplit('/').next().unwrap_or_default();
    let wrong = last.is_empty() || last.contains([':', '@']) || image.contains(['*', ' ']);
    let advice = "name a repository without tag and digest, like bitnami/redis; patterns stand in \
        components:";
    wrong.then(|| Problem::at(image, "not an image repository", advice))
}

/// Everything that is wrong with the products of one file.
pub(in super::super) fn check_products(products: &[ProductConfig]) -> Vec<Problem> {
    let mut problems: Vec<Problem> =
        products.iter().flat_map(ProductConfig::find_problems).collect();
    let names = products
        .iter()
        .flat_map(|p| [&p.name].into_iter().chain(&p.aliases).map(move |name| (p, name)));
    problems.extend(find_duplicates(names, "name", |name| name.to_lowercase()));
    let images = products.iter().flat_map(|p| p.images.iter().map(move |image| (p, image)));
    problems.extend(find_duplicates(images, "image", str::to_owned));
    problems
}

/// What belongs to two products, or to one twice.
fn find_duplicates<'a>(
    all: impl Iterator<Item = (&'a ProductConfig, &'a Located<String>)>,
    what: &str,
    key: fn(&str) -> String,
) -> Vec<Problem> {
    let mut first = BTreeMap::new();
    let mut problems = Vec::new();
    for (product, text) in all {
        if let Some((other, line)) = first.insert(key(text), (product.name.as_str(), text.line)) {
            let message = format!("the {what} {:?} belongs to {other} already", text.as_str());
            problems.push(Problem::at(
                text,
                message,
                format!("see line {line}: leave one of them out"),
            ));
        }
    }
    problems
}

/// What ships with the program.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProductData {
    pub(super) products: Vec<ProductConfig>,
    pub(super) copies: Vec<CopyConfig>,
    pub(super) suffixes: Vec<String>,
}

/// Names under which others hand on images.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CopyConfig {
    /// Repository with one `*` or `**`.
    pub(super) image: String,
    /// The original's, with the same.
    pub(super) of: String,
    /// What stands for the slashes of the original.
    #[serde(default)]
    pub(super) joined: String,
}

/// The product data that ships with the program.
static SHIPPED: LazyLock<ProductData> = LazyLock::new(|| {
    yaml::read(include_str!("../products.yaml"), Origin::Person)
        .expect("products.yaml is part of the program, and a test reads it")
});

pub(super) fn shipped_products() -> &'static ProductData {
    &SHIPPED
}

/// What components may be called by the products of a catalogue and by the shipped ones that it
/// does not replace. A product's own name counts before another's alias.
pub fn names_for(catalogue: &[ProductConfig], collectors: Collectors) -> ProductNames {
    let is_replaced = |product: &&ProductConfig| {
        catalogue.iter().any(|own| own.name.eq_ignore_ascii_case(&product.name))
    };
    let all = || {
        catalogue
            .iter()
            .chain(shipped_products().products.iter().filter(|product| !is_replaced(product)))
    };
    let own = all().map(|product| (product.name.as_str(), product.name.as_str()));
    let aliases = all().flat_map(|product| {
        product.aliases.iter().map(|alias| (alias.as_str(), product.name.as_str()))
    });
    ProductNames::new(collectors, own.chain(aliases))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(rows: &str) -> Vec<(usize, String, String)> {
        let text = format!("products:\n{rows}copies: []\nsuffixes: []\n");
        let data: ProductData = yaml::read(&text, Origin::Person).unwrap();
        check_products(&data.products).into_iter().map(|p| (p.line, p.message, p.advice)).collect()
    }

    #[test]
    fn the_shipped_data_is_in_order() {
        let wrong = check_products(&shipped_products().products);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn every_problem_is_told_with_its_place() {
        let found = problems(concat!(
            "- {name: a, images: [x/a, x/b], scheme: semvr, levels: [major, mayor]}\n",
            "- {name: b, images: [x/a], levels: [patch, major], older: [{below: 3, levels: []}]}\n",
            "- {name: '', images: ['x/c:7'], sentinels: ['']}\n",
            "- {name: c, tag: ['(?<major>\\d+', '(?<major>\\d+)(?<mayor>x)', '(?<minor>\\d+)']}\n",
            "- {name: d, aliases: [B, a/b]}\n",
        ));
        let lines = |line: usize| {
            found.iter().filter(move |(at, ..)| *at == line).map(|(_, message, _)| message.as_str())
        };
        for (line, said) in [
            (2, "unknown scheme \"semvr\""),
            (2, "\"mayor\" is nothing that a number can mean"),
            (3, "a later number cannot mean more than one before: major"),
            (3, "nothing is said of versions below 3"),
            (3, "the image \"x/a\" belongs to a already"),
            (4, "this cannot be the name of a product"),
            (4, "not an image repository"),
            (4, "an empty text is not a sentinel"),
            (5, "the regular expression is invalid: unclosed group"),
            (5, "the regular expression has a group \"mayor\", which means nothing"),
            (5, "the regular expression has no group \"major\""),
            (6, "the name \"B\" belongs to b already"),
            (6, "this cannot be the name of a product"),
        ] {
            assert!(lines(line).any(|message| message == said), "{line} {said}: {found:#?}");
        }
        assert_eq!(found.len(), 13, "{found:#?}");
        assert!(
            found.iter().any(|(.., advice)| advice.contains("did you mean semver?")),
            "{found:#?}"
        );
    }
}
