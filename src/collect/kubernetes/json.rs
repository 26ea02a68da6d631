//! Answers of an API server in JSON: how a list begins, and its items one at a time. Pure.

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::objects::{ListMeta, PageHead, Text};

/// Reads no further than it must: servers write `kind` and `metadata` before `items`, so that the
/// next page can be asked for while this one is parsed.
pub(super) fn head(body: &[u8]) -> Option<PageHead> {
    struct PageReader<'h>(&'h mut Option<PageHead>);
    impl<'de> Visitor<'de> for PageReader<'_> {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            let (mut kind, mut metadata) = (None, None);
            while kind.is_none() || metadata.is_none() {
                let Some(key) = map.next_key::<Text<'de>>()? else { break };
                match &*key {
                    "kind" => kind = Some(map.next_value::<Text<'de>>()?.to_string()),
                    "metadata" => metadata = Some(map.next_value::<Option<ListMeta<'de>>>()?),
                    _ => _ = map.next_value::<IgnoredAny>()?,
                }
            }
            *self.0 = kind.and_then(|kind| PageHead::new(kind, metadata.flatten()));
            Ok(())
        }
    }
    let mut found = None;
    // Stopping early is an error of the parser's, and then there is something found; whether the
    // rest is JSON is for `items` to say.
    let _ = serde_json::Deserializer::from_slice(body).deserialize_map(PageReader(&mut found));
    found
}

/// Hands each item of a list to `take`, and tells how many could not be read.
pub(super) fn items<'a, T: serde::Deserialize<'a>>(
    body: &'a [u8],
    mut take: impl FnMut(T),
) -> serde_json::Result<usize> {
    let mut taken = 0;
    let mut each = |item: T| {
        taken += 1;
        take(item);
    };
    match read_items(body, &mut each) {
        Ok(()) => Ok(0),
        // One of them is none: those behind the ones that were taken are read by themselves.
        Err(error) if error.is_data() => {
            let (mut seen, mut unread) = (0, 0);
            let mut each = |item: &'a RawValue| {
                seen += 1;
                if seen > taken {
                    match serde_json::from_str(item.get()) {
                        Ok(item) => take(item),
                        Err(_) => unread += 1,
                    }
                }
            };
            read_items(body, &mut each)?;
            Ok(unread)
        }
        Err(error) => Err(error),
    }
}

/// Hands over each of the `items` of an object. Go writes an empty list as `null`.
fn read_items<'a, T: serde::Deserialize<'a>>(
    body: &'a [u8],
    take: &mut dyn FnMut(T),
) -> serde_json::Result<()> {
    struct Object<'t, T>(&'t mut dyn FnMut(T));
    impl<'de, T: serde::Deserialize<'de>> Visitor<'de> for Object<'_, T> {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list of Kubernetes")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            let mut found = false;
            while let Some(key) = map.next_key::<Text<'de>>()? {
                if &*key != "items" {
                    map.next_value::<IgnoredAny>()?;
                } else if std::mem::replace(&mut found, true) {
                    return Err(A::Error::custom("items stands there twice"));
                } else {
                    map.next_value_seed(ItemsOfPage(&mut *self.0))?;
                }
            }
            if found { Ok(()) } else { Err(A::Error::custom("items is missing")) }
        }
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    reader.deserialize_map(Object(take))?;
    reader.end()
}

/// The array that is read item by item.
struct ItemsOfPage<'t, T>(&'t mut dyn FnMut(T));

impl<'de, T: serde::Deserialize<'de>> DeserializeSeed<'de> for ItemsOfPage<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, T: serde::Deserialize<'de>> Visitor<'de> for ItemsOfPage<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array or null")
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element()? {
            self.0(item);
        }
        Ok(())
    }
}
