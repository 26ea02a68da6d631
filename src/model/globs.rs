//! Many patterns at once: their time is not that of each of them for each name.

use std::fmt;
use std::sync::Arc;

use globset::{GlobSet, GlobSetBuilder};

use super::Glob;

/// Patterns, any of which may fit. Cheap to clone.
#[derive(Clone, Default)]
pub struct Globs(Arc<[GlobSet]>);

/// Patterns of one automaton: with more of them it may be too large to build.
const MOST: usize = 512;

impl Globs {
    /// Any of these.
    pub fn new(globs: &[Glob]) -> Self {
        let mut sets = Vec::new();
        globs.chunks(MOST).for_each(|some| add(some, &mut sets));
        Self(sets.into())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the whole of `name` fits one of them.
    pub fn is_match(&self, name: &str) -> bool {
        self.0.iter().any(|set| set.is_match(name))
    }
}

/// One set of them, or several where one is too large. A pattern that has been compiled by itself
/// is never too large alone.
fn add(globs: &[Glob], sets: &mut Vec<GlobSet>) {
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        builder.add(glob.as_globset().clone());
    }
    match builder.build() {
        Ok(set) => sets.push(set),
        Err(_) if globs.len() > 1 => {
            let (first, second) = globs.split_at(globs.len() / 2);
            add(first, sets);
            add(second, sets);
        }
        Err(_) => {}
    }
}

impl fmt::Debug for Globs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns: usize = self.0.iter().map(GlobSet::len).sum();
        write!(f, "Globs({patterns})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_patterns_fit_as_each_of_them_does() {
        let patterns = (0..2_000).map(|n| match n % 4 {
            0 => format!("image/a{n}"),
            1 => format!("image/*-b{n}"),
            2 => format!("image/c{n}-*-[x-z]"),
            _ => format!("{{image,chart}}/d{n}?"),
        });
        let globs: Vec<Glob> = patterns.map(|pattern| Glob::new(&pattern).unwrap()).collect();
        let all = Globs::new(&globs);
        for name in [
            "image/a4", "image/a5", "image/x/y-b9", "image/c6-q-y", "image/c6-q-a", "chart/d7z",
            "chart/d7", "image/c1998-/-z", "",
        ] {
            let alone = globs.iter().any(|glob| glob.is_match(name));
            assert_eq!(all.is_match(name), alone, "{name}");
        }
        assert!(!Globs::default().is_match(""));
    }
}
