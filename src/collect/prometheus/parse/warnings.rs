//! Warnings in an answer of a Prometheus, bounded. Pure.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

/// Warnings that are kept, and the characters of each.
const MAX_WARNINGS: usize = 16;
const MAX_WARNING: usize = 300;

/// Reads a list of warnings, the first ones of it.
pub(super) struct Warnings<'w>(pub(super) &'w mut Vec<String>);

impl<'de> DeserializeSeed<'de> for Warnings<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Warnings<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("warnings")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(text) = items.next_element::<String>()? {
            if self.0.len() < MAX_WARNINGS {
                self.0.push(shortened(&text));
            }
        }
        Ok(())
    }
}

pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_WARNING) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
