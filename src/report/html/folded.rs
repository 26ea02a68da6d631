//! Long lists, of which the page folds the end.

/// The first of a list, and what is folded below.
pub(super) struct Folded<T> {
    pub(super) first: Vec<T>,
    pub(super) rest: Vec<T>,
}

impl<T> Folded<T> {
    /// Shows `most` of them.
    pub(super) fn new(items: impl IntoIterator<Item = T>, most: usize) -> Self {
        let mut first: Vec<T> = items.into_iter().collect();
        let rest = first.split_off(most.min(first.len()));
        Self { first, rest }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.first.len() + self.rest.len()
    }
}
