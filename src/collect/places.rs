//! Who is read next: everybody once, and then again anyone who was silent and gave up its place.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Whether a target has had a place before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    First,
    Again,
}

/// The places, and who waits for one.
pub(super) struct RunSlots {
    first: VecDeque<usize>,
    again: VecDeque<usize>,
    most: usize,
    waiting: Waiting,
}

/// How many wait for their first turn to whom nobody has given a place yet.
#[derive(Clone, Default)]
pub(super) struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    /// Gives a place to one of them, if there is one.
    pub(super) fn claim(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok()
    }
}

impl RunSlots {
    /// `most` places for all in this order.
    pub(super) fn new(order: Vec<usize>, most: usize) -> Self {
        let waiting = Waiting(Arc::new(AtomicUsize::new(order.len())));
        Self { first: order.into(), again: VecDeque::new(), most, waiting }
    }

    pub(super) fn waiting(&self) -> Waiting {
        self.waiting.clone()
    }

    /// Whose turn it is.
    pub(super) fn turn(&self) -> Turn {
        if self.first.is_empty() { Turn::Again } else { Turn::First }
    }

    /// Who is next, while so many are read.
    pub(super) fn next(&mut self, running: usize) -> Option<(usize, Turn)> {
        if running >= self.most {
            return None;
        }
        let next = match self.first.pop_front() {
            Some(index) => (index, Turn::First),
            None => (self.again.pop_front()?, Turn::Again),
        };
        // Of those that are left, some have a place promised by one that is about to leave.
        let left = self.first.len();
        let most = |n: usize| Some(n.min(left));
        let _ = self.waiting.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, most);
        Some(next)
    }

    /// Takes back one that was silent.
    pub(super) fn put_back(&mut self, index: usize) {
        self.again.push_back(index);
    }

    /// All that still wait.
    pub(super) fn left(&mut self) -> impl Iterator<Item = (usize, Turn)> + use<> {
        let first = std::mem::take(&mut self.first).into_iter().map(|index| (index, Turn::First));
        first.chain(std::mem::take(&mut self.again).into_iter().map(|index| (index, Turn::Again)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_give_way_as_wait_and_they_come_again_at_last() {
        let mut places = RunSlots::new(vec![2, 0, 1], 1);
        assert_eq!(places.next(0), Some((2, Turn::First)));
        assert_eq!(places.next(1), None);
        let waiting = places.waiting();
        assert!(waiting.claim() && waiting.claim() && !waiting.claim());
        places.put_back(2);
        assert_eq!(places.next(0), Some((0, Turn::First)));
        assert_eq!(places.next(0), Some((1, Turn::First)));
        assert_eq!(places.next(0), Some((2, Turn::Again)));
        assert!(!waiting.claim());
        places.put_back(1);
        assert_eq!(places.left().collect::<Vec<_>>(), [(1, Turn::Again)]);
    }
}
