//! What the numbers of a product's versions mean: of PostgreSQL's `16.4` the second is a patch.

use std::fmt;

use super::level::Level;
use super::number::Number;

/// What the numbers mean unless the product says otherwise.
const DEFAULT: &[Level] = &[Level::Major, Level::Minor, Level::Patch];

/// The level of each number of a whole version, perhaps otherwise in older releases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// Empty for [`DEFAULT`].
    numbers: Vec<Level>,
    /// First numbers, ascending, and what the numbers mean in versions whose first is below.
    older: Vec<(u64, Vec<Level>)>,
}

impl Levels {
    /// Major, minor, patch.
    pub const DEFAULT: Self = Self { numbers: Vec::new(), older: Vec::new() };

    /// Of `numbers`, and of older releases, told by what their first number is below.
    pub fn new(numbers: Vec<Level>, mut older: Vec<(u64, Vec<Level>)>) -> Self {
        older.retain(|(_, levels)| !levels.is_empty());
        older.sort_by_key(|(below, _)| *below);
        let numbers = if numbers == DEFAULT { Vec::new() } else { numbers };
        Self { numbers, older }
    }

    /// The level of that word, if a number may mean it.
    pub fn from_word(text: &str) -> Option<Level> {
        [Level::Major, Level::Minor, Level::Patch, Level::Build]
            .into_iter()
            .find(|level| level.as_str() == text)
    }

    /// The level of each number of a version; as many as a whole one has.
    fn levels_of(&self, first: Option<&Number>) -> &[Level] {
        let older = first
            .and_then(|first| self.older.iter().find(|(below, _)| *first < Number::from(*below)));
        match older {
            Some((_, levels)) => levels,
            None if self.numbers.is_empty() => DEFAULT,
            None => &self.numbers,
        }
    }

    /// How many numbers a whole version has, of which this is the beginning.
    pub(super) fn whole_length(&self, release: &[Number]) -> usize {
        self.levels_of(release.first()).len()
    }

    /// How many numbers a version has in common with all that are less than a minor away from it;
    /// `None` if they have no beginning in common, because what is behind it may mean a minor
    /// again.
    pub(super) fn to_minor(&self, release: &[Number]) -> Option<usize> {
        let levels = self.levels_of(release.first());
        let length =
            levels.iter().position(|level| *level < Level::Minor).filter(|length| *length > 0)?;
        levels[length..].iter().all(|level| *level < Level::Minor).then_some(length)
    }

    /// What a difference of the number at `index` means: what is beyond the last is as the last.
    /// Of two versions that count otherwise the older tells, so that it is the same both ways.
    pub(super) fn level_at(&self, index: usize, a: &[Number], b: &[Number]) -> Level {
        let levels = self.levels_of(a.first().min(b.first()));
        levels.get(index).or(levels.last()).copied().unwrap_or(Level::Patch)
    }
}

impl fmt::Display for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |levels: &[Level]| {
            levels.iter().map(|level| level.as_str()).collect::<Vec<_>>().join(", ")
        };
        f.write_str(&words(self.levels_of(None)))?;
        self.older
            .iter()
            .rev()
            .try_for_each(|(below, levels)| write!(f, "; below {below}: {}", words(levels)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::{Scheme, difference_of, read};

    fn postgresql() -> Levels {
        use Level::{Major, Patch};
        Levels::new(vec![Major, Patch], vec![(10, vec![Major, Major, Patch])])
    }

    fn level(levels: &Levels, b: &str, c: &str) -> Level {
        let read = |text| read(Scheme::ImageTag, text);
        let both =
            [difference_of(levels, &read(b), &read(c)), difference_of(levels, &read(c), &read(b))];
        assert_eq!(both[0].level, both[1].level, "{b} {c}");
        both[0].level
    }

    #[test]
    fn a_product_says_what_its_numbers_mean() {
        let of = |b, c| level(&postgresql(), b, c);
        assert_eq!(of("16.1", "16.2"), Level::Patch);
        assert_eq!(of("15.6", "16.2"), Level::Major);
        assert_eq!(of("16.1.0", "16.2.0"), Level::Patch);
        assert_eq!(of("9.5.1", "9.6.1"), Level::Major);
        assert_eq!(of("9.6.1", "9.6.2"), Level::Patch);
        assert_eq!(of("9.6.1", "10.1"), Level::Major);
    }

    #[test]
    fn a_product_says_how_many_numbers_are_whole() {
        let of = |b, c| level(&postgresql(), b, c);
        assert_eq!(of("16", "16.4"), Level::WithinPrecision);
        assert_eq!(of("16", "17.1"), Level::Major);
        assert_eq!(of("9.6", "9.6.1"), Level::WithinPrecision);
        let four =
            Levels::new(vec![Level::Major, Level::Minor, Level::Patch, Level::Patch], Vec::new());
        assert_eq!(level(&four, "24.3.1", "24.3.1.2"), Level::WithinPrecision);
        assert_eq!(level(&four, "24.3.1.1", "24.3.1.2"), Level::Patch);
    }

    #[test]
    fn they_are_shown_as_they_are_written() {
        assert_eq!(postgresql().to_string(), "major, patch; below 10: major, major, patch");
        assert_eq!(Levels::new(DEFAULT.to_vec(), Vec::new()), Levels::default());
        assert_eq!(Levels::DEFAULT.to_string(), "major, minor, patch");
        assert_eq!(
            (Levels::from_word("patch"), Levels::from_word("equal")),
            (Some(Level::Patch), None)
        );
    }
}
