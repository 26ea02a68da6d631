//! Many patterns at once: their time is not that of each of them for each name.

use std::fmt;
use std::sync::Arc;

use globset::{GlobSet, GlobSetBuilder};

use super::Glob;
use super::ids::SPECIAL;

/// Patterns, any of which may fit. Cheap to clone.
#[derive(Clone, Default)]
pub struct Globs(Arc<Patterns>);

#[derive(Default)]
struct Patterns {
    /// Names, and beginnings and ends of names: found all at once.
    simple: GlobSet,
    others: Vec<Screened>,
}

/// A pattern that is tried by itself, and only where its beginning and end fit.
struct Screened {
    glob: Glob,
    start: String,
    end: String,
}

impl Globs {
    /// Any of these.
    pub fn new(globs: &[Glob]) -> Self {
        let (simple, others): (Vec<&Glob>, Vec<&Glob>) =
            globs.iter().partition(|glob| is_simple(glob.pattern()));
        let mut builder = GlobSetBuilder::new();
        for glob in &simple {
            builder.add(glob.as_globset().clone());
        }
        let mut others: Vec<Screened> = others.into_iter().map(Screened::new).collect();
        let simple = builder.build().unwrap_or_else(|_| {
            others.extend(simple.into_iter().map(Screened::new));
            GlobSet::empty()
        });
        Self(Arc::new(Patterns { simple, others }))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.simple.is_empty() && self.0.others.is_empty()
    }

    /// Whether the whole of `name` fits one of them.
    pub fn is_match(&self, name: &str) -> bool {
        self.0.simple.is_match(name) || self.0.others.iter().any(|other| other.is_match(name))
    }
}

impl Screened {
    fn new(glob: &Glob) -> Self {
        let pattern = glob.pattern();
        let start = pattern.split(SPECIAL).next().unwrap_or_default();
        // What stands behind the last star, unless something else there has a meaning.
        let end = pattern.rsplit('*').next().filter(|end| !end.contains(SPECIAL));
        Self { glob: glob.clone(), start: start.to_owned(), end: end.unwrap_or("").to_owned() }
    }

    fn is_match(&self, name: &str) -> bool {
        name.starts_with(&self.start) && name.ends_with(&self.end) && self.glob.is_match(name)
    }
}

/// A name, or one with a star at its beginning or end.
fn is_simple(pattern: &str) -> bool {
    let bare = pattern.strip_prefix('*').or_else(|| pattern.strip_suffix('*')).unwrap_or(pattern);
    !bare.contains(SPECIAL)
}

/// Patterns with numbers, to ask which of them fit.
#[derive(Debug, Default)]
pub struct NumberedGlobs {
    /// Names, and beginnings and ends of names: found all at once.
    simple: GlobSet,
    /// Of these.
    numbers: Vec<usize>,
    others: Vec<(usize, Screened)>,
}

impl NumberedGlobs {
    /// Any of these.
    pub fn new(globs: Vec<(usize, Glob)>) -> Self {
        let (simple, others): (Vec<_>, Vec<_>) =
            globs.into_iter().partition(|(_, glob)| is_simple(glob.pattern()));
        let mut builder = GlobSetBuilder::new();
        for (_, glob) in &simple {
            builder.add(glob.as_globset().clone());
        }
        let (set, simple, slow) = match builder.build() {
            Ok(set) => (set, simple, Vec::new()),
            Err(_) => (GlobSet::empty(), Vec::new(), simple),
        };
        let others = others.into_iter().chain(slow);
        Self {
            simple: set,
            numbers: simple.into_iter().map(|(number, _)| number).collect(),
            others: others.map(|(number, glob)| (number, Screened::new(&glob))).collect(),
        }
    }

    /// The numbers of those that the whole of `name` fits, in no order.
    pub fn matching_numbers(&self, name: &str) -> impl Iterator<Item = usize> {
        let simple = self.simple.matches(name).into_iter();
        let simple = simple.filter_map(|index| self.numbers.get(index).copied());
        let others = self.others.iter().filter(move |(_, other)| other.is_match(name));
        simple.chain(others.map(|(number, _)| *number))
    }
}

impl fmt::Debug for Screened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.glob.pattern())
    }
}

impl fmt::Debug for Globs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns = self.0.simple.len() + self.0.others.len();
        write!(f, "Globs({patterns})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_of_the_patterns_that_fit() {
        let patterns = ["image/a", "image/*", "*/a", "image/[a-c]", "image/b", "{image,chart}/a"];
        let globs = patterns.iter().enumerate().map(|(i, p)| (i, Glob::new(p).unwrap()));
        let all = NumberedGlobs::new(globs.collect());
        let of = |name: &str| {
            let mut numbers: Vec<usize> = all.matching_numbers(name).collect();
            numbers.sort_unstable();
            numbers
        };
        assert_eq!(of("image/a"), [0, 1, 2, 3, 5]);
        assert_eq!(of("image/b"), [1, 3, 4]);
        assert_eq!(of("chart/a"), [2, 5]);
        assert_eq!(of("host/os"), [0; 0]);
    }

    #[test]
    fn many_patterns_fit_as_each_of_them_does() {
        let patterns = (0..2_500).map(|n| match n % 5 {
            4 => format!("image/e{n}-*"),
            0 => format!("image/a{n}"),
            1 => format!("image/*-b{n}"),
            2 => format!("image/c{n}-*-[x-z]"),
            _ => format!("{{image,chart}}/d{n}?"),
        });
        let globs: Vec<Glob> = patterns.map(|pattern| Glob::new(&pattern).unwrap()).collect();
        let all = Globs::new(&globs);
        for name in [
            "image/a5", "image/a4", "image/x/y-b6", "image/c7-q-y", "image/c7-q-a", "chart/d8z",
            "chart/d8", "image/c1997-/-z", "image/e4-", "image/e4", "",
        ] {
            let alone = globs.iter().any(|glob| glob.is_match(name));
            assert_eq!(all.is_match(name), alone, "{name}");
        }
        assert!(!Globs::default().is_match(""));
    }
}
