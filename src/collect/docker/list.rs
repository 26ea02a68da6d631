//! A list of the engine as it arrives: its items, one after the other, in batches that bollard
//! reads. Pure; opens no socket.
//!
//! Whatever the engine says, one batch and one item are held at a time. Each item is charged with
//! what its model takes and what its texts take; an item that cannot be read costs itself, and is
//! counted.

use bytes::Bytes;
use serde::Serialize;

use super::account::Account;
use super::fields;
use super::items::{ItemSplitter, ItemsError};
use crate::model::{Failure, FailureKind};
use crate::wire::json::JsonError;

/// Items of a batch at most.
const MAX_ITEMS: usize = 1000;

/// Bytes of a batch at which it is full. Labels of one byte take sixteen times their text once they
/// are read.
const FULL: usize = 128 * 1024;

/// What an item costs besides its texts, whatever it says: it takes its time, and a list of `{}`
/// must end. What is kept of a container is charged where it is kept.
const ITEM: usize = 256;

/// What the items are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListKind {
    Containers,
    Images,
}

impl ListKind {
    /// Without the query.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Containers => "/containers/json",
            Self::Images => "/images/json",
        }
    }

    /// What all items together may cost as they pass: one batch of them is held.
    const fn limit(self) -> usize {
        match self {
            Self::Containers => 32 * 1024 * 1024,
            Self::Images => 24 * 1024 * 1024,
        }
    }
}

/// How many items there were, and how many of them could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ItemTally {
    pub(super) total: usize,
    pub(super) unread: usize,
}

/// A list, as far as it has arrived.
#[derive(Debug)]
pub(super) struct ItemList {
    kind: ListKind,
    items: ItemSplitter,
    /// What has arrived and was not looked at.
    pending: Bytes,
    batch: OpenBatch,
    account: Account,
    tally: ItemTally,
}

/// Items for bollard, as a JSON array that is still open.
#[derive(Debug, Default)]
struct OpenBatch {
    json: Vec<u8>,
    items: usize,
}

impl ItemList {
    pub(super) fn new(kind: ListKind) -> Self {
        Self {
            kind,
            items: ItemSplitter::new(),
            pending: Bytes::new(),
            batch: OpenBatch::default(),
            account: Account::new(kind.limit(), format!("the answer to GET {}", kind.path())),
            tally: ItemTally::default(),
        }
    }

    pub(super) fn kind(&self) -> ListKind {
        self.kind
    }

    pub(super) fn tally(&self) -> ItemTally {
        self.tally
    }

    /// Hands over the next piece of the answer; the one before must have been used up.
    pub(super) fn arrive(&mut self, piece: Bytes) {
        debug_assert!(self.pending.is_empty(), "a piece would be lost");
        self.pending = piece;
    }

    /// A full batch; `None` if what has arrived is used up.
    pub(super) fn batch(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let pending = std::mem::take(&mut self.pending);
        let mut bytes = &pending[..];
        while let Some(item) = self.items.next(&mut bytes).map_err(|e| self.refused(e))? {
            self.add(&item)?;
            if self.batch.items == MAX_ITEMS || self.batch.json.len() >= FULL {
                self.pending = pending.slice_ref(bytes);
                return Ok(Some(self.batch.take()));
            }
        }
        Ok(None)
    }

    /// What is left at the end of the answer; empty if nothing is.
    pub(super) fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        self.items.finish().map_err(|e| self.refused(e))?;
        Ok(self.batch.take())
    }

    fn add(&mut self, item: &[u8]) -> Result<(), Failure> {
        self.tally.total += 1;
        let before = self.batch.json.len();
        let added = match self.kind {
            ListKind::Containers => fields::container(item).map(|item| self.batch.push(&item)),
            ListKind::Images => fields::image(item).map(|item| self.batch.push(&item)),
        };
        match added {
            Ok(()) => {}
            Err(error) if error.is_data() => self.tally.unread += 1,
            Err(error) => return Err(self.unreadable(&error)),
        }
        self.account.charge(ITEM + self.batch.json.len() - before)
    }

    fn unreadable(&self, error: &JsonError) -> Failure {
        fields::unreadable(error, self.kind.path())
    }

    fn refused(&self, error: ItemsError) -> Failure {
        let path = self.kind.path();
        match error {
            ItemsError::NotJson => fields::not_json(path),
            ItemsError::OtherShape => fields::other_shape(path),
            ItemsError::LongItem => Failure::new(
                FailureKind::TooLarge,
                format!("an item of the answer to GET {path} exceeds 1 MiB"),
            ),
        }
    }
}

impl OpenBatch {
    fn push(&mut self, item: &impl Serialize) {
        self.json.push(if self.items == 0 { b'[' } else { b',' });
        self.items += 1;
        serde_json::to_writer(&mut self.json, item).expect("texts and numbers are always JSON");
    }

    /// The array, closed.
    fn take(&mut self) -> Vec<u8> {
        let Self { mut json, items } = std::mem::take(self);
        if items == 0 {
            json.push(b'[');
        }
        json.push(b']');
        json
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde::de::DeserializeOwned;

    /// All batches of an answer that arrives in pieces, as bollard reads them.
    pub(in crate::collect::docker) fn batches<T: DeserializeOwned>(
        kind: ListKind,
        body: &[u8],
        piece: usize,
    ) -> Result<(Vec<Vec<T>>, ItemTally), Failure> {
        let mut list = ItemList::new(kind);
        let mut batches = Vec::new();
        let mut add = |json: Vec<u8>| batches.push(serde_json::from_slice(&json).unwrap());
        for piece in body.chunks(piece) {
            list.arrive(Bytes::copy_from_slice(piece));
            while let Some(batch) = list.batch()? {
                add(batch);
            }
        }
        add(list.finish()?);
        Ok((batches, list.tally()))
    }

    fn array(item: &str, times: usize) -> String {
        format!("[{}]", vec![item; times].join(","))
    }

    fn sizes(item: &str, times: usize) -> Result<(Vec<usize>, ItemTally), Failure> {
        let body = array(item, times);
        let read = batches::<serde_json::Value>(ListKind::Containers, body.as_bytes(), 4096)?;
        Ok((read.0.iter().map(Vec::len).collect(), read.1))
    }

    const CONTAINER: &str = r#"{"Image":"a","State":"running"}"#;

    #[test]
    fn a_batch_has_a_thousand_items_at_most() {
        assert_eq!(sizes(CONTAINER, 2500).unwrap().0, [1000, 1000, 500]);
        assert_eq!(sizes(CONTAINER, 1000).unwrap().0, [1000, 0]);
        let heavy = format!(r#"{{"Image":"{}","State":"running"}}"#, "x".repeat(FULL / 2));
        assert_eq!(sizes(&heavy, 5).unwrap().0, [2, 2, 1]);
    }

    #[test]
    fn what_cannot_be_read_is_counted_and_charged() {
        for (item, unread) in [(CONTAINER, 0), ("{}", 10), ("null", 10), ("0", 10)] {
            let tally = sizes(item, 10).unwrap().1;
            assert_eq!(tally, ItemTally { total: 10, unread }, "{item}");
            let failure = sizes(item, 150_000).unwrap_err();
            assert_eq!(failure.kind, FailureKind::TooLarge, "{item}");
        }
        assert!(sizes(CONTAINER, 20_000).is_ok());
    }

    #[test]
    fn an_item_that_is_no_json_makes_the_list_none() {
        for item in ["{a}", "tru", "{\"a\":1,}", &format!("{}{}", "[".repeat(500), "]".repeat(500))]
        {
            let failure = sizes(item, 2).unwrap_err();
            assert_eq!(failure.message, "the answer to GET /containers/json is not JSON", "{item}");
        }
    }
}
