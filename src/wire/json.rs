//! JSON of others, read strictly: an object that names a key twice is refused.
//!
//! serde keeps the last of two equal keys of a map and drops the other without a word. Which of the
//! two the sender meant is not known, so nothing of such a text may count.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Why a text could not be read.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// An object names this key twice.
    #[error("an object has the key {0:?} twice")]
    Duplicate(String),
    /// It is not JSON, or of another shape.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl JsonError {
    /// Whether it is JSON that says what is asked in another shape.
    pub fn is_data(&self) -> bool {
        matches!(self, Self::Json(error) if error.is_data())
    }
}

/// Reads a whole text; no object in it, at any depth, may name a key twice.
///
/// # Errors
/// If the text is not JSON, is of another shape, or names a key twice.
pub fn read_json<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, JsonError> {
    unique_keys(text)?;
    Ok(serde_json::from_slice(text)?)
}

/// Checks that no object names a key twice, at any depth, and keeps nothing of the text: for
/// anyone who reads the parts of a large one by turns.
///
/// # Errors
/// If the text is not JSON, or names a key twice.
pub fn unique_keys(text: &[u8]) -> Result<(), JsonError> {
    let twice = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let checked = Unique(&twice).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    match (checked, twice.into_inner()) {
        (_, Some(key)) => Err(JsonError::Duplicate(key)),
        (checked, None) => Ok(checked?),
    }
}

/// Walks through one value; where a key stands twice it is told there.
#[derive(Clone, Copy)]
struct Unique<'a>(&'a RefCell<Option<String>>);

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(JsonKey(key)) = entries.next_key()? {
            if seen.contains(&key) {
                *self.0.borrow_mut() = Some(key.into_owned());
                return Err(A::Error::custom("a key stands twice"));
            }
            seen.insert(key);
            entries.next_value_seed(self)?;
        }
        Ok(())
    }
}

/// A key, borrowed from the text unless an escape stands in it.
#[derive(Deserialize)]
struct JsonKey<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn said(text: &str) -> Result<Value, String> {
        read_json(text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_at_any_depth() {
        for text in [
            r#"{"a": 1, "a": 1}"#,
            r#"[{"b": {"c": [{"a": null, "b": {}, "a": []}]}}]"#,
            r#"{"a": 1, "\u0061": 2}"#,
        ] {
            assert_eq!(said(text).unwrap_err(), "an object has the key \"a\" twice");
        }
    }

    #[test]
    fn other_json_is_read_and_what_is_none_is_refused() {
        let text = r#"{"a": [1, -2, 0.5, 1e400, "x", null, true, {"a": {"A": 1}}], "b": {}}"#;
        assert!(said(&text.replace("1e400, ", "")).is_ok());
        for broken in ["", "{", "[1,]", "{\"a\": 1} x", "{\"a\"}", &"[".repeat(100_000)] {
            assert!(said(broken).is_err(), "{broken:.20}");
        }
        assert!(read_json::<Vec<u8>>(b"{}").is_err_and(|error| error.is_data()));
    }
}
