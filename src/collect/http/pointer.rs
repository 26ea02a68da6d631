//! What a JSON Pointer (RFC 6901) leads to, without the rest of the document: in memory, a list of
//! small things is a hundred times its text. Pure.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What is there.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pointed {
    /// A text, or a number without a point.
    Text(String),
    /// A number with a point.
    Decimal,
    /// Anything else.
    NoText,
}

/// What `pointer` leads to; of a key that stands twice, the last one counts.
///
/// # Errors
/// If the text is not JSON.
pub(super) fn find(text: &str, pointer: &str) -> serde_json::Result<Option<Pointed>> {
    let unescaped = |token: &str| token.replace("~1", "/").replace("~0", "~");
    let tokens: Option<Vec<String>> = match pointer.strip_prefix('/') {
        Some(rest) => Some(rest.split('/').map(unescaped).collect()),
        None => pointer.is_empty().then(Vec::new),
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let found = match &tokens {
        Some(tokens) => PointerStep(tokens).deserialize(&mut reader)?,
        None => IgnoredAny::deserialize(&mut reader).map(|_| None)?,
    };
    reader.end()?;
    Ok(found)
}

/// The rest of the way.
struct PointerStep<'t>(&'t [String]);

impl<'de> DeserializeSeed<'de> for PointerStep<'_> {
    type Value = Option<Pointed>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl PointerStep<'_> {
    /// A value that nothing is in.
    fn leaf(&self, pointed: Pointed) -> Option<Pointed> {
        self.0.is_empty().then_some(pointed)
    }
}

impl<'de> Visitor<'de> for PointerStep<'_> {
    type Value = Option<Pointed>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.leaf(Pointed::Text(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(self.leaf(Pointed::Text(number.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(self.leaf(Pointed::Text(number.to_string())))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(self.leaf(Pointed::Decimal))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(self.leaf(Pointed::NoText))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.leaf(Pointed::NoText))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = self.0.is_empty().then_some(Pointed::NoText);
        while let Some(key) = map.next_key::<String>()? {
            match self.0.split_first() {
                Some((token, rest)) if *token == key => {
                    found = map.next_value_seed(PointerStep(rest))?
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut found = self.0.is_empty().then_some(Pointed::NoText);
        if let Some((token, rest)) = self.0.split_first()
            && let Some(index) = index(token)
        {
            for _ in 0..index {
                if items.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(None);
                }
            }
            found = items.next_element_seed(PointerStep(rest))?.flatten();
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }
}

/// Without a sign and without zeros in front.
fn index(token: &str) -> Option<usize> {
    let is_plain = token == "0" || !token.starts_with(['0', '+']);
    is_plain.then(|| token.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn by_value(document: &Value, pointer: &str) -> Option<Pointed> {
        document.pointer(pointer).map(|value| match value {
            Value::String(text) => Pointed::Text(text.clone()),
            Value::Number(number) if number.is_f64() => Pointed::Decimal,
            Value::Number(number) => Pointed::Text(number.to_string()),
            _ => Pointed::NoText,
        })
    }

    proptest! {
        #[test]
        fn a_pointer_leads_where_it_leads_in_the_whole_document(
            pointer in "(/(a|b|~01|~1|0|1|01|\\+1|-|)){0,4}|x"
        ) {
            let inner = json!({"a": [1, -2, 2.5, "t", null, {"b": "c"}], "": {"a": true}, "/": [[7]]});
            let document = json!({"a": inner, "b": [inner, "x"], "~1": {"0": inner}, "0": "zero"});
            let found = find(&document.to_string(), &pointer).unwrap();
            prop_assert_eq!(found, by_value(&document, &pointer));
        }
    }

    #[test]
    fn only_json_is_read() {
        for text in ["", "{", "[1] 2", "<html>", "{\"a\": 1,}"] {
            assert!(find(text, "/a").is_err() && find(text, "x").is_err(), "{text}");
        }
        assert_eq!(find(r#"{"a": 1, "a": 2}"#, "/a").unwrap(), Some(Pointed::Text("2".into())));
    }
}
