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
    running: usize,
    servers: Option<ServerSlots>,
    waiting: Waiting,
}

/// How many are read of each server, which hears from so many at the same time.
struct ServerSlots {
    /// Of each that waits or is read, by its index.
    of: Vec<usize>,
    running: Vec<usize>,
    most: usize,
}

impl ServerSlots {
    fn has_room(&self, index: usize) -> bool {
        self.running[self.of[index]] < self.most
    }
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
        Self {
            first: order.into(),
            again: VecDeque::new(),
            most,
            running: 0,
            servers: None,
            waiting,
        }
    }

    /// The same, with `most` places at each server. `of` tells the server of each index.
    pub(super) fn at_servers(mut self, of: Vec<usize>, most: usize) -> Self {
        let count = of.iter().max().map_or(0, |last| last + 1);
        self.servers = Some(ServerSlots { of, running: vec![0; count], most });
        self
    }

    pub(super) fn waiting(&self) -> Waiting {
        self.waiting.clone()
    }

    /// Whose turn it is.
    pub(super) fn turn(&self) -> Turn {
        let is_first = self.first.iter().any(|index| self.has_room(*index));
        if is_first { Turn::First } else { Turn::Again }
    }

    /// Who is next, if there is a place.
    pub(super) fn next(&mut self) -> Option<(usize, Turn)> {
        if self.running >= self.most {
            return None;
        }
        let next = match self.take_first() {
            Some(index) => Some((index, Turn::First)),
            None => self.take_again().map(|index| (index, Turn::Again)),
        };
        // Of those that are left, some have a place promised by one that is about to leave, and
        // others wait for their own server.
        let left = self.count_ready();
        let most = |n: usize| Some(n.min(left));
        let _ = self.waiting.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, most);
        let (index, turn) = next?;
        self.running += 1;
        if let Some(servers) = &mut self.servers {
            servers.running[servers.of[index]] += 1;
        }
        Some((index, turn))
    }

    fn take_first(&mut self) -> Option<usize> {
        let at = self.first.iter().position(|index| self.has_room(*index))?;
        self.first.remove(at)
    }

    fn take_again(&mut self) -> Option<usize> {
        let at = self.again.iter().position(|index| self.has_room(*index))?;
        self.again.remove(at)
    }

    fn has_room(&self, index: usize) -> bool {
        self.servers.as_ref().is_none_or(|servers| servers.has_room(index))
    }

    /// Those that wait for nothing but a place.
    fn count_ready(&self) -> usize {
        match &self.servers {
            None => self.first.len(),
            Some(servers) => self.first.iter().filter(|index| servers.has_room(**index)).count(),
        }
    }

    /// One that was read has left its place.
    pub(super) fn leave(&mut self, index: usize) {
        self.running -= 1;
        if let Some(servers) = &mut self.servers {
            servers.running[servers.of[index]] -= 1;
        }
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
        assert_eq!(places.next(), Some((2, Turn::First)));
        assert_eq!(places.next(), None);
        let waiting = places.waiting();
        assert!(waiting.claim() && waiting.claim() && !waiting.claim());
        places.leave(2);
        places.put_back(2);
        assert_eq!(places.next(), Some((0, Turn::First)));
        places.leave(0);
        assert_eq!(places.next(), Some((1, Turn::First)));
        places.leave(1);
        assert_eq!(places.next(), Some((2, Turn::Again)));
        assert!(!waiting.claim());
        places.put_back(1);
        assert_eq!(places.left().collect::<Vec<_>>(), [(1, Turn::Again)]);
    }

    #[test]
    fn a_server_that_many_wait_for_holds_up_no_other() {
        let mut places = RunSlots::new(vec![0, 1, 2, 3], 3).at_servers(vec![0, 0, 0, 1], 1);
        assert_eq!(places.next(), Some((0, Turn::First)));
        assert_eq!(places.next(), Some((3, Turn::First)));
        assert_eq!(places.next(), None);
        let waiting = places.waiting();
        assert!(!waiting.claim(), "a place is free: those that wait need their own server");
        places.leave(0);
        assert_eq!(places.next(), Some((1, Turn::First)));
    }
}
